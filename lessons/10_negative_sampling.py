# %% [markdown]
# # 10. Negative sampling
#
# A few drawn words in place of the whole vocabulary, term by term and then as one vector of scores.
#
# **You will be able to**
#
# - derive the gradients of $-\log\sigma(u_o^\top v_c) - \sum_k \log\sigma(-u_k^\top v_c)$ and say what each term does;
# - do the same with a matrix $W$ between the two vectors, and with an offset $q$ in each score;
# - write all of it with one vector of scores $t$: $\partial J/\partial t = \sigma(t) - \delta$, and from there
#   $u$, $V$ and $W$ by the rules for matrices.

# %%
import numpy as np

from tinygrad_edu import Tensor, check, constant, draw, formula, gradients
from tinygrad_edu.ops import binary_cross_entropy_with_logits, log, sigmoid
from tinygrad_edu.teaching import answered, curves, derive, heat, judge, mark, show

rng = np.random.default_rng(10)

# %% [markdown]
# ## Part 1: yes or no, in place of which
#
# Softmax asks *which* of all words stands near $c$. Negative sampling asks of one pair *whether* it is a real one:
# $\sigma(u_o^\top v_c)$ is to be near 1 for the word $o$ of the text, and near 0 for $K$ words drawn at random.

# %%
v_c, u_o = Tensor(rng.normal(size=4), "v_c"), Tensor(rng.normal(size=4), "u_o")
U = Tensor(rng.normal(size=(3, 4)), "U")  # the drawn words, one a row
J = -log(sigmoid(u_o @ v_c)) - log(sigmoid(-(U @ v_c))).sum()
print("real pair:", sigmoid(u_o @ v_c).data.round(3), "  drawn:", sigmoid(U @ v_c).data.round(3))
print("J =", J.data.round(3))

# %% [markdown] tags=["notes"]
# Ask: how many products of vectors does softmax need for one pair, and how many are there here? With a vocabulary of
# 50,000 and $K = 5$ it is 50,000 against 6. (Lesson 9 counted the first.)

# %% [markdown]
# ## One rule for all terms
#
# The derivative of $\log\sigma$ is what $\sigma$ lacks to 1. It is also $\sigma(-z)$.

# %%
derive("z: number", """
d(log(σ(z)))/dz = 1 - σ(z)
1 - σ(z) = σ(-z)
""")  # fmt: skip

# %% [markdown]
# ## What it looks like
#
# A real pair with a large score costs nothing and changes nothing. One with a score far below zero is pulled with a
# slope of $-1$, never more.

# %%
z = np.linspace(-6, 6, 121)
one = Tensor(z, "z")
cost = -log(sigmoid(one))
cost.sum().backward()
show(curves({r"$-\log\sigma(z)$": cost.data, "its slope": one.grad}, x=z, xlabel="z"),
     caption="the cost of a real pair with score z, and its derivative σ(z) - 1")  # fmt: skip

# %% [markdown]
# ## Rules for inner products
#
# A gradient has the shape of what it is taken with respect to: a vector for $b$, a matrix for $X$.

# %%
RULES = """
a, b: M
X: M by M
"""
derive(RULES, """
d(aᵀ@b)/db = a
d(bᵀ@a)/db = a
d(aᵀ@X@b)/dX = a@bᵀ
""")  # fmt: skip

# %% [markdown] tags=["notes"]
# Do the third with indices at the board: $a^\top X b = \sum_{ij} a_i X_{ij} b_j$, so the derivative with respect to
# $X_{ij}$ is $a_i b_j$. Students remember $b a^\top$ as often as $a b^\top$: the index on the left is that of the row.

# %% [markdown]
# ## The centre word: all terms have it
#
# The chain rule, then $\sigma'(z)/\sigma(z) = 1 - \sigma(z)$. Two minus signs in the sum make a plus.

