# %% [markdown]
# # 7. The delta recursion
#
# One line of mathematics is the backward sweep of a network of any depth.
#
# **You will be able to**
#
# - derive $\delta^{(s)} = \varphi'(v^{(s)}) \odot W^{(s+1)\top} \delta^{(s+1)}$, with sums and with matrices;
# - write the gradients of weights and biases with it, for one example and for a batch;
# - say why gradients vanish in deep networks of sigmoids, and measure it.

# %%
import numpy as np

from tinygrad_edu import Tensor, check, constant, cross_entropy, draw, explain, formula, nn, relu, sigmoid
from tinygrad_edu.teaching import answered, curves, derive, judge, mark, show

# %% [markdown]
# ## A network, and its names
#
# Layer $s$ takes $a^{(s-1)}$, and gives $a^{(s)} = \varphi(v^{(s)})$ with $v^{(s)} = W^{(s)} a^{(s-1)}$; and $a^{(0)}$
# is $x$. $W^{(s)}$ has a row for each unit of its own layer, and a column for each unit of the layer before.
#
# Below there are four layers, of any sizes and with any $\varphi$: the checker tries many. The loss of one example is
# $E = \frac12 \sum_i (a^{(4)}_i - y_i)^2$.

# %%
NETWORK = """
phi: function
x: n0
W(1): n1 by n0
W(2): n2 by n1
W(3): n3 by n2
W(4): n4 by n3
y: n4
v(1) = W(1)@x
a(1) = phi(v(1))
v(2) = W(2)@a(1)
a(2) = phi(v(2))
v(3) = W(3)@a(2)
a(3) = phi(v(3))
v(4) = W(4)@a(3)
a(4) = phi(v(4))
E = sum((a(4) - y)**2)/2
delta(2) = dE/dv(2)
delta(3) = dE/dv(3)
delta(4) = dE/dv(4)
"""
derive(NETWORK, """
shape(W(3)) = (n3, n2)
phi(W(4)@a(3)) = phi(W(4)@phi(W(3)@a(2)))
""")  # fmt: skip

# %% [markdown]
# ## Where are the biases?
#
# A bias is a weight whose input is always 1. Put the bias before the weights, and a 1 before the inputs: what holds for
# weights then holds for biases.

# %%
derive("""
w: K by J
b: K
c: J
""", """
sum(w[k,j]*c[j] for j in 1..J) + b[k] = sum(hstack([b, w])[k,j]*vstack([1, c])[j] for j in 1..J+1)
""")  # fmt: skip

# %% [markdown] tags=["notes"]
# Hand-in 003 counts from 0 for this: x₀ = 1 and w_k0 = b_k. Here subscripts begin with 1, so the bias is column 1 of
# the longer matrix. Ask: what is then the gradient with respect to the bias? The δ of the unit, times its input, 1.

# %% [markdown]
# ## The last layer
#
# $W^{(4)}_{ij}$ reaches $E$ through one number only, $v^{(4)}_i$. So the chain rule has one term. What stands before
# the input gets a name, $\delta^{(4)}_i = \partial E/\partial v^{(4)}_i$; with that name, the layer before looks the
# same.

# %%
derive(NETWORK, """
dE/dW(4)[i,j] = dE/da(4)[i] * da(4)[i]/dv(4)[i] * dv(4)[i]/dW(4)[i,j]
              = dE/dv(4)[i] * a(3)[j]
              = delta(4)[i]*a(3)[j]
dE/dW(3)[i,j] = delta(3)[i]*a(2)[j]
""")  # fmt: skip

# %% [markdown] tags=["notes"]
# This is the whole idea, so give it time (5 minutes). δ is not a trick: it is the gradient with respect to the place
# where the paths of all weights of a unit meet. What remains is to find δ itself. Let them guess first.

# %% [markdown]
# ## Further down, all paths
#
# $W^{(2)}_{ij}$ reaches $E$ through $a^{(2)}_i$, from there through every unit $l$ of layer 3, and through every unit
# $k$ of layer 4. We add up all the paths. Each is a product of weights and slopes, and begins with a $\delta$.

