# %% [markdown]
# # 6. Two layers
#
# One network derived wholly by hand: $R = \mathrm{logloss}(\mathrm{softmax}(B \, \sigma(A x)))$.
#
# **You will be able to**
#
# - write a gradient as a chain of local derivatives, and say which size each of them has;
# - turn that chain, a product of rows and Jacobians, into columns that have the shape of what they belong to;
# - derive $\partial R/\partial x$, $\partial R/\partial A$ and $\partial R/\partial B$, and find mistakes by shapes
#   alone.

# %%
import numpy as np

from tinygrad_edu import Tensor, check, constant, cross_entropy, draw, formula, sigmoid, softmax, stepper, sweep
from tinygrad_edu.teaching import answered, derive, judge, mark, show

# %% [markdown]
# ## The network
#
# $w = A x$, $h = \sigma(w)$, $v = B h$, $g = \mathrm{softmax}(v)$, $R = -\sum_k y_k \log g_k$. There are $n$ inputs,
# $H$ hidden units and $K$ classes, and no biases. Logloss is another name for the cross-entropy of lesson 5.

# %%
TWO = """
x: n
A: H by n
B: K by H
y: K, one-hot
w = A@x
h = σ(w)
v = B@h
g = softmax(v)
R = -sum(y*ln(g))
"""
rng = np.random.default_rng(0)
A, B = Tensor(rng.normal(size=(3, 4)), "A"), Tensor(rng.normal(size=(2, 3)), "B")
x, y = Tensor(rng.normal(size=4), "x"), constant([0.0, 1.0], "y")

# %% [markdown]
# ## As a graph
#
# Softmax and the loss are one operation here, `cross_entropy`, for the reason in lesson 5.

# %%
w = A @ x
h = sigmoid(w)
v = B @ h
R = cross_entropy(v, y)
picture = draw(R, digits=2)
show(picture, caption="three leaves, and one way from each of them to R")

# %% [markdown] tags=["notes"]
# Let them point: which leaf is nearest to R, which is farthest? How many factors will each gradient have? (B: two, A
# and x: four.) Those of x and A have all but the last in common.

# %% [markdown]
# ## The local derivatives
#
# Each step is differentiated alone. A product gives its matrix, an elementwise function a diagonal matrix.

# %%
derive(TWO, """
∂R/∂v = g - y
∂(B@h)/∂h = B
∂h/∂w = diag(σ'(w))
∂(A@x)/∂x = A
""")  # fmt: skip

# %% [markdown] tags=["notes"]
# The first is lesson 5. Ask why the second is B and not Bᵀ: in a Jacobian the row says which result, the column which
# variable: ∂v_k/∂h_j = B_kj. For the third, ∂h_j/∂w_i is 0 for i ≠ j.

# %% [markdown]
# ## The chain, in rows
#
# Hand-in 002 multiplies them from left to right, which is right if $\partial R/\partial v$ is a **row**. Then the
# result is a row too.

# %%
judge(TWO, """
∂R/∂x = ∂R/∂v @ ∂v/∂h @ ∂h/∂w @ ∂w/∂x
∂R/∂x = (g - y)@B@diag(σ'(w))@A
""")  # fmt: skip

# %% [markdown]
# ## Rows or columns?
#
# | | ∂R/∂v | ∂v/∂h | ∂h/∂w | ∂w/∂x | their product |
# |---|---|---|---|---|---|
# | in rows | $1 \times K$ | $K \times H$ | $H \times H$ | $H \times n$ | $1 \times n$ |
# | in columns, transposed | $K \times 1$ | $H \times K$ | $H \times H$ | $n \times H$ | $n \times 1$ |
#
# Both are in use: numerator layout, multiplied from left to right, and denominator layout, from right to left. A
# gradient that is to be **subtracted** from its variable has to have its shape. So here, and in programs, every
# gradient has the shape of its variable.

# %% [markdown]
# ## The chain, in columns
#
# Transpose: the order turns round, and every matrix is transposed. A diagonal matrix times a vector is $\odot$.

# %%
derive(TWO, """
∂R/∂h = B.T@(g - y)
∂R/∂w = diag(σ'(w))@B.T@(g - y)
      = σ'(w)*(B.T@(g - y))
∂R/∂x = A.T@(σ'(w)*(B.T@(g - y)))
""")  # fmt: skip

# %% [markdown] tags=["notes"]
# This is the moment for the blackboard: write the row version on top, transpose it term by term. 5 minutes. Those who
# have seen lesson 7 recognise δ(1) in ∂R/∂w.

