# %% [markdown]
# # 11. Skip-gram and CBOW
#
# A window moves over the text: from the middle to its neighbours, or from the neighbours to the middle.
#
# **You will be able to**
#
# - list the pairs that a window gives, and write the losses of skip-gram and of CBOW for one window;
# - derive both gradients from that of one pair, for sums and for means;
# - say which rows of the tables get a gradient, and what it saves to keep those rows alone.

# %%
import time

import numpy as np

from tinygrad_edu import Tensor, check, constant, embedding, formula, gradients, log_sigmoid, optim, softmax
from tinygrad_edu.teaching import answered, curves, derive, heat, judge, mark, show

rng = np.random.default_rng(11)

# %% [markdown]
# ## A window
#
# The word in the middle, and up to `half` words on each side. At the ends of the text it is shorter.

# %%
text = "the cat sat on the mat and the dog sat on the rug".split()
words = sorted(set(text))
number = {word: i for i, word in enumerate(words)}


def windows(text, half):
    for i, centre in enumerate(text):
        yield centre, text[max(0, i - half) : i] + text[i + 1 : i + 1 + half]


# %% [markdown]
# ## What it gives
#
# Two words on each side. Skip-gram makes a pair of each neighbour with the middle; CBOW (*continuous bag of words*)
# makes one example of all neighbours.

# %%
for centre, around in list(windows(text, 2))[:5]:
    print(f"{centre:>4} | {' '.join(around):<15} | pairs:", *(f"{centre}-{word}" for word in around))

# %% [markdown] tags=["notes"]
# Ask how many pairs a text of $T$ words has with $m$ words on each side: $2mT - m(m+1)$. And what is lost: the order of
# the neighbours. Both models are bags of words.

# %% [markdown]
# ## Skip-gram: a sum over the window
#
# Let $c_w$ count how often the word $w$ stands in the window. The losses of all its pairs are added. They have the same
# middle, so they have the same $\hat y$.

# %%
SKIPGRAM = """
v_c: n
U: N by n
c: N
y_hat = softmax(U@v_c)
J = -sum(c[w]*log(y_hat[w]) for w in 1..N)
"""
derive(SKIPGRAM, """
dJ/dv_c = -sum(c[w]*(U[w] - U.T@y_hat) for w in 1..N)
        = sum(c)*U.T@y_hat - U.T@c
dJ/dU = (sum(c)*y_hat - c)@v_c.T
""")  # fmt: skip

# %% [markdown]
# ## Expected minus observed, for a window
#
# For one pair it was $U^\top(\hat y - y)$. With $|c| = \sum_w c_w$ the model expects $|c| \hat y$, and there was $c$.

# %%
N, n = len(words), 3
V, U = Tensor(rng.normal(size=(N, n)), "V"), Tensor(rng.normal(size=(N, n)), "U")
c = constant(np.bincount([number[w] for w in ("the", "cat", "on", "the")], minlength=N), "c")
v_c = Tensor(V.data[number["sat"]], "v_c")
y_hat = softmax(U @ v_c)
J = -(c * np.log(y_hat)).sum()
J.name = "J"
show(*formula(J, [v_c, U]))

# %% [markdown] tags=["notes"]
# The window of *sat* is *the cat [sat] on the*: $c$ has a 2 at *the*. The engine does not know how many words there are
# in the window, so it writes the sum of $c$.

# %% [markdown]
# ## CBOW: the neighbours together
#
# The vectors of the neighbours are added up, $\hat v = \sum_w c_w v_w = V^\top c$, and $\hat v$ is to say the word in
# the middle, $o$. The loss $F$ is that of one pair. Here no word stands twice in the window: $c_w$ is 0 or 1.

# %%
CBOW = """
V: N by n
U: N by n
c: N, binary
o: index of N
v_hat = V.T@c
F = -log(softmax(U@v_hat)[o])
J_CBOW = F
"""
derive(CBOW, """
dJ_CBOW/dU = dF/dU
dJ_CBOW/dV[w] = dF/dv_hat   for c[w] == 1
dJ_CBOW/dV[w] = zeros(n)   for c[w] == 0
""")  # fmt: skip

