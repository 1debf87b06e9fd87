# %% [markdown]
# # 0. One derivative
#
# A number, found twice: from a record of the computation, and from a difference; and why each needs the other.
#
# **You will be able to**
#
# - read a record of a computation as a graph, and find a derivative along it with the chain rule;
# - say what a leaf is, and what stands in its `.grad`;
# - choose the step of a finite difference, and say how many digits it can give;
# - find a wrong rule with `gradcheck`.

# %%
import numpy as np

from tinygrad_edu import Tensor, check, draw, elementwise, formula, grad, gradcheck, relu, sweep
from tinygrad_edu.teaching import answered, curves, derive, judge, mark, show

# %% [markdown]
# ## A derivative is a slope
#
# $f(x, y) = (x y + \sin x)^2$. Hold $y$ still and move $x$ a little, by $h$. Then $f$ changes by about
# $\frac{\partial f}{\partial x} \, h$.


# %%
def f(x, y):
    return (x * y + np.sin(x)) ** 2


for h in [0.1, 0.01, 0.001]:
    change = f(2 + h, -1) - f(2, -1)
    print(f"h = {h:<6} f changes by {change:.6f}, {change / h:.4f} times h")

# %% [markdown] tags=["notes"]
# Five minutes for the first three slides. Ask: to which number do the quotients go? They will see it again on the slide
# "The sweep does the same in numbers". Leave the question open.

# %% [markdown]
# ## A program that remembers
#
# A `Tensor` is a number, or an array, that remembers how it was made. What is made by hand is a **leaf**.

# %%
x = Tensor(2.0, name="x")
y = Tensor(-1.0, name="y")
p = x * y
show(draw(p), caption="two leaves, and a result that knows its operands")

# %% [markdown]
# ## The next line
#
# Nothing of before is changed. The record only grows.

# %%
q = np.sin(x)
s = p + q
show(draw(s), caption="x is used twice, so two links leave it")

# %% [markdown]
# ## The last line
#
# The graph is read from left to right, as the numbers were computed.

# %%
R = s**2
show(draw(R), caption="six values, and four operations")

# %% [markdown] tags=["notes"]
# Live: `tinygrad-edu walk lessons/00_one_derivative.py --nth 1 -o walk.html` makes a page of the record, to go through
# with the arrow keys. Ask which of the six values are leaves (x and y), and which are results.

# %% [markdown]
# ## The chain rule, from the result back
#
# Each operation has a derivative that one knows from school. The chain rule multiplies them along a path.

# %%
PROGRAM = """
x, y: number
p = x*y
q = sin(x)
s = p + q
R = s²
"""
derive(PROGRAM, """
dR/ds = 2*s
dR/dp = dR/ds * ds/dp
      = 2*s
dR/dq = 2*s
""")  # fmt: skip

# %% [markdown]
# ## Two paths to x
#
# $x$ is used twice. Each path from $R$ to $x$ gives a product, and the products are added.

# %%
derive(PROGRAM, """
dR/dx = dR/dp * dp/dx + dR/dq * dq/dx
      = 2*s*y + 2*s*cos(x)
      = 2*(x*y + sin(x))*(y + cos(x))
dR/dy = 2*(x*y + sin(x))*x
""")  # fmt: skip

# %% [markdown] tags=["notes"]
# Every line was checked with numbers before it was shown. Change one sign in the file and run it: the lesson stops
# there. The usual mistake is to forget one of the two paths. Ask what dR/dx would be then.

# %% [markdown]
# ## The sweep does the same in numbers
#
# `backward` goes through the record from the youngest value to the oldest. What a value receives is the derivative of
# $R$ with respect to it: its **upstream gradient**.

# %%
R.backward()
show(
    draw(R, flows=True),
    caption="on each link what flows back; x receives two numbers, which are added",
)
print(f"dR/dx = {x.grad:.6f}, dR/dy = {y.grad:.6f}")

# %% [markdown]
# ## Step by step
#
# Each line: a value, its complete gradient, and what it passes on to the values it was computed from.

# %%
for name, step in zip("Rsqpyx", sweep(R), strict=True):
    passed = " and ".join(f"{g:.4f}" for g in step.passed if g is not None)
    words = f"passes on {passed}" if passed else "is a leaf"
    print(f"{name} = {step.tensor.data:7.4f}   gradient {step.gradient:7.4f}   {words}")

# %% [markdown]
# ## The same as a formula
#
# The engine has no formulas of its own for $R$. It runs the same sweep with names instead of numbers, and simplifies.

# %%
show(formula(R, x))
show(formula(R, y), caption="printed by the engine from its record")

