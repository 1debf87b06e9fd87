# %% [markdown]
# # 8. A network of 004 on digits
#
# The network of hand-in 004 with biases and examples in rows, derived, trained on handwritten digits, and looked into.
#
# **You will be able to**
#
# - write all four gradients of a network with one hidden layer for $m$ examples in rows;
# - count its parameters, write its training loop, and say what to look at while it runs;
# - see in a trained network which digits it confuses, and what its gradients did.

# %%
import numpy as np

from tinygrad_edu import GradientNorms, Tensor, check, constant, cross_entropy, formula, gradcheck, optim, sigmoid
from tinygrad_edu.data import digits
from tinygrad_edu.teaching import answered, curves, derive, heat, judge, mark, show

# %% [markdown]
# ## Digits
#
# 1,797 images of 8 by 8, and the digit that each of them shows. 360 of them are kept to test with. An image is a row of
# 64 numbers, from 0 for paper to 1 for ink.

# %%
data = digits()
first = [int(np.flatnonzero(data.labels == k)[0]) for k in range(10)]
images = np.hstack([data.images[i].reshape(8, 8) for i in first])
show(heat(images), caption="one image of each digit")

# %% [markdown]
# ## The network
#
# $m$ examples are the rows of $X$. Row $i$ of each value below belongs to example $i$, and the biases are added to
# every row.
#
# $Z_1 = X W_1 + b_1$, $A_1 = \sigma(Z_1)$, $Z_2 = A_1 W_2 + b_2$, $\hat{Y} = \mathrm{softmax}(Z_2)$,
# $J = -\frac{1}{m} \sum_{i,k} Y_{ik} \log \hat{Y}_{ik}$

# %%
rng = np.random.default_rng(0)
D, units, K = 64, 32, 10
W1 = Tensor(rng.normal(size=(D, units)) / np.sqrt(D), "W1")
W2 = Tensor(rng.normal(size=(units, K)) / np.sqrt(units), "W2")
b1, b2 = Tensor(np.zeros(units), "b1"), Tensor(np.zeros(K), "b2")


def scores(X):
    return sigmoid(X @ W1 + b1) @ W2 + b2


# %% [markdown]
# ## How many parameters?
#
# The question of the assignment behind hand-in 004. $D$ inputs, $H$ hidden units, $K$ outputs. Each unit has a weight
# for each of its inputs, and a bias:
#
# $(D + 1) H + (H + 1) K$

# %%
print("counted:", sum(p.size for p in (W1, b1, W2, b2)))
print("formula:", (D + 1) * units + (units + 1) * K)

# %% [markdown] tags=["notes"]
# Ask for the number for 784 inputs, 128 hidden units and 10 outputs before you go on: 101,770. And ask what dominates
# it: D times H. The depth of a network costs little here, the width of the input most.

# %% [markdown]
# ## The derivation, second layer
#
# As in the hand-in, first without $1/m$: $J$ is the sum over the examples. A gradient has the shape of its variable.

# %%
ROWS = """
X: m by D_x
W1: D_x by H
b1: 1 by H
W2: H by D_y
b2: 1 by D_y
Y: m by D_y, one-hot
z1 = X@W1 + b1
a1 = sigma(z1)
z2 = a1@W2 + b2
a2 = softmax(z2)
J = -sum(Y*log(a2))
delta1 = dJ/dz2
"""
derive(ROWS, """
dJ/dz2 = a2 - Y
dJ/dW2 = dJ/dz2 @ dz2/dW2
dJ/dW2 = a1.T@delta1
dJ/db2 = sum(delta1[i, :] for i in 1..m)
""")  # fmt: skip

# %% [markdown] tags=["notes"]
# Hand-in 004 calls the gradient at z2 δ₁, because it is the first that one computes. In lesson 7 it is δ of the last
# layer. Point it out: names of δ differ from text to text. The second line is the chain rule with an array of four
# axes: right, and of no use for computing. Shapes give the third: (H, m) times (m, D_y).

