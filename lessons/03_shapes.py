# %% [markdown]
# # 3. Broadcasting and shapes
#
# Where the sums and the transposes in a gradient come from, and what can be told from shapes alone.
#
# **You will be able to**
#
# - derive $G W^\top$, $X^\top G$ and the gradient of a bias by indices;
# - say over which axes a gradient is summed, for any two shapes that broadcast;
# - avoid the column against a row, and find it in a program of others;
# - read a derivation that was written in another layout.

# %%
import numpy as np

from tinygrad_edu import Tensor, check, constant, draw, explain, formula, grad
from tinygrad_edu.teaching import answered, curves, derive, heat, judge, mark, show

# %% [markdown]
# ## A gradient has the shape of its tensor
#
# $R$ is a number. $\partial R/\partial W$ holds one derivative for each entry of $W$, so it is an array like $W$. The
# engine never gives another shape.

# %%
rng = np.random.default_rng(0)
X = Tensor(rng.normal(size=(4, 3)), name="X")
W = Tensor(rng.normal(size=(3, 2)), name="W")
b = Tensor(rng.normal(size=2), name="b")
G = constant(rng.normal(size=(4, 2)), name="G")
Z = X @ W + b
R = (G * Z).sum()
R.backward()
print({t.name: (t.shape, t.grad.shape) for t in (X, W, b)})

# %% [markdown] tags=["notes"]
# Four examples in rows, three inputs, two units. G stands for any upstream gradient: with R = sum(G * Z) the gradient
# of Z is G, whatever comes after Z in a real network. This trick is used in the whole lesson; say it slowly.

# %% [markdown]
# ## Two vectors
#
# $a^\top b = \sum_k a_k b_k$. Of the sum only the term with $b_i$ depends on $b_i$.

# %%
derive("a, b: M", """
aᵀ@b = sum(a[k]*b[k] for k in 1..M)
d(aᵀ@b)/db[i] = a[i]
d(aᵀ@b)/db = a
d(bᵀ@a)/db = a
""")  # fmt: skip

# %% [markdown]
# ## A vector, a matrix, a vector
#
# $a^\top X b$ is a double sum. The entry $X_{ij}$ stands in one term: $a_i X_{ij} b_j$. All derivatives together are an
# **outer product**.

# %%
derive("""
a, b: M
X: M by M
""", """
d(aᵀ@X@b)/dX[i,j] = d(sum(a[k]*X[k,l]*b[l] for k in 1..M for l in 1..M))/dX[i,j]
                  = a[i]*b[j]
d(aᵀ@X@b)/dX = a@bᵀ
""")  # fmt: skip

# %% [markdown] tags=["notes"]
# Hand-in 001 begins with these three rules, and gets all of word2vec from them. Let the students say the shape of a bᵀ
# before it is shown: it has to be that of X, so there is no choice between a bᵀ and b aᵀ when the sizes differ.

# %% [markdown]
# ## A matrix and a vector
#
# Of a vector with respect to a vector there is a matrix: row $i$ for the result, column $j$ for the input. That of
# $A x$ is $A$ itself.

# %%
derive("""
A: H by n
B: K by H
x: n
h: H
""", """
∂((A@x)[i])/∂x[j] = A[i,j]
∂(A@x)/∂x = A
∂(B@h)/∂h = B
""")  # fmt: skip

# %% [markdown]
# ## From the Jacobian to the gradient
#
# $v = A x$ and $R = \sum_i c_i v_i$, so $\frac{\partial R}{\partial v} = c$. Each result $v_i$ contributes, with the
# factor $\frac{\partial v_i}{\partial x_j} = A_{ij}$. The sum goes over **rows** of $A$, and that is what the transpose
# says.

# %%
derive("""
A: H by n
x: n
c: H
v = A@x
R = sum(c*v)
""", """
∂R/∂x[j] = sum(∂R/∂v[i]*∂v[i]/∂x[j] for i in 1..H)
         = sum(A[i,j]*c[i] for i in 1..H)
∂R/∂x = Aᵀ@∂R/∂v
""")  # fmt: skip