# %%
derive(NETWORK, """
dE/dW(2)[i,j] = sum(dE/da(4)[k] * da(4)[k]/dv(4)[k] * sum(dv(4)[k]/da(3)[l] * da(3)[l]/dv(3)[l] * dv(3)[l]/da(2)[i] * da(2)[i]/dv(2)[i] * dv(2)[i]/dW(2)[i,j] for l in 1..n3) for k in 1..n4)
              = sum(sum(delta(4)[k]*W(4)[k,l]*phi'(v(3)[l])*W(3)[l,i]*phi'(v(2)[i])*a(1)[j] for l in 1..n3) for k in 1..n4)
""")  # fmt: skip  # noqa: E501

# %% [markdown]
# ---
#
# Sum over $k$ first: that is $\delta^{(3)}_l$, and it does not depend on $i$ and $j$, so it is computed once. Then sum
# over $l$: that is $\delta^{(2)}_i$.

# %%
derive(NETWORK, """
delta(3)[l] = phi'(v(3)[l])*sum(W(4)[k,l]*delta(4)[k] for k in 1..n4)
delta(2)[i] = phi'(v(2)[i])*sum(delta(3)[k]*W(3)[k,i] for k in 1..n3)
dE/dW(2)[i,j] = delta(2)[i]*a(1)[j]
""")  # fmt: skip

# %% [markdown] tags=["notes"]
# Count on the blackboard: with 100 units in each layer the double sum has 10,000 terms for each of 10,000 weights. The
# recursion has 100 terms for each of 100 units, per layer. It is the distributive law, used again and again.

# %% [markdown]
# ## With matrices
#
# A sum over the **first** index of $W$ is a product with $W^\top$. A product of a $\delta$ and an $a$ for all $i$, $j$
# is an outer product.

# %%
derive(NETWORK, """
delta(4) = phi'(v(4))*(a(4) - y)
delta(3) = phi'(v(3))*(W(4).T@delta(4))
delta(2) = phi'(v(2))*(W(3).T@delta(3))
dE/dW(3) = delta(3)@a(2).T
dE/dW(2) = delta(2)@a(1).T
""")  # fmt: skip

# %% [markdown]
# ## What the engine makes of it
#
# A network of any depth, of tensors that record what is done with them:


# %%
def network(sizes, phi=np.tanh):
    rng = np.random.default_rng(0)
    a = constant(rng.normal(size=sizes[0]), "x")
    y = constant(rng.normal(size=sizes[-1]), "y")
    v, W = [], []
    for s, (n, m) in enumerate(zip(sizes, sizes[1:]), 1):
        W.append(Tensor(rng.normal(size=(m, n)), f"W({s})"))
        v.append(W[-1] @ a)
        a = phi(v[-1])
        v[-1].name, a.name = f"v({s})", f"a({s})"
    E = ((a - y) ** 2).sum() / 2
    return E, v, W


# %% [markdown]
# ## The recursion, found in the record
#
# Nobody told the engine this line. It is told only to call the gradient with respect to $v^{(s)}$ by the name
# $\delta^{(s)}$.

# %%
E, v, W = network([4, 5, 3, 2])
names = {v_s: f"delta({s})" for s, v_s in enumerate(v, 1)}
show(*formula(E, [*v, W[0], W[1]], names=names))

# %% [markdown] tags=["notes"]
# `formula` runs the sweep with names in place of numbers. If the room is in doubt: `print(formula(E, W[0]))` without
# names writes the same thing out, one δ inside the other, and `expand=True` writes out the v as well.

# %% [markdown]
# ## Any depth, the same line
#
# Networks of two to seven layers: what does the first $\delta$ look like in each? And those in the middle of a deep
# one?

# %%
for depth in range(2, 8):
    E, v, W = network([3] * (depth + 1))
    names = {v_s: f"delta({s})" for s, v_s in enumerate(v, 1)}
    print(f"{depth} layers:  δ⁽¹⁾ =", formula(E, v[0], names=names))
show(*formula(E, [v[1], v[5]], names=names))

