# %% [markdown]
# # 1. The sigmoid
#
# One function of one number: its derivative found in five ways, where it fades, and where its logarithm breaks.
#
# **You will be able to**
#
# - derive $\sigma' = \sigma (1 - \sigma)$ in more than one way, and say which is shortest;
# - say where the sigmoid saturates, and what that does to a gradient;
# - compute $\log \sigma(z)$ and its derivative for any $z$, without infinity and NaN.

# %%
import numpy as np

from tinygrad_edu import Tensor, check, draw, explain, formula, log_sigmoid, sigmoid, softplus
from tinygrad_edu.teaching import answered, curves, derive, judge, mark, show

# %% [markdown]
# ## A number becomes a probability
#
# $\sigma(z) = \frac{1}{1 + e^{-z}}$ grows from 0 to 1, and is $\frac12$ at 0.

# %%
z = np.linspace(-8, 8, 161)
lines = {r"$\sigma$": sigmoid(z), r"$\sigma'$": sigmoid(z) * (1 - sigmoid(z))}
picture = curves(lines, x=z, xlabel="$z$")
show(picture, caption="steepest at 0, where the slope is 1/4, and flat on both sides")

# %% [markdown] tags=["notes"]
# Ask for the largest slope before the curve is shown. At z = 0 it is 1/2 times 1/2. This quarter comes back when layers
# are put on each other.

# %% [markdown]
# ## One minus
#
# The curve is symmetric about the point $(0, \frac12)$. Multiply above and below by $e^{z}$:

# %%
NUMBER = "z: number"
derive(NUMBER, """
σ(z) = 1/(1 + exp(-z))
     = exp(z)/(1 + exp(z))
σ(-z) = 1/(1 + exp(z))
      = 1 - exp(z)/(1 + exp(z))
      = 1 - σ(z)
""")  # fmt: skip

# %% [markdown]
# ## First way: the rule for $1/u$
#
# With $u = 1 + e^{-z}$ it is $\left(\frac1u\right)' = -\frac{u'}{u^2}$.

# %%
derive(NUMBER, """
σ'(z) = -(d(1 + exp(-z))/dz)/(1 + exp(-z))²
      = -((-1)*exp(-z))/(1 + exp(-z))²
      = exp(-z)/(1 + exp(-z))²
      = 1/(1 + exp(-z)) * exp(-z)/(1 + exp(-z))
""")  # fmt: skip

# %% [markdown]
# ## ... and only $\sigma$ is left
#
# The second factor is $1 - \sigma$: add one and take it away.

# %%
derive(NUMBER, """
σ'(z) = 1/(1 + exp(-z)) * (exp(-z)/(1 + exp(-z)))
      = σ(z)*(1 + exp(-z) - 1)/(1 + exp(-z))
      = σ(z)*(1 - 1/(1 + exp(-z)))
      = σ(z)*(1 - σ(z))
""")  # fmt: skip

# %% [markdown] tags=["notes"]
# This is hand-in 002, no. 18, line by line. Ask what is won: σ is known from the forward pass, so the backward pass
# needs no exponential. The engine keeps the result, and not z.

# %% [markdown]
# ## Second way: as a difference of two powers
#
# Another student wrote the same, in the notation of another course. Below the line stands a square, above one of its
# two factors without the 1.

# %%
derive("x: number", """
sigma'(x) = exp(-x)/(1 + exp(-x))**2
          = ((1 + exp(-x)) - 1)/(1 + exp(-x))**2
          = 1/(1 + exp(-x)) - 1/(1 + exp(-x))**2
          = sigma(x) - sigma(x)**2
          = sigma(x)*(1 - sigma(x))
""")  # fmt: skip

# %% [markdown]
# ## Third way: it is a tanh
#
# $\sigma$ is $\tanh$, moved and stretched, and $\tanh' = 1 - \tanh^2$.

# %%
derive(NUMBER, """
σ(z) = (1 + tanh(z/2))/2
σ'(z) = (1 - tanh(z/2)²)/4
      = (1 + tanh(z/2))/2 * ((1 - tanh(z/2))/2)
      = σ(z)*(1 - σ(z))
""")  # fmt: skip

# %% [markdown]
# ## Fourth way: through the logarithm
#
# The logarithm turns the fraction into a sum. Its derivative is short, and it is the one that losses need.

# %%
derive(NUMBER, """
log(σ(z)) = -log(1 + exp(-z))
d(log(σ(z)))/dz = exp(-z)/(1 + exp(-z))
                = 1 - σ(z)
d(log(σ(z)))/dz = σ'(z)/σ(z)
σ'(z) = σ(z)*d(log(σ(z)))/dz
      = σ(z)*(1 - σ(z))
""")  # fmt: skip