# %% [markdown]
# ## Two matrices: $\partial R/\partial W$
#
# $Z = X W$ and $R = \sum_{ij} G_{ij} Z_{ij}$: then $G$ is the upstream gradient of $Z$. $W_{kl}$ is used in each row of
# $Z$, in column $l$:

# %%
PRODUCT = """
X: m by n
W: n by p
G: m by p
Z = X@W
R = sum(G*Z)
"""
derive(PRODUCT, """
Z[i,j] = sum(X[i,k]*W[k,j] for k in 1..n)
dR/dW[k,l] = sum(G[i,j]*dZ[i,j]/dW[k,l] for i in 1..m for j in 1..p)
           = sum(G[i,l]*X[i,k] for i in 1..m)
dR/dW = X.T@G
""")  # fmt: skip

# %% [markdown]
# ## Two matrices: $\partial R/\partial X$
#
# $X_{ik}$ is used in row $i$ of $Z$ only, in each column:

# %%
derive(PRODUCT, """
dR/dX[i,k] = sum(G[i,j]*W[k,j] for j in 1..p)
dR/dX = G@W.T
""")  # fmt: skip

# %%
show(formula(R, X))
show(formula(R, W), caption="the same, printed by the engine from its record")

# %% [markdown]
# ## Shapes leave no choice
#
# $G$ is $m \times p$, $X$ is $m \times n$, and $n \times p$ is wanted: of $G$, $X$ and their transposes only $X^\top G$
# has that shape. It is a check, and no proof.

# %%
g, x = G.data, X.data
pairs = {"G X": (g, x), "X G": (x, g), "Gᵀ X": (g.T, x), "Xᵀ G": (x.T, g)}
for name, (left, right) in pairs.items():
    fits = left.shape[1] == right.shape[0]
    shapes = f"{left.shape} and {right.shape}"
    print(f"{name:4} {shapes}:", (left @ right).shape if fits else "do not fit")

# %% [markdown] tags=["notes"]
# Why no proof: a forgotten sum, a factor 1/m or a sign has no shape. And for square matrices everything fits, so test
# with sizes that all differ. The checker does so: it draws the sizes at random.

# %% [markdown]
# ## A sum of outer products
#
# The row $i$ of $X$ and the row $i$ of $G$ belong to example $i$. Each example gives an outer product, and the examples
# are added.

# %%
derive(PRODUCT, "dR/dW = sum(X[i,:] ⊗ G[i,:] for i in 1..m)")

# %%
parts = [np.outer(X.data[i], G.data[i]) for i in range(4)]
print(parts[0].round(2), "example 0 alone")
print(sum(parts).round(2), "all four")
print("equal to .grad:", np.allclose(sum(parts), W.grad))

# %% [markdown]
# ## The bias is stretched
#
# $X W$ is $m \times p$, and $b$ has $p$ numbers. **Broadcasting** uses the same $b$ in every row.

# %%
show(
    draw(R, detail="formulas shapes", flows=True),
    caption="b has 2 numbers, and goes into 4 rows of 2",
)

# %% [markdown]
# ## So its gradient is summed
#
# $Z = X W + b$ uses $b_j$ in each of $m$ rows. What is used many times receives the sum: that is all.

# %%
BIAS = """
X: m by n
W: n by p
b: p
G: m by p
Z = X@W + b
R = sum(G*Z)
"""
derive(BIAS, """
Z[i,j] = sum(X[i,k]*W[k,j] for k in 1..n) + b[j]
dR/db[j] = sum(dR/dZ[i,j] for i in 1..m)
         = sum(G[i,j] for i in 1..m)
dR/db = G.T@ones(m)
""")  # fmt: skip

# %%
show(formula(R, b).components, caption="by components, from the engine")

# %% [markdown]
# ## The rule, for any shapes
#
# Stretched forward, summed backward: over every axis that is new or had the length 1.

# %%
for shape in [(4, 2), (2,), (1, 2), (4, 1), (1, 1), ()]:
    t = Tensor(np.zeros(shape), name="t")
    (G * (Z.data + t)).sum().backward()
    long = (1,) * (2 - len(shape)) + shape
    axes = tuple(i for i in range(2) if long[i] == 1)
    print(f"{shape!s:7} summed over {axes!s:7} gradient {np.shape(t.grad)}")

