# %% [markdown]
# # 16. Onward
#
# The same network in PyTorch and JAX, beside ours: what they add, and what you know already.
#
# **You will be able to**
#
# - read a training step in PyTorch and in JAX, and say which line does what in the sweep;
# - say what these libraries add: devices, compilation, vectorisation, and what others have built on them;
# - find your way with the words that all of them share: vjp, jvp, trace, tape.

# %%
from importlib.util import find_spec

import numpy as np

from tinygrad_edu import Tensor, check, cross_entropy, grad, jacobian, jvp, sigmoid, softmax, sweep, vjp
from tinygrad_edu.data import digits
from tinygrad_edu.teaching import answered, curves, derive, judge, mark, show

# %% [markdown]
# ## Are they here?
#
# This lesson runs without them. Where one is installed, its programs run too, with the same weights, and are compared.

# %%
HAS_TORCH, HAS_JAX = (find_spec(name) is not None for name in ("torch", "jax"))
print("PyTorch:", "installed" if HAS_TORCH else "not installed, its cells are skipped")
print("JAX:    ", "installed" if HAS_JAX else "not installed, its cells are skipped")

# %% [markdown] tags=["notes"]
# `pip install torch jax` takes minutes and gigabytes: not in class. If they are not there, read the cells: nearly every
# word in them is known by now. That is the point of the lesson.

# %% [markdown]
# ## One network, one batch
#
# $R = \mathrm{logloss}(\mathrm{softmax}(B \, \sigma(A x)))$ once more, for 32 digits, as rows. The weights are plain
# arrays, so that all three can have the same.

# %%
data, rng = digits(), np.random.default_rng(0)
X, labels = data.images[:32], data.labels[:32]
start = {"A": rng.normal(size=(16, 64)) / 8, "B": rng.normal(size=(10, 16)) / 4}

# %% [markdown]
# ## Ours
#
# Leaves, a record, a sweep; and one step of gradient descent.

# %%
A, B = Tensor(start["A"], "A"), Tensor(start["B"], "B")
R = cross_entropy(sigmoid(X @ A.T) @ B.T, labels)
R.backward()
A.data = A.data - 0.1 * A.grad
print(f"loss {R.item():.6f}, |∂R/∂A| {np.linalg.norm(A.grad):.6f}")

# %% [markdown]
# ## PyTorch
#
# The same idea: tensors remember how they were computed, `backward` sweeps, and leaves keep `.grad`.

# %%
if HAS_TORCH:
    import torch

    tA, tB = (torch.tensor(start[k], requires_grad=True) for k in "AB")
    scores = torch.sigmoid(torch.tensor(X) @ tA.T) @ tB.T
    loss = torch.nn.functional.cross_entropy(scores, torch.tensor(labels))
    loss.backward()
    print(f"loss {loss.item():.6f}, |∂R/∂A| {tA.grad.norm().item():.6f}")
    print("the same gradients as ours:", np.allclose(tA.grad, A.grad) and np.allclose(tB.grad, B.grad))

# %% [markdown] tags=["notes"]
# Put both cells side by side: only the names of modules differ. Ask for the differences: requires_grad is said for each
# leaf (here what is a `Tensor` has it, and `constant` has not), and arrays have to become tensors first.

# %% [markdown]
# ## JAX
#
# Here nothing is recorded while you compute with arrays. `grad` takes a **function**, traces it, and gives another
# function. Ours has that too.

# %%
if HAS_JAX:
    import jax

    jax.config.update("jax_enable_x64", True)

    def jax_loss(A, B):
        s = jax.nn.sigmoid(X @ A.T) @ B.T
        return -jax.nn.log_softmax(s)[np.arange(32), labels].mean()

    jA, jB = jax.grad(jax_loss, argnums=(0, 1))(start["A"], start["B"])
    print("the same gradients as ours:", np.allclose(jA, A.grad) and np.allclose(jB, B.grad))

