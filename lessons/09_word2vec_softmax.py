# %% [markdown]
# # 9. word2vec with softmax
#
# Two tables of vectors that are trained to say which words stand near which.
#
# **You will be able to**
#
# - write $p(o \mid c) = \mathrm{softmax}(U v_c)_o$ and the loss of one pair of words;
# - derive $\partial J/\partial v_c = U^\top(\hat y - y)$ and $\partial J/\partial U = (\hat y - y)\,v_c^\top$, and read
#   them as *expected minus observed*;
# - count what one step costs, and say why nobody trains a large vocabulary in this way.

# %%
import time

import numpy as np

from tinygrad_edu import Tensor, check, constant, cross_entropy, draw, formula, gradients, log, optim, softmax
from tinygrad_edu.teaching import answered, curves, derive, heat, judge, mark, show

rng = np.random.default_rng(9)

# %% [markdown]
# ## Words and their neighbours
#
# A pair is a word in the middle, $c$ (centre), and one beside it, $o$ (outside). Here the window is one word on each
# side.

# %%
text = "the cat sat on the mat the dog sat on the rug".split()
words = sorted(set(text))
number = {word: i for i, word in enumerate(words)}
pairs = [(text[i], text[j]) for i in range(len(text)) for j in (i - 1, i + 1) if 0 <= j < len(text)]
print(len(words), "words:", *words)
print(len(pairs), "pairs:", *(f"{c}-{o}" for c, o in pairs[:6]), "...")

# %% [markdown] tags=["notes"]
# Ask: which words will get similar vectors here? *cat* and *dog* have the same neighbours, and so do *mat* and *rug*.
# Nobody tells the program so; at the end of the lesson it can be seen. Lesson 11 is about larger windows.

# %% [markdown]
# ## Two tables
#
# Each word has two vectors: a row of $V$ for the word in the middle, and a row of $U$ for the word beside it. A
# product of both is a score, and softmax makes probabilities of all scores:
# $p(o \mid c) = \frac{e^{u_o^\top v_c}}{\sum_w e^{u_w^\top v_c}}$

# %%
n = 3
V = Tensor(rng.normal(size=(len(words), n)), "V")
U = Tensor(rng.normal(size=(len(words), n)), "U")
p = softmax(U @ V[number["cat"]])
print("beside cat:", *(f"{word} {x:.2f}" for word, x in zip(words, p.data)))

# %% [markdown] tags=["notes"]
# Why two tables? With one, each word would score high with itself, as $v_c^\top v_c$ is a square, and words seldom
# stand beside themselves. Exercise 9.3 derives the gradient for one table.

# %% [markdown]
# ## The loss of a pair
#
# What was observed gets a probability, and the loss is its logarithm with a minus: the score of the pair, against the
# logarithm of the sum over all words. In the lines $V$ is the number of words, as in hand-in 004, and $U_w$ is $u_w$.

# %%
PAIR = """
v_c: n
U: V by n
o: index of V
y_hat = softmax(U@v_c)
p = [exp(U[x].T@v_c)/sum(exp(U[w].T@v_c) for w in 1..V) for x in 1..V]
J = -log(y_hat[o])
"""
derive(PAIR, """
J = -log(p[o])
  = -U[o].T@v_c + log(sum(exp(U[w].T@v_c) for w in 1..V))
""")  # fmt: skip

# %% [markdown]
# ## The logarithm of the sum
#
# The rule for $\log$, then that for $e^z$; the factors that come out are the probabilities. So the gradient is the mean
# of all rows of $U$, weighted with $p$.

# %%
derive(PAIR, """
d(log(sum(exp(U[w].T@v_c) for w in 1..V)))/dv_c = 1/sum(exp(U[w].T@v_c) for w in 1..V) * sum(exp(U[x].T@v_c)*U[x] for x in 1..V)
    = sum(p[x]*U[x] for x in 1..V)
""")  # fmt: skip  # noqa: E501

# %% [markdown]
# ## Expected minus observed
#
# With the score of the pair it is the vector that the model expects, minus the one that was there.

# %%
derive(PAIR, """
dJ/dv_c = -U[o] + sum(p[x]*U[x] for x in 1..V)
        = -U[o] + sum(y_hat[x]*U[x] for x in 1..V)
""")  # fmt: skip

# %% [markdown] tags=["notes"]
# Stay here. When is the gradient zero? When the expected vector *is* the observed one, and over all pairs: when the
# model's mean is the mean of the text. The same sentence holds for every model with softmax at its end.

# %% [markdown]
# ## With one vector y
#
# $y$ is 1 at the word that was there, and 0 elsewhere. Then both terms are one product.

# %%
derive(PAIR + "y = one_hot(o, V)", "dJ/dv_c = U.T@(y_hat - y)")