# %% [markdown] tags=["notes"]
# The same the other way round: what is summed forward is stretched backward. sum and broadcast_to are each other's
# transpose. Ask for the gradient of X.sum(axis=0): G once for each row.

# %% [markdown]
# ## `keepdims`
#
# Centre each row: take its mean away. $(4, 3)$ and `(4,)` do not fit, for shapes are compared from the **right**.

# %%
try:
    X - X.mean(axis=1)
except ValueError as error:
    print(str(error).splitlines()[0])
centred = X - X.mean(axis=1, keepdims=True)
print("with keepdims (4, 3) - (4, 1):", centred.shape)
print("means:", centred.data.mean(axis=1).round(12) + 0)

# %% [markdown]
# ## The trap: a column against a row
#
# Worse is what fits. Three predictions as a column $(3, 1)$, three targets `(3,)`: both are stretched, to $3 \times 3$.

# %%
pred = Tensor([[1.0], [2.0], [6.0]], name="pred")
target = constant([1.0, 2.0, 6.0], name="target")
error = pred - target
rows, columns = [[f"${a}_{i}$" for i in (1, 2, 3)] for a in "pt"]
show(heat(error.data, rows, columns), caption="each prediction minus each target")

# %% [markdown] tags=["notes"]
# Nothing fails, the loss even goes down in training. Ask where it ends: all predictions become the mean of all targets,
# and the network has learned nothing about its inputs. A common report is "my regression predicts a constant".

# %% [markdown]
# ## `explain` finds it
#
# It looks for a column and a row that are stretched over each other and then made one number.

# %%
loss = (error**2).mean()
print("loss of perfect predictions:", loss.data.round(3))
print(explain(loss))

# %% [markdown]
# ## What this loss wants
#
# For each prediction the mean of **all** targets. Here gradient descent goes there.

# %%
path = [pred.data]
for _ in range(30):
    slope = grad(lambda p: ((p - target) ** 2).mean())(path[-1])
    path.append(path[-1] - 0.3 * slope)
lines = dict(zip(rows, np.hstack(path)))
show(curves(lines, xlabel="step"), caption="they leave their targets for 3, the mean")

# %% [markdown]
# ## Two layouts
#
# Of a number with respect to a vector $x$:
#
# | layout | is a | chain rule of $v = A x$ |
# |---|---|---|
# | *denominator*: shape of $x$ | column | $A^\top \frac{\partial R}{\partial v}$, from right to left |
# | *numerator*: a Jacobian of one row | row | $\frac{\partial R}{\partial v} A$, from left to right |
#
# Each is the other one transposed. Both are right; mixed they are wrong.

# %% [markdown]
# ## Hand-in 002 writes rows
#
# Two layers, $v = B h$ with $h = \sigma(w)$ and $w = A x$. Softmax and cross-entropy follow; of them it is enough here
# that $\frac{\partial R}{\partial v} = g - y$ (lesson 5). The first line is right in numerator layout, if $g - y$ is
# read as a row; the checker says so. The second is wrong in any layout.