# %% [markdown]
# ## With respect to a matrix: $B$
#
# A Jacobian of $v$ with respect to $B$ would have three axes. With components it is not needed: $B_{kj}$ stands in
# $v_k$ only, with the factor $h_j$.

# %%
derive(TWO, """
∂R/∂B[k,j] = sum(∂R/∂v[l]*∂v[l]/∂B[k,j] for l in 1..K)
           = ∂R/∂v[k]*h[j]
           = (g[k] - y[k])*h[j]
∂R/∂B = (g - y)@h.T
""")  # fmt: skip

# %% [markdown]
# ## With respect to $A$
#
# The same one layer down: what comes in at $w$, times what went in there.

# %%
derive(TWO, """
∂R/∂A[j,i] = ∂R/∂w[j]*x[i]
∂R/∂A = ∂R/∂w@x.T
      = (σ'(w)*(B.T@(g - y)))@x.T
""")  # fmt: skip

# %% [markdown]
# ## What the engine finds
#
# From the record of this very program; only that the $y_k$ sum to one has to be said.

# %%
show(*formula(R, [B, A, x], distributions=[y]))

# %% [markdown]
# ---
#
# With names for what came in, $\delta^{(2)} = \partial R/\partial v$ and $\delta^{(1)} = \partial R/\partial w$,
# nothing is written twice, and nothing is computed twice:

# %%
names = {v: "delta(2)", w: "delta(1)"}
show(*formula(R, [v, w, B, A, x], names=names, distributions=[y]))

# %% [markdown]
# ## See it flow
#
# On each link stands the gradient that comes back along it.

# %%
R.backward()
picture = draw(R, flows=True, detail="formulas shapes", digits=2)
show(picture, caption="each gradient has the shape of the value that it comes to")

# %% [markdown]
# ## The sweep, tensor by tensor
#
# It begins at $R$ with the number 1. A tensor comes when its gradient is complete. Of large ones the first six numbers
# are printed.

# %%
steps = stepper(R)
for step in sweep(R):
    name, shape = steps.name(step.tensor.node), str(step.tensor.shape)
    print(name, f"{shape:8}", *np.ravel(step.gradient)[:6].round(3))

# %% [markdown]
# ## The sweep, use by use
#
# A stepper stands still wherever one likes. Each backward step passes one gradient from a result to one of its
# operands. The first five steps are the four operations forward, and the 1 at $R$.

# %%
for moment in steps.moments():
    if moment.phase == "backward":
        size = np.linalg.norm(steps.gradient(moment.receiver))
        to, op = steps.name(moment.receiver), moment.node.op.name
        print(f"step {moment.number}: {op} passes on to {to} a gradient of norm {size:.3f}")

# %% [markdown] tags=["notes"]
# Live: `tinygrad-edu step script.py` does this in the terminal, on a script of theirs that
# calls `R.backward()`: `n` goes on, `back` goes back, `p A.grad` asks. Or, in a program: `stepper(R).console()`.
# Ask before each `n`: what comes next, and which shape has it?

# %% [markdown]
# ## Why from the left
#
# $(g - y)^\top B \, \mathrm{diag}(\sigma'(w)) \, A$ is the same wherever the brackets are. The work is not.
# Multiplications for 784 inputs, 128 hidden units and 10 classes:

# %%
n, H, K = 784, 128, 10
print("from the left, as the sweep does: ", f"{K * H + H + H * n:9,}")
print("from the right, Jacobians first:  ", f"{H * n + K * H * n + K * n:9,}")

# %% [markdown]
# ## Do the numbers agree?
#
# The checker takes a function for the loss, and a gradient as text, and tries both at random points and sizes.


# %%
def loss(A, B, x, t):
    return cross_entropy(B @ sigmoid(A @ x), softmax(t))


at = dict(A=A.data, B=B.data, x=x.data, t=np.zeros(2))
delta = "softmax(B @ sigmoid(A @ x)) - softmax(t)"
print(check(loss, "B", f"np.outer({delta}, sigmoid(A @ x))", at))
print(check(loss, "B", f"np.outer({delta}, A @ x)", at))

# %% [markdown] tags=["notes"]
# softmax(t) is there so that the target sums to one whatever t is: the checker draws t at random. The second line
# leaves out σ, and is told so.

# %% [markdown]
# ## Experiment
#
# $A$ is multiplied by `scale`. What becomes of the gradient with respect to $A$, compared with that of $B$, and why?
# Try 0.1, 1, 10, 100.

