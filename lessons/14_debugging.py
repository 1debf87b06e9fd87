# %% [markdown]
# # 14. Debugging a derivative
#
# Three broken programs, and the questions that find what is wrong with them.
#
# **You will be able to**
#
# - tell a wrong gradient from the right gradient of a wrong loss;
# - step through a sweep to the place where it goes wrong;
# - find where a NaN begins, and write the loss so that there is none.

# %%
import numpy as np

from tinygrad_edu import (
    GradientNorms,
    Tensor,
    check,
    constant,
    cross_entropy,
    elementwise,
    explain,
    gradcheck,
    gradients,
)
from tinygrad_edu.console.shell import Console
from tinygrad_edu.errors.trace_nan import trace_nan
from tinygrad_edu.ops import log, log_sigmoid, sigmoid, softmax
from tinygrad_edu.optim import SGD
from tinygrad_edu.stepping import Stepper
from tinygrad_edu.teaching import answered, derive, heat, judge, mark, show

# %% [markdown]
# ## A wrong gradient is quiet
#
# It has the right shape, and often the loss falls all the same. So one asks:
#
# | question | who answers |
# |---|---|
# | Is anything not finite? | `trace_nan()`, `GradientNorms` |
# | Is it the gradient of this program? | `gradcheck`, by differences |
# | Where in the sweep does it go wrong? | `stepper(loss)`, step by step |
# | Is it a mistake that others have made? | `explain(loss)` |

# %% [markdown] tags=["notes"]
# `explain` would find all three mistakes of this lesson at once. It comes last, so that one learns to ask oneself: it
# says only what it was taught to look for. Do the second program live, with `tinygrad-edu step` on a file of it.

# %% [markdown]
# ## The console
#
# `stepper(loss).console()` opens it in a notebook, `tinygrad-edu step train.py` in a terminal. Here a command is a
# call, `do("until bump")`, and its answer is printed.


# %%
def console(loss):
    steps = Stepper(loss)
    return lambda command: Console(steps).onecmd(command)


# %% [markdown]
# ## First program: a layer of bumps
#
# A new operation, $\beta(x) = e^{-x^2/2}$, with a rule for its gradient. In a rule $g$ is the upstream gradient and $z$
# the result.


# %%
@elementwise(r"\beta($x)", x=lambda g, z: -g * z)
def bump(x):
    """exp(-x²/2)."""
    return np.exp(-x * x / 2)


def network(A, W, B, X, y, layer):
    b = layer(np.tanh(X @ A) @ W)
    return cross_entropy(b @ B, y)


# %% [markdown]
# ## The symptom
#
# It learns something. But a small step against a gradient makes the loss smaller, and here many do not.

# %%
rng = np.random.default_rng(0)
X = constant(rng.normal(size=(40, 2)), "X")
y = (X.data[:, 0] * X.data[:, 1] > 0).astype(int)
start = {"A": rng.normal(size=(2, 6)), "W": rng.normal(size=(6, 6)), "B": rng.normal(size=(6, 2))}


def train(layer):
    parameters = [Tensor(x, name) for name, x in start.items()]
    optimiser, losses = SGD(parameters, rate=0.2), []
    for _ in range(300):
        loss = network(*parameters, X, y, layer)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.data)
    print(f"loss {losses[0]:.3f} -> {losses[-1]:.3f}; in {sum(np.diff(losses) > 0)} of 300 steps it rose")


# %% [markdown]
# ---
# The loss on the way, with a rate that is small:

# %%
train(bump)

# %% [markdown]
# ## Is it the gradient?
#
# Differences know nothing of rules: they move a number, and look at the loss. `gradcheck` compares.

# %%
few, labels = X[:3], y[:3]
try:
    gradcheck(lambda A, W, B: network(A, W, B, few, labels, bump), *start.values())
except AssertionError as error:
    print(error)

