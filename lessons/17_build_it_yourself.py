# %% [markdown]
# # 17. Build it yourself
#
# An engine of your own in some sixty lines, typed in an hour and compared with the real one.
#
# **You will be able to**
#
# - write a tensor that remembers how it was computed, and operations with their vjps;
# - write the reverse sweep, and say why it needs a topological order and why contributions accumulate;
# - undo broadcasting in one place, and say why it is the sum over copies.

# %%
import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import check, draw
from tinygrad_edu.teaching import curves, derive, mark, show

# %% [markdown] tags=["notes"]
# Everybody types, and nobody pastes. It takes about an hour: some 10 minutes for each of the four parts. Lessons 0 and
# 3 are all that one needs to know. `docs/build_it_yourself.md` is the same as a page.

# %% [markdown]
# ## 1. A value that remembers
#
# A `Tensor` holds an array and its **operands**: the tensors from which it was computed. For each operand it holds a
# function, the **vjp**: if $g$ is the gradient with respect to this result, what is the gradient with respect to the
# operand?


# %%
class Tensor:
    """An array that remembers how it was computed."""

    def __init__(self, data, operands=()):
        self.data = np.array(data, dtype=float)
        self.operands = operands  # pairs of a tensor and its vjp; none: this is a leaf
        self.grad = None


def as_tensor(x):
    return x if isinstance(x, Tensor) else Tensor(x)


# %% [markdown]
# ## An operation
#
# It computes a result, and says what its vjps are.


# %%
def add(x, y):
    x, y = as_tensor(x), as_tensor(y)
    return Tensor(x.data + y.data, [(x, lambda g: g), (y, lambda g: g)])


def multiply(x, y):
    x, y = as_tensor(x), as_tensor(y)
    return Tensor(x.data * y.data, [(x, lambda g: g * y.data), (y, lambda g: g * x.data)])


# %%
derive("x, y: number\nz = x*y", """
dz/dx = y
dz/dy = x
""")  # fmt: skip

# %% [markdown]
# ## Try it
#
# The result knows its operands, and what each of them receives:

# %%
x, y = Tensor(3.0), Tensor(4.0)
z = multiply(x, y)
print(z.data, "and for g = 1 the operands receive", *(vjp(1.0) for operand, vjp in z.operands))

# %% [markdown] tags=["notes"]
# Ask what is in z.operands before it is printed. The lambdas have not run yet: they wait for the g that comes back.

# %% [markdown]
# ## 2. In which order?
#
# A value that is used twice must receive both contributions before it passes anything on. In a **topological order**
# each tensor stands after its operands. The sweep goes through it from the end.


# %%
def topological_order(root):
    """The root and all that it was computed from: each tensor after its operands."""
    order, seen = [], set()

    def visit(tensor):
        if tensor not in seen:
            seen.add(tensor)
            for operand, _ in tensor.operands:
                visit(operand)
            order.append(tensor)

    visit(root)
    return order


# %% [markdown]
# ## The sweep
#
# It begins at the root with the gradient 1. Contributions **accumulate**.


# %%
def accumulate(gradients, tensor, g):
    """Add g to the gradient that the tensor has received so far."""
    gradients[tensor] = gradients[tensor] + g if tensor in gradients else g


def backward(root):
    """Add the gradient of the root to the .grad of each leaf."""
    gradients = {root: np.ones_like(root.data)}
    for tensor in reversed(topological_order(root)):
        g = gradients.pop(tensor)  # complete: all that used this tensor has been visited
        if not tensor.operands:
            tensor.grad = g if tensor.grad is None else tensor.grad + g
        for operand, vjp in tensor.operands:
            accumulate(gradients, operand, vjp(g))


# %% [markdown]
# ## Try it
#
# For $R = xy + x$ the gradients are $y + 1$ and $x$. Here $x$ is used twice.

# %%
x, y = Tensor(3.0), Tensor(4.0)
backward(add(multiply(x, y), x))
print("∂R/∂x =", x.grad, " ∂R/∂y =", y.grad)

# %% [markdown] tags=["notes"]
# Let them do the sweep on paper first: the table of gradients after each tensor. Whoever gets 1 for ∂R/∂x has
# overwritten the first contribution.

# %% [markdown]
# ## 3. Broadcasting
#
# A bias of 2 numbers is added to each of 3 rows. What is the shape of its gradient?

# %%
X, b = Tensor(np.zeros((3, 2))), Tensor([1.0, 2.0])
backward(add(X, b))
print("b has shape", b.data.shape, "and b.grad", b.grad.shape)

