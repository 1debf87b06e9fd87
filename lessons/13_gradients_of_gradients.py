# %% [markdown]
# # 13. Gradients of gradients
#
# A gradient is computed, so it can be differentiated: curvature, products with the Hessian, and Newton's method.
#
# **You will be able to**
#
# - find second derivatives by hand and with `hessian`, and say why a Hessian is symmetric;
# - derive the Hessians of logistic regression and of softmax with cross-entropy;
# - multiply with a Hessian at the cost of a few gradients, without making it;
# - minimise with Newton's method, and say what quadratic convergence looks like.

# %%
from timeit import repeat

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import Tensor, check, constant, draw, formula, grad, hessian, hvp, sigmoid, softplus
from tinygrad_edu.teaching import answered, curves, derive, heat, judge, mark, show

# %% [markdown]
# ## The derivative is a function again
#
# `grad(sigmoid)` computes with numbers as `sigmoid` does. So `grad(grad(sigmoid))` is the second derivative.

# %%
x = np.linspace(-6, 6, 121)
slope, bend = ([f(t) for t in x] for f in (grad(sigmoid), grad(grad(sigmoid))))
lines = {r"$\sigma$": sigmoid(x), r"$\sigma'$": slope, r"$\sigma''$": bend}
picture = curves(lines, x=x, xlabel="$x$")
show(picture, caption="σ″ is 0 where σ is steepest")

# %% [markdown] tags=["notes"]
# Ask where σ″ is 0 before the curve is shown. Then ask what the engine has to be able to do for this: the rules
# themselves have to be recorded.

# %% [markdown]
# ## How: the rules are recorded
#
# The rule of $\sin$ is `g * cos(x)`, made of operations. With `differentiable=True` the sweep records them, and the
# gradient is the result of a new graph.

# %%
t = Tensor(1.0, name="t")
R = np.sin(t) ** 2
(slope,) = tg.gradients(R, [t], differentiable=True)
(again,) = tg.gradients(slope, [t])
print(f"the slope is {slope.data:.4f}, and its slope {again:.4f}")
show(draw(slope), caption="the record of the slope, sin 2t; its slope is 2 cos 2t")

# %% [markdown]
# ## Two variables
#
# $R = (x y + \sin x)^2$ of lesson 0. There are four second derivatives, and two of them are equal.

# %%
derive("""
x, y: number
R = (x*y + sin(x))²
p = dR/dx
q = dR/dy
""", """
p = 2*(x*y + sin(x))*(y + cos(x))
dp/dx = 2*(y + cos(x))² - 2*(x*y + sin(x))*sin(x)
dq/dy = 2*x²
dp/dy = 2*x*(y + cos(x)) + 2*(x*y + sin(x))
dp/dy = dq/dx
""")  # fmt: skip

# %% [markdown]
# ## The Hessian
#
# $H_{ij} = \frac{\partial^2 R}{\partial x_i \, \partial x_j}$: the Jacobian of the gradient. It is symmetric, since the
# order of the derivatives does not matter where they are continuous.

# %%
H = hessian(lambda v: (v[0] * v[1] + np.sin(v[0])) ** 2)([2.0, -1.0])
names = ["x", "y"]
show(heat(H, names, names), caption="the Hessian of R at x = 2, y = -1")

# %% [markdown] tags=["notes"]
# A Hessian that is not symmetric shows a mistake: it is a good test of a derivation by hand. In the checker p = dR/dx
# is a definition, and dp/dy then a second derivative.

# %% [markdown]
# ## A small model: logistic regression
#
# 60 people, three inputs (the first is always 1), and a yes or no. The loss is convex, and has one minimum here.
# $\mathrm{softplus}(z) = \log(1 + e^z)$ is that of lesson 1.

# %%
rng = np.random.default_rng(0)
X = constant(np.c_[np.ones(60), rng.normal(size=(60, 2))], name="X")
chance = sigmoid(X.data @ np.array([0.5, 2.0, -1.0]))
y = constant((rng.uniform(size=60) < chance).astype(float), name="y")


def loss(w):
    return (softplus(X @ w) - y * (X @ w)).sum()


w = Tensor(np.zeros(3), name="w")
E = loss(w)
E.name = "E"
print("at w = 0:", E.data.round(3), "= 60 log 2")