# %% [markdown] tags=["notes"]
# Three examples are enough, and easier to look at. A rule that is wrong is nearly always wrong for 3 as well; if it is
# not, look at how examples are added up.

# %% [markdown]
# ## Which gradients are wrong?
#
# One at a time, with the others held. $B$ is right, and all that lies below the bumps is not: the fault is between.

# %%
for name in start:
    try:
        gradcheck(lambda x, name=name: network(**{**start, name: x}, X=few, y=labels, layer=bump), start[name])
        print(name, "is right")
    except AssertionError:
        print(name, "is wrong")

# %% [markdown]
# ## Where in the sweep?
#
# `until bump` goes to the step in which `bump` passes its gradient on. There is the rule, with what came in and went
# out.

# %%
A, W, B = (Tensor(x, name) for name, x in start.items())
loss = network(A, W, B, few, labels, bump)
do = console(loss)
do("until bump")

# %% [markdown]
# ## The local Jacobian
#
# `jac` shows it as the rule has it, and below by differences of this operation alone.

# %%
do("jac")

# %% [markdown] tags=["notes"]
# Every number of the first is negative; in the second the sign depends on $x$. Ask: at which $x$ do both agree? At
# $x = 1$, as the next slide shows. A test with one number may be unlucky; random numbers are not.

# %% [markdown]
# ## The cause
#
# The inner derivative, $-x$, became $-1$: a factor is missing in the rule.

# %%
derive("x: number\nb = exp(-x^2/2)", """
db/dx = exp(-x^2/2)*(-2*x/2)
      = -x*b
""")  # fmt: skip

# %% [markdown]
# ## The repair
#
# The rule reads its operand as well, and the symptom is gone. A rule that one has written oneself deserves this test
# before it is used.


# %%
@elementwise(r"\beta($x)", x=lambda g, z, x: -g * x * z)
def repaired(x):
    """exp(-x²/2)."""
    return np.exp(-x * x / 2)


print("gradcheck:", gradcheck(repaired, [0.5, -1.0, 2.0]))
train(repaired)

# %% [markdown]
# ## Second program: three classes
#
# Scores for a batch of examples, their softmax, and the logarithm of what the right class got.


# %%
def classifier(W, X, y):
    scores = X @ W
    p = softmax(scores, axis=0)
    return -log(p)[np.arange(len(y)), y].mean()


W, batch, y = Tensor(rng.normal(size=(2, 3)), "W"), constant(rng.normal(size=(4, 2)), "X"), np.array([0, 1, 2, 1])
loss = classifier(W, batch, y)
print("gradcheck:", gradcheck(lambda W: classifier(W, batch, y), W.data))

# %% [markdown] tags=["notes"]
# Here `gradcheck` is content, and it is right: the gradient *is* that of the program. It is the program that is
# not what was meant. Ask which of the four questions on the first slide can still help.

# %% [markdown]
# ## The symptom
#
# A batch of one example has no loss at all, whatever its scores are. An untrained model should pay about $\log 3 = 1.1$
# for each, however many there are.

# %%
for size in (1, 2, 4):
    print(size, "examples: loss", abs(classifier(W, batch[:size], y[:size]).data.round(3)))

# %% [markdown]
# ## Does one example know of the others?
#
# The loss of the first example alone is to depend on its own scores only. Its gradient says on what it depends.

# %%
scores = Tensor((batch @ W).data, "scores")
(found,) = gradients(-log(softmax(scores, axis=0))[0, y[0]], [scores])
show(heat(found, rows=[f"example {i}" for i in range(4)], columns=[f"class {k}" for k in range(3)]),
     caption="the loss of example 0: it depends on the scores of all examples for one class")  # fmt: skip

# %% [markdown]
# ## Step to the softmax
#
# Each row should be the probabilities of one example, and sum to 1. It is the columns that do.

# %%
do = console(loss)
do("until softmax")
do("p p.sum(1).round(3)")
do("p p.sum(0).round(3)")

