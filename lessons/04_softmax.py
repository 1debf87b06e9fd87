# %% [markdown]
# # 4. Softmax, and why its Jacobian is not diagonal
#
# Scores become probabilities, and every probability depends on every score.
#
# **You will be able to**
#
# - say why softmax stays the same when a constant is added to all scores, and use it;
# - derive $\partial g_k/\partial s_l$ for $k \neq l$ and for $k = l$, and join both in one formula;
# - write the Jacobian as a matrix, and multiply with it without making it.

# %%
import numpy as np

from tinygrad_edu import Tensor, check, draw, formula, jacobian, softmax
from tinygrad_edu.teaching import answered, derive, heat, judge, mark, show

# %% [markdown]
# ## Scores in, probabilities out
#
# $g_k = \frac{e^{s_k}}{\sum_l e^{s_l}}$ is positive, and the $g_k$ sum to one. The scores $s$ are also called logits.

# %%
s = Tensor([2.0, 1.0, -1.0], name="s")
g = softmax(s)
print("g =", g.data.round(3), " their sum:", g.data.sum().round(12))

# %% [markdown] tags=["notes"]
# Ask before you run it: if only the last score grows, which of the three probabilities change? All of them.

# %% [markdown]
# ## A constant added to all scores changes nothing
#
# The factor $e^c$ stands above and below, and cancels. Each line here has been checked, with numbers, by what also
# checks homework.

# %%
SHIFT = """
x: n
c: number
"""
derive(SHIFT, """
softmax(x + c)[i] = exp(x[i] + c)/sum(exp(x[j] + c) for j in 1..n)
    = exp(x[i])/sum(exp(x[j]) for j in 1..n)
softmax(x + c) = softmax(x)
""")  # fmt: skip

# %% [markdown] tags=["notes"]
# The ticks are no decoration: a wrong line would stop the lesson. Change a sign in `derive` and run it, to show that.

# %% [markdown]
# ## What this is good for
#
# $e^{1000}$ is no float. With $c = -\max s$ the largest exponent is 0, and softmax works for any scores.

# %%
large = np.array([1000.0, 999.0, 0.0])
with np.errstate(all="ignore"):
    print("by the definition:", np.exp(large) / np.exp(large).sum())
print("shifted first:    ", softmax(large).round(3))

# %% [markdown]
# ## The derivative of one probability, $k \neq l$
#
# The score $s_l$ stands only in the sum below the line: the rule for $1/u$.

# %%
SOFTMAX = """
s: K
g = [exp(s[k])/sum(exp(s[l]) for l in 1..K) for k in 1..K]
"""
derive(SOFTMAX, """
∂g[k]/∂s[l] = -exp(s[k])*exp(s[l])/sum(exp(s[i]) for i in 1..K)²   for k != l
            = exp(s[k])/sum(exp(s[i]) for i in 1..K) * (-exp(s[l])/sum(exp(s[i]) for i in 1..K))
            = g[k]*(0 - g[l])
""")  # fmt: skip

# %% [markdown] tags=["notes"]
# Let them say first where $s_l$ stands. Whoever differentiates the numerator here has not seen that $k \neq l$.

# %% [markdown]
# ## The same, $k = l$
#
# Now $s_l$ stands above the line as well: the product rule gives a second term.

# %%
derive(SOFTMAX, """
∂g[l]/∂s[l] = exp(s[l])*sum(exp(s[i]) for i in 1..K)^(-1) + exp(s[l])*(-exp(s[l])/sum(exp(s[i]) for i in 1..K)²)
            = g[l]*(1 - g[l])
""")  # fmt: skip

# %% [markdown]
# ## Both in one
#
# $1[k = l]$ is 1 if $k = l$ and 0 if not. Row $k$, column $l$ of the Jacobian:

# %%
derive(SOFTMAX, "∂g[k]/∂s[l] = g[k]*(I(k = l) - g[l])")
show(formula(g, s), caption="as a matrix, printed by the engine from its record")

# %% [markdown] tags=["notes"]
# The engine was not told this formula. It ran its sweep once for each component, with names instead of numbers, and
# simplified what came out. Then it compared the result with its own numbers.