# %% [markdown]
# ## What `.grad` is
#
# Only leaves keep it. It is a sum: a second `backward` **adds** to it. That is why training calls `zero_grad`.

# %%
before = x.grad
R.backward()
print(f"once {before:.4f}, twice {x.grad:.4f}")
x.zero_grad()
y.zero_grad()
try:
    print(s.grad)
except AttributeError as error:
    print(error)

# %% [markdown] tags=["notes"]
# Live: `tinygrad-edu step lessons/00_one_derivative.py` stops at the first `backward()`; n goes on, `p x.grad` prints.
# Why added and not replaced? Because a loss may be computed in parts, a batch at a time, and each part swept alone.
# The price: who forgets `zero_grad` in a training loop walks with the sum of all gradients so far.

# %% [markdown]
# ## The other way: a difference
#
# A difference needs no record and no rules: it calls $f$ twice. Forward:
# $\frac{f(x + h) - f(x)}{h}$. Central: $\frac{f(x + h) - f(x - h)}{2h}$.


# %%
exact = before


def differences(h, number=np.float64):
    x, y = number(2), number(-1)
    right, here, left = f(x + h, y), f(x, y), f(x - h, y)
    return (right - here) / h, (right - left) / (2 * h)


for h in [1e-2, 1e-5, 1e-8, 1e-11]:
    forward, central = differences(h)
    print(f"h = {h:.0e}   forward {forward:.12f}   central {central:.12f}")
print(f"the sweep {exact:.12f}")

# %% [markdown]
# ## The smaller the better?
#
# No. Below some $h$ the difference gets worse again.

# %%
h = 10.0 ** np.arange(-15, 0.1, 0.25)
forward, central = (abs(found - exact) for found in differences(h))
errors = {"forward": forward, "central": central}
picture = curves(errors, x=h, xlabel="$h$", ylabel="error", log="xy")
show(picture, caption="the error against the step: smooth on the right, noisy on the left")

# %% [markdown] tags=["notes"]
# Let them guess before the picture: which h of 1e-2, 1e-5, 1e-8, 1e-11 is best for the forward difference? Then ask for
# the slopes of the branches: 1 and 2 on the right, -1 on the left for both.

# %% [markdown]
# ## Two errors, one V
#
# *Truncation*, from Taylor's series: forward about $\frac{h}{2} |f''|$, central about $\frac{h^2}{6} |f'''|$.
#
# *Rounding*: $f$ is computed with an error of about $\varepsilon |f|$, with $\varepsilon \approx 10^{-16}$; divided by
# $h$ that is $\varepsilon |f| / h$.

# %%
bend = grad(grad(lambda x: f(x, -1.0)))(2.0)
eps = np.finfo(float).eps / 2
parts = {"truncation": h / 2 * abs(bend), "rounding": eps * f(2, -1) / h}
picture = curves({"forward": forward, **parts}, x=h, xlabel="$h$", ylabel="error", log="xy")
show(picture, caption="the error of the forward difference, and its two parts")

# %% [markdown]
# ## The best step
#
# At the bottom of the V the two errors are about equal. If $f$ and its derivatives are neither large nor small: forward
# $h \approx \sqrt{\varepsilon}$, and half of the digits; central $h \approx \varepsilon^{1/3}$, and two thirds of them.

# %%
for name, error in errors.items():
    at = h[error.argmin()]
    print(f"{name}: the smallest error {error.min():.0e} at h = {at:.0e}")
print(f"square root of eps {eps**0.5:.0e}, cube root {eps ** (1 / 3):.0e}")

# %% [markdown]
# ## Experiment
#
# With `float32` numbers $\varepsilon$ is about $6 \cdot 10^{-8}$. Where is the bottom of each V then, and how many
# digits are left? Change `kind` to `np.float32`, and read it off.

# %% tags=["experiment"]
kind = np.float64
h = kind(10) ** np.arange(-12, 0.1, 0.25).astype(kind)
forward, central = (abs(found - exact) for found in differences(h, kind))
low = {"forward": forward, "central": central}
picture = curves(low, x=h, xlabel="$h$", ylabel="error", log="xy")
show(picture, caption=f"the error of differences computed in {kind.__name__}")

# %% [markdown] tags=["notes"]
# With float32 the forward V has its bottom near h = 3e-4, and three or four digits are left; the central one between
# 1e-3 and 1e-2, with about five. Below h = 1e-7 the sum 2 + h is 2 again, and the difference is exactly 0: the flat
# part on the left.