# %%
LAYERS = """
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
judge(LAYERS, """
∂R/∂x = (g - y)@B@diag(σ'(w))@A
∂R/∂B = (g - y)@h
""")  # fmt: skip

# %% [markdown]
# ## The same in the shape of $x$
#
# The transpose of a product is the product of the transposes, in the other order.

# %%
derive(LAYERS, """
∂R/∂x = ((g - y)ᵀ@B@diag(σ'(w))@A)ᵀ
      = Aᵀ@diag(σ'(w))@Bᵀ@(g - y)
      = Aᵀ@(σ'(w)*(Bᵀ@(g - y)))
∂R/∂B = (g - y)@hᵀ
""")  # fmt: skip

# %% [markdown] tags=["notes"]
# Tell students to choose one layout and write it on top of the page. In this course, and in programs, a gradient has
# the shape of what it is taken with respect to; Jacobians have the results in their rows.

# %% [markdown]
# ## Examples in columns
#
# On paper one example is a column, and $W$ stands on its left, with a row for each unit. Many examples are then the
# columns of $X$: $Z = W X + b$, where $b$ is a column. All is transposed. Here $W$ is that of a third layer, $W^{(3)}$.

# %%
derive("""
W(3): n3 by n2
X: n2 by m
b: n3 by 1
G: n3 by m
Z = W(3)@X + b
R = sum(G*Z)
""", """
shape(W(3)) = (n3, n2)
dR/dW(3) = G@X.T
dR/dX = W(3).T@G
dR/db = sum(G[:,i] for i in 1..m)
""")  # fmt: skip

# %% [markdown]
# ## Experiment
#
# Which shapes of `u` fit to $(4, 3)$, and over which axes is the gradient of `u` summed? Guess first; then try
# `(3,)`, `(4,)`, `(4, 1)`, `(1,)`, `(2, 4, 3)`, `(2, 1, 3)`.

# %% tags=["experiment"]
shape = (3,)
u = Tensor(np.zeros(shape), name="u")
try:
    z = X.data + u
    z.sum().backward()
    print("result", z.shape, "  each u is used", np.unique(u.grad), "times")
except ValueError as error:
    print(error)

# %% [markdown]
# ## Exercises
#
# **3.1** A gain for each unit, a bias for each example: $Z_{ij} = X_{ij} a_j + c_i$, with `a` of shape `(p,)` and `c`
# of shape $(m, 1)$. A function that gives the gradients of both, from the upstream gradient `G` of $Z$.


# %% exercise="3.1"
def gain_and_bias(G, X, a, c):
    ### BEGIN SOLUTION
    return (G * X).sum(axis=0), G.sum(axis=1, keepdims=True)
    ### END SOLUTION


# %% marks="3.1" points=2
def scaled(G, X, a, c):
    return (G * (X * a + c)).sum()


at = dict(G=np.ones((4, 3)), X=x, a=np.ones(3), c=np.zeros((4, 1)))
mark(check(scaled, "a", lambda G, X, a, c: gain_and_bias(G, X, a, c)[0], at))
mark(check(scaled, "c", lambda G, X, a, c: gain_and_bias(G, X, a, c)[1], at))
assert np.shape(gain_and_bias(**at)[1]) == (4, 1), "the gradient of c is to have the shape of c"

# %% [markdown]
# **3.2** $W$ is used twice: $R = \sum_{ij} G_{ij} (W W^\top)_{ij}$. Write $\partial R/\partial W$ with `G` and `W`.

# %% exercise="3.2"
### BEGIN SOLUTION
answer = "(G + G.T)@W"
### END SOLUTION

# %% marks="3.2" points=2
mark(answered("W: n by k\nG: n by n\nR = sum(G*(W@W.T))", "dR/dW", answer))

# %% [markdown]
# **3.3** Rows are centred: $Y = X - \mathrm{mean}(X)$, the mean of each row. Then $R = \frac13 \sum_{ij} Y_{ij}^3$. A
# function that gives the gradient of `X`. (What is the upstream gradient of $Y$?)


# %% exercise="3.3"
def centring(X):
    ### BEGIN SOLUTION
    G = (X - X.mean(axis=1, keepdims=True)) ** 2
    return G - G.mean(axis=1, keepdims=True)
    ### END SOLUTION


# %% marks="3.3" points=3
def cubes(X):
    return ((X - X.mean(axis=1, keepdims=True)) ** 3).sum() / 3


mark(check(cubes, "X", centring, dict(X=x)))

# %% [markdown]
# ## Common mistakes
#
# The order of the factors is that of the program; a transpose is missing; the sum over the examples is forgotten.

# %%
judge(PRODUCT, "dR/dW = G@X.T\ndR/dX = G@W")
judge(BIAS, "dR/db = G")

# %% [markdown]
# ## Sources
#
# - Hand-ins 001 (the rules that it begins with), 002 (no. 21) and 003 (one layer) in `lessons/handins`.
# - NumPy's manual, *Broadcasting*.
# - J. R. Magnus, H. Neudecker, *Matrix Differential Calculus* (3rd edition, 2019): one layout, and why.