# %% [markdown]
# ## What explain says
#
# It saw that the class is chosen along another axis than the softmax goes.

# %%
print(explain(loss))

# %% [markdown]
# ## The repair
#
# `axis=1`; or `cross_entropy`, which takes the right axis by itself, and whose formula one has seen before.


# %%
def mended(W, X, y):
    return cross_entropy(X @ W, y)


for size in (1, 2, 4):
    print(size, "examples: loss", mended(W, batch[:size], y[:size]).data.round(3))
print("findings:", len(explain(mended(W, batch, y))))

# %% [markdown]
# ## Third program: yes or no
#
# One input, one weight, and the loss as it stands in every book. It was fine with a small rate.

# %%
rng = np.random.default_rng(3)
x = constant(np.append(rng.normal(-2, 1, 20), rng.normal(2, 1, 20)), "x")
t = constant(np.arange(40) >= 20, "t")


def forward(w, b):
    z = w * x + b
    p = sigmoid(z)
    return -(t * log(p) + (1 - t) * log(1 - p)).mean()


# %% [markdown]
# ## The symptom
#
# `GradientNorms` looks after each `backward()`, and stops the training before a bad step is made.


# %%
def training(forward, rate, steps=30):
    w, b = Tensor(0.1, "w"), Tensor(0.0, "b")
    optimiser, norms = SGD([w, b], rate=rate), GradientNorms([w, b])
    for _ in range(steps):
        loss = forward(w, b)
        optimiser.zero_grad()
        loss.backward()
        try:
            norms(loss)
        except FloatingPointError as error:
            print("stopped at", error)
            break
        optimiser.step()
    else:
        print(f"loss after {steps} steps: {loss.data:.2g}")
    return w, b


# %% [markdown]
# ---
# After the first step, which was a large one:

# %%
with np.errstate(all="ignore"):
    w, b = training(forward, rate=20.0)
print("w =", w.data.round(2), " b =", b.data.round(2))

# %% [markdown]
# ## Who made it?
#
# The parameters are finite, so it was made in this step. `trace_nan` stops at the first operation that makes something
# that is not finite.

# %%
try:
    with np.errstate(all="ignore"), trace_nan():
        forward(w, b)
except FloatingPointError as error:
    print(error)

# %% [markdown]
# ## Step to the first NaN
#
# Infinite is not yet NaN. `until if isnan` goes on to where it becomes one: there a zero meets it.

# %%
with np.errstate(all="ignore"):
    loss = forward(w, b)
do = console(loss)
do("j 0")
do("until if isnan")
do("args")

# %% [markdown] tags=["notes"]
# Ask for the three steps to the NaN: $\sigma(40)$ is rounded to 1, so $1 - p$ is 0; its logarithm is $-\infty$; and
# $0 \cdot \infty$ is NaN, although the term with $1 - t = 0$ should not count at all.

# %% [markdown]
# ## What explain says

# %%
print(explain(loss))

# %% [markdown]
# ## The repair
#
# The logarithm of $\sigma$ without $\sigma$: $\log\sigma(z) = -\log(1 + e^{-z})$, and $1 - \sigma(z) = \sigma(-z)$. In
# `log_sigmoid` no exponential overflows either: NumPy's `logaddexp(0, -z)` is $\log(1 + e^{-z})$ for any $z$.

# %%
derive("z: number", """
log(σ(z)) = -log(1 + exp(-z))
log(1 - σ(z)) = log(σ(-z))
""")  # fmt: skip


# %%
def stable(w, b):
    z = w * x + b
    return -(t * log_sigmoid(z) + (1 - t) * log_sigmoid(-z)).mean()


_ = training(stable, rate=20.0)

# %% [markdown]
# ## Experiment: how large a rate?
#
# From which rate on does the loss as it stands in the book fail? Does the stable one ever? (Why is the loss not small
# then, although it is finite?)