# %% [markdown]
# ## Its gradient, and the gradient of that
#
# $E = \sum_i \mathrm{softplus}(z_i) - y_i z_i$ with $z = X w$. The derivative of softplus is $\sigma$, and that of
# $\sigma$ is $\sigma'$: one factor $X$ more each time.

# %%
LOGISTIC = """
X: m by n
w: n
y: m
E = sum(softplus(X@w) - y*(X@w))
r = dE/dw
"""
derive(LOGISTIC, """
r[i] = sum(X[k,i]*(σ((X@w)[k]) - y[k]) for k in 1..m)
r = X.T@(σ(X@w) - y)
dr[i]/dw[j] = sum(X[k,i]*σ'((X@w)[k])*X[k,j] for k in 1..m)
dr/dw = X.T@diag(σ'(X@w))@X
""")  # fmt: skip

# %% [markdown]
# ## From the engine
#
# It differentiates its own record twice, with names instead of numbers.

# %%
show(formula(E, w))
show(formula(E, w, order=2))
show(heat(hessian(loss)(w.data)), caption="the Hessian in numbers, at w = 0")

# %% [markdown]
# ## Softmax and cross-entropy
#
# $R = -\sum_k y_k \log g_k$ with $g = \mathrm{softmax}(v)$. The gradient is $g - y$, if the $y$ sum to one. So the
# Hessian is the Jacobian of softmax.

# %%
SOFTMAX = """
v, u: K
y: K, sums to one
g = softmax(v)
R = -sum(y*log(g))
r = dR/dv
"""
derive(SOFTMAX, """
r = g - y
dr[k]/dv[l] = g[k]*(I(k = l) - g[l])
dr/dv = diag(g) - g@g.T
""")  # fmt: skip

# %%
v = Tensor([2.0, 1.0, -1.0], name="v")
R = tg.cross_entropy(v, 1)
show(formula(R, v, order=2), caption="from the record of cross_entropy(v, 1)")

# %% [markdown]
# ## Never negative
#
# Multiplied with any $u$ from both sides it is a variance: of the numbers $u_k$, where $g_k$ are the probabilities. So
# the loss is convex in the logits.

# %%
derive(SOFTMAX, """
u.T@dr/dv@u = u.T@(diag(g) - g@g.T)@u
            = sum(g*u²) - sum(g*u)²
            = sum(g[k]*(u[k] - sum(g*u))² for k in 1..K)
""")  # fmt: skip

# %%
H = hessian(lambda v: tg.cross_entropy(v, 1))(v.data)
print("eigenvalues", np.linalg.eigvalsh(H).round(4) + 0)

# %% [markdown] tags=["notes"]
# Ask which u gives 0: a constant one. That is the constant that may be added to all scores, from lesson 4, and
# the eigenvalue 0. In the weights of a deep network the loss is not convex, though it is in the logits.

# %% [markdown]
# ## What a Hessian knows
#
# Go from a point $w_0$ by $t \, d$. The gradient predicts the loss up to an error like $t^2$; with the Hessian it is
# like $t^3$.

# %%
w0, d = np.array([0.5, 1.0, 0.0]), np.array([1.0, 2.0, -1.0])
slope, bend = grad(loss)(w0) @ d, d @ hessian(loss)(w0) @ d
t = 10.0 ** np.arange(-3, 0.6, 0.25)
change = np.array([loss(w0 + s * d).data - loss(w0).data for s in t])
first = abs(change - t * slope)
second = abs(change - t * slope - t**2 * bend / 2)
print(f"t = {t[4]:.2f}: {first[4]:.1e} and {second[4]:.1e}")

# %% [markdown]
# ## Two predictions
#
# On logarithmic axes $t^2$ is a line of slope 2, and $t^3$ one of slope 3; a large $t$ leaves the lines.

# %%
errors = {"with the gradient": first, "with the Hessian too": second}
picture = curves(errors, x=t, xlabel="$t$", ylabel="error", log="xy")
show(picture, caption="the error of the loss predicted from w₀")

# %% [markdown] tags=["notes"]
# Ask what the lower line would be from $w = 0$. It has the slope 4: softplus is a line plus an even function, so its
# third derivative is 0 there. A special point makes a formula look better than it is.

