# %% [markdown]
# # 5. Cross-entropy
#
# The loss that belongs to softmax, and why its gradient is the shortest there is: $g - y$.
#
# **You will be able to**
#
# - derive $\partial R/\partial g = -y/g$ and $\partial R/\partial s = g - y$, the second in two ways;
# - say what has to hold for $g - y$, and what the gradient is where it does not;
# - compute the loss for any scores without overflow, and say why one does not compute $\log(\mathrm{softmax}(s))$.

# %%
import numpy as np

from tinygrad_edu import Tensor, check, constant, cross_entropy, explain, formula, log, logsumexp, softmax
from tinygrad_edu.teaching import answered, curves, derive, judge, mark, show

# %% [markdown]
# ## How wrong is a probability?
#
# The right class got the probability $p$. The loss is $-\log p$: nothing for $p = 1$, and without bound as $p \to 0$.

# %%
p = np.linspace(0.002, 1, 400)
lines = {r"$-\log p$": -np.log(p), "$1 - p$": 1 - p}
picture = curves(lines, x=p, xlabel="$p$ of the right class")
show(picture, caption="to be sure and wrong costs any amount by the logarithm, and at most 1 by the line")

# %% [markdown] tags=["notes"]
# Ask: a forecaster says "rain with 0.0" and it rains. What should that cost? For a network that means: never say 0.
# Softmax does not, and that is one reason for the pair. 3 minutes.

# %% [markdown]
# ## For all classes at once
#
# $R = -\sum_i y_i \log g_i$ is the **cross-entropy**. If $y$ is one-hot, with its only one at $k$, all terms but one
# are zero. The hand-ins have three sets of names for the same:
#
# | hand-in | scores | probabilities | loss |
# |---|---|---|---|
# | 002 | $s$ | $g$ | $R$ |
# | 003 | $u$ | $a$ | $E$ |
# | 004 | $\theta$ | $\hat{y}$ | $CE$ |

# %%
SMALL = """
theta: K
k: index of K
y = one_hot(k, K)
y_hat = softmax(theta)
CE = -sum(y[i]*log(y_hat[i]) for i in 1..K)
"""
derive(SMALL, "CE = -log(y_hat[k])")

# %% [markdown]
# ## With respect to the probabilities
#
# Hand-in 002 writes it with an indicator: $y$ is the number of the right class, and $1[y = k]$ takes the place of
# $y_k$. Hand-in 003 with a one-hot vector $y$. Division of vectors is element by element.

# %%
CLASSES = """
s: K
y: index of K
g = [exp(s[k])/sum(exp(s[l]) for l in 1..K) for k in 1..K]
R = -sum(I(y = k)*ln(g[k]) for k in 1..K)
"""
derive(CLASSES, """
∂R/∂g[k] = -I(y = k) * ∂(sum(ln(g[j]) for j in 1..K))/∂g[k]
         = -I(y = k)/g[k]
""")  # fmt: skip
ONE = """
u: K
y: K, one-hot
a = softmax(u)
E = -sum(y[j]*ln(a[j]) for j in 1..K)
delta = dE/du
"""
derive(ONE, """
dE/da[i] = -sum(y[j]*d(ln(a[j]))/da[i] for j in 1..K)
         = -y[i]/a[i]
dE/da = -y/a
""")  # fmt: skip

# %% [markdown] tags=["notes"]
# What is held fixed? ∂R/∂g_k moves one g alone, as if they were free, although they sum to one. That is right: the
# sweep does the same, and the Jacobian of softmax, the next factor, knows that they are not free.

# %% [markdown]
# ## First way: through the Jacobian
#
# From lesson 4, in the names of hand-in 003: $u$, $a$ and $E$. Every score changes every probability:

# %%
derive(ONE, """
da[i]/du[i] = a[i]*(1 - a[i])
da[j]/du[i] = -exp(u[j])*exp(u[i])/sum(exp(u[k]) for k in 1..K)**2   for j != i
            = -a[j]*a[i]
""")  # fmt: skip

# %% [markdown]
# ---
#
# The chain rule adds up over all probabilities. Every $1/a_j$ meets an $a_j$ and cancels.