# %% [markdown] tags=["notes"]
# Hand-in 001 begins with d log σ = 1 - σ, and needs nothing else for the whole of word2vec. Hand-in 004 goes through
# σ'/σ each time. Both are right; ask which one has fewer places for a mistake.

# %% [markdown]
# ## Fifth way: let the record do it
#
# The program has four small operations, each with a rule of its own.

# %%
v = Tensor(0.5, name="z")
s = 1 / (1 + np.exp(-v))
s.backward()
show(draw(s, flows=True), caption="the record of s, and what flows back")
show(formula(s, v), caption="what the engine prints of it")

# %% [markdown]
# ## They agree
#
# The engine's derivative, and the formula that is computed from $\sigma$ alone. Below, two relatives: $u$ is
# $\log \sigma(z)$, and $p$ is the **softplus**, whose derivative is $\sigma$ itself.

# %%
print("by the record   ", v.grad)
print("σ(1 - σ)        ", sigmoid(0.5) * (1 - sigmoid(0.5)))
u, p = np.log(sigmoid(v)), softplus(v)
show(formula(u, v))
show(formula(p, v), caption="p = softplus(z) is log(1 + exp(z))")

# %% [markdown]
# ## Saturation
#
# Far from 0 the slope falls like $e^{-|z|}$: the unit **saturates**. When it is sure of itself, it lets almost nothing
# through.

# %%
far = np.linspace(-20, 20, 201)
unit, tanh = sigmoid(far) * sigmoid(-far), 1 - np.tanh(far / 2) ** 2
lines = {r"$\sigma'(z)$": unit, r"$\tanh'(z/2)$": tanh}
picture = curves(lines, x=far, xlabel="$z$", log="y", marks={"one in a thousand": 6.9})
show(picture, caption="slopes on a logarithmic axis: both fall as straight lines")

# %% [markdown]
# ## Layer upon layer
#
# Each sigmoid multiplies what flows back by at most $\frac14$. After ten of them at most $4^{-10}$ is left.

# %%
for at in [0.0, 5.0]:
    a = first = Tensor(at, name="a")
    for _ in range(10):
        a = sigmoid(a)
    a.backward()
    print(f"ten sigmoids from {at}: the gradient is {first.grad:.1e}")
print(f"4^-10 = {4.0**-10:.1e}")

# %% [markdown] tags=["notes"]
# Ask what a weight in front of each sigmoid would have to be to keep the gradient as it is: at least 4. But then the
# units saturate. `tinygrad-edu step` on a deep network shows it layer by layer; that is a later lesson.

# %% [markdown]
# ## Where the logarithm breaks
#
# $\sigma(-800)$ is about $4 \cdot 10^{-348}$, and the smallest float $5 \cdot 10^{-324}$: it becomes 0. Then its
# logarithm is $-\infty$, and the gradient is $0 \cdot \infty$.

# %%
t = Tensor([-800.0, 2.0], name="t")
with np.errstate(all="ignore"):
    naive = -np.log(sigmoid(t)).sum()
    naive.backward()
print("loss", naive.data, "  gradient", t.grad)

# %% [markdown]
# ## The engine explains it
#
# It looks for what is not finite, and goes back to where that came from.

# %%
with np.errstate(all="ignore"):
    print(explain(naive))

# %% [markdown]
# ## One formula that never breaks
#
# $\log \sigma(z) = -\log(1 + e^{-z})$ has large numbers only where $z$ is very negative. There, take $e^{-z}$ out:

# %%
derive(NUMBER, """
log(σ(z)) = -log(1 + exp(-z))
          = -log(exp(-z)*(1 + exp(z)))
          = z - log(1 + exp(z))
log(σ(z)) = min(z, 0) - log(1 + exp(-abs(z)))
""")  # fmt: skip

# %% [markdown]
# ## `log_sigmoid` and `softplus`
#
# The exponent is never positive, so nothing overflows; and the gradient is $1 - \sigma(z) = \sigma(-z)$, which is
# between 0 and 1.

# %%
t.zero_grad()
loss = -log_sigmoid(t).sum()
loss.backward()
print("loss", loss.data.round(4), "  gradient", t.grad.round(4))
print("softplus(-t)", softplus(-t.data).round(4))
show(formula(loss, t))

# %% [markdown] tags=["notes"]
# Let them say why np.log(1 + np.exp(-z)) is not enough: np.exp(800) is infinite. And np.log1p is not a luxury: for
# z = 40 the sum 1 + exp(-40) is exactly 1, and its logarithm 0.

# %% [markdown]
# ## Three programs for $-\log \sigma(z)$
#
# The naive one ends at $z \approx -745$; the second, $\log(1 + e^{-z})$, at $z \approx -710$. Steps of 10 are tried.

