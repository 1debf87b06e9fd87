# %% [markdown]
# # 2. Why reverse mode
#
# In which order a gradient goes back through a graph, and why one sweep is enough for any number of inputs.
#
# **You will be able to**
#
# - say what a value receives that is used twice, and why;
# - give an order in which the sweep is right, and an example where another order is wrong;
# - say what a forward sweep and a reverse sweep give, and how many of each one needs;
# - say what reverse mode costs, in time and in memory.

# %%
from timeit import repeat

import numpy as np

from tinygrad_edu import Tensor, check, draw, formula, grad, jacobian, jvp, sweep, vjp
from tinygrad_edu.teaching import answered, curves, derive, judge, mark, show

# %% [markdown]
# ## A value that is used twice
#
# $p = x^2$, $q = \sin p$, $R = p q$. So $p$ goes into $q$, and into $R$: it acts on $R$ in two ways, and the effects
# add up.

# %%
TWICE = """
x: number
p = x²
q = sin(p)
R = p*q
"""
derive(TWICE, """
dR/dp = q + dR/dq * dq/dp
      = q + p*cos(p)
dR/dx = dR/dp * dp/dx
""")  # fmt: skip

# %% [markdown]
# ## The same as a graph
#
# A link is a use. Two links leave $p$, so two contributions come back to it.

# %%
x = Tensor(1.5, name="x")
p = x**2
q = np.sin(p)
R = p * q
R.backward()
show(
    draw(R, flows=True),
    caption="p receives a contribution from R, and one from q",
)

# %% [markdown] tags=["notes"]
# Draw it on the board, with the local derivative on each link. Ask for all paths from R to x: there are two, R-p-x and
# R-q-p-x. The derivative is the sum over paths of the product along each.

# %% [markdown]
# ## The record as a table
#
# For each value: its operands, each with the local derivative in numbers. This is all that a sweep needs.

# %%
a, b = p.data, q.data
record = {
    "x": [],
    "p": [("x", 2 * x.data)],
    "q": [("p", np.cos(a))],
    "R": [("p", b), ("q", a)],
}
for value, uses in record.items():
    print(value, {operand: round(float(slope), 4) for operand, slope in uses})

# %% [markdown]
# ## First try: follow every path
#
# What arrives is added, and passed on at once, times the local derivative.


# %%
def follow(record, value, g, total):
    total[value] = total.get(value, 0.0) + g
    calls = 1
    for operand, slope in record[value]:
        calls += follow(record, operand, g * slope, total)
    return calls


total = {}
print("calls", follow(record, "R", 1.0, total), "  dR/dx", round(total["x"], 6))
print("the engine", round(grad(lambda x: x**2 * np.sin(x**2))(1.5), 6))

# %% [markdown]
# ## Right, but how long does it take?
#
# $v_0 = x$ and $v_k = v_{k-1} + v_{k-1}$: each value is used twice. There are $2^n$ paths.


# %%
def doubled(n):
    return {0: []} | {k: [(k - 1, 1.0), (k - 1, 1.0)] for k in range(1, n + 1)}


for n in [1, 2, 4, 8, 12]:
    calls = follow(doubled(n), n, 1.0, {})
    print(f"{n:2} additions: {calls:5} calls")

# %% [markdown] tags=["notes"]
# Ask how many calls 60 additions would take: more than there are seconds since the beginning of the universe. A network
# of 60 layers with a residual connection in each has that many paths. Then show that the engine does 1,000 in no time:
# `v = x` and 1,000 times `v = v + v / 1e3`.

# %% [markdown]
# ## Second try: each value only once
#
# First come, first served: a queue, and each value passes on what it has when its turn comes.


# %%
def queued(record, start):
    total, queue = {start: 1.0}, [start]
    for value in queue:  # it grows while we go through it
        for operand, slope in record[value]:
            total[operand] = total.get(operand, 0.0) + total[value] * slope
            if operand not in queue:
                queue.append(operand)
    return total, queue


