# %% [markdown]
# # 12. word2vec for real
#
# A text, two tables of vectors and the loss of lesson 10: words that are used alike come to lie side by side.
#
# **You will be able to**
#
# - say what of a text is used: the window, words left out, noise words;
# - train word vectors, and read what they have learned: neighbours, analogies, a map;
# - say what $W$ and the offsets $q$ change.

# %%
import time
from dataclasses import replace

import numpy as np

from tinygrad_edu import Tensor, check, draw, formula
from tinygrad_edu.teaching import answered, curves, judge, mark, show
from tinygrad_edu.word2vec import Settings, pair_loss, read_corpus, train
from tinygrad_edu.word2vec.pairs import kept, noise

# %% [markdown]
# ## A text that everybody has
#
# Python carries its own reference in English. That is little text, and enough to see that it works. Each version of
# Python has its own, so your numbers may differ. Any file will do: `read_corpus("text.txt")`.

# %%
corpus = read_corpus()
print(corpus)
print(*corpus.words[:14], "...", *corpus.words[-4:])

# %% [markdown] tags=["notes"]
# Ask what one would have to know to tell a table from a chair if one only ever reads. The answer to lead to: the words
# around it. "You shall know a word by the company it keeps" is Firth's sentence, of 1957.

# %% [markdown]
# ## Few words are frequent, most are rare
#
# On logarithmic axes frequency against rank is almost a line: Zipf's law.

# %%
rank = np.arange(1, len(corpus.words) + 1)
zipf = curves({"count": corpus.counts}, x=rank, log="xy", xlabel="rank of the word", ylabel="times")
most, half = int(corpus.counts.max()), int(np.median(corpus.counts))
show(zipf, caption=f"the most frequent word stands there {most:,} times, half of the words at most {half} times")

# %% [markdown]
# ## Frequent words are left out at random
#
# "the" stands beside everything and says little. A word with a share $f$ of the text stays with the probability
# $\sqrt{t/f} + t/f$, and always if that is above 1. Here $t = 0.001$.

# %%
share = corpus.counts / corpus.counts.sum()
stays = kept(corpus.counts, sample=1e-3)
for word in ("the", "is", "class", "iterator"):
    i = corpus.words.index(word)
    print(f"{word:<9} {100 * share[i]:6.2f} % of the text, stays with probability {stays[i]:.2f}")

# %% [markdown]
# ## Noise is drawn with $P(c) \propto f_c^{3/4}$
#
# $f_c$ is the share of $c$ in the text, and $P(c)$ its share of the noise. The power takes from frequent words and
# gives to rare ones; 3/4 did best in the authors' experiments.

# %%
drawn = noise(corpus.counts, power=0.75)
for word in ("the", "iterator"):
    i = corpus.words.index(word)
    print(f"{word:<9} f = {share[i]:.5f}, P = {drawn[i]:.5f}: {drawn[i] / share[i]:.1f} times as often")

# %% [markdown]
# ## The loss of a pair
#
# $v$ belongs to the word, $u$ to its context, the rows $n_k$ of $N$ to noise words:
# $J = -\log\sigma(u^\top v) - \sum_k \log\sigma(-n_k^\top v)$. Each of them gets a gradient:

# %%
rng = np.random.default_rng(0)
v, u = Tensor(rng.normal(size=4), name="v"), Tensor(rng.normal(size=4), name="u")
N = Tensor(rng.normal(size=(3, 4)), name="N")
J = pair_loss(v, u, N)
J.name = "J"
show(*formula(J, [v, u, N]), caption="each vector is moved by how wrong its answer was")

# %% [markdown] tags=["notes"]
# Lesson 10 derived these. Let the students find the two factors "answer minus truth" in the formula for v.

# %% [markdown]
# ## See it flow
#
# The same with a matrix $W$ between the vectors: the scores are $v^\top W u$ and $v^\top W n_k$.

# %%
W = Tensor(np.eye(4), name="W")
J = pair_loss(v, u, N, W)
J.name = "J"
show(draw(J, detail="formulas"), caption="going back, the gradients of both terms meet where $W$ is used")

# %% [markdown]
# ## A batch of them
#
# Many words of the text and their contexts make one step, and each pair has the noise of five words. Each of the tables
# has a row for every word, and a step changes those of its batch only: the gradient is kept as rows (lesson 11).

# %%
small = Settings(size=50, epochs=20, seed=1)
start = time.perf_counter()
model = train(corpus, small)
seconds = time.perf_counter() - start
words = small.epochs * corpus.counts.sum()
print(f"{words:,} words, counted over {small.epochs} epochs, in {seconds:.0f} s: {words / seconds:,.0f} a second")

# %% [markdown] tags=["notes"]
# While it runs: `tinygrad-edu word2vec` does the same with a progress bar, with any text, and saves the vectors in the
# format that gensim opens. To be faster, words that stand next to each other share their noise: it is weighted as five
# words for each pair.

# %% [markdown]
# ## What it learns from
#
# At first all scores are 0, since $U$ begins as zeros, and each of the six answers costs $\log 2$: together 4.16.

# %%
learned = curves({"$J$": model.losses}, x=range(1, 21), xlabel="epoch", points=True)
show(learned, caption="the mean loss of a pair, over the epochs")
print(f"before: {6 * np.log(2):.2f}, after the first epoch {model.losses[0]:.2f}, at the end {model.losses[-1]:.2f}")

# %% [markdown]
# ## Neighbours
#
# Similar is what points in the same direction: the cosine of the angle between two vectors.

# %%
vectors = model.vectors
for word in ("string", "true", "integer", "class"):
    print(f"{word:<8}", ", ".join(f"{other} {cosine:.2f}" for other, cosine in vectors.nearest(word, 4)))