ours = grad(lambda A: cross_entropy(sigmoid(X @ A.T) @ start["B"].T, labels))(start["A"])
print("ours, in that style:       ", np.allclose(ours, A.grad))

# %% [markdown] tags=["notes"]
# In JAX arrays cannot be changed, and functions that are traced must be pure: a print in them happens once, when they
# are traced. A list that is appended to in there is the usual trap. enable_x64 is there because JAX takes float32
# unless told.

# %% [markdown]
# ## What carries over: the words
#
# | here | PyTorch | JAX |
# |---|---|---|
# | `Tensor(a)`, a leaf | `tensor(a, requires_grad=True)` | an argument of the function |
# | the record | the graph of `grad_fn`, the tape | the trace, a jaxpr |
# | `R.backward()`, `.grad` | `R.backward()`, `.grad` | `grad(f)(x)` |
# | `gradients(R, [x])` | `autograd.grad(R, [x])` | `grad(f, argnums)` |
# | `value_and_grad` | `func.grad_and_value` | `value_and_grad` |
# | `vjp`, `jvp` | `func.vjp`, `func.jvp` | `vjp`, `jvp` |

# %% [markdown]
# ---
#
# | here | PyTorch | JAX |
# |---|---|---|
# | `jacobian`, `hessian` | `func.jacrev`, `func.hessian` | `jacrev`, `hessian` |
# | `.detach()` | `.detach()` | `lax.stop_gradient` |
# | `@op`, `@elementwise` | `autograd.Function` | `custom_vjp` |
# | `gradcheck` | `autograd.gradcheck` | `test_util.check_grads` |
# | `nn.Module`, `optim.SGD` | `nn.Module`, `optim.SGD` | Flax, Optax: packages of their own |
# | `trace_nan()` | `detect_anomaly()` | `jax_debug_nans` |

# %% [markdown]
# ## The record, seen
#
# Ours is gone through by `sweep`. PyTorch's hangs on the result: each `grad_fn` knows those that come after it.

# %%
print("ours:   ", *(step.tensor.node.op.name for step in sweep(R) if step.tensor.node.op))
if HAS_TORCH:
    node, names = loss.grad_fn, []
    while node is not None:
        names.append(node.name().removesuffix("Backward0"))
        node = node.next_functions[0][0] if node.next_functions else None
    print("PyTorch:", *names)

# %% [markdown] tags=["notes"]
# The way along the first operand is printed. Which is NllLoss, which LogSoftmax? Together they are our cross_entropy:
# lesson 5's difference of logarithms. Let them match the rest.

# %% [markdown]
# ## The trace, seen
#
# JAX writes the function down once, as a small program without Python in it. That program is what is differentiated,
# compiled, and sent to a GPU.

# %%
if HAS_JAX:
    print(jax.make_jaxpr(lambda w, x: jax.numpy.tanh(w * x) + x)(1.0, 2.0))
else:
    print("{ lambda ; w x. let a = mul w x; b = tanh a; c = add b x in (c,) }   (about so)")

# %% [markdown]
# ## vjp and jvp: the two directions
#
# A sweep multiplies with a Jacobian that nobody makes: from the left, $u^\top J$, in reverse; from the right, $J t$,
# forward. Both are in all three, and $(u^\top J) t = u^\top (J t)$ in each.

# %%
s, u, t = np.array([2.0, 1.0, -1.0]), np.array([1.0, 0.0, 0.5]), np.array([0.0, 1.0, 1.0])
_, pull = vjp(softmax, s)
(pulled,) = pull(u)
_, pushed = jvp(softmax, [s], [t])
print("uᵀJ =", pulled.round(4), "  J t =", pushed.round(4))
J = jacobian(softmax)(s)
print("one number:", *(float(round(z, 6)) for z in (pulled @ t, u @ pushed, u @ J @ t)))

# %% [markdown]
# ## What they add: many at once
#
# `vmap` turns a function of one example into one of many, without a loop. With `grad` it gives the gradient of **each**
# example. For a layer, lesson 7 gives the same: an outer product for each column of $\delta$.