# %% [markdown]
# ## Broadcasting undone
#
# The bias was used three times, once in each row. Its gradient is the sum over these uses. This is undone in one place,
# for all operations.


# %%
def unbroadcast(g, shape):
    """The gradient of an operand of this shape: the sum over the copies that NumPy made of it."""
    while g.ndim > len(shape):
        g = g.sum(axis=0)
    for axis, length in enumerate(shape):
        if length == 1:
            g = g.sum(axis=axis, keepdims=True)
    return g


def accumulate(gradients, tensor, g):
    """Add g, in the tensor's shape, to the gradient that it has received so far."""
    g = unbroadcast(g, tensor.data.shape)
    gradients[tensor] = gradients[tensor] + g if tensor in gradients else g


# %%
X, b = Tensor(np.zeros((3, 2))), Tensor([1.0, 2.0])
backward(add(X, b))
print("b.grad =", b.grad)

# %% [markdown] tags=["notes"]
# Lesson 3 derives this. Ask for a shape where both loops have something to do: (1, 2) that was stretched to (4, 3, 2).

# %% [markdown]
# ## 4. Enough for a network
#
# A product of matrices, one elementwise function, and a sum:


# %%
def matmul(x, y):
    x, y = as_tensor(x), as_tensor(y)
    return Tensor(x.data @ y.data, [(x, lambda g: g @ y.data.T), (y, lambda g: x.data.T @ g)])


def tanh(x):
    z = np.tanh(x.data)
    return Tensor(z, [(x, lambda g: g * (1 - z * z))])


def total(x):
    return Tensor(x.data.sum(), [(x, lambda g: g * np.ones_like(x.data))])


# %% [markdown]
# ---
#
# Where do these vjps come from?

# %%
derive("X: m by n\nW: n by k\nC: m by k\nZ = X@W\nR = sum(C*Z)", """
dR/dZ = C
dR/dX = C@W.T
dR/dW = X.T@C
""")  # fmt: skip
derive("x: number\nz = tanh(x)", "dz/dx = 1 - z^2")

# %% [markdown]
# ## Operators
#
# They make programs readable, and the engine is complete: some sixty lines.

# %%
Tensor.__add__ = Tensor.__radd__ = add
Tensor.__mul__ = Tensor.__rmul__ = multiply
Tensor.__sub__ = lambda x, y: x + -1.0 * as_tensor(y)
Tensor.__matmul__ = matmul
Tensor.sum = total
Tensor.backward = backward
Tensor.__array_ufunc__ = None  # an array on the left leaves array + tensor to us

# %% [markdown]
# ## It learns
#
# A network of one hidden layer, 40 points of $\sin$, and 300 steps of gradient descent.

# %%
rng = np.random.default_rng(0)
points = np.linspace(-3, 3, 40)[:, None]
W, b, V = Tensor(rng.normal(size=(1, 10))), Tensor(rng.normal(size=10)), Tensor(rng.normal(size=(10, 1)))
for step in range(300):
    output = tanh(Tensor(points) @ W + b) @ V
    error = output - np.sin(points)
    loss = (error * error).sum()
    loss.backward()
    for parameter in (W, b, V):
        parameter.data = parameter.data - 0.002 * parameter.grad
        parameter.grad = None
    if step in (0, 299):
        print(f"mean squared error {loss.data / 40:.3f}")

# %% [markdown]
# ---

# %%
lines = {"sin": np.sin(points).ravel(), "the network": output.data.ravel()}
picture = curves(lines, x=points.ravel(), xlabel="$x$")
show(picture, caption="learned by an engine that you have typed")

# %% [markdown]
# ## Is it right?
#
# The same program runs on both engines:


# %%
def program(Tensor, tanh):
    W, b = Tensor([[0.5, -1.0], [2.0, 0.3]]), Tensor([0.1, -0.2])
    X = Tensor([[1.0, 2.0], [3.0, -1.0], [0.0, 0.5]])
    H = tanh(X @ W + b)
    R = (H * H + H).sum()
    R.backward()
    return R, W, b


R, *ours = program(Tensor, tanh)
R, *theirs = program(tg.Tensor, tg.tanh)
print("the same gradients:", all(np.allclose(a.grad, b.grad) for a, b in zip(ours, theirs)))

# %% [markdown]
# ---
#
# What the real one adds to the record is what pictures need: names, places, shapes.

# %%
show(draw(R, detail="formulas shapes"), caption="the same record, kept by the real engine")