# %%
SAMPLED = """
v_c, u_o: n
U: K by n
J = -log(sigma(u_o.T@v_c)) - sum(log(sigma(-U[k].T@v_c)) for k in 1..K)
"""
derive(SAMPLED, """
dJ/dv_c = -1/sigma(u_o.T@v_c)*sigma'(u_o.T@v_c)*u_o + sum(1/sigma(-U[k].T@v_c)*sigma'(-U[k].T@v_c)*U[k] for k in 1..K)
        = (-1 + sigma(u_o.T@v_c))*u_o + sum((1 - sigma(-U[k].T@v_c))*U[k] for k in 1..K)
""")  # fmt: skip

# %% [markdown]
# ## The other words: one term each
#
# In $\partial J/\partial u_o$ the drawn words are constants, and in $\partial J/\partial u_k$ all terms but one: no sum
# is left.

# %%
derive(SAMPLED, """
dJ/du_o = -1/sigma(u_o.T@v_c)*sigma'(u_o.T@v_c)*v_c
        = -(1 - sigma(u_o.T@v_c))*v_c
dJ/dU[k] = (1 - sigma(-U[k].T@v_c))*v_c
         = sigma(U[k].T@v_c)*v_c
""")  # fmt: skip

# %% [markdown]
# ## The engine says the same
#
# Each gradient is a vector times how wrong the answer was: $\sigma - 1$ for the real pair,
# $\sigma - 0$ for a drawn one.

# %%
J.name = "J"
show(*formula(J, [v_c, u_o, U]))

# %% [markdown] tags=["notes"]
# Ask which way a step of gradient descent moves $u_o$ and $u_k$: $u_o$ towards $v_c$, $u_k$ away from it. A drawn word
# that is far away already ($\sigma \approx 0$) stays where it is.

# %% [markdown]
# ## Part 2: a matrix between them
#
# Now the score of a pair is bilinear, $v_c^\top W u$. With $W = I$ it is the old one. (In hand-ins 000 and 001 $u$ is
# the word in the middle, $v_c$ the context of the text, and $C_j$ are the drawn contexts.)

# %%
M, n = 4, 3
u, v_c = Tensor(rng.normal(size=M), "u"), Tensor(rng.normal(size=M), "v_c")
C = [Tensor(rng.normal(size=M), f"C_{j}") for j in range(1, n + 1)]
W = Tensor(rng.normal(size=(M, M)), "W")
J = -log(sigmoid(v_c @ W @ u)) - sum(log(sigmoid(-(c @ W @ u))) for c in C)
J.name = "J"
print("J =", J.data.round(3))

# %% [markdown]
# ## With respect to u: the real pair
#
# The number $z = v_c^\top W u$ depends on $u$ by the matrix $v_c^\top W$; its gradient is the column $W^\top v_c$.

# %%
BILINEAR = """
u, v_c: M
C: n by M
W: M by M
J = -(log(σ(v_cᵀ@W@u)) + ∑(log(σ(-C[j]ᵀ@W@u)) for j in 1..n))
"""
derive(BILINEAR, """
∂(-log(σ(v_cᵀ@W@u)))/∂u = -(1 - σ(v_cᵀ@W@u))*∂(v_cᵀ@W@u)/∂u
                        = -(1 - σ(v_cᵀ@W@u))*Wᵀ@v_c
""")  # fmt: skip

# %% [markdown]
# ## With respect to u: the drawn ones
#
# The same rule in each term. The minus before the sum and the one inside meet in the last line.

# %%
derive(BILINEAR, """
∂(-∑(log(σ(-C[j]ᵀ@W@u)) for j in 1..n))/∂u = -∑((1 - σ(-C[j]ᵀ@W@u))*∂(-C[j]ᵀ@W@u)/∂u for j in 1..n)
    = -∑((1 - σ(-C[j]ᵀ@W@u))*(-Wᵀ@C[j]) for j in 1..n)
    = ∑((1 - σ(-C[j]ᵀ@W@u))*Wᵀ@C[j] for j in 1..n)
""")  # fmt: skip

# %% [markdown]
# ## With respect to u: together
#
# $1 - \sigma(z) = \sigma(-z)$ makes both factors short.

# %%
derive(BILINEAR, "∂J/∂u = -σ(-v_cᵀ@W@u)*Wᵀ@v_c + ∑(σ(C[j]ᵀ@W@u)*Wᵀ@C[j] for j in 1..n)")