# %% [markdown]
# ## Too large to be made
#
# A network of $10^6$ weights has a Hessian of $10^{12}$ numbers: 8 terabytes. But often only $H u$ is wanted. That is
# the derivative of the **gradient** in the direction $u$: $\frac{d}{dt} \nabla E(w + t u)$ at $t = 0$.

# %%
u = np.array([1.0, 0.0, -2.0])
h = 1e-5
print("H u        ", hessian(loss)(w.data) @ u)
print("hvp        ", hvp(loss, w.data, u))
print("differences", (grad(loss)(h * u) - grad(loss)(-h * u)) / (2 * h))

# %% [markdown]
# ## Two exact ways
#
# **Forward over reverse**: a forward sweep through the record of the gradient; that is `hvp`.
#
# **Reverse over reverse**: the number $u^\top \nabla E$ is computed, and $H u$ is its gradient.


# %%
def twice(f, x, u):
    return grad(lambda x: (grad(f)(x) * u).sum())(x)


print("reverse over reverse", twice(loss, w.data, u))

# %% [markdown]
# ## Why the second one is right
#
# For a fixed $u$ the gradient of $u^\top r$ is $\left(\frac{\partial r}{\partial w}\right)^\top u$. The transpose does
# no harm: $H$ is symmetric.

# %%
derive(LOGISTIC + """
u: n
s = u.T@r
""", """
ds/dw = (dr/dw).T@u
      = dr/dw@u
      = X.T@(σ'(X@w)*(X@u))
""")  # fmt: skip

# %% [markdown] tags=["notes"]
# The last line needs no n by n matrix: two products of X with a vector, and m numbers between them. This is what both
# ways compute, without being told.

# %% [markdown]
# ## What each way costs
#
# A loss of $n$ weights and 40 examples. The time of its gradient, of both products, and of the whole Hessian.


# %%
def costs(n):
    A, u, at = rng.normal(size=(40, n)) / n, np.ones(n), np.zeros(n)

    def wide(w):
        return softplus(A @ w).sum()

    calls = {
        "gradient": lambda: grad(wide)(at),
        "hvp": lambda: hvp(wide, at, u),
        "reverse over reverse": lambda: twice(wide, at, u),
        "whole Hessian": lambda: hessian(wide)(at),
    }
    return {name: min(repeat(f, number=1, repeat=3)) for name, f in calls.items()}


# %% [markdown]
# ## Measured
#
# A product costs a few gradients, for any $n$; the whole Hessian about as much as $n$ products. For a small $n$ the
# time is that of the bookkeeping.

# %%
sizes = [5, 15, 50, 150]
found = [costs(n) for n in sizes]
lines = {name: [took[name] for took in found] for name in found[0]}
picture = curves(lines, x=sizes, xlabel="weights $n$", ylabel="seconds", log="xy")
show(picture, caption="the whole Hessian grows away from the others")

# %% [markdown]
# ## Newton's method
#
# Where is the gradient 0? Near $w$ it is about $g + H d$. So take the $d$ with $H d = -g$, and go to $w + d$.


# %%
def newton(w, steps, damping=0.0):
    yield w
    for _ in range(steps):
        H = hessian(loss)(w) + damping * np.eye(len(w))
        w = w - np.linalg.solve(H, grad(loss)(w))
        yield w


path = list(newton(np.zeros(3), 8))
best = path[-1]
print("minimum at", best.round(4))
print("gradient there", np.abs(grad(loss)(best)).max().round(12))

# %% [markdown]
# ## Quadratic convergence
#
# $e_k$ is the distance from the minimum. Near it, each step makes about **twice as many digits** right:
# $e_{k+1} \approx C \, e_k^2$.

# %%
e = [np.linalg.norm(w - best) for w in path]
for k in range(6):
    print(f"step {k}: e = {e[k]:.1e}   e(next)/e² = {e[k + 1] / e[k] ** 2:.2f}")

# %% [markdown] tags=["notes"]
# One step more, and e is only rounding: the quotient means nothing there. Ask what the quotients would be for gradient
# descent: e(next)/e becomes constant, and e(next)/e² grows without end.