# %%
derive(ONE, """
dE/du[i] = sum(dE/da[j]*da[j]/du[i] for j in 1..K)
         = sum(-y[j]/a[j]*da[j]/du[i] for j in 1..K)
         = sum(y[j]*a[i] for j in 1..K if j != i) - y[i]*(1 - a[i])
         = a[i]*sum(y[j] for j in 1..K) - y[i]
         = a[i] - y[i]
""")  # fmt: skip

# %% [markdown]
# ---
#
# In words: at the right class the probability minus one, at all others the probability. Hand-in 003 calls it $\delta$,
# and so does lesson 7.

# %%
derive(ONE, """
dE/du[i] = a[i] - 1 if y[i] == 1 else a[i]
dE/du[i] = exp(u[i])/sum(exp(u[k]) for k in 1..K) - y[i]
         = a[i] - y[i]
         = delta[i]
dE/du = a - y
delta = a - y
""")  # fmt: skip

# %% [markdown]
# ## The same with matrices
#
# The Jacobian of lesson 4, $\mathrm{diag}(g) - g g^\top$, times the gradient that comes in, $-y/g$. Here nothing is
# said of $y$.

# %%
ANY = """
s: K
y: K
g = softmax(s)
R = -sum(y*log(g))
"""
derive(ANY, """
dR/ds = (diag(g) - g@g.T)@(-y/g)
      = -y + g@(g.T@(y/g))
      = g*sum(y) - y
""")  # fmt: skip

# %% [markdown] tags=["notes"]
# Stop here: where did we use that y is one-hot? Only in the last step of the chain rule, two slides back, where its sum
# became 1. A smoothed or soft label, which sums to one as well, has the same gradient.

# %% [markdown]
# ## Second way: take the logarithm first
#
# $\log(e^{s_k} / \sum_i e^{s_i})$ is a difference. What remains is linear in $s$, but for $\log \sum_i e^{s_i}$, which
# is called **log-sum-exp**. The last line is the same for $N$ examples, the columns of $U$ and $Y$, and the mean of
# their losses.

# %%
derive(CLASSES, """
R = -sum(I(y = k)*(ln(exp(s[k])) - ln(sum(exp(s[i]) for i in 1..K))) for k in 1..K)
  = -sum(I(y = k)*(s[k] - ln(sum(exp(s[i]) for i in 1..K))) for k in 1..K)
""")  # fmt: skip
derive("""
U: K by N
Y: K by N, columns one-hot
P = softmax(U, axis=0)
E = -1/N*sum(Y*ln(P))
""", """
E = -1/N*sum(sum((U[j,n] - ln(sum(exp(U[k,n]) for k in 1..K)))*Y[j,n] for j in 1..K) for n in 1..N)
""")  # fmt: skip

# %% [markdown]
# ## The gradient of log-sum-exp is softmax
#
# So this one derivative is enough, and no Jacobian is needed.

# %%
derive(SMALL, """
d(log(sum(exp(theta[i]) for i in 1..K)))/dtheta[j] = 1/sum(exp(theta[i]) for i in 1..K) * sum(d(exp(theta[i]))/dtheta[j] for i in 1..K)
    = exp(theta[j])/sum(exp(theta[i]) for i in 1..K)
    = y_hat[j]
""")  # fmt: skip  # noqa: E501

# %%
s = Tensor([2.0, 1.0, -1.0], name="s")
L = logsumexp(s)
show(formula(L, s), caption="and the engine says so too")

# %% [markdown]
# ## Term by term
#
# What the term $k = l$ contributes to $\partial R/\partial s_l$, and what a term $k \neq l$ does:

# %%
derive(CLASSES, """
∂(-I(y = l)*(s[l] - ln(sum(exp(s[i]) for i in 1..K))))/∂s[l] = -I(y = l)*(1 - exp(s[l])/sum(exp(s[i]) for i in 1..K))
    = -I(y = l)*(1 - g[l])
    = -I(y = l) + I(y = l)*g[l]
∂(-I(y = k)*(s[k] - ln(sum(exp(s[i]) for i in 1..K))))/∂s[l] = -I(y = k)*(-exp(s[l])/sum(exp(s[i]) for i in 1..K))   for k != l
    = I(y = k)*g[l]   for k != l
""")  # fmt: skip  # noqa: E501

# %% [markdown]
# ---
#
# Add them up. One of the indicators is 1, so their sum is:

# %%
derive(CLASSES, """
∂R/∂s[l] = sum(I(y = k) for k in 1..K)*g[l] - I(y = l)
         = g[l] - I(y = l)
""")  # fmt: skip
derive(SMALL, """
dCE/dtheta[i] = y_hat[i] - 1   for i = k
dCE/dtheta[i] = y_hat[i]   for i != k
""")  # fmt: skip

# %% [markdown] tags=["notes"]
# Compare the two ways on the blackboard. The first has a matrix and a cancellation, the second has neither: the
# fraction goes before it makes trouble. Programs take the second way too, for the reason on the slide "Scores may be
# anything".

# %% [markdown]
# ## What the engine finds
#
# It does not know that the $y_k$ sum to one. If we tell it, the formula becomes shorter.

# %%
y = constant([0.0, 1.0, 0.0], name="y")
g = softmax(s)
R = -(y * log(g)).sum()
show(formula(R, g))
show(formula(R, s), caption="of any y")
show(formula(R, s, distributions=[y]), caption="if y sums to one")

# %% [markdown]
# ## When is $g - y$ right?
#
# With $y$ any vector, the checker does not call it wrong. It says what is missing.

# %%
judge(ANY, """
dR/ds = g - y
dR/ds = g*sum(y) - y
""")  # fmt: skip

# %% [markdown] tags=["notes"]
# This happens in practice: labels weighted by class or multiplied by a mask no longer sum to one, and g - y by hand is
# then silently wrong. Exercise 5.3 is about that.

# %% [markdown]
# ## Scores may be anything
#
# $e^{1000}$ is no float. Take the largest score out first, as in lesson 4:
# $\log \sum_i e^{s_i} = m + \log \sum_i e^{s_i - m}$ with $m = \max_i s_i$.

# %%
large, right = np.array([1000.0, 2.0, -3.0]), 1
with np.errstate(all="ignore"):
    print("log(sum(exp(s))) as written:", np.log(np.exp(large).sum()))
    print("-log(softmax(s))[right]:    ", -np.log(softmax(large))[right])
print("logsumexp(s):               ", logsumexp(large))
print("cross_entropy(s, right):    ", cross_entropy(large, right))

# %% [markdown]
# ---
#
# Here softmax itself is computed well, and still the loss is infinite and its gradient NaN: a probability of
# $e^{-998}$ is rounded to 0. `explain` finds the place.

# %%
scores = Tensor(large, name="scores")
with np.errstate(all="ignore"):
    loss = -log(softmax(scores))[right]
print(explain(loss))

# %% [markdown]
# ## A gradient where it is needed
#
# Against squared error behind a softmax, $\frac12 \sum_k (g_k - y_k)^2$. Two classes, $d$ is the score of the right one
# minus that of the other:

# %%
d = np.linspace(-8, 8, 200)
right = 1 / (1 + np.exp(-d))
lines = {"cross-entropy": 1 - right, "squared error": 2 * (1 - right) ** 2 * right}
picture = curves(lines, x=d, xlabel="$d$", ylabel=r"$|\partial R/\partial d|$")
show(picture, caption="where the error is largest, on the left, squared error has almost no gradient")

# %% [markdown] tags=["notes"]
# The picture is the reason for the pair. In squared error the slope of softmax stays in the product, and where softmax
# is saturated it kills the gradient. The logarithm has the reciprocal of just this slope. 5 minutes.

# %% [markdown]
# ## Experiment
#
# How small can the loss become? Scores are multiplied by `scale`, as when weights grow. Look at the loss and at the
# gradient, first with `smoothing = 0`, then with `0.1`: now $y$ is $0.933$ at the right class, and $0.033$ at each of
# the others.

# %% tags=["experiment"]
smoothing = 0.0
target = (1 - smoothing) * y.data + smoothing / 3
for scale in (1, 3, 10, 30):
    z = Tensor(scale * np.array([-1.0, 1.0, 0.0]), name="z")
    E = cross_entropy(z, target)
    E.backward()
    print(f"scale {scale:2}: loss {E.item():.4f}, gradient {z.grad.round(4)}")

# %% [markdown] tags=["notes"]
# Without smoothing the loss falls for ever as the weights grow: there is no best scale. With smoothing there is one,
# and beyond it the loss grows again; were all scores free, g = y would be the best. Both gradients are g - y, since the
# smoothed y sums to one.

# %% [markdown]
# ## Exercises
#
# **5.1** Two classes, the first is right, and $d = s_1 - s_2$: then $R = -\log \sigma(d)$. Write $\partial R/\partial
# d$ with one $\sigma$ only.