# %% [markdown] tags=["notes"]
# Let them say which of these are similar in meaning and which only stand together. Both are "the company it keeps": a
# wide window finds topics, a narrow one words of the same kind.

# %% [markdown]
# ## Analogies
#
# list is to lists as string is to …? Add the difference: $v_\mathrm{lists} - v_\mathrm{list} + v_\mathrm{string}$, and
# look for the nearest words. A text as short as this one is little for it: is the right word among the first four?

# %%
for a, b, c in (("list", "lists", "string"), ("first", "second", "left")):
    print(f"{a} : {b} = {c} :", ", ".join(word for word, _ in vectors.analogy(a, b, c, 4)))

# %% [markdown] tags=["notes"]
# 60,000 words are very few, and analogies need millions. What comes is often of the right kind and the wrong word.
# Train on a larger text with `tinygrad-edu word2vec` before the lecture, and show the same there.

# %% [markdown]
# ## A map
#
# Fifty numbers are too many to look at. The two directions in which these vectors differ most make a map: what is near
# in fifty numbers is near on it, but not always the other way round.

# %%
kinds = "true false none int float complex string bytes list tuple dict set class instance method function".split()
show(vectors.map(kinds), caption="which words lie near each other, and are they used alike?")

# %% [markdown]
# ## Four models
#
# CBOW predicts a word from the mean of its contexts. $W$ stands between the two vectors of every score, and the offsets
# $q = \log(k P(c))$ take from a score what is due to frequency alone.

# %%
for name, changes in {
    "skip-gram": {},
    "CBOW": {"model": "cbow"},
    "with W": {"bilinear": True},
    "with q": {"offsets": True},
}.items():
    found = train(corpus, replace(small, epochs=3, **changes))
    near = ", ".join(word for word, _ in found.vectors.nearest("string", 4))
    print(f"{name:<10} J {found.losses[-1]:.2f}   string: {near}")

# %% [markdown] tags=["notes"]
# The four J cannot be compared: with q the scores are others, and CBOW answers another question. W adds no scores that
# were not possible before, for $W u$ is a table of contexts as well; it changes the way there. Three epochs are few,
# most of all for CBOW, which has one example for a whole window.

# %% [markdown]
# ## Experiment
#
# How do the neighbours of a word change with the window? Try 1, 5 and 15, and another word.

# %% tags=["experiment"]
window = 1
found = train(corpus, replace(small, window=window))
print(f"window {window}:", ", ".join(word for word, _ in found.vectors.nearest("float", 6)))

# %% [markdown]
# ## Exercises
#
# **12.1** A pair with an offset: $J = -\log\sigma(u^\top v - q)$. Write $\partial J/\partial v$ with `u`, `v` and `q`.

# %% exercise="12.1"
### BEGIN SOLUTION
answer = "(σ(u.T@v - q) - 1)*u"
### END SOLUTION

# %% marks="12.1" points=1
mark(answered("u: d\nv: d\nq: number\nJ = -log(σ(u.T@v - q))", "dJ/dv", answer))

# %% [markdown]
# **12.2** The noise: $N$ has $k$ rows, and $J = -\sum_j \log\sigma(-n_j^\top v)$. Write $\partial J/\partial N$,
# a matrix like $N$, with `N` and `v`.

# %% exercise="12.2"
### BEGIN SOLUTION
answer = "σ(N@v)@v.T"
### END SOLUTION

# %% marks="12.2" points=2
mark(answered("N: k by d\nv: d\nJ = -sum(log(σ(-N@v)))", "dJ/dN", answer))

# %% [markdown]
# **12.3** CBOW: the word $u$ is to be recognised by the mean of the rows of $C$, its contexts. A function that gives
# the gradient of this loss with respect to `C`, an array like `C`.


# %%
def cbow(C, u):
    return -np.log(1 / (1 + np.exp(-(C.mean(axis=0) @ u))))


# %% exercise="12.3"
def gradient(C, u):
    ### BEGIN SOLUTION
    z = C.mean(axis=0) @ u
    row = (1 / (1 + np.exp(-z)) - 1) * u / len(C)
    return np.tile(row, (len(C), 1))
    ### END SOLUTION


# %% marks="12.3" points=3
mark(check(cbow, "C", gradient, dict(C=rng.normal(size=(4, 3)), u=rng.normal(size=3))))

# %% [markdown]
# ## Common mistakes
#
# The sign of the noise, and the mean of CBOW, whose $1/m$ comes back in every row.

# %%
NOISE = "N: k by d\nv: d\nJ = -sum(log(σ(-N@v)))"
judge(NOISE, "dJ/dv = -N.T@σ(N@v)")
judge("C: m by d\nu: d\nJ = -log(σ(u.T@C.T@ones(m)/m))", "dJ/dC = (σ(u.T@C.T@ones(m)/m) - 1)*ones(m)@u.T")

# %% [markdown]
# ## Sources
#
# - T. Mikolov, K. Chen, G. Corrado, J. Dean, *Efficient estimation of word representations in vector space* (2013):
#   skip-gram and CBOW.
# - T. Mikolov, I. Sutskever, K. Chen, G. Corrado, J. Dean, *Distributed representations of words and phrases and their
#   compositionality* (2013): negative sampling, noise and words left out. There a word stays with $\sqrt{t/f}$; the
#   authors' program has the sum above.
# - M. Gutmann, A. Hyvärinen, *Noise-contrastive estimation* (2010): where the offsets $\log(k P(c))$ come from.
# - Hand-ins 000 and 001 (the bilinear $W$ and $q$), and 004 (negative sampling and CBOW).