# %%
v_c, y = Tensor(V[number["cat"]].data, "v_c"), constant(np.eye(len(words))[number["sat"]], "y")
y_hat = softmax(U @ v_c)
J = -(y * log(y_hat)).sum()
show(formula(J, v_c, distributions=[y]), caption="by the engine; it was told that the elements of y sum to one")

# %% [markdown]
# ## See it in numbers
#
# The pair cat-sat. A step of descent moves $v_c$ against the gradient: away from what was expected, to what was
# observed.

# %%
three = np.stack([p.data @ U.data, U.data[number["sat"]], gradients(J, [v_c])[0]])
show(heat(three, rows=["expected", "observed", "gradient"]), caption="the first row minus the second is the third")

# %% [markdown]
# ## The other table
#
# Each row of $U$ is in the sum, and only row $o$ in the score of the pair as well.

# %%
derive(PAIR, """
d(log(sum(exp(U[w].T@v_c) for w in 1..V)))/dU[l] = p[l]*v_c
dJ/dU[l] = (y_hat[l] - I(l = o))*v_c
""")  # fmt: skip
derive(PAIR + "y = one_hot(o, V)", "dJ/dU = (y_hat - y)@v_c.T")

# %%
show(formula(J, U, distributions=[y]))

# %% [markdown] tags=["notes"]
# Let them find the shape first: $(|V|, 1)$ times $(1, n)$. The transposed product has the shape of $U^\top$ and is the
# usual mistake.

# %% [markdown]
# ## Every row has a gradient
#
# The observed word is pulled towards $v_c$, and *all others* are pushed away, in proportion to their probability.

# %%
of_U = gradients(J, [U])[0]
show(heat(of_U.T, columns=words, digits=2), caption="∂J/∂U for the pair cat-sat, lying: a column for each word")
print("their sum:", (of_U.sum(axis=0).round(12) + 0).tolist())

# %% [markdown]
# ## The record of it
#
# $\hat y - y$ comes back to the scores; from there one product gives $v_c$ its part, and another gives $U$ its own.

# %%
scores = U @ v_c
R = cross_entropy(scores, y)  # softmax, log and the sum in one
R.backward()
show(draw(R, flows=True), caption="R = -log p(sat | cat), with what flowed back on each link")

# %% [markdown]
# ## One step down
#
# A step of size 0.5 in both tables. The observed word gains, and most of it comes from those that had most.

# %%
stepped = softmax((U.data - 0.5 * of_U) @ (v_c.data - 0.5 * gradients(J, [v_c])[0]))
for word, before, after in zip(words, y_hat.data, stepped):
    print(f"{word:>4}  {before:.3f} -> {after:.3f}  {'+' if after > before else '-'}")

# %% [markdown]
# ## All pairs together
#
# Rows of $V$ for all centre words at once, and a mean over pairs. The loss cannot fall to zero: beside *the* there may
# stand five words, and the best one can do is to know how often each of them does.

# %%
c, o = (np.array([number[pair[k]] for pair in pairs]) for k in (0, 1))
optimiser = optim.SGD([V, U], rate=1.0)
losses = []
for _ in range(300):
    loss = -log(softmax(V[c] @ U.T, axis=1))[np.arange(len(c)), o].mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    losses.append(loss.data)

# %% [markdown]
# ## The least that is possible
#
# The entropy of $o$, given $c$, comes from counts: the mean of $-\log$ of the share that $o$ has among the neighbours
# of $c$. No probabilities give a smaller loss.

# %%
counts = np.zeros((len(words), len(words)))
np.add.at(counts, (c, o), 1)
share = counts / counts.sum(axis=1, keepdims=True)
entropy = -(counts * np.log(np.where(counts, share, 1))).sum() / counts.sum()
print(f"loss {losses[0]:.2f} -> {losses[-1]:.2f}, entropy {entropy:.2f}")

# %% [markdown]
# ---
# The loss falls towards it:

# %%
show(curves({"loss": losses, "entropy": [entropy] * 300}, xlabel="step"), caption="the loss comes near the entropy")

# %% [markdown]
# ## What the vectors know
#
# The cosine of the angle between two rows of $V$. Words with the same neighbours point the same way.

# %%
length = np.linalg.norm(V.data, axis=1)
show(heat(V.data @ V.data.T / np.outer(length, length), rows=words, columns=words, digits=2),
     caption="cat and dog, mat and rug: close to 1")  # fmt: skip

# %% [markdown] tags=["notes"]
# This is the whole idea of word2vec, on twelve words. Ask why *sat* and *on* are not alike: they stand beside each
# other, and that is something else than standing in the same places.

# %% [markdown]
# ## Too expensive
#
# A pair costs $|V|$ products of vectors forward, and twice as many back: one for $v_c$, one for $U$. Negative sampling
# (lesson 10) has $K + 1$ in the place of $|V|$.