wrong, order = queued(record, "R")
print("order", order)
print("dR/dx", round(wrong["x"], 6), "  dR/dp", round(wrong["p"], 6))

# %% [markdown]
# ## What went wrong
#
# $p$ had its turn before $q$. It passed on what came from $R$, and what $q$ added later never reached $x$. That
# $\partial R/\partial p$ is right in the end makes it hard to see.

# %%
print("right         ", {k: round(float(total[k]), 4) for k in order})
print("by the queue  ", {k: round(float(wrong[k]), 4) for k in order})
print("missing at x  ", round(float(total["x"] - wrong["x"]), 4))
print("p cos(p) 2 x  ", round(float(a * np.cos(a) * 2 * x.data), 4))

# %% [markdown] tags=["notes"]
# Ask for the rule that would have avoided it, before the next slide: a value may pass on only when everybody who uses
# it has had a turn.

# %% [markdown]
# ## An order that works
#
# **Topological order**: a value comes after all that use it. When its turn comes, its gradient is complete, and is
# passed on **once**.
#
# A program gives such an order for nothing: a value can only be computed from **older** ones. So go from the youngest
# to the oldest.

# %%
position = {value: i for i, value in enumerate(reversed(record))}
for value, uses in record.items():
    assert all(position[operand] > position[value] for operand, _ in uses)
print("in turn:", list(position))

# %% [markdown]
# ## The sweep in five lines
#
# The record is in the order of age already.


# %%
def swept(record, start):
    total = {start: 1.0}
    for value in reversed(record):
        for operand, slope in record[value]:
            total[operand] = total.get(operand, 0.0) + total[value] * slope
    return total


print("dR/dx", round(swept(record, "R")["x"], 6))
many = swept(doubled(1000), 1000)
print("a thousand additions: the gradient is 2 to the", np.log2(many[0]))

# %% [markdown]
# ## The engine's sweep, printed
#
# In the same order: the youngest first, and $p$ after $q$.

# %%
for name, step in zip("Rqpx", sweep(R), strict=True):
    passed = " and ".join(f"{g:.4f}" for g in step.passed if g is not None)
    print(f"{name} has {step.gradient:8.4f}, passes on {passed or 'nothing'}")
show(formula(R, x))

# %% [markdown] tags=["notes"]
# Live: `tinygrad-edu step lessons/02_why_reverse.py`; press n until p passes on, and read what has come to it. About
# twenty minutes up to here.

# %% [markdown]
# ## The chain rule has two ends
#
# $u = A x$, $v = B u$, $R = c^\top v$: the gradient is a product of matrices and a vector. **Reverse**: begin at the
# vector $c$, and each step is matrix times vector.

# %%
LAYERS = """
x: n
A: k by n
B: m by k
c: m
u = A@x
v = B@u
R = cᵀ@v
"""
derive(LAYERS, """
dR/dv = c
dR/du = Bᵀ@dR/dv
dR/dx = Aᵀ@dR/du
      = Aᵀ@(Bᵀ@c)
""")  # fmt: skip

# %% [markdown]
# ## The other end
#
# **Forward**: begin at the inputs. How does each value change when $x$ moves by $t \, d$? With $u = A (x + t d)$ it is
# again matrix times vector, but for one direction $d$ only. The last line: it is the gradient, times that direction.

# %%
derive("""
x, d: n
A: k by n
B: m by k
c: m
t: number
u = A@(x + t*d)
v = B@u
R = cᵀ@v
""", """
du/dt = A@d
dv/dt = B@du/dt
dR/dt = cᵀ@dv/dt
      = (Aᵀ@(Bᵀ@c))ᵀ@d
""")  # fmt: skip

# %% [markdown]
# ## `jvp` and `vjp`
#
# The **Jacobian** of a function has a row for each result and a column for each input. A forward sweep gives the
# Jacobian times a vector (`jvp`), a reverse sweep a vector times the Jacobian (`vjp`). With unit vectors that is a
# **column**, or a **row**.