# %%
show(formula(J, u, families={"C": C}), caption="by the engine, which has taken Wᵀ out of the sum")

# %% [markdown] tags=["notes"]
# `families={"C": C}` tells the engine that the three vectors are treated alike. Without it the formula has three terms
# instead of a sum; the numbers are the same.

# %% [markdown]
# ## With respect to the real context
#
# The drawn terms do not have $v_c$ in them: their gradient is a vector of zeros, not the number 0.

# %%
derive(BILINEAR, """
∂(-∑(log(σ(-C[j]ᵀ@W@u)) for j in 1..n))/∂v_c = zeros(M)
∂(-log(σ(v_cᵀ@W@u)))/∂v_c = -(1 - σ(v_cᵀ@W@u))*∂(v_cᵀ@W@u)/∂v_c
                          = -(1 - σ(v_cᵀ@W@u))*W@u
∂J/∂v_c = -σ(-v_cᵀ@W@u)*W@u
""")  # fmt: skip

# %% [markdown]
# ## With respect to one drawn context
#
# The sum runs over $i$, and the vector asked for has the number $j$. Of the sum one term is left, $i = j$.

# %%
derive(BILINEAR, """
∂(-log(σ(v_cᵀ@W@u)))/∂C[j] = zeros(M)
∂(-∑(log(σ(-C[i]ᵀ@W@u)) for i in 1..n))/∂C[j] = -∑((1 - σ(-C[i]ᵀ@W@u))*∂(-C[i]ᵀ@W@u)/∂C[j] for i in 1..n)
    = (1 - σ(-C[j]ᵀ@W@u))*W@u
∂J/∂C[j] = σ(C[j]ᵀ@W@u)*W@u
""")  # fmt: skip

# %% [markdown] tags=["notes"]
# Two letters for two things: hand-in 000 has $j$ for both, hand-in 001 slips once. Let a student say in words which
# word each letter counts.

# %% [markdown]
# ## W, one entry at a time
#
# $W_{ij}$ stands in one term of $g = v_c^\top W u$ only. So $\partial g/\partial W$ is the outer product.

# %%
ENTRIES = """
u, v_c: M
C: n by M
W: M by M
q: n
g = v_c.T@W@u
g_2 = q - C@W@u
"""
derive(ENTRIES, """
g = sum(v_c[i]*W[i,j]*u[j] for i in 1..M for j in 1..M)
dg/dW[i,j] = v_c[i]*u[j]
dg/dW = v_c@u.T
dg_2[j]/dW = -C[j]@u.T
""")  # fmt: skip

# %% [markdown]
# ## With respect to W
#
# The outer products take the places of the vectors.

# %%
derive(BILINEAR, """
∂(-log(σ(v_cᵀ@W@u)))/∂W = -(1 - σ(v_cᵀ@W@u))*∂(v_cᵀ@W@u)/∂W
                        = -(1 - σ(v_cᵀ@W@u))*v_c@uᵀ
∂(-∑(log(σ(-C[j]ᵀ@W@u)) for j in 1..n))/∂W = -∑((1 - σ(-C[j]ᵀ@W@u))*∂(-C[j]ᵀ@W@u)/∂W for j in 1..n)
    = ∑((1 - σ(-C[j]ᵀ@W@u))*C[j]@uᵀ for j in 1..n)
""")  # fmt: skip

# %% [markdown]
# ## With respect to W: together
#
# All terms end in $u^\top$: the gradient has rank one, however many words were drawn.

# %%
derive(BILINEAR, "∂J/∂W = -σ(-v_cᵀ@W@u)*v_c@uᵀ + ∑(σ(C[j]ᵀ@W@u)*C[j]@uᵀ for j in 1..n)")

# %%
show(formula(J, W, families={"C": C}))
print("rank of ∂J/∂W:", np.linalg.matrix_rank(gradients(J, [W])[0]))

# %% [markdown]
# ## Part 3: offsets
#
# Words are drawn by how frequent they are. Each score is compared with an offset $q = \log(k P(c))$: a frequent word
# needs a larger score to count as real. The offset stands in $\sigma$, and is gone where the score is differentiated.

