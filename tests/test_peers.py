"""The same models in PyTorch and in JAX have the same gradients.  Where one is missing its tests are skipped."""

import warnings

import numpy as np
import pytest

import tinygrad_edu as te
from tinygrad_edu import Tensor, gradients

INSTALL = "{} is not installed: pip install 'tinygrad_edu[bench]' to compare with it"
RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(size=shape)


LABELS = np.array([2, 0, 1, 2])
TARGET = {
    "convolution": normal(2, 3, 3, 3),
    "layer_norm": normal(4, 5),
    "gelu": normal(4, 5),
}
# Each model is a function of these arrays, in this order.
ARRAYS = {
    "mlp": [normal(4, 5), normal(6, 5), normal(6), normal(3, 6), normal(3)],
    "convolution": [normal(2, 2, 7, 7), normal(3, 2, 2, 2)],
    "negative_sampling": [normal(4, 8), normal(4, 8), normal(4, 5, 8)],
    "layer_norm": [normal(4, 5), normal(5), normal(5)],
    "gelu": [3 * normal(4, 5)],
}


# Ours.


def mlp(x, W1, b1, W2, b2):
    return te.cross_entropy(te.linear(te.tanh(te.linear(x, W1, b1)), W2, b2), LABELS)


def convolution(x, w):
    return te.mse(te.max_pool2d(te.conv2d(x, w), 2), TARGET["convolution"])


def negative_sampling(u, v, negatives):
    return te.negative_sampling(u, v, negatives).mean()


def layer_norm(x, gain, shift):
    return te.mse(te.layer_norm(x) * gain + shift, TARGET["layer_norm"])


def gelu(x):
    return (te.gelu(x) * TARGET["gelu"]).sum()


OURS = {f.__name__: f for f in (mlp, convolution, negative_sampling, layer_norm, gelu)}


def assert_same(name, value, grads):
    """Value and gradients, by another library, are ours."""
    tensors = [Tensor(a) for a in ARRAYS[name]]
    loss = OURS[name](*tensors)
    np.testing.assert_allclose(loss.data, value, rtol=1e-12)
    for ours, theirs in zip(gradients(loss, tensors), grads, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)


each_model = pytest.mark.parametrize("name", OURS)


# PyTorch's.


@pytest.fixture(scope="module")
def torch_models():
    with warnings.catch_warnings(action="ignore"):
        torch = pytest.importorskip("torch", reason=INSTALL.format("PyTorch"))
    F = torch.nn.functional
    target = {name: torch.tensor(a) for name, a in TARGET.items()}
    log_sigmoid = F.logsigmoid
    models = {
        "mlp": lambda x, W1, b1, W2, b2: F.cross_entropy(
            F.linear(torch.tanh(F.linear(x, W1, b1)), W2, b2), torch.tensor(LABELS)
        ),
        "convolution": lambda x, w: F.mse_loss(F.max_pool2d(F.conv2d(x, w), 2), target["convolution"]),
        "negative_sampling": lambda u, v, n: (
            -(log_sigmoid((u * v).sum(-1)) + log_sigmoid(-torch.einsum("bnd,bd->bn", n, u)).sum(-1)).mean()
        ),
        "layer_norm": lambda x, gain, shift: F.mse_loss(F.layer_norm(x, (5,), gain, shift), target["layer_norm"]),
        "gelu": lambda x: (F.gelu(x) * target["gelu"]).sum(),
    }
    return torch, models


@each_model
def test_pytorch_has_the_same_gradients(name, torch_models):
    torch, models = torch_models
    tensors = [torch.tensor(a, requires_grad=True) for a in ARRAYS[name]]
    loss = models[name](*tensors)
    assert_same(name, loss.item(), [g.numpy() for g in torch.autograd.grad(loss, tensors)])


# JAX's.


@pytest.fixture(scope="module")
def jax_models():
    with warnings.catch_warnings(action="ignore"):
        jax = pytest.importorskip("jax", reason=INSTALL.format("JAX"))
        import jax.numpy as jnp

        jax.config.update("jax_enable_x64", True)

    def convolution(x, w):
        v = jax.lax.conv(x, w, (1, 1), "VALID")
        pooled = jax.lax.reduce_window(v, -np.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")
        return ((pooled - TARGET["convolution"]) ** 2).mean()

    def mlp(x, W1, b1, W2, b2):
        logits = jnp.tanh(x @ W1.T + b1) @ W2.T + b2
        return -jnp.take_along_axis(jax.nn.log_softmax(logits), LABELS[:, None], 1).mean()

    def negative_sampling(u, v, n):
        log_sigmoid = jax.nn.log_sigmoid
        return -(log_sigmoid((u * v).sum(-1)) + log_sigmoid(-(n * u[:, None]).sum(-1)).sum(-1)).mean()

    def layer_norm(x, gain, shift):
        normal = (x - x.mean(-1, keepdims=True)) / jnp.sqrt(x.var(-1, keepdims=True) + 1e-5)
        return ((normal * gain + shift - TARGET["layer_norm"]) ** 2).mean()

    def gelu(x):
        return (jax.nn.gelu(x, approximate=False) * TARGET["gelu"]).sum()

    return jax, {f.__name__: f for f in (mlp, convolution, negative_sampling, layer_norm, gelu)}


@each_model
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_jax_has_the_same_gradients(name, jax_models):
    jax, models = jax_models
    arrays = [jax.numpy.asarray(a) for a in ARRAYS[name]]
    value, grads = jax.value_and_grad(models[name], argnums=tuple(range(len(arrays))))(*arrays)
    assert_same(name, float(value), [np.asarray(g) for g in grads])