# %% [markdown]
# ## First layer
#
# Rows turn the order round: $W_2^\top$ stands on the right.

# %%
derive(ROWS, """
dJ/da1 = delta1@W2.T
dJ/dz1 = sigma'(z1)*(delta1@W2.T)
       = a1*(1 - a1)*(delta1@W2.T)
dJ/dW1 = X.T@dJ/dz1
dJ/db1 = sum(dJ/dz1[i, :] for i in 1..m)
""")  # fmt: skip

# %% [markdown]
# ## What the engine finds
#
# For five images, and with the mean: $\frac{1}{5}$ comes in with the loss, once, and is in every $\delta$ from there
# on.

# %%
X = constant(data.images[:5], name="X")
Y = constant(np.eye(K)[data.labels[:5]], name="Y")
Z1 = X @ W1 + b1
A1 = sigmoid(Z1)
Z2 = A1 @ W2 + b2
J = cross_entropy(Z2, Y)
show(formula(J, Z2, distributions=[Y]))

# %% [markdown]
# ---
#
# With names for the gradients at $Z_1$ and $Z_2$. A column of ones, $\mathbf{1}$, adds up rows.

# %%
names = {Z1: "delta(1)", Z2: "delta(2)"}
show(*formula(J, [W2, b2, Z1, W1, b1], names=names))

# %% [markdown]
# ## Before training
#
# Two things to look at, always. A network that knows nothing should lose $\log K$. And the gradients should agree with
# differences.

# %%
print(f"loss {cross_entropy(scores(data.images), data.labels):.3f}, and log 10 is {np.log(10):.3f}")
f = lambda b1: cross_entropy(sigmoid(X @ W1 + b1) @ W2 + b2, Y)  # noqa: E731
print("the gradient of b1 agrees with differences:", gradcheck(f, b1.data))

# %% [markdown] tags=["notes"]
# A loss far above log K says that the weights are too large, or that labels and classes do not fit. Far below: that the
# labels are among the inputs. This check takes a line and finds many mistakes.

# %% [markdown]
# ## The loop
#
# Forward, forget the old gradients, backward, a step. Each epoch goes through all images once, about 32 at a time, in
# another order.

# %%
parameters = [W1, b1, W2, b2]
norms = GradientNorms(parameters)
optimiser = optim.SGD(parameters, rate=0.5, momentum=0.9, callback=norms)
seen, unseen = [], []
for _epoch in range(20):
    for batch in np.array_split(rng.permutation(len(data.labels)), 45):
        J = cross_entropy(scores(data.images[batch]), data.labels[batch])
        optimiser.zero_grad()
        J.backward()
        optimiser.step(J)
    seen.append((scores(data.images).argmax(1) == data.labels).mean())
    unseen.append((scores(data.test_images).argmax(1) == data.test_labels).mean())
print(f"right: {seen[-1]:.1%} of the training images, {unseen[-1]:.1%} of the others")

# %% [markdown] tags=["notes"]
# Ask what happens without zero_grad: gradients are added up over all steps, like a momentum that never fades. Try it:
# with this rate the loss soon grows instead of falling. Live, `tinygrad-edu` trains the same without biases.

# %% [markdown]
# ## How the loss went
#
# One number per batch: it is noisy, for every batch is another sample.

# %%
picture = curves({"$J$": norms.losses}, x=norms.steps, xlabel="step", log="y")
show(picture, caption="on a logarithmic axis: it falls, and stays noisy")

# %% [markdown]
# ## And the accuracy
#
# On what it has learned from, and on what it has not seen. The difference between the two is what it learned by heart.

# %%
picture = curves({"training": seen, "test": unseen}, x=range(1, 21), xlabel="epoch")
show(picture, caption="of the training images nearly all become right, of the others fewer")

# %% [markdown]
# ## What the gradients did
#
# `GradientNorms` looked at each step, between `backward` and the change.

# %%
print(norms.table(72))

# %% [markdown] tags=["notes"]
# All four fall together: as Ŷ comes near Y, δ comes near 0, and with it everything. No layer lags far behind the
# others, so nothing vanishes here. With eight layers of σ the first rows would be far smaller: lesson 7.