# %%
OFFSETS = """
u, v_c: M
C: n by M
W: M by M
q_c: number
q: n
J = -log(sigma(v_c.T@W@u - q_c)) - sum(log(sigma(q[j] - C[j].T@W@u)) for j in 1..n)
"""
derive(OFFSETS, """
dJ/du = -d(log(sigma(v_c.T@W@u - q_c)))/du - sum(d(log(sigma(q[j] - C[j].T@W@u)))/du for j in 1..n)
d(v_c.T@W@u - q_c)/du = W.T@v_c
d(q[j] - C[j].T@W@u)/du = -W.T@C[j]
""")  # fmt: skip

# %% [markdown]
# ## With respect to u, with offsets
#
# First the rule for $\log\sigma$, then the two inner derivatives. As $1 - \sigma$ is a number, $W^\top$ comes out.

# %%
derive(OFFSETS, """
dJ/du = -(1 - sigma(v_c.T@W@u - q_c))*d(v_c.T@W@u - q_c)/du - sum((1 - sigma(q[j] - C[j].T@W@u))*d(q[j] - C[j].T@W@u)/du for j in 1..n)
      = sum((1 - sigma(q[j] - C[j].T@W@u))*W.T@C[j] for j in 1..n) - (1 - sigma(v_c.T@W@u - q_c))*W.T@v_c
      = W.T@(sum((1 - sigma(q[j] - C[j].T@W@u))*C[j] for j in 1..n) - (1 - sigma(v_c.T@W@u - q_c))*v_c)
""")  # fmt: skip  # noqa: E501

# %% [markdown]
# ## The contexts, with offsets
#
# The first line is of $\log\sigma$ alone. The minus that $J$ has before it must not be forgotten in the second.

# %%
derive(OFFSETS, """
d(log(sigma(v_c.T@W@u - q_c)))/dv_c = (1 - sigma(v_c.T@W@u - q_c))*W@u
dJ/dv_c = -(1 - sigma(v_c.T@W@u - q_c))*W@u
dJ/dC[k] = -sum(d(log(sigma(q[j] - C[j].T@W@u)))/dC[k] for j in 1..n)
dJ/dC[j] = (1 - sigma(q[j] - C[j].T@W@u))*W@u
""")  # fmt: skip

# %% [markdown]
# ## W, with offsets
#
# Compare with $\partial J/\partial u$: the same bracket, once with $W^\top$ before it, once with $u^\top$ behind it.

# %%
derive(OFFSETS, """
dJ/dW = (sum((1 - sigma(q[j] - C[j].T@W@u))*C[j] for j in 1..n) - (1 - sigma(v_c.T@W@u - q_c))*v_c)@u.T
""")  # fmt: skip

# %% [markdown]
# ## The engine on the same loss
#
# The drawn vectors are the rows of a matrix now, and the sum over $j$ is a product with $C^\top$.

# %%
q_c, q = constant(-1.5, "q_c"), constant(rng.normal(size=n) - 2, "q")
C = Tensor(np.stack([c.data for c in C]), "C")
J_terms = -log(sigmoid(v_c @ W @ u - q_c)) - log(sigmoid(q - C @ W @ u)).sum()
J_terms.name = "J"
show(*formula(J_terms, [u, v_c, C, W]))

# %% [markdown] tags=["notes"]
# The engine writes $\sigma(CWu - q)$ where the hand-in has $1 - \sigma(q - CWu)$. Ask why both are the same: it is the
# second line of "One rule for all terms".

# %% [markdown]
# ## Part 4: one vector of scores
#
# Put $v_c^\top$ above the rows of $C$, and call that $V$; $q_0$ likewise. $\delta_c$ is 1 for the real pair, 0 for the
# drawn ones. Then $t$ has all scores, and every term is the same: $\log\sigma(t_i)$ or $\log\sigma(-t_i)$.