# %% exercise="5.1"
### BEGIN SOLUTION
answer = "-σ(-d)"
### END SOLUTION

# %% marks="5.1" points=1
mark(answered("d: number\nR = log(1 + exp(-d))", "dR/dd", answer))

# %% [markdown]
# **5.2** A temperature $T$ divides the scores: $g = \mathrm{softmax}(s/T)$, $R = -\sum_k y_k \log g_k$, and $y$ is
# one-hot. Write $\partial R/\partial T$ with `g`, `y`, `s` and `T`. When should $T$ grow?

# %% exercise="5.2"
### BEGIN SOLUTION
answer = "sum((y - g)*s)/T**2"
### END SOLUTION

# %% marks="5.2" points=2
mark(answered("s: K\ny: K, one-hot\nT: number, positive\ng = softmax(s/T)\nR = -sum(y*log(g))", "dR/dT", answer))

# %% [markdown]
# ---
#
# **5.3** Rare classes count more: $R = -\sum_k w_k y_k \log g_k$ with weights $w$, $g = \mathrm{softmax}(s)$ and a
# one-hot $y$. Write $\partial R/\partial s$ with `w`, `y` and `g`.

# %% exercise="5.3"
### BEGIN SOLUTION
answer = "g*sum(w*y) - w*y"
### END SOLUTION

# %% marks="5.3" points=2
mark(answered("s: K\nw: K, positive\ny: K, one-hot\ng = softmax(s)\nR = -sum(w*y*log(g))", "dR/ds", answer))

# %% [markdown]
# **5.4** As a program: the gradient of the loss with respect to scores `S` (N, K). Examples are rows, and the loss is
# the mean of theirs. `Y` is (N, K), and its rows need **not** sum to one. It has to work for scores of 1000.


# %% exercise="5.4"
def gradient(S, Y):
    ### BEGIN SOLUTION
    e = np.exp(S - S.max(axis=1, keepdims=True))
    G = e / e.sum(axis=1, keepdims=True)
    return (G * Y.sum(axis=1, keepdims=True) - Y) / len(S)
    ### END SOLUTION


# %% marks="5.4" points=3
rng = np.random.default_rng(0)
at = dict(S=rng.normal(size=(4, 3)), Y=rng.uniform(size=(4, 3)))
result = check(lambda S, Y: cross_entropy(S, Y), "S", gradient, at)
with np.errstate(all="ignore"):
    assert float(result) == 0 or np.isfinite(gradient(np.array([[1000.0, 0.0]]), np.eye(1, 2))).all(), "not for 1000"
mark(result)

# %% [markdown]
# ## Common mistakes
#
# An index that stands for two things. In the first line $l$ is of the score, but the term is that of $k$; in the second
# $k$ is the right class, and stands in the sum as well. Rename the index of a sum before you differentiate.

# %%
judge(CLASSES, """
∂(-I(y = k)*(s[k] - ln(sum(exp(s[i]) for i in 1..K))))/∂s[l] = I(y = l)*g[l]   for k != l
""")  # fmt: skip
judge(SMALL, """
dCE/dtheta = d(-(log(exp(theta[k])) - log(sum(exp(theta[k]) for i in 1..K))))/dtheta
""")  # fmt: skip

# %% [markdown]
# ---
#
# The square of the quotient rule, put where no derivative has been taken yet; and in that rule a difference that became
# a product.

# %%
judge(CLASSES, "R = -sum(I(y = k)*ln(exp(s[k])/sum(exp(s[i]) for i in 1..K)²) for k in 1..K)")
judge(ONE, """
da[i]/du[i] = exp(u[i])*sum(exp(u[k]) for k in 1..K)*exp(u[i])**2/sum(exp(u[k]) for k in 1..K)**2
""")  # fmt: skip

# %% [markdown]
# ## Sources
#
# - Hand-ins 002 (no. 19), 003 (classification) and 004 (2. b) in `lessons/handins`, whose right steps these are, and
#   whose mistakes.
# - J. S. Bridle, *Probabilistic interpretation of feedforward classification network outputs* (1990).
# - C. M. Bishop, *Pattern Recognition and Machine Learning* (2006), sections 4.3.4 and 5.2.
# - C. Szegedy and others, *Rethinking the Inception architecture for computer vision* (2016): label smoothing.