# %% tags=["experiment"]
scale = 10.0
B.zero_grad()
large = Tensor(scale * A.data, "A")
hidden = sigmoid(large @ x)
cross_entropy(B @ hidden, y).backward()
print("h =", hidden.data.round(3))
print("|∂R/∂A| =", np.linalg.norm(large.grad).round(6))
print("|∂R/∂B| =", np.linalg.norm(B.grad).round(6))

# %% [markdown]
# ## Exercises
#
# **6.1** The hidden layer gets a bias: $w = Ax + b$. Write $\partial R/\partial b$.

# %% exercise="6.1"
### BEGIN SOLUTION
answer = "σ'(w)*(B.T@(g - y))"
### END SOLUTION

# %% marks="6.1" points=1
mark(answered(TWO.replace("w = A@x", "b: H\nw = A@x + b"), "∂R/∂b", answer))

# %% [markdown]
# **6.2** A shortcut from the input to the scores: $v = Bh + Cx$. Write $\partial R/\partial x$. How many paths are
# there?

# %% exercise="6.2"
### BEGIN SOLUTION
answer = "A.T@(σ'(w)*(B.T@(g - y))) + C.T@(g - y)"
### END SOLUTION

# %% marks="6.2" points=2
mark(answered(TWO.replace("v = B@h", "C: K by n\nv = B@h + C@x"), "∂R/∂x", answer))

# %% [markdown]
# ---
#
# **6.3** An autoencoder uses its matrix twice: $h = \sigma(w)$, $w = Ax$, $r = A^\top h - x$, and
# $R = \frac{1}{2} \sum_i r_i^2$. Write $\partial R/\partial A$ with `r`, `h`, `w`, `A` and `x`.

# %% exercise="6.3"
### BEGIN SOLUTION
answer = "(σ'(w)*(A@r))@x.T + h@r.T"
### END SOLUTION

# %% marks="6.3" points=3
mark(answered("x: n\nA: H by n\nw = A@x\nh = σ(w)\nr = A.T@h - x\nR = sum(r**2)/2", "∂R/∂A", answer))

# %% [markdown]
# **6.4** As a program, with squared error behind the softmax: $R = \frac{1}{2} \sum_k (g_k - y_k)^2$. A function that
# gives $\partial R/\partial A$. (4.2 is of use: what is the product with the Jacobian of softmax?)


# %% exercise="6.4"
def gradient(A, B, x, y):
    ### BEGIN SOLUTION
    h = sigmoid(A @ x)
    g = softmax(B @ h)
    u = g - y
    at_v = g * (u - g @ u)
    return np.outer(h * (1 - h) * (B.T @ at_v), x)
    ### END SOLUTION


# %% marks="6.4" points=3
def squared(A, B, x, y):
    return ((softmax(B @ sigmoid(A @ x)) - y) ** 2).sum() / 2


mark(check(squared, "A", gradient, dict(A=A.data, B=B.data, x=x.data, y=y.data)))

# %% [markdown]
# ## Common mistakes
#
# The chain in rows gave the right row for $x$. For the matrices the same chain, with the last factor put in place of
# $A$, does not even fit. Two lines of hand-in 002, with $h$ for its $\sigma(A x)$:

# %%
judge(TWO, """
∂R/∂A = (g - y)@B@diag(σ'(w))@x
∂R/∂B = (g - y)@h
""")  # fmt: skip

# %% [markdown] tags=["notes"]
# `tinygrad-edu check --hint 3` also says what they should be. In the lesson they have just derived it themselves.

# %% [markdown]
# ---
#
# How does one come to that? $\partial w/\partial A$ is not $x$: it has three axes, for each $w_j$ a matrix. Write sizes
# under the factors, as below; a gradient that cannot be subtracted from its matrix is wrong.

# %%
derive(TWO, """
shape(∂R/∂A) = (H, n)
shape(∂R/∂w@x.T) = (H, n)
shape(∂R/∂B) = (K, H)
""")  # fmt: skip
judge(TWO, "∂R/∂x = A.T@(σ(w)*(B.T@(g - y)))")

# %% [markdown] tags=["notes"]
# The last line is the mistake that shapes do not find: σ in place of σ′. Ask which slip still is invisible to shapes
# when n = H = K: all of them. So test with sizes that differ.

# %% [markdown]
# ## Sources
#
# - Hand-in 002, no. 21, in `lessons/handins`: the network, its right steps, and the mistakes.
# - K. B. Petersen, M. S. Pedersen, *The Matrix Cookbook* (2012), chapter 2, on derivatives of matrices; and layouts:
#   any text says which one it uses, or should.
# - D. E. Rumelhart, G. E. Hinton, R. J. Williams, *Learning representations by back-propagating errors*, Nature 323
#   (1986).