# %%
H = sigmoid(X @ start["A"].T)
delta = softmax(H @ start["B"].T, axis=1) - np.eye(10)[labels]
each = delta[:, :, None] * H[:, None, :]
print("by hand:", each.shape, " their mean is the gradient:", np.allclose(each.mean(0), B.grad))
if HAS_JAX:
    one = lambda B, h, k: -jax.nn.log_softmax(B @ h)[k]  # noqa: E731
    mapped = jax.vmap(jax.grad(one), in_axes=(None, 0, 0))(start["B"], H, labels)
    print("by vmap:", mapped.shape, " the same:", np.allclose(mapped, each))

# %% [markdown]
# ## What they add: speed
#
# - **Devices.** Arrays live on a GPU or TPU, and thousands of multiplications run at once. In PyTorch: `x.to("cuda")`.
# - **Compilation.** `torch.compile` and `jax.jit` join operations into kernels: an elementwise chain is then one pass
#   over memory in place of one for each operation.
# - **Lower precision.** float32 is usual, 16 bits are frequent. In float16 a gradient that is smaller than the smallest
#   number becomes 0, so the loss is scaled up before the sweep.
# - **Memory.** Checkpointing forgets values on the way forward, and computes them again on the way back.

# %% [markdown] tags=["notes"]
# All of these change how the sweep is computed, and none what is computed. For each point ask: which slide of which
# lesson would be different? (None of the derivations.) 5 minutes.

# %% [markdown]
# ## What others have built on them
#
# Layers of all kinds, data loaders, trained models, distributed training, tools for deployment. To train something
# real, take one of these libraries.
#
# What is here and not there: gradients **printed as formulas**, a sweep that one can **step** through and back, a
# checker for derivations, and an engine of fewer than 400 lines that you can read in an evening.

# %% [markdown]
# ## The same traps everywhere
#
# Gradients are **added** to `.grad`. Whoever forgets `zero_grad` follows the sum of all gradients so far.

# %%
B.zero_grad()
for _ in range(3):
    R = cross_entropy(sigmoid(X @ start["A"].T) @ B.T, labels)
    R.backward()
    print(f"|∂R/∂B| {np.linalg.norm(B.grad):.4f}")

# %% [markdown]
# ---
#
# And `cross_entropy` takes **scores**, here as there. With probabilities it takes the softmax of a softmax: it runs, it
# learns a little, and no error says anything.

# %%
scores = Tensor(5 * np.array([1.0, -1.0, 0.0]), name="scores")
for what, given in (("scores", scores), ("probabilities", softmax(scores))):
    loss = cross_entropy(given, 1)
    scores.zero_grad()
    loss.backward()
    print(f"with {what:13} loss {loss.item():7.4f}, gradient {scores.grad.round(4)}")

# %% [markdown] tags=["notes"]
# This mistake is frequent in real PyTorch programs, so stay with it. The network is wrong with certainty here:
# with scores the gradient is nearly 1, with probabilities it is next to nothing, since softmax is saturated.

# %% [markdown]
# ## Experiment
#
# The libraries compute in float32 unless told otherwise. How large are the errors of a sweep and of a difference
# quotient in `dtype`? Compare float32 with float64, and look for the best step $h$ in each.

# %% tags=["experiment"]
dtype = np.float32


def f(z):
    return sigmoid(3 * z) ** 2


z = dtype(0.3)
exact = grad(f)(float(z))
steps = 10.0 ** np.arange(-8, 0)
quotients = [(f(z + h) - f(z - h)) / (2 * h) for h in steps.astype(dtype)]
errors = {"quotient": abs(np.array(quotients) - exact)}
errors["sweep"] = np.full(8, abs(grad(f)(z) - exact) + 1e-17)  # a logarithmic axis has no 0
print(f"smallest errors: {errors['quotient'].min():.0e} and {errors['sweep'].min():.0e}")

# %% [markdown]
# ---

# %%
picture = curves(errors, x=steps, xlabel="$h$", ylabel="error", log="xy")
show(picture, caption=f"{dtype.__name__}: rounding on the left, curvature on the right")