# %%
sizes = np.array([1e3, 1e4, 1e5, 1e6])
each = 3 * 100  # forward and twice backward, vectors of 100 numbers
show(curves({"softmax": each * sizes, "negative sampling, $K = 5$": each * np.full(4, 6.0)}, x=sizes, log="xy",
            xlabel="words in the vocabulary", ylabel="multiplications"), caption="for one pair")  # fmt: skip

# %% [markdown] tags=["notes"]
# A text of a billion words with a window of five has ten billion pairs. With 100,000 words in the vocabulary that is
# $3 \cdot 10^{17}$ multiplications for one pass. Ask how long a machine needs that does $10^{10}$ in a second: a year.

# %% [markdown]
# ## Experiment: a vocabulary of your own
#
# How many pairs are done in a second with `size` words? Try 1,000, 10,000 and 100,000. Does the time grow as the
# count says?

# %% tags=["experiment"]
size = 1_000
table, centre = Tensor(0.1 * rng.normal(size=(size, 100)), "table"), Tensor(rng.normal(size=100), "centre")
began = time.perf_counter()
for _ in range(5):
    gradients(-log(softmax(table @ centre))[0], [table, centre])
print(f"{size:,} words: about {5 / (time.perf_counter() - began):,.0f} pairs in a second")

# %% [markdown]
# ## Experiment: where to begin
#
# With `scale = 0.0` all vectors are zero at the beginning. What is $p$ then, and what are the two gradients? Will it
# learn? And with `scale = 30`?

# %% tags=["experiment"]
scale = 0.1
first, other = Tensor(scale * V.data[0], "first"), Tensor(scale * U.data, "other")
start = -log(softmax(other @ first))[1]
print("p =", softmax(other @ first).data.round(2))
print("norms of the gradients:", *(np.linalg.norm(g).round(4) for g in gradients(start, [first, other])))

# %% [markdown]
# ## Exercises
#
# **9.1** Each word beside gets a number of its own, large if it is frequent: the scores are $U v_c + b$. Write
# $\partial J/\partial b$ with `y_hat` and `y`.

# %% exercise="9.1"
### BEGIN SOLUTION
answer = "y_hat - y"
### END SOLUTION

# %% marks="9.1" points=1
BIASED = "v_c: n\nU: V by n\nb: V\ny: V, one-hot\ny_hat = softmax(U@v_c + b)\nJ = -sum(y*log(y_hat))"
mark(answered(BIASED, "dJ/db", answer))

# %% [markdown]
# **9.2** How does the expected vector move if $v_c$ does? Write the Jacobian of $\sum_w \hat y_w u_w = U^\top \hat y$
# with respect to $v_c$, with `U` and `y_hat`.

# %% exercise="9.2"
### BEGIN SOLUTION
answer = "U.T@(diag(y_hat) - y_hat@y_hat.T)@U"
### END SOLUTION

# %% marks="9.2" points=2
mark(answered("v_c: n\nU: V by n\ny_hat = softmax(U@v_c)", "d(U.T@y_hat)/dv_c", answer))

# %% [markdown]
# ---
# **9.3** One table for both: $J = -\log \mathrm{softmax}(U u_c)_o$, where $u_c$ is row $c$ of $U$. Write a function
# that gives $\partial J/\partial U$, an array like `U`. Row $c$ is used twice.


# %%
def tied(U, c, o):
    return -log(softmax(U @ U[c]))[o]


# %% exercise="9.3"
def gradient(U, c, o):
    ### BEGIN SOLUTION
    wrong = softmax(U @ U[c]) - np.eye(len(U))[o]
    found = np.outer(wrong, U[c])
    found[c] += U.T @ wrong
    return found
    ### END SOLUTION


# %% marks="9.3" points=3
mark(check(lambda U: tied(U, 1, 3), "U", lambda U: gradient(U, 1, 3), dict(U=rng.normal(size=(5, 3)))))

# %% [markdown]
# ## Common mistakes
#
# In the first, from hand-in 004, the sum over all words stays although one row was asked for. The second subtracts
# the wrong way round. The third has the factors in the order in which they came.

# %%
judge(PAIR, "d(log(sum(exp(U[w].T@v_c) for w in 1..V)))/dU[l] = sum(p[x]*v_c for x in 1..V)")
judge(PAIR, "dJ/dv_c = U[o] - sum(p[x]*U[x] for x in 1..V)")
judge(PAIR + "y = one_hot(o, V)", "dJ/dU = v_c@(y_hat - y).T")

# %% [markdown]
# ## Sources
#
# - T. Mikolov, K. Chen, G. Corrado and J. Dean, *Efficient estimation of word representations in vector space* (2013).
# - X. Rong, *word2vec parameter learning explained* (2014).
# - Hand-in 004 in `lessons/handins`, no. 3 (a) and (b), whose right steps these are.