# %%
def layer(x):
    return np.tanh(np.array([[1.0, 2.0, 0.5], [0.0, -1.0, 1.0]]) @ x)


at = np.array([0.3, -0.2, 0.8])
print(jacobian(layer)(at).round(4))
print("column 2", jvp(layer, [at], [np.array([0.0, 1.0, 0.0])])[1].round(4))
print("row 1   ", vjp(layer, at)[1](np.array([1.0, 0.0]))[0].round(4))

# %% [markdown]
# ## Count the sweeps
#
# | | forward | reverse |
# |---|---|---|
# | one sweep gives | a column of the Jacobian | a row of it |
# | $n$ inputs, $m$ results | $n$ sweeps | $m$ sweeps |
# | a loss of $10^6$ weights | $10^6$ sweeps | **one** |
# | $10^6$ results of one number | **one** | $10^6$ sweeps |

# %% [markdown] tags=["notes"]
# Ask which is better for: a loss of a network (reverse); the speed of every point of a robot's arm when one joint turns
# (forward); the Jacobian of softmax (it is square: equal). `jacobian` takes whichever needs fewer sweeps.

# %% [markdown]
# ## Measured
#
# A loss of $n$ inputs: its value, its gradient by one reverse sweep, and by $n$ forward sweeps.


# %%
def seconds(call, times=3):
    return min(repeat(call, number=1, repeat=times))


def loss(x):
    return (np.tanh(x * x) * np.cos(x)).sum()


def three(n):
    x, unit = np.linspace(0.1, 1, n), np.eye(n)
    return (
        seconds(lambda: loss(x)),
        seconds(lambda: grad(loss)(x)),
        seconds(lambda: [jvp(loss, [x], [e]) for e in unit]),
    )


# %% [markdown]
# ## One sweep, or one for each input

# %%
sizes = [1, 3, 10, 30, 100, 300]
names = ["the loss alone", "one reverse sweep", "n forward sweeps"]
took = dict(zip(names, zip(*map(three, sizes))))
picture = curves(took, x=sizes, xlabel="inputs $n$", ylabel="seconds", log="xy")
show(picture, caption="the time of $n$ forward sweeps rises with $n$, that of one reverse sweep hardly")

# %% [markdown] tags=["notes"]
# The shortest of several runs is taken, since whatever else the computer does only adds to a time. For small n all of
# it is Python's own time, so look at the slopes. On the next slides: the theory counts operations, and bounds the
# factor by a number between 3 and 4 (Griewank and Walther, the cheap gradient principle). What is measured there has
# the record and the memory in it as well.

# %% [markdown]
# ## What the reverse sweep costs
#
# Each operation has a rule that costs about as much as the operation, for each operand. So the whole gradient costs a
# **small multiple** of the loss, whatever the number of inputs.

# %%
X0 = np.linspace(0.5, 1.5, 20_000)


def ratio(depth):
    def deep(X):
        for _ in range(depth):
            X = np.sin(X) * X
        return X.sum()

    return seconds(lambda: grad(deep)(X0), 9) / seconds(lambda: deep(X0), 9)


# %% [markdown]
# ## A small multiple, measured
#
# From 2 to 64 operations on 20,000 numbers: the time of loss and gradient together, divided by that of the loss alone.
# Times scatter, so look at the whole: 32 times as many operations do not make it 32 times as large.

# %%
depths = [1, 2, 4, 8, 16, 32]
lines = {"measured": [ratio(depth) for depth in depths], "the theory: 4": [4.0] * 6}
picture = curves(lines, x=2 * np.array(depths), xlabel="operations", log="x")
show(picture, caption="the time of loss and gradient, divided by that of the loss alone")

# %% [markdown]
# ## What it pays: memory
#
# The sweep goes backward, so the values of the way forward must still be there. Forward mode can forget them at once.


# %%
def kept(n):
    v = Tensor(np.ones(1000))
    for _ in range(n):
        v = np.tanh(v)
    return sum(step.tensor.data.nbytes for step in sweep(v.sum()))