# %% [markdown]
# ## See that it is not diagonal
#
# Off the diagonal all is negative: one probability grows at the cost of the others. Each row sums to zero, since a
# constant added to all scores changes nothing.

# %%
J = jacobian(softmax)(s.data)
picture = heat(J, rows=["$g_1$", "$g_2$", "$g_3$"], columns=["$s_1$", "$s_2$", "$s_3$"])
show(picture, caption="the Jacobian of softmax at $s$: positive on the diagonal, negative elsewhere")
print("sums of its rows:", J.sum(axis=1).round(12) + 0)

# %% [markdown]
# ## Nobody makes this matrix
#
# With $K$ scores it has $K^2$ entries. The sweep needs its product with the upstream gradient $a$ only: that is
# $g \odot a - g \, (g^\top a)$, for which $K$ numbers are enough.

# %%
a = np.array([1.0, -2.0, 0.5])
R = (a * g).sum()
R.backward()
show(draw(R, flows=True), caption="at softmax three numbers come in, and three go out")
show(formula(R, s))

# %% [markdown] tags=["notes"]
# `tinygrad-edu step lessons/04_softmax.py` stops at this backward(): `s` goes one step, and each shows its rule.

# %% [markdown]
# ## Experiment
#
# A temperature $T$ divides the scores. What do the probabilities and the Jacobian become for $T = 0.1$, and for
# $T = 10$?

# %% tags=["experiment"]
T = 0.1
p = softmax(s.data / T)
print("g =", p.round(4))
J = jacobian(lambda s: softmax(s / T))(s.data)
show(heat(J), caption=f"the Jacobian at temperature {T}")

# %% [markdown]
# ## Exercises
#
# **4.1** Two scores. Write $\partial g_1/\partial s_1$ of $g = \mathrm{softmax}(s)$ with $\sigma$ and $d = s_1 - s_2$
# only.

# %% exercise="4.1"
### BEGIN SOLUTION
answer = "σ(d)*(1 - σ(d))"
### END SOLUTION

# %% marks="4.1" points=2
mark(answered("d: number\ng = exp(d)/(exp(d) + 1)", "dg/dd", answer))

# %% [markdown]
# **4.2** $R = \sum_k a_k g_k$. Write $\partial R/\partial s$ with `a` and `g`, without a matrix of $K^2$ entries.

# %% exercise="4.2"
### BEGIN SOLUTION
answer = "g*(a - sum(a*g))"
### END SOLUTION

# %% marks="4.2" points=2
assert "diag" not in answer, "diag(g) is a matrix of K² entries: write it without one"
mark(answered("s: K\na: K\ng = softmax(s)\nR = sum(a*g)", "dR/ds", answer))

# %% [markdown]
# **4.3** The same as a program: a function of the arrays `s` and `a` that gives the gradient, an array like `s`.


# %% exercise="4.3"
def gradient(s, a):
    ### BEGIN SOLUTION
    g = softmax(s)
    return g * (a - a @ g)
    ### END SOLUTION


# %% marks="4.3" points=2
mark(check(lambda s, a: (a * softmax(s)).sum(), "s", gradient, dict(s=s.data, a=a)))

# %% [markdown]
# ## Common mistakes
#
# The probabilities differentiated as if each had only its own score; an index of the one in the place of the other; a
# sign.

# %%
judge(SOFTMAX, """
dg/ds = diag(g*(1 - g))
∂g[k]/∂s[l] = g[k]*(I(k = l) - g[k])
∂g[k]/∂s[l] = g[k]*(I(k = l) + g[l])
""")  # fmt: skip

# %% [markdown]
# ## Sources
#
# - Hand-ins 002 (no. 19), 003 and 004 in `lessons/handins`, whose right steps these are.
# - J. S. Bridle, *Probabilistic interpretation of feedforward classification network outputs* (1990): softmax and its
#   name.
# - C. M. Bishop, *Pattern Recognition and Machine Learning* (2006), equations 4.104 and 4.106.