# %%
derive(BILINEAR + "V = vstack([v_cᵀ, C])", "V@W@u = vstack([v_cᵀ@W@u, [C[j]ᵀ@W@u for j in 1..n]])")
derive(OFFSETS + """
V = vstack([v_c.T, C])
q_0 = vstack([q_c, q])
delta_c = one_hot(1, n+1)
t = vstack([v_c.T@W@u - q_c, C@W@u - q])
""", """
t = V@W@u - q_0
J = -sum(delta_c[i]*log(sigma(t[i])) + (1 - delta_c[i])*log(sigma(-t[i])) for i in 1..n+1)
""")  # fmt: skip

# %% [markdown]
# ## The same as a program
#
# No loop, and no case. The number is the one from before.

# %%
V = Tensor(np.vstack([v_c.data, C.data]), "V")
q_0 = constant(np.append(q_c.data, q.data), "q")
delta = constant(np.eye(n + 1)[0], "delta_c")
t = V @ W @ u - q_0
t.name = "t"
J = -(delta * log(sigmoid(t)) + (1 - delta) * log(sigmoid(-t))).sum()
J.name = "J"
print("J =", J.data.round(6), "  term by term:", J_terms.data.round(6))

# %% [markdown]
# ## With respect to t
#
# If $\delta_i = 1$ the derivative of $-\log\sigma(t_i)$ is $\sigma(t_i) - 1$, if $\delta_i = 0$ it is $\sigma(t_i)$. In
# one formula the products with $\delta_i$ cancel. From here on $q$ has all $n + 1$ offsets.

# %%
MATRIX = """
u: M
V: n+1 by M
W: M by M
q: n+1
delta_c: n+1, one-hot
t = V@W@u - q
J = -sum(delta_c[i]*log(sigma(t[i])) + (1 - delta_c[i])*log(sigma(-t[i])) for i in 1..n+1)
"""
derive(MATRIX, """
dJ/dt[i] = -(delta_c[i]*(1 - sigma(t[i])) - (1 - delta_c[i])*sigma(t[i]))
delta_c[i]*(1 - sigma(t[i])) - (1 - delta_c[i])*sigma(t[i]) = delta_c[i] - delta_c[i]*sigma(t[i]) - sigma(t[i]) + delta_c[i]*sigma(t[i])
dJ/dt = -delta_c + sigma(t)
""")  # fmt: skip  # noqa: E501

# %% [markdown] tags=["notes"]
# This is the slide to stay at: everything that follows is this vector, multiplied with something. It is also what
# softmax with cross-entropy gives, $\hat y - y$: an answer minus what it should have been.

# %% [markdown]
# ## See it flow
#
# The package has this loss as one operation, the *binary cross-entropy* of scores $t$ and answers $\delta_c$. The
# number is the same, and the record is short.

# %%
short = binary_cross_entropy_with_logits(t, delta, reduction="sum")
short.backward()
print("J =", short.data.round(6), "  gradient at t:", gradients(short, [t])[0].round(3))

# %% [markdown]
# ---
# One vector comes back to $t$, and two rules for products do the rest:

# %%
show(
    draw(short, flows=True, detail="formulas shapes"),
    caption="from σ(t) - δ at t, the rules for products make the gradients of V, W and u",
)

# %% [markdown]
# ## With respect to u
#
# $t$ depends on $u$ by the matrix $VW$, so its transpose takes the gradient back: a sum over the rows of $VW$.

# %%
derive(MATRIX, "d(V@W@u - q)/du = V@W")

# %%
ROWS = """
u: M
V: n+1 by M
W: M by M
δ_c = one_hot(1, n+1)
v_c = V[1]
C = V[2..n+1, :]
J = -log(σ(v_cᵀ@W@u)) - ∑(log(σ(-C[j]ᵀ@W@u)) for j in 1..n)
"""
derive(ROWS, "∂J/∂u = ∑((σ(V@W@u) - δ_c)[k]*(V@W)[k, :]ᵀ for k in 1..n+1)")

# %%
show(formula(J, u), caption="with the offsets in t; the sum over rows is without them, as in hand-in 001")

# %% [markdown]
# ## V, row by row: the real pair
#
# Without offsets. The first row of $V$ is $v_c$. Only there the first score has a gradient, the row $(Wu)^\top$.