# %% [markdown]
# ## Against gradient descent
#
# Near the minimum gradient descent makes the distance smaller by the same **factor** in each step: a straight line.
# Newton's method bends down.

# %%
down = [np.zeros(3)]
for _ in range(60):
    down.append(down[-1] - 0.1 * grad(loss)(down[-1]))
lines = {"gradient descent": [np.linalg.norm(w - best) for w in down], "Newton": e[:7]}
steps = {name: range(len(values)) for name, values in lines.items()}
picture = curves(lines, x=steps, xlabel="step", ylabel="distance", log="y")
show(picture, caption="the distance from the minimum, on a logarithmic axis")

# %% [markdown] tags=["notes"]
# Is Newton's method better, then? A step costs a Hessian and a solution of a linear system, n³ operations; and far from
# the minimum it can go anywhere: that is the experiment.

# %% [markdown]
# ## Experiment
#
# Begin farther away: 0, 1, 2. From where on does Newton's method leave for infinity? Does `damping = 1` help, which
# adds 1 to the diagonal of $H$?

# %% tags=["experiment"]
start, damping = 1.0, 0.0
try:
    for k, at in enumerate(newton(np.full(3, start), 6, damping)):
        print(k, at.round(3), f"loss {loss(at).data:.4g}")
except np.linalg.LinAlgError as error:
    print(error)

# %% [markdown]
# ## Exercises
#
# **13.1** Write the second derivative of $\log \sigma(z)$, with `σ(z)` only. Is $-\log \sigma$ convex?

# %% exercise="13.1"
### BEGIN SOLUTION
answer = "-σ(z)*(1 - σ(z))"
### END SOLUTION

# %% marks="13.1" points=1
mark(answered("z: number\nr = 1 - σ(z)", "dr/dz", answer))

# %% [markdown]
# **13.2** $E = \frac12 \|X w - y\|^2 + \frac{c}{2} \|w\|^2$. Write the Hessian with `X`, `c` and `eye(n)`.

# %% exercise="13.2"
### BEGIN SOLUTION
answer = "X.T@X + c*eye(n)"
### END SOLUTION

# %% marks="13.2" points=2
RIDGE = """
X: m by n
w: n
y: m
c: number
E = sum((X@w - y)²)/2 + c*sum(w²)/2
r = dE/dw
"""
mark(answered(RIDGE, "dr/dw", answer))

# %% [markdown]
# **13.3** The product with the Hessian, as a program: $E = \sum_k \log \cosh (X w)_k$. A function that gives $H u$,
# with no $n \times n$ matrix. ($\log \cosh$ has the derivative $\tanh$.)


# %% exercise="13.3"
def product(X, w, u):
    ### BEGIN SOLUTION
    return X.T @ ((1 - np.tanh(X @ w) ** 2) * (X @ u))
    ### END SOLUTION


# %% marks="13.3" points=3
at = dict(X=X.data[:4], w=np.ones(3), u=np.array([1.0, 0.0, -2.0]))
mark(check(lambda X, w, u: (np.tanh(X @ w) * (X @ u)).sum(), "w", product, at))

# %% [markdown]
# ## Common mistakes
#
# The Hessian taken as diagonal; a sign; the local derivative forgotten.

# %%
judge(SOFTMAX, """
dr/dv = diag(g*(1 - g))
dr/dv = diag(g) + g@g.T
""")  # fmt: skip
judge(LOGISTIC, "dr/dw = X.T@X")

# %% [markdown]
# ## The wrong order
#
# Shapes tell: $X$ is $m \times n$, and the Hessian $n \times n$. And $\sigma$ stands where its derivative should.

# %%
judge(LOGISTIC, """
dr/dw = X@diag(σ'(X@w))@X.T
dr/dw = X.T@diag(σ(X@w))@X
""")  # fmt: skip

# %% [markdown]
# ## Sources
#
# - B. A. Pearlmutter, *Fast exact multiplication by the Hessian* (1994): `hvp`.
# - C. M. Bishop, *Pattern Recognition and Machine Learning* (2006), chapter 4: the Hessian of logistic regression.
# - J. Nocedal, S. J. Wright, *Numerical Optimization* (2nd edition, 2006), chapter 3: how fast Newton's method is.