# %%
down = np.linspace(-1000, 0, 101)
with np.errstate(all="ignore"):
    programs = {
        "-log(sigmoid(z))": -np.log(sigmoid(down)),
        "log(1 + exp(-z))": np.log(1 + np.exp(-down)),
        "-log_sigmoid(z)": -log_sigmoid(down),
    }
for name, values in programs.items():
    print(f"{name:18} finite from z = {down[np.isfinite(values)][0]:.0f}")

# %% [markdown]
# ## Experiment
#
# On the other side nothing overflows, but digits are lost. From which $z$ on is $-\log \sigma(z)$ exactly 0 by the
# naive program? Try 10, 30, 36, 37, 40.

# %% tags=["experiment"]
high = 30.0
print("naive         ", -np.log(sigmoid(high)))
print("log_sigmoid   ", -log_sigmoid(high))
print("exp(-z)       ", np.exp(-high))

# %% [markdown]
# ## Exercises
#
# **1.1** Write the second derivative $\sigma''(z)$ with `σ(z)` only. Where is it 0?

# %% exercise="1.1"
### BEGIN SOLUTION
answer = "σ(z)*(1 - σ(z))*(1 - 2*σ(z))"
### END SOLUTION

# %% marks="1.1" points=2
mark(answered("z: number\nS = σ(z)\nD = S*(1 - S)", "dD/dz", answer))

# %% [markdown]
# **1.2** A loss on both sides: $R = -y \log \sigma(z) - (1 - y) \log \sigma(-z)$. Write $\mathrm{d}R/\mathrm{d}z$ in
# its shortest form.

# %% exercise="1.2"
### BEGIN SOLUTION
answer = "σ(z) - y"
### END SOLUTION

# %% marks="1.2" points=2
mark(answered("z, y: number\nR = -y*log(σ(z)) - (1 - y)*log(σ(-z))", "dR/dz", answer))

# %% [markdown]
# **1.3** A unit with a slope: $a = \sigma(\beta w^\top x)$ and $R = \frac12 (a - y)^2$. Write $\partial R/\partial w$
# with `β`, `a`, `x` and `y`.

# %% exercise="1.3"
### BEGIN SOLUTION
answer = "(a - y)*β*a*(1 - a)*x"
### END SOLUTION

# %% marks="1.3" points=2
mark(answered("w, x: n\nβ, y: number\na = σ(β*wᵀ@x)\nR = (a - y)²/2", "∂R/∂w", answer))

# %% [markdown]
# **1.4** The derivative of `log_sigmoid` as a program for an array `z` of any floats, without a warning, even at -800
# and at 800.


# %% exercise="1.4"
def slope(z):
    ### BEGIN SOLUTION
    e = np.exp(-abs(z))
    return np.where(z > 0, e, 1.0) / (1 + e)
    ### END SOLUTION


# %% marks="1.4" points=2
mark(check(lambda z: log_sigmoid(z).sum(), "z", slope, dict(z=np.array([-2.0, 0.5, 3.0]))))
with np.errstate(all="raise", under="ignore"):
    assert np.allclose(slope(np.array([-800.0, 800.0])), [1.0, 0.0])

# %% [markdown]
# ## Common mistakes
#
# Hand-in 004: the derivative of the denominator is lost, then a square stands where none should. The result is right
# again, since it was known.

# %%
judge("x: number", """
sigma'(x) = (0 - (1 + exp(-x))**2)/(1 + exp(-x))**2
          = exp(-x)/(1 + exp(-x))**2
          = ((1 + exp(-x))**2 - 1)/(1 + exp(-x))**2
          = sigma(x)*(1 - sigma(x))
""")  # fmt: skip

# %% [markdown]
# ## More of them
#
# The minus of the inner derivative, that of $-z$, is lost, in the first line and in the last. In the second the inner
# derivative is missing altogether.

# %%
judge(NUMBER, """
σ'(z) = -exp(-z)/(1 + exp(-z))²
d(log(σ(z)))/dz = 1/σ(z)
d(log(σ(-z)))/dz = 1 - σ(-z)
""")  # fmt: skip

# %% [markdown] tags=["notes"]
# The third one is to be expected in homework on word2vec: the rule for log σ is right, but the inner derivative of -z
# is missing. With it: -(1 - σ(-z)) = -σ(z).

# %% [markdown]
# ## Sources
#
# - Hand-ins 002 (no. 18), 001 (the rules that it begins with) and 004 (2a) in `lessons/handins`.
# - C. M. Bishop, *Pattern Recognition and Machine Learning* (2006), equation 4.59 for $\sigma$ and 4.88 for $\sigma'$.