# %% [markdown] tags=["notes"]
# In float32 the best quotient keeps four digits, and in float64 ten; the sweep keeps all that the type has. So
# gradients are checked with differences in float64, also when one trains in float32. Lesson 0 has the same picture for
# float64.

# %% [markdown]
# ## Exercises
#
# **16.1** Forward mode by hand: $g = \mathrm{softmax}(s + \varepsilon t)$. Write $\mathrm{d}g/\mathrm{d}\varepsilon$
# with `g` and `t`, without a matrix of $K^2$ entries. It is what `jvp` gives.

# %% exercise="16.1"
### BEGIN SOLUTION
answer = "g*(t - sum(g*t))"
### END SOLUTION

# %% marks="16.1" points=2
mark(answered("s: K\nt: K\nepsilon: number\ng = softmax(s + epsilon*t)", "dg/depsilon", answer))

# %% [markdown]
# **16.2** Some methods limit the norm of each example's gradient. For a layer that is $G = \delta a^\top$, of
# $K \cdot J$ entries, and $q = \sum_{k,j} G_{kj}^2$. Find $q$ without $G$, and with it $\partial q/\partial a$: about
# $K + J$ multiplications, with `delta` and `a`.

# %% exercise="16.2"
### BEGIN SOLUTION
answer = "2*sum(delta**2)*a"
### END SOLUTION

# %% marks="16.2" points=2
mark(answered("delta: K\na: J\nG = delta@a.T\nq = sum(G**2)", "dq/da", answer))

# %% [markdown]
# ---
#
# **16.3** An `autograd.Function` and a `custom_vjp` need a function that takes what comes in, $u$, and gives what goes
# on. Write it for normalising: $z = x / \sqrt{\sum_i x_i^2}$, without a matrix. Here `backward(u, x)` gives an array
# like `x`.


# %% exercise="16.3"
def backward(u, x):
    ### BEGIN SOLUTION
    size = np.sqrt((x * x).sum())
    z = x / size
    return (u - z * (u * z).sum()) / size
    ### END SOLUTION


# %% marks="16.3" points=3
at = dict(u=np.array([1.0, -2.0, 0.5, 0.0]), x=np.array([0.5, 1.0, -1.0, 2.0]))
mark(check(lambda u, x: (u * (x / np.sqrt((x * x).sum()))).sum(), "x", backward, at))

# %% [markdown]
# ## Common mistakes
#
# Softmax twice, on paper: for that loss, the gradient that one believes to follow is wrong. A softmax too many is a
# Jacobian too many.

# %%
TWICE = """
s: K
y: K, one-hot
g = softmax(s)
p = softmax(g)
R = -sum(y*log(p))
"""
judge(TWICE, "dR/ds = p - y")
derive(TWICE, """
dR/dg = p - y
dR/ds = (diag(g) - g@g.T)@(p - y)
""")  # fmt: skip

# %% [markdown]
# ## Where to read on
#
# - The engine: `op.py`, `sweep.py`, `tensor.py`, fewer than 400 lines in all. Add an operation of your own, and see it
#   drawn, checked and printed.
# - A. Griewank, A. Walther, *Evaluating Derivatives* (2nd edition, 2008): all of automatic differentiation, with
#   proofs.
# - A. G. Baydin and others, *Automatic differentiation in machine learning: a survey* (2018): an overview.
# - I. Goodfellow, Y. Bengio, A. Courville, *Deep Learning* (2016), chapter 6: backpropagation in graphs.

# %% [markdown]
# ## Sources
#
# - A. Paszke and others, *PyTorch: an imperative style, high-performance deep learning library* (2019).
# - R. Frostig, M. J. Johnson, C. Leary, *Compiling machine learning programs via high-level tracing* (2018): JAX.
# - A. Radul and others, *You only linearize once* (2022): reverse mode as forward mode, transposed.
# - The documentation of PyTorch 2.13 and JAX 0.10, with which the cells above were run.