# %% tags=["experiment"]
rate = 5.0
with np.errstate(all="ignore"):
    for model in (forward, stable):
        training(model, rate)

# %% [markdown]
# ## Experiment: what if?
#
# The console's `whatif` puts another gradient in the place of one, in this sweep alone. Here it repairs the first
# program. Which gradients change? What if the gradient of `b` were 0?

# %% tags=["experiment"]
A, W, B = (Tensor(x, name) for name, x in start.items())
inner = np.tanh(few @ A) @ W
b = bump(inner)
sweep, other = Stepper(cross_entropy(b @ B, labels)), Stepper(cross_entropy(b @ B, labels))
other.change(inner, lambda g: -g * inner.data * b.data)
for one in (sweep, other):
    one.jump(one.last)
    print(*(f"|d{x.name}| = {np.linalg.norm(one.gradient(x)):.3f}  " for x in (A, W, B)))

# %% [markdown]
# ## Exercises
#
# **14.1** `squash(x)` $= x/(1 + x^2)$ has the rule `g / (1 + x**2)`. Write its slope as it should be.

# %% exercise="14.1"
### BEGIN SOLUTION
answer = "(1 - x^2)/(1 + x^2)^2"
### END SOLUTION

# %% marks="14.1" points=1
mark(answered("x: number\nb = x/(1 + x^2)", "db/dx", answer))

# %% [markdown]
# **14.2** The stable loss of the third program, as a sum over a vector of scores:
# $R = -\sum_i (t_i \log\sigma(z_i) + (1 - t_i) \log\sigma(-z_i))$. Write $\partial R/\partial z$ with `z` and `t`; it
# has no logarithm in it, and no fraction.

# %% exercise="14.2"
### BEGIN SOLUTION
answer = "σ(z) - t"
### END SOLUTION

# %% marks="14.2" points=2
mark(answered("z: n\nt: n\nR = -sum(t*log(σ(z)) + (1 - t)*log(σ(-z)))", "dR/dz", answer))

# %% [markdown]
# ---
# **14.3** The rule of softplus, $R = \sum_i \log(1 + e^{x_i})$, was written as `g * np.exp(x) / (1 + np.exp(x))`. At
# $x = 1000$ it gives NaN. Write the gradient as a function of the array `x` that is right at any $x$.


# %% exercise="14.3"
def gradient(x):
    ### BEGIN SOLUTION
    return np.exp(-np.logaddexp(0, -x))
    ### END SOLUTION


# %% marks="14.3" points=2
with np.errstate(all="ignore"):
    far = gradient(np.array([-1000.0, 0.0, 1000.0]))
assert np.allclose(far, [0, 0.5, 1]), f"at -1000, 0 and 1000 it is {far}, and the slope of softplus is 0, 0.5 and 1"
mark(check(lambda x: -log_sigmoid(-x).sum(), "x", gradient, dict(x=np.array([-2.0, 0.5, 3.0]))))

# %% [markdown]
# ## Common mistakes
#
# The same by hand: a factor that is forgotten, a softmax along the wrong axis, and a logarithm that was in the loss and
# not in its gradient.

# %%
judge("x: n\nR = sum(exp(-x^2/2))", "dR/dx = -exp(-x^2/2)")
judge("S: N by K\nY: N by K\nR = -sum(Y*log(softmax(S, axis=1)))", "dR/dS = sum(Y, axis=1)*softmax(S, axis=0) - Y")
judge("z: n\nR = -sum(log(σ(z)))", "dR/dz = -σ(z)*(1 - σ(z))")

# %% [markdown]
# ## Sources
#
# - `docs/stepping.md`: three other mistakes, found with the same console.
# - C. M. Bishop, *Pattern Recognition and Machine Learning* (2006), chapter 5: gradients compared with central
#   differences.
# - Hand-in 003 in `lessons/handins`: a logarithm is lost there.