# %% [markdown]
# ## In words
#
# Each neighbour gets the *whole* gradient of $\hat v$: a sum passes on to each of its terms what comes to it. Who is
# not in the window gets nothing.

# %%
y = constant(np.eye(N)[number["sat"]], "y")
v_hat = V.T @ c
y_hat = softmax(U @ v_hat)
F = -(y * np.log(y_hat)).sum()
F.name = "F"
show(*formula(F, [v_hat, V, U], distributions=[y]))

# %% [markdown] tags=["notes"]
# $c\,(\hat y - y)^\top U$ is an outer product: all rows of the gradient are multiples of one vector, most of them the
# zero multiple. Let a student say why from the picture of $V^\top c$.

# %% [markdown]
# ## Twice in the window
#
# *the* stands twice in the window of *sat*. Then $c_w = 2$, and its row gets twice the gradient: two uses, two parts.

# %%
COUNTS = """
V: N by n
U: N by n
c: N
o: index of N
v_hat = V.T@c
F = -log(softmax(U@v_hat)[o])
"""
derive(COUNTS, """
dF/dV[w] = c[w]*dF/dv_hat
dF/dV = c@(dF/dv_hat).T
""")  # fmt: skip

# %% [markdown]
# ## A mean in the place of the sum
#
# So that long windows do not have longer vectors, $\hat v$ is often the mean. The factor $1/|c|$ comes back with the
# gradient.

# %%
MEAN = """
V: N by n
U: N by n
c: N, positive
o: index of N
v_hat = V.T@c/sum(c)
F = -log(softmax(U@v_hat)[o])
"""
derive(MEAN, """
dF/dV[w] = c[w]/sum(c)*dF/dv_hat
         = c[w]/sum(c)*U.T@(softmax(U@v_hat) - one_hot(o, N))
""")  # fmt: skip

# %% [markdown]
# ## Which rows get a gradient
#
# CBOW, the window of *sat*: three rows of $V$, and all rows of $U$, because softmax has all words in its sum.

# %%
of_V, of_U = gradients(F, [V, U])
print("rows of V:", *(word for word, row in zip(words, of_V) if row.any()))
print("rows of U:", *(word for word, row in zip(words, of_U) if row.any()))

# %% [markdown]
# ---
# Three columns of each gradient, beside each other:

# %%
columns = [f"$V_{k}$" for k in (1, 2, 3)] + [f"$U_{k}$" for k in (1, 2, 3)]
show(heat(np.hstack([of_V, of_U]), rows=words, columns=columns, digits=2), caption="left ∂F/∂V, right ∂F/∂U")

# %% [markdown]
# ## With negative sampling both are sparse
#
# The word in the middle and $K = 2$ drawn ones are rows of $U$; the others are not in the loss at all.

# %%
around, target, drawn = [number[w] for w in ("the", "cat", "on", "the")], number["sat"], [number["rug"], number["and"]]
v_hat = embedding(V, around).sum(axis=0)
F = -log_sigmoid(embedding(U, target) @ v_hat) - log_sigmoid(-(embedding(U, drawn) @ v_hat)).sum()
F.backward()
print("rows of V:", *(word for word, row in zip(words, V.grad) if row.any()))
print("rows of U:", *(word for word, row in zip(words, U.grad) if row.any()))

# %% [markdown]
# ---
# The same picture with negative sampling:

# %%
show(heat(np.hstack([V.grad, U.grad]), rows=words, columns=columns, digits=2), caption="three rows of each table")

# %% [markdown] tags=["notes"]
# Ask for the numbers in a real vocabulary: 50,000 words, vectors of 100 numbers, a window of 10, $K = 5$. Rows with a
# gradient: 10 of $V$ and 6 of $U$. The dense gradients have ten million numbers, of which 1,600 are not zero.