# %% [markdown]
# ## Why the difference needs the record
#
# The record is as exact as $f$ itself: no $h$, no truncation. And it is cheap: a difference calls $f$ once or twice
# **for each input**, a sweep gives the derivatives with respect to all of them.

# %%
derive("x: number\nh: number, positive\nf = x³", """
((x + h)³ - x³)/h = 3*x² + 3*x*h + h²
((x + h)³ - (x - h)³)/(2*h) = 3*x² + h²
df/dx = 3*x²
""")  # fmt: skip

# %% [markdown]
# ## Why the record needs the difference
#
# A rule can be programmed wrong. Then the record is exact, and exactly wrong. `g` is the upstream gradient.


# %%
@elementwise(r"\operatorname{cube}($x)", x=lambda g, x: 2 * g * x**2)
def cube(x):
    "x times x times x."
    return x**3


a = Tensor(2.0, name="a")
cube(a).backward()
h = 1e-5
central = ((2 + h) ** 3 - (2 - h) ** 3) / (2 * h)
print(f"by the rule {a.grad}, by a central difference {central:.6f}")

# %% [markdown]
# ## `gradcheck` asks both
#
# It compares all derivatives by rules with those by a five-point difference, which knows nothing of rules. It names one
# entry that is wrong, and what all of them have in common: 8 for 12 is 2/3, and so it is everywhere.

# %%
try:
    gradcheck(cube, [0.5, 2.0, 1.0])
except AssertionError as error:
    print(error)
print("the rules of R:", gradcheck(f, 2.0, -1.0))

# %% [markdown] tags=["notes"]
# Ask what the right rule is: g times 3 x². Write it into the cell, and run it again. All rules of the engine
# are tested in this way, and so should be every rule that a student writes.

# %% [markdown]
# ## Where a difference is wrong
#
# At a kink there is no derivative. The central difference gives the mean of the two slopes; a rule has to choose a
# number, and that of `relu` chooses 0. Check away from kinks.

# %%
h = 1e-5
for at in [-1.0, 0.0, 1.0]:
    central = (relu(at + h) - relu(at - h)) / (2 * h)
    print(f"relu at {at:4}: rule {grad(relu)(at)}, difference {central:.1f}")

# %% [markdown]
# ## Exercises
#
# **0.1** $R = (x y + \sin x)^2$ and $y = x^2$. Write $\mathrm{d}R/\mathrm{d}x$ as an expression of `x` alone.

# %% exercise="0.1"
### BEGIN SOLUTION
answer = "2*(x**3 + sin(x))*(3*x**2 + cos(x))"
### END SOLUTION

# %% marks="0.1" points=2
mark(answered("x: number\ny = x²\nR = (x*y + sin(x))²", "dR/dx", answer))

# %% [markdown]
# **0.2** The rule of an operation: $z = \frac{x}{1 + x^2}$ receives the upstream gradient `g`. What does it pass on?


# %% exercise="0.2"
def rule(g, x):
    ### BEGIN SOLUTION
    return g * (1 - x**2) / (1 + x**2) ** 2
    ### END SOLUTION


# %% marks="0.2" points=2
mark(check(lambda g, x: (g * x / (1 + x**2)).sum(), "x", rule, dict(g=np.array([1.0, -2.0]), x=np.array([0.5, 3.0]))))

# %% [markdown]
# **0.3** A difference good enough for the checker, which wants six digits, also where the derivative is small: take the
# better of the two, with its best step. `f` is any function of a number.


# %% exercise="0.3"
def difference(f, x):
    ### BEGIN SOLUTION
    h = 1e-5
    return (f(x + h) - f(x - h)) / (2 * h)
    ### END SOLUTION


# %% marks="0.3" points=3
mark(check(lambda x: x**3 * np.exp(-x), "x", lambda x: difference(lambda t: t**3 * np.exp(-t), x), dict(x=1.0)))

# %% [markdown]
# ## Common mistakes
#
# A path forgotten; a function left in the place of its derivative; the 2 of a square lost.

# %%
judge(PROGRAM, """
dR/dx = 2*s*y
dR/dx = 2*s*(y + sin(x))
dR/dy = s*x
""")  # fmt: skip

# %% [markdown]
# ## Sources
#
# - A. Griewank, A. Walther, *Evaluating Derivatives* (2nd edition, 2008), chapters 1 to 3: the record and its sweep.
# - W. H. Press and others, *Numerical Recipes* (3rd edition, 2007), section 5.7: the best step of a difference.
# - M. Abramowitz, I. A. Stegun, *Handbook of Mathematical Functions* (1964), chapter 25: differences of five points.