print({n: f"{kept(n) / 1000:.0f} kB" for n in [10, 100, 1000]})

# %% [markdown] tags=["notes"]
# This is why a large network runs out of memory in training and not in use: within `no_grad()` nothing is recorded.
# Checkpointing keeps some layers only, and computes the others again: time for memory.

# %% [markdown]
# ## Experiment
#
# A function of `inputs` numbers with `outputs` results. For which pairs is the forward way faster? Try 5 and 200, 200
# and 5, 100 and 100.

# %% tags=["experiment"]
inputs, outputs = 200, 5
M = np.random.default_rng(1).normal(size=(outputs, inputs)) / 10
x1 = np.ones(inputs)


def wide(x):
    return np.tanh(M @ x)


rows = seconds(lambda: [vjp(wide, x1)[1](e) for e in np.eye(outputs)])
columns = seconds(lambda: [jvp(wide, [x1], [e]) for e in np.eye(inputs)])
print(f"{outputs} reverse sweeps: {1e3 * rows:.1f} ms")
print(f"{inputs} forward sweeps: {1e3 * columns:.1f} ms")

# %% [markdown]
# ## Exercises
#
# **2.1** Three uses: $p = e^x$, $q = p^2$, $R = p q + p$. Write $\mathrm{d}R/\mathrm{d}p$, all paths together, with `p`
# only.

# %% exercise="2.1"
### BEGIN SOLUTION
answer = "3*p**2 + 1"
### END SOLUTION

# %% marks="2.1" points=1
mark(answered("p: number\nq = p²\nR = p*q + p", "dR/dp", answer))

# %% [markdown]
# **2.2** The rule of a whole layer, $z = \tanh(A x)$: from the upstream gradient `g` of $z$ to that of `x`, without a
# Jacobian.


# %% exercise="2.2"
def layer_rule(g, A, x):
    ### BEGIN SOLUTION
    z = np.tanh(A @ x)
    return A.T @ (g * (1 - z**2))
    ### END SOLUTION


# %% marks="2.2" points=2
at = dict(g=np.array([1.0, -2.0]), A=np.array([[1.0, 2.0, 0.5], [0.0, -1.0, 1.0]]), x=np.array([0.3, -0.2, 0.8]))
mark(check(lambda g, A, x: (g * np.tanh(A @ x)).sum(), "x", layer_rule, at))

# %% [markdown]
# **2.3** Forward mode by hand: $R = c^\top \tanh(u)$ with $u = A (x + t d)$. Write $\mathrm{d}R/\mathrm{d}t$ with `u`,
# so that only matrices times vectors are computed.

# %% exercise="2.3"
### BEGIN SOLUTION
answer = "cᵀ@(tanh'(u)*(A@d))"
### END SOLUTION

# %% marks="2.3" points=2
mark(answered("x, d: n\nA: k by n\nc: k\nt: number\nu = A@(x + t*d)\nR = cᵀ@tanh(u)", "dR/dt", answer))

# %% [markdown]
# ## Common mistakes
#
# A path forgotten at $p$; and for $R = c^\top B A x$ the order of the way forward, once without the transposes and once
# with them.

# %%
judge(TWICE, "dR/dp = q")
judge(LAYERS, """
dR/dx = A@(B@c)
dR/dx = Bᵀ@(Aᵀ@c)
""")  # fmt: skip

# %% [markdown] tags=["notes"]
# Both come from the order of the program. Going back, the last matrix that was used, B, is the first to be multiplied
# with c, and each is transposed. The shapes tell: A is k by n, so only its transpose gives something of the size of x.

# %% [markdown]
# ## Sources
#
# - A. Griewank, A. Walther, *Evaluating Derivatives* (2nd edition, 2008), chapters 3 and 4: both modes, and what they
#   cost.
# - W. Baur, V. Strassen, *The complexity of partial derivatives* (1983): a gradient costs a small multiple of its
#   function.
# - A. G. Baydin and others, *Automatic differentiation in machine learning: a survey* (2018), section 3.