# %% [markdown]
# ## What the real one does differently
#
# - An operation is one statement, `@op(x=..., y=...)`. Its rules name what they read, and nothing else is kept.
# - Rules run on Tensors as well: so gradients can be differentiated again, and rules printed as formulas.
# - No recursion: each value has a serial number, and operands are older than results.
# - Constants receive nothing, errors name your line, and small operations are fast.
#
# `docs/build_it_yourself.md` goes through its files, one by one.

# %% [markdown] tags=["notes"]
# Open graph.py, op.py and sweep.py beside their own file. Let them find topological_order, accumulate and unbroadcast.
# 10 minutes.

# %% [markdown]
# ## Experiment
#
# `visit` calls itself, once for each value on a path. From which `depth` on does your engine fail? Does the real one?

# %% tags=["experiment"]
depth = 300
for name, start in (("yours", Tensor(1.0)), ("the real one", tg.Tensor(1.0))):
    value = start
    for _ in range(depth):
        value = value * 1.0
    try:
        value.backward()
        print(name, "finds", start.grad)
    except RecursionError as error:
        print(name, "fails:", error)

# %% [markdown]
# ## Exercises
#
# **17.1** Add an operation `exp`. Its derivative is its own result.


# %% exercise="17.1"
def exp(x):
    ### BEGIN SOLUTION
    z = np.exp(x.data)
    return Tensor(z, [(x, lambda g: g * z)])
    ### END SOLUTION


# %% marks="17.1" points=1
def by_exp(x):
    leaf = Tensor(x)
    (leaf * exp(leaf)).sum().backward()
    return leaf.grad


mark(check(lambda x: (x * np.exp(x)).sum(), "x", by_exp, dict(x=np.array([0.5, -1.0, 2.0]))))

# %% [markdown]
# **17.2** Add an operation `divide`, for $z = x / y$. Both operands can be of any shape that broadcasts: is there
# anything to do about that?


# %% exercise="17.2"
def divide(x, y):
    ### BEGIN SOLUTION
    x, y = as_tensor(x), as_tensor(y)
    return Tensor(x.data / y.data, [(x, lambda g: g / y.data), (y, lambda g: -g * x.data / y.data**2)])
    ### END SOLUTION


# %% marks="17.2" points=2
def by_divide(x, y):
    numerator, denominator = Tensor(x), Tensor(y)
    (numerator * divide(numerator, denominator)).sum().backward()
    return denominator.grad


at = dict(x=np.array([[1.0, 2.0, -1.0], [0.5, 3.0, 1.0]]), y=np.array([1.5, -2.0, 0.5]))
mark(check(lambda x, y: (x * (x / y)).sum(), "y", by_divide, at))

# %% [markdown]
# **17.3** Add an operation `row_sums`, for $z_i = \sum_j X_{ij}$. What does $X_{ij}$ receive?


# %% exercise="17.3"
def row_sums(x):
    ### BEGIN SOLUTION
    return Tensor(x.data.sum(axis=1), [(x, lambda g: g[:, None] * np.ones_like(x.data))])
    ### END SOLUTION


# %% marks="17.3" points=2
def by_row_sums(x):
    leaf = Tensor(x)
    sums = row_sums(leaf)
    (sums * sums).sum().backward()
    return leaf.grad


mark(check(lambda x: (x.sum(axis=1) ** 2).sum(), "x", by_row_sums, dict(x=at["x"])))

# %% [markdown]
# ## Common mistakes
#
# A contribution **overwrites** the one before. For $R = xy + x$ the gradient of $x$ is then 1 or $y$, and not $y + 1$:

# %%
right = accumulate


def accumulate(gradients, tensor, g):
    gradients[tensor] = unbroadcast(g, tensor.data.shape)


x, y = Tensor(3.0), Tensor(4.0)
backward(add(multiply(x, y), x))
print("∂R/∂x =", x.grad, "in place of 5")
accumulate = right

# %% [markdown]
# ---
#
# And `.grad` adds up from one sweep to the next, here as in PyTorch. A training loop that does not reset it follows the
# sum of all gradients so far:

# %%
x = Tensor(3.0)
for _ in range(3):
    (x * x).backward()
    print("x.grad =", x.grad)

# %% [markdown]
# ## Sources
#
# - S. Linnainmaa, *Taylor expansion of the accumulated rounding error*, BIT 16 (1976): the reverse sweep.
# - A. Griewank, A. Walther, *Evaluating Derivatives* (2nd edition, 2008), chapter 3.
# - Small engines to read: M. Johnson, *Autodidact* (2017); A. Karpathy, *micrograd* (2020).