# %%
derive(ROWS, """
∂(v_cᵀ@W@u)/∂V = vstack([(W@u)ᵀ, zeros(n, M)])
∂(-log(σ(v_cᵀ@W@u)))/∂V = (σ(v_cᵀ@W@u) - 1)*vstack([(W@u)ᵀ, zeros(n, M)])
""")  # fmt: skip

# %% [markdown]
# ## V, row by row: the drawn ones
#
# Each has one row that is not zero, below $j$ others. Added up they are a matrix with a first row of zeros.

# %%
derive(ROWS, """
∂(-∑(log(σ(-C[j]ᵀ@W@u)) for j in 1..n))/∂V = ∑(σ(C[j]ᵀ@W@u)*vstack([zeros(j, M), (W@u)ᵀ, zeros(n-j, M)]) for j in 1..n)
    = vstack([zeros(1, M), [σ(C[j]ᵀ@W@u)*(W@u)ᵀ for j in 1..n]])
""")  # fmt: skip

# %% [markdown]
# ## V at once
#
# Row $i$ is $(\sigma(t) - \delta_c)_i$ times $(Wu)^\top$: an outer product. The first line is the chain rule, with
# $\partial t/\partial V$ as an array of three axes that nobody makes.

# %%
derive(MATRIX, """
dJ/dV = (dt/dV).T @ dJ/dt
dJ/dV = (-delta_c + sigma(t))@(W@u).T
dJ/dV = (sigma(V@W@u - q) - delta_c)@u.T@W.T
""")  # fmt: skip
derive(ROWS, "∂J/∂V = (σ(V@W@u) - δ_c) ⊗ (W@u)")

# %%
show(formula(J, V), caption="with the offsets in t; the last of the lines is without them")

# %% [markdown]
# ## W at once
#
# A sum over the rows of $V$ of outer products with $u$, here without offsets; or a product of three factors.

# %%
derive(ROWS, "∂J/∂W = ∑((σ(V@W@u) - δ_c)[k]*(V[k, :]ᵀ ⊗ u) for k in 1..n+1)")
derive(MATRIX, "dJ/dW = V.T@(sigma(V@W@u - q) - delta_c)@u.T")

# %%
show(formula(J, W))

# %% [markdown]
# ## Shapes
#
# Write them below the factors before you trust a formula. A gradient has the shape of what it is taken with respect to.

# %%
derive(MATRIX, """
shape(V.T) = (M, n+1)
shape(u.T) = (1, M)
shape(dJ/dW) = (M, M)
shape(dt/dV) = (n+1, n+1, M)
""")  # fmt: skip
derive(ROWS, """
shape(∂J/∂u) = (M, 1)
shape(∂J/∂V) = (n+1, M)
shape(δ_c) = (n+1, 1)
""")  # fmt: skip

# %% [markdown] tags=["notes"]
# $\partial t/\partial V$ has $(n+1) \times (n+1) \times M$ numbers, nearly all zero. It is right to write it in the
# chain rule, and wrong to compute it: the sweep needs the product only.

# %% [markdown]
# ## Both forms are one
#
# Two records, term by term and as a matrix, and two sweeps. Below each other the gradients of $v_c$ and $C$ are that
# of $V$.

# %%
du, dv_c, dC, dW = gradients(J_terms, [u, v_c, C, W])
of_u, of_W, of_V = gradients(J, [u, W, V])
for one, other in ((du, of_u), (dW, of_W), (np.vstack([dv_c, dC]), of_V)):
    print(one.shape, "the same:", np.allclose(one, other, rtol=1e-12))

# %% [markdown]
# ---
# Each row of $\partial J/\partial V$ is a multiple of $(Wu)^\top$. That of the real pair has the other sign:

# %%
show(heat(of_V, rows=["$v_c$", "$C_1$", "$C_2$", "$C_3$"]), caption="∂J/∂V, of rank one")

# %% [markdown]
# ## Experiment
#
# How sure must an answer be until its term hardly counts? `shift` is added to all offsets. For which shift does almost
# all of the gradient come from the real pair, and for which from the drawn ones?