# %% [markdown]
# ## Kept as rows
#
# `embedding` chooses rows, and the engine keeps its gradient as it comes: numbers of rows, and for each what is to be
# added there. *the* stands twice, and is added twice. Only `V.grad` makes a table of it.

# %%
kept = V.node.grad
print(type(kept).__name__, " index:", kept.index, " words:", *(words[i] for i in kept.index))
print("rows:", kept.rows.shape, " table:", kept.shape)
print("the same as V.grad:", np.array_equal(kept.dense(), V.grad))

# %% [markdown] tags=["notes"]
# The file is `tinygrad_edu/engine/sparse_rows.py`; it is short, and can be read in the lecture. Other libraries call
# this a sparse gradient.

# %% [markdown]
# ## The step changes those rows alone
#
# The optimiser adds to the rows, and never looks at the rest of the table.

# %%
before = V.data.copy()
optim.SGD([V, U], rate=0.1).step()
print("changed:", *(word for word, moved in zip(words, (V.data != before).any(axis=1)) if moved))

# %% [markdown]
# ## What it saves
#
# Counted: numbers that are written for one window of 10 words with $K = 5$, in vectors of 100.

# %%
sizes = np.array([1e2, 1e3, 1e4, 1e5, 1e6])
counted = {"whole tables": 2 * 100 * sizes, "rows": np.full(5, 100.0 * (10 + 6))}
show(curves(counted, x=sizes, log="xy", xlabel="words in the vocabulary", ylabel="numbers"),
     caption="rows do not know how long the table is")  # fmt: skip

# %% [markdown]
# ## Experiment: measure it
#
# The gradient as rows, and the same table multiplied with a one-hot matrix. From which `size` on do rows pay?

# %% tags=["experiment"]
size = 5_000
table, chosen = Tensor(rng.normal(size=(size, 50)), "table"), rng.integers(size, size=10)
onehot = constant(np.arange(size) == chosen[:, None], "onehot")
for name, rows in (("rows", lambda: embedding(table, chosen)), ("one-hot", lambda: onehot @ table)):
    began = time.perf_counter()
    for _ in range(10):
        table.grad = None
        (rows() ** 2).sum().backward()
    print(f"{name:>8}: {100 * (time.perf_counter() - began):.2f} ms")

# %% [markdown]
# ## Train both
#
# With softmax, as the vocabulary is small. Skip-gram goes from the middle to each neighbour, CBOW from all neighbours
# to the middle.


# %%
def loss_of(model, V, U, centre, around):
    if model == "skip-gram":
        scores, wanted = U @ V[centre], around
    else:
        scores, wanted = U @ embedding(V, around).mean(axis=0), [centre]
    return -np.log(softmax(scores))[np.array(wanted)].mean()


# %% [markdown]
# ---
# The same steps of descent for each of them, from the same start:

# %%
half = 2
examples = [(number[c], [number[w] for w in around]) for c, around in windows(text, half)]
losses = {}
for model in ("skip-gram", "CBOW"):
    tables = [Tensor(0.5 * np.random.default_rng(k).normal(size=(N, 8)), name) for k, name in enumerate("VU")]
    optimiser, losses[model] = optim.SGD(tables, rate=0.5), []
    for _ in range(60):
        optimiser.zero_grad()
        total = sum(loss_of(model, *tables, *example) for example in examples) / len(examples)
        total.backward()
        optimiser.step()
        losses[model].append(total.data)

# %% [markdown]
# ---
# Several words may stand beside *on*, but between *sat* and *the* there is only *on*: CBOW has the easier task.

# %%
show(curves(losses, xlabel="step"), caption="the mean loss of a prediction; log 8 = 2.08 is that of knowing nothing")
print(*(f"{model}: {course[0]:.2f} -> {course[-1]:.2f}" for model, course in losses.items()), sep="\n")

# %% [markdown]
# ## Experiment: the width of the window
#
# How many pairs are there, and how many different words are beside *sat*? Predict both losses before you run the
# training above with `half = 1` and with `half = 4`.