# %% [markdown]
# ## See it flow
#
# Forward, each layer is a product and then $\varphi$. Backward it is $\varphi'$ and then a product with the same
# matrix, transposed.

# %%
E, v, W = network([2, 2, 2])
E = cross_entropy(v[1], 1)
E.backward()
picture = draw(E, flows=True, detail="formulas", digits=1)
show(picture, caption="two layers: on its way back, a gradient passes the same stations")

# %% [markdown] tags=["notes"]
# Live: `tinygrad-edu step lessons/07_delta_recursion.py` stops at this `backward()`. There, `until tanh` shows the
# product with φ′, and `back` the step before it, the product with Wᵀ: two steps of the sweep, which the recursion takes
# at once.

# %% [markdown]
# ## As a program
#
# The recursion for softmax with cross-entropy, in NumPy alone, is `nn.delta_recursion`: 3 lines forward, 3 lines
# backward. `nn.swept_deltas` asks the sweep for the same.

# %%
net = nn.MLP([6, 8, 7, 5, 3], sigmoid, rng=np.random.default_rng(1))
x, y = np.random.default_rng(2).normal(size=(20, 6)), np.arange(20) % 3
hand, swept = nn.delta_recursion(net, x, y), nn.swept_deltas(net, x, y)
for s in (3, 2, 1, 0):
    units, examples = hand.delta[s].shape
    apart = np.abs(hand.delta[s] - swept.delta[s]).max()
    print(f"δ({s + 1}): {units} units, {examples} examples, the same to 1e-15: {apart < 1e-15}")

# %% [markdown]
# ## A batch is a mean
#
# Two layers: $V_1 = W_1 X$, $A_1 = \varphi(V_1)$, $V_2 = W_2 A_1$. $N$ examples are the columns of $X$, and $E_N$ is
# the mean of their losses. Column $n$ of $\delta$ belongs to example $n$ alone. The gradient is the mean of outer
# products, which is one product of matrices: no loop is needed.

# %%
MANY = """
phi: function
X: n0 by N
W1: n1 by n0
W2: n2 by n1
Y: n2 by N
V1 = W1@X
A1 = phi(V1)
V2 = W2@A1
E_N = sum((phi(V2) - Y)**2)/(2*N)
delta1 = N*dE_N/dV1
delta2 = N*dE_N/dV2
"""
derive(MANY, """
dE_N/dW1 = 1/N*sum(delta1[:, n]@X[:, n].T for n in 1..N)
         = 1/N*delta1@X.T
dE_N/dW2 = sum(1/N*delta2[:, n]@A1[:, n].T for n in 1..N)
         = 1/N*delta2@A1.T
delta1 = phi'(V1)*(W2.T@delta2)
""")  # fmt: skip

# %% [markdown] tags=["notes"]
# Students ask where 1/N belongs: into δ or before the product? Either, but once. Here δ is that of the example alone,
# as hand-in 003 has it. In most libraries the first gradient of the sweep is 1/N already.

# %% [markdown]
# ## Another last layer
#
# $v = W_2 a_1$, $a = \mathrm{softmax}(v)$, $E = -\sum_k y_k \log a_k$. With softmax every $a_k$ depends on every $v_i$:
# then $\delta$ of the last layer has a sum, and in all layers before the recursion remains as it was.

# %%
derive("""
phi: function
x: n0
W1: n1 by n0
W2: K by n1
y: K, one-hot
a1 = phi(W1@x)
v = W2@a1
a = softmax(v)
E = -sum(y[j]*ln(a[j]) for j in 1..K)
delta = dE/dv
""", """
dE/dW2[i,j] = sum(dE/da[k] * da[k]/dv[i] * dv[i]/dW2[i,j] for k in 1..K)
            = sum(dE/da[k] * da[k]/dv[i] * a1[j] for k in 1..K)
            = dE/dv[i] * a1[j]
            = delta[i]*a1[j]
delta = a - y
""")  # fmt: skip