# %% [markdown]
# ## Look at its mistakes
#
# Some test images, and what it says to them. Would you have known?

# %%
said = scores(data.test_images).argmax(1)
wrong = np.flatnonzero(said != data.test_labels)
images = [data.test_images[i].reshape(8, 8) for i in wrong[:6]]
words = [f"{said[i]} to a {data.test_labels[i]}" for i in wrong[:6]]
show(heat(np.hstack(images)), caption=f"it says {', '.join(words)}")

# %% [markdown]
# ## Which digits does it confuse?
#
# Row: what the image shows. Column: what the network says. Only what is wrong is counted.

# %%
table = np.zeros((10, 10))
np.add.at(table, (data.test_labels[wrong], said[wrong]), 1)
picture = heat(table, rows=[*"0123456789"], columns=[*"0123456789"])
show(picture, caption=f"{len(wrong)} of {len(said)} test images are wrong")

# %% [markdown]
# ## What a hidden unit looks at
#
# A column of $W_1$ has a weight for each pixel, so it is an image: ink where it is orange speaks for the unit, where it
# is blue against it.

# %%
largest = np.argsort(-np.linalg.norm(W2.data, axis=1))[:6]
picture = heat(np.hstack([W1.data[:, j].reshape(8, 8) for j in largest]))
show(picture, caption="weights of the six units that matter most to the scores")

# %% [markdown]
# ## The gradient with respect to an image
#
# The sweep does not stop at parameters. Here for the first image that it got wrong: where more ink would make the loss
# larger, and where smaller.

# %%
image = Tensor(data.test_images[wrong[0]], "image")
cross_entropy(scores(image), data.test_labels[wrong[0]]).backward()
gradient = image.grad / abs(image.grad).max()
picture = heat(np.hstack([image.data.reshape(8, 8), gradient.reshape(8, 8)]))
show(picture, caption="left the image, right the gradient: ink on blue would help")

# %% [markdown]
# ## Experiment
#
# Weights begin at random, divided by the root of the number of inputs. Here they are multiplied by `start`. What
# happens with 0, and with 20? First say what the hidden units will do if all weights begin at 0.


# %% tags=["experiment"]
start = 0.0
rng = np.random.default_rng(0)
for p, inputs in ((W1, D), (W2, units)):
    p.data = start * rng.normal(size=p.shape) / np.sqrt(inputs)
b1.data, b2.data = np.zeros(units), np.zeros(K)
optimiser = optim.SGD(parameters, rate=0.5, momentum=0.9)
for _step in range(450):
    batch = rng.integers(len(data.labels), size=32)
    J = cross_entropy(scores(data.images[batch]), data.labels[batch])
    optimiser.zero_grad()
    J.backward()
    optimiser.step()
right = scores(data.test_images).argmax(1) == data.test_labels
print(f"test images right: {right.mean():.1%}")
print("how much the hidden units differ:", np.ptp(W1.data, axis=1).max().round(6))

# %% [markdown] tags=["notes"]
# From 0 all hidden units get the same gradient, so they stay the same for ever: 32 units that are one. Randomness is
# there to break that symmetry. With 20 the loss begins far above log K, most units are saturated, and
# after as many steps fewer images are right than with 1.

# %% [markdown]
# ## Exercises
#
# **8.1** How many parameters has the network with a **second** hidden layer, of $H$ units as well? Write it with `D`,
# `H` and `K`.

# %% exercise="8.1"
### BEGIN SOLUTION
answer = "(D + 1)*H + (H + 1)*H + (H + 1)*K"
### END SOLUTION

# %% marks="8.1" points=1
mark(answered("D: number\nH: number\nK: number", "D*H + H + H*H + H + H*K + K", answer))

# %% [markdown]
# **8.2** Weight decay: $\frac{\lambda}{2} \sum W_2^2$ is added to $J$ (the sum over the examples). Write
# $\partial J/\partial W_2$ with `a1`, `a2`, `Y`, `W2` and `lambda`.