# %% tags=["experiment"]
half_width = 4
found = [(c, w) for c, around in windows(text, half_width) for w in around]
print(len(found), "pairs; beside sat:", *sorted({w for c, w in found if c == "sat"}))

# %% [markdown]
# ## Exercises
#
# **11.1** A word at a distance counts less: the pairs of a window have weights $a_w$, and $J$ is the weighted *mean* of
# their losses, $J = -\frac{\sum_w a_w \log \hat y_w}{\sum_w a_w}$. Write $\partial J/\partial v_c$ with
# `U`, `y_hat` and `a`.

# %% exercise="11.1"
### BEGIN SOLUTION
answer = "U.T@(y_hat - a/sum(a))"
### END SOLUTION

# %% marks="11.1" points=2
WEIGHTED = "v_c: n\nU: N by n\na: N, positive\ny_hat = softmax(U@v_c)\nJ = -sum(a*log(y_hat))/sum(a)"
mark(answered(WEIGHTED, "dJ/dv_c", answer))

# %% [markdown]
# **11.2** CBOW that knows the order: $\hat v = A v_1 + B v_2$ for the word before and the word after. The loss is
# that of one pair, $\hat y = \mathrm{softmax}(U \hat v)$. Write $\partial J/\partial A$, a matrix like $A$, with `U`,
# `y_hat`, `y` and `v_1`.

# %% exercise="11.2"
### BEGIN SOLUTION
answer = "U.T@(y_hat - y)@v_1.T"
### END SOLUTION

# %% marks="11.2" points=2
ORDERED = (
    "v_1, v_2: n\nA, B: m by n\nU: N by m\ny: N, one-hot\ny_hat = softmax(U@(A@v_1 + B@v_2))\nJ = -sum(y*log(y_hat))"
)
mark(answered(ORDERED, "dJ/dA", answer))

# %% [markdown]
# ---
# **11.3** Write a function that gives the gradient of this loss with respect to the table $V$, for any list of
# neighbours, also if a word stands in it twice.


# %%
def cbow(V, U, around, o):
    return -np.log(softmax(U @ V[around].mean(axis=0)))[o]


# %% exercise="11.3"
def gradient(V, U, around, o):
    ### BEGIN SOLUTION
    wrong = softmax(U @ V[around].mean(axis=0)) - np.eye(len(U))[o]
    found = np.zeros_like(V)
    np.add.at(found, around, U.T @ wrong / len(around))
    return found
    ### END SOLUTION


# %% marks="11.3" points=3
at = dict(V=rng.normal(size=(6, 3)), U=rng.normal(size=(6, 3)))
beside = np.array([1, 4, 1])
mark(check(lambda V, U: cbow(V, U, beside, 2), "V", lambda V, U: gradient(V, U, beside, 2), at))

# %% [markdown]
# ## Common mistakes: rows that are overwritten
#
# `found[around] = row` writes the row of a word that stands twice only once. NumPy does not complain, and with a text
# without repetitions all tests pass.


# %%
def overwritten(V, U):
    found = np.zeros_like(V)
    found[beside] = U.T @ (softmax(U @ V[beside].mean(axis=0)) - np.eye(len(U))[2]) / len(beside)
    return found


show(check(lambda V, U: cbow(V, U, beside, 2), "V", overwritten, at))

# %% [markdown]
# ## Common mistakes: one pair, and a window
#
# The mean is differentiated as if it were a sum. And what is right for one pair is copied for a window: the checker
# says for which $c$ it would be right.

# %%
judge(MEAN, "dF/dV[w] = c[w]*dF/dv_hat", hint=3)
judge(SKIPGRAM, "dJ/dv_c = U.T@(y_hat - c)")

# %% [markdown]
# ## Sources
#
# - T. Mikolov, K. Chen, G. Corrado and J. Dean, *Efficient estimation of word representations in vector space* (2013):
#   both models.
# - Hand-in 004 in `lessons/handins`, no. 3 (d): CBOW.