# %% [markdown]
# ## What the line says about depth
#
# Every step back multiplies by the transpose of a matrix, and by a slope. For $\sigma$ the slope is at most $1/4$. What
# is left of $\delta$ in the first of twelve layers?


# %%
def sizes_of_delta(phi, depth=12, width=40):
    net = nn.MLP([width] * depth + [10], phi, rng=np.random.default_rng(0))
    x = np.random.default_rng(1).normal(size=(50, width))
    found = nn.swept_deltas(net, x, np.arange(50) % 10)
    return [np.linalg.norm(delta) for delta in found.delta]


lines = {"σ": sizes_of_delta(sigmoid)}
lines |= {"tanh": sizes_of_delta(np.tanh), "ReLU": sizes_of_delta(relu)}
print(f"σ: |δ(12)| = {lines['σ'][-1]:.2g}, |δ(1)| = {lines['σ'][0]:.2g}")

# %% [markdown]
# ---

# %%
layers = range(1, 13)
picture = curves(lines, x=layers, log="y", xlabel="layer $s$", ylabel=r"$|\delta^{(s)}|$")
show(picture, caption="from right to left: with σ, each step back leaves a quarter or so")

# %% [markdown] tags=["notes"]
# Read the picture from right to left, as the sweep goes. A straight line on a logarithmic axis is a constant factor.
# ReLU falls a little with Glorot's weights, since half of its slopes are 0; twice the variance (He 2015) evens it out.
# Ask: what would the picture be for weights that are ten times as large? With tanh, saturation; with ReLU, explosion.

# %% [markdown]
# ## It is found for you
#
# A network does not say that its gradients vanish: its first layers just do not learn. `explain` looks for it.

# %%
net = nn.MLP([40] * 8 + [10], sigmoid, rng=np.random.default_rng(0))
x = np.random.default_rng(1).normal(size=(50, 40))
E = cross_entropy(net(x), np.arange(50) % 10)
print(explain(E))

# %% [markdown]
# ## Experiment
#
# Weights are drawn between minus and plus a limit, here multiplied by `factor`. Is there one for which $\sigma$ keeps
# the size of its $\delta$? And what does tanh do with it? Try 1, 2, 4, 8, 16.

# %% tags=["experiment"]
factor = 4.0
for phi in (sigmoid, np.tanh):
    net = nn.MLP([40] * 12 + [10], phi, rng=np.random.default_rng(0))
    for layer in net.layers:
        layer.W.data = factor * layer.W.data
    delta = nn.swept_deltas(net, x, np.arange(50) % 10).delta
    print(phi.__name__, *(f"{np.linalg.norm(d):.0e}" for d in delta))

# %% [markdown] tags=["notes"]
# The numbers are those of δ(1) to δ(12). Of these factors 8 comes nearest for σ: its slopes are about a quarter of
# those of tanh. With the same factor the δ of tanh grows by orders of magnitude. With 16 that of σ grows as well.

# %% [markdown]
# ## Exercises
#
# **7.1** Write $\partial E/\partial v^{(1)}$ of the network with `delta(3)`, but without a name for the one between.
# Write `phi'` for $\varphi'$.

# %% exercise="7.1"
### BEGIN SOLUTION
answer = "phi'(v(1))*(W(2).T@(phi'(v(2))*(W(3).T@delta(3))))"
### END SOLUTION

# %% marks="7.1" points=2
mark(answered(NETWORK.replace("delta(2) = dE/dv(2)\n", ""), "dE/dv(1)", answer))

# %% [markdown]
# **7.2** A layer with biases and a batch: $V = WX + b$, and column $n$ of `delta` is that of example $n$ alone. Write
# the gradient of the mean loss with respect to `b` with `delta` and `N`.

# %% exercise="7.2"
### BEGIN SOLUTION
answer = "1/N*sum(delta[:, n] for n in 1..N)"
### END SOLUTION

# %% marks="7.2" points=2
BIASES = "X: n by N\nW: m by n\nb: m\nY: m by N\nV = W@X + b\nE = sum((tanh(V) - Y)**2)/(2*N)\ndelta = N*dE/dV"
mark(answered(BIASES, "dE/db", answer))