# %% exercise="8.2"
### BEGIN SOLUTION
answer = "a1.T@(a2 - Y) + lambda*W2"
### END SOLUTION

# %% marks="8.2" points=2
decayed = ROWS.replace("J = -sum(Y*log(a2))", "lambda: number, positive\nJ = -sum(Y*log(a2)) + lambda/2*sum(W2**2)")
mark(answered(decayed.replace("delta1 = dJ/dz2\n", ""), "dJ/dW2", answer))

# %% [markdown]
# ---
#
# **8.3** All images are shifted by the same $c$: $Z_1 = (X + c) W_1 + b_1$, where $c$ is a row. Write
# $\partial J/\partial c$ with `W1` and `delta0`, the gradient with respect to `z1`. Why is training no better with such
# a $c$?

# %% exercise="8.3"
### BEGIN SOLUTION
answer = "sum((delta0@W1.T)[i, :] for i in 1..m)"  # c adds the row c @ W1 to b1, and b1 is trained anyway
### END SOLUTION

# %% marks="8.3" points=2
shifted = ROWS.replace("z1 = X@W1", "c: 1 by D_x\nz1 = (X + c)@W1").replace("delta1 = dJ/dz2", "delta0 = dJ/dz1")
mark(answered(shifted, "dJ/dc", answer))

# %% [markdown]
# **8.4** As a program, for regression: no softmax, and $J = \frac{1}{2m} \sum (Z_2 - Y)^2$. A function that gives
# $\partial J/\partial b_1$, an array like `b1`.


# %% exercise="8.4"
def gradient(X, W1, b1, W2, b2, Y):
    ### BEGIN SOLUTION
    H = sigmoid(X @ W1 + b1)
    delta = (H @ W2 + b2 - Y) / len(X)
    return (H * (1 - H) * (delta @ W2.T)).sum(axis=0)
    ### END SOLUTION


# %% marks="8.4" points=3
def regression(X, W1, b1, W2, b2, Y):
    return ((sigmoid(X @ W1 + b1) @ W2 + b2 - Y) ** 2).sum() / (2 * len(X))


shapes = dict(X=(5, 4), W1=(4, 3), b1=(3,), W2=(3, 2), b2=(2,), Y=(5, 2))
mark(check(regression, "b1", gradient, {name: rng.normal(size=shape) for name, shape in shapes.items()}))

# %% [markdown]
# ## Common mistakes
#
# Both are in hand-in 004. A factor $1/m$ where $J$ is a sum: the checker says when it would be right. Then a chain with
# a layer in the wrong place: each factor must begin where the one before ends.

# %%
judge(ROWS, """
dJ/db2 = 1/m*sum(delta1[i, :] for i in 1..m)
dJ/dW1 = dJ/dz2 @ dz2/da2 @ da1/dz2 @ dz2/dW1
""")  # fmt: skip

# %% [markdown]
# ---
#
# The slope taken at $a_1$ in place of $z_1$, and the formula for columns used on rows:

# %%
judge(ROWS, """
dJ/dz1 = sigma'(a1)*(delta1@W2.T)
dJ/dW2 = delta1@a1.T
""")  # fmt: skip

# %% [markdown] tags=["notes"]
# σ′(a1) comes from programs that have a function dsigmoid(a) = a(1 - a), which takes what σ gave. It is the same
# mistake in reverse to call that one with z. Say which of the two a function takes.

# %% [markdown]
# ## Sources
#
# - Hand-in 004, 2. (d), in `lessons/handins`: the network, its right step, and two of the mistakes. It answers the
#   first assignment of Stanford's CS224N, *Natural Language Processing with Deep Learning*.
# - E. Alpaydin, C. Kaynak, *Optical Recognition of Handwritten Digits*, UCI Machine Learning Repository (1998), CC BY
#   4.0.
# - X. Glorot, Y. Bengio, *Understanding the difficulty of training deep feedforward neural networks* (2010): how
#   weights begin.