# %% tags=["experiment"]
shift = 0.0
answers = sigmoid(V @ W @ u - (q_0 + shift)).data
print("σ(t) =    ", answers.round(3))
print("σ(t) - δ =", (answers - delta.data).round(3))

# %% [markdown]
# ## Exercises
#
# **10.1** Write $\partial J/\partial q$ for the matrix form, with `sigma(t)` and `delta_c`.

# %% exercise="10.1"
### BEGIN SOLUTION
answer = "delta_c - sigma(t)"
### END SOLUTION

# %% marks="10.1" points=1
mark(answered(MATRIX, "dJ/dq", answer))

# %% [markdown]
# **10.2** A word with itself: $J = -\log\sigma(v^\top W v)$. Write $\partial J/\partial v$ with `v` and `W`. ($W$ need
# not be symmetric.)

# %% exercise="10.2"
### BEGIN SOLUTION
answer = "-(1 - sigma(v.T@W@v))*(W + W.T)@v"
### END SOLUTION

# %% marks="10.2" points=2
mark(answered("v: M\nW: M by M\nJ = -log(sigma(v.T@W@v))", "dJ/dv", answer))

# %% [markdown]
# ---
# **10.3** A score that is a distance: $J = -\log\sigma(b - (u - v)^\top (u - v))$. Write $\partial J/\partial v$
# with `u`, `v` and `b`.

# %% exercise="10.3"
### BEGIN SOLUTION
answer = "-2*(1 - sigma(b - (u - v).T@(u - v)))*(u - v)"
### END SOLUTION

# %% marks="10.3" points=2
mark(answered("u, v: M\nb: number\nJ = -log(sigma(b - (u - v).T@(u - v)))", "dJ/dv", answer))

# %% [markdown]
# **10.4** Many words in the middle at once, the rows of `U`; `D[i, k]` says whether context `i` is a real one of word
# `k`. Write a function that gives the gradient of this loss with respect to `W`, without a loop.


# %%
def loss(V, W, U, D):
    T = V @ W @ U.T
    return -(D * log(sigmoid(T)) + (1 - D) * log(sigmoid(-T))).sum()


# %% exercise="10.4"
def gradient(V, W, U, D):
    ### BEGIN SOLUTION
    return V.T @ (sigmoid(V @ W @ U.T) - D) @ U
    ### END SOLUTION


# %% marks="10.4" points=3
at = dict(V=V.data, W=W.data, U=rng.normal(size=(2, M)), D=(rng.random(size=(n + 1, 2)) < 0.4).astype(float))
mark(check(loss, "W", gradient, at))

# %% [markdown]
# ## Common mistakes: a sign, and a sum
#
# The minus of $J$ is lost where one term is done alone and then copied. A sum stays where one of its terms was asked
# for.

# %%
judge(OFFSETS, "dJ/dv_c = (1 - sigma(v_c.T@W@u - q_c))*W@u")
judge(SAMPLED, "dJ/dU[k] = sum(1/sigma(-U[k].T@v_c)*sigma'(-U[k].T@v_c)*v_c for k in 1..K)")

# %% [markdown]
# ## Common mistakes: a sum that became a product
#
# Both were written by the author of hand-in 000, who began anew after the first; the $V^\top$ in the second is copied
# from the factor before it.

# %%
judge(MATRIX, "dJ/dt[i] = delta_c[i]*(1 - sigma(t[i]))*(1 - sigma(-t[i]))", hint=3)
judge(MATRIX, "dJ/du = -W.T@V.T@(delta_c - sigma(V.T@W@u - q))")

# %% [markdown]
# ## Sources
#
# - T. Mikolov, I. Sutskever, K. Chen, G. Corrado and J. Dean, *Distributed representations of words and phrases and
#   their compositionality* (2013), the section on negative sampling.
# - O. Levy and Y. Goldberg, *Neural word embedding as implicit matrix factorization* (2014): the offset $\log k$.
# - Hand-ins in `lessons/handins`: 000 (offsets, and the matrix form), 001 (with $W$), 004 (no. 3 c: without).