# %% [markdown]
# ---
#
# **7.3** A layer with a connection that skips it: $c = a + \varphi(v)$, $v = Wa$. The gradient that comes in is
# $u = \partial E/\partial c$. Write $\partial E/\partial a$, with `u`, `W`, `v` and `phi'`. Why does it not vanish?

# %% exercise="7.3"
### BEGIN SOLUTION
answer = "u + W.T@(phi'(v)*u)"
### END SOLUTION

# %% marks="7.3" points=2
mark(answered("phi: function\na: n\nW: n by n\nv = W@a\nc = a + phi(v)\nE = sum(c**3)/3\nu = dE/dc", "dE/da", answer))

# %% [markdown]
# **7.4** As a program: three layers of tanh, and $E = \frac{1}{2} \sum_i (a^{(3)}_i - y_i)^2$. A function that gives
# $\partial E/\partial W^{(1)}$, an array like `W1`.


# %% exercise="7.4"
def gradient(W1, W2, W3, x, y):
    ### BEGIN SOLUTION
    a1 = np.tanh(W1 @ x)
    a2 = np.tanh(W2 @ a1)
    a3 = np.tanh(W3 @ a2)
    delta = (1 - a3**2) * (a3 - y)
    for W, a in ((W3, a2), (W2, a1)):
        delta = (1 - a**2) * (W.T @ delta)
    return np.outer(delta, x)
    ### END SOLUTION


# %% marks="7.4" points=3
def squares(W1, W2, W3, x, y):
    return ((np.tanh(W3 @ np.tanh(W2 @ np.tanh(W1 @ x))) - y) ** 2).sum() / 2


rng = np.random.default_rng(3)
at = {name: rng.normal(size=size) for name, size in dict(W1=(4, 3), W2=(5, 4), W3=(2, 5), x=3, y=2).items()}
mark(check(squares, "W1", gradient, at))

# %% [markdown]
# ## Common mistakes
#
# A $\delta$ of the wrong layer. Numbers of layers look alike, and a slip of one goes unnoticed where all layers have
# the same size. A rule that helps: $\delta$ and $v$ of the same layer stand together, and so do $\delta^{(s)}$ and
# $a^{(s-1)}$.

# %%
judge(NETWORK, """
delta(2)[i] = sum(delta(4)[k]*W(4)[k,i]*phi'(v(3)[i]) for k in 1..n4)
dE/dW(2) = delta(2)@a(2).T
""")  # fmt: skip

# %% [markdown]
# ---
#
# $\odot$ written as a product of vectors: $\varphi'(v)^\top$ times a vector is one number, and $\delta$ is a vector. It
# comes from writing a diagonal matrix as a vector. And an index summed twice, when a sum was put into another:

# %%
judge(NETWORK, """
delta(2) = phi'(v(2)).T@(W(3).T@delta(3))
dE/dW(2)[i,j] = sum(sum(delta(4)[k]*sum(W(4)[k,l]*phi'(v(3)[l])*W(3)[l,i]*phi'(v(2)[i])*a(1)[j] for l in 1..n3) for l in 1..n3) for k in 1..n4)
""")  # fmt: skip  # noqa: E501

# %% [markdown] tags=["notes"]
# Both are from hand-in 003. Let the room say what is wrong before the cell runs: sizes find the first; for the second,
# ask how often each path is counted.

# %% [markdown]
# ## Sources
#
# - Hand-in 003 in `lessons/handins`: a network of h layers, many examples, softmax in the last layer.
# - D. E. Rumelhart, G. E. Hinton, R. J. Williams, *Learning representations by back-propagating errors*, Nature 323
#   (1986).
# - Y. Bengio, P. Simard, P. Frasconi, *Learning long-term dependencies with gradient descent is difficult* (1994); X.
#   Glorot, Y. Bengio, *Understanding the difficulty of training deep feedforward neural networks* (2010), for the
#   weights; K. He and others, *Delving deep into rectifiers* (2015), for those of ReLU, and *Deep residual learning*
#   (2016), for 7.3.
