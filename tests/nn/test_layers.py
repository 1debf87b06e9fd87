"""Networks: the delta recursion is the sweep, layers are what NumPy makes of them, files are whole or not there."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_edu import OPS, Tensor, constant, cross_entropy, elementwise, gelu, nn, relu, sigmoid, softplus, tanh


def bent(x):
    """A student's own activation."""
    return x / (1 + np.abs(x))


bent = elementwise(x=lambda g, x: g / (1 + np.abs(x)) ** 2)(bent)
del OPS["bent"]  # it is this file's alone


# The delta recursion.


def labels(rng, examples, classes):
    return rng.integers(classes, size=examples)


def probabilities(rng, examples, classes):
    return rng.dirichlet(np.ones(classes), size=examples)


NETWORKS = st.fixed_dictionaries(
    {
        "sizes": st.lists(st.integers(1, 6), min_size=2, max_size=6),
        "examples": st.integers(1, 7),
        "activation": st.sampled_from([sigmoid, tanh, relu, softplus, gelu, bent]),
        "bias": st.booleans(),
        "target": st.sampled_from([labels, probabilities]),
        "seed": st.integers(0, 1000),
    }
)


def drawn(sizes, examples, activation, bias, target, seed):
    """A network, its input and what it is to answer."""
    rng = np.random.default_rng(seed)
    net = nn.MLP(sizes, activation, bias, rng)
    for p in net.parameters():
        p.data = rng.normal(size=p.shape)
    return net, rng.normal(size=(examples, sizes[0])), target(rng, examples, sizes[-1])


def assert_close(found, expected, scale):
    assert found.shape == expected.shape
    assert np.abs(found - expected).max(initial=0) <= 1e-12 * scale


def assert_recursion_is_sweep(net, x, y):
    by_hand, by_sweep = nn.delta_recursion(net, x, y), nn.swept_deltas(net, x, y)
    scale = max(np.abs(d).max(initial=1) for d in (*by_hand.delta, *by_hand.W))
    assert len(by_hand.delta) == len(by_hand.W) == len(net.layers)
    for found, expected in zip([*by_hand.delta, *by_hand.W], [*by_sweep.delta, *by_sweep.W], strict=True):
        assert_close(found, expected, scale)
    net.zero_grad()
    cross_entropy(net(x), y).backward()
    for layer, dW in zip(net.layers, by_hand.W, strict=True):
        assert_close(dW, layer.W.grad, scale)


@given(NETWORKS)
def test_the_delta_recursion_is_the_sweep(network):
    assert_recursion_is_sweep(*drawn(**network))


@pytest.mark.parametrize(
    "wrong", [np.ones_like, lambda v: 1 - np.tanh(v), lambda v: (1 + 1e-9) * (1 - np.tanh(v) ** 2)]
)
def test_a_wrong_phi_prime_would_be_seen(wrong, monkeypatch):
    net, x, y = drawn((3, 4, 2), 5, tanh, True, labels, seed=0)
    assert_recursion_is_sweep(net, x, y)
    monkeypatch.setattr(nn.deltas, "grad", lambda f: wrong)
    with pytest.raises(AssertionError):
        assert_recursion_is_sweep(net, x, y)


def test_one_example_may_be_a_vector():
    net, x, y = drawn((3, 4, 2), 1, sigmoid, True, labels, seed=0)
    for one, many in zip(nn.delta_recursion(net, x[0], y[0]), nn.delta_recursion(net, x, y), strict=True):
        assert all((a == b).all() for a, b in zip(one, many, strict=True))
    assert_recursion_is_sweep(net, x, y)


def test_the_recursion_of_two_layers_written_out():
    net, x, y = drawn((3, 4, 2), 5, sigmoid, True, labels, seed=1)
    W1, b1, W2, b2 = (p.data for p in net.parameters())
    v1 = W1 @ x.T + b1[:, None]
    a1 = 1 / (1 + np.exp(-v1))
    v2 = W2 @ a1 + b2[:, None]
    delta2 = np.exp(v2) / np.exp(v2).sum(0) - np.eye(2)[:, y]
    delta1 = a1 * (1 - a1) * (W2.T @ delta2)
    found = nn.delta_recursion(net, x, y)
    for one, other in zip([*found.delta, *found.W], [delta1, delta2, delta1 @ x / 5, delta2 @ a1.T / 5], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-15)


# Layers.


def test_linear():
    layer, x = nn.Linear(3, 2, rng=np.random.default_rng(0)), np.ones((4, 3))
    layer.b.data = [1.0, 2.0]
    np.testing.assert_allclose(layer(x).data, x @ layer.W.data.T + [1.0, 2.0], rtol=1e-15)
    np.testing.assert_allclose(layer(x[0]).data, layer.W.data @ x[0] + [1.0, 2.0], rtol=1e-15)
    assert nn.Linear(3, 2, bias=False).b is None


@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (2, 0), (1, 2), (2, 1)])
def test_conv2d(stride, padding):
    rng = np.random.default_rng(0)
    layer, x = nn.Conv2d(2, 3, 3, stride, padding, rng), rng.normal(size=(2, 2, 6, 5))
    layer.b.data = rng.normal(size=3)
    W, b, z = layer.W.data, layer.b.data, np.pad(x, ((0, 0), (0, 0), (padding,) * 2, (padding,) * 2))
    rows, columns = (n // stride for n in (z.shape[2] - 3 + stride, z.shape[3] - 3 + stride))
    expected = np.empty((2, 3, rows, columns))
    for i, j in np.ndindex(rows, columns):
        seen = z[:, :, i * stride : i * stride + 3, j * stride : j * stride + 3]
        for out in range(3):
            expected[:, out, i, j] = (seen * W[out]).sum((1, 2, 3)) + b[out]
    np.testing.assert_allclose(layer(x).data, expected, rtol=1e-12)


def test_embedding():
    layer, words = nn.Embedding(5, 3, np.random.default_rng(0)), np.array([[4, 0], [4, 4]])
    assert (layer(words).data == layer.W.data[words]).all()
    layer(words).sum().backward()
    assert layer.W.grad.tolist() == [[1.0] * 3, [0.0] * 3, [0.0] * 3, [0.0] * 3, [3.0] * 3]


def test_an_mlp_is_layers_with_activations_between_them():
    net, x = nn.MLP((3, 4, 2), tanh, rng=np.random.default_rng(0)), np.ones((5, 3))
    W1, b1, W2, b2 = (p.data for p in net.parameters())
    np.testing.assert_allclose(net(x).data, np.tanh(x @ W1.T + b1) @ W2.T + b2, rtol=1e-14)
    v = net.values(constant(x))
    assert [t.name for t in v] == ["v(1)", "v(2)"] and v[0].scope == "layer1"
    assert net(x).scope == "mlp/layer2"
    assert [p.name for p in net.parameters()] == ["W(1)", "b(1)", "W(2)", "b(2)"]


def test_the_same_generator_gives_the_same_network():
    one, other = (nn.MLP((3, 4, 2), rng=np.random.default_rng(7)) for _ in range(2))
    assert all((p.data == q.data).all() for p, q in zip(one.parameters(), other.parameters(), strict=True))
    assert not (one.parameters()[0].data == nn.MLP((3, 4, 2), rng=np.random.default_rng(8)).parameters()[0].data).any()


# Parameters.


class Whole(nn.Module):
    def __init__(self):
        self.first = nn.Linear(2, 2, bias=False)
        self.rest = [nn.Linear(2, 1), {"gain": Tensor(1.0), "mask": constant([1, 0])}, (Tensor(2.0),)]
        self.again = self.first
        self.tied = self.rest[0].W
        self.number = 3
        self.result = Tensor(1.0) * 2


def test_parameters_come_in_the_order_in_which_they_were_made_and_once():
    net = Whole()
    named = dict(net.named_parameters())
    assert list(named) == ["first.W", "rest.0.W", "rest.0.b", "rest.1.gain", "rest.2.0"]
    assert named["rest.0.W"] is net.tied
    assert [*map(id, net.parameters())] == [*map(id, named.values())]


def test_a_module_in_a_circle_is_walked_once():
    net = Whole()
    net.rest[0].parent = net
    assert len(net.parameters()) == 5


def test_zero_grad_forgets_every_gradient():
    net = nn.MLP((2, 3, 1))
    net(np.ones(2)).sum().backward()
    assert all(p.grad is not None for p in net.parameters())
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())


def test_a_module_without_forward_says_what_it_lacks():
    class Empty(nn.Module):
        pass

    with pytest.raises(NotImplementedError, match=r"Empty .*forward\(\.\.\.\)"):
        Empty()(1.0)


# Files.


def values(net):
    return [p.numpy() for p in net.parameters()]


def same(one, other):
    return all((a == b).all() and a.dtype == b.dtype for a, b in zip(one, other, strict=True))


def test_what_is_saved_is_loaded_bit_for_bit(tmp_path):
    one, other = nn.MLP((2, 3, 1)), nn.MLP((2, 3, 1))
    assert not same(values(one), values(other))
    one.save(tmp_path / "net.npz")
    other.load(str(tmp_path / "net.npz"))
    assert same(values(one), values(other))
    assert [p.name for p in tmp_path.iterdir()] == ["net.npz"]


def test_a_file_name_without_ending_is_kept_as_it_is(tmp_path):
    net = nn.Linear(2, 1)
    net.save(tmp_path / "weights")
    assert [p.name for p in tmp_path.iterdir()] == ["weights"]
    net.load(tmp_path / "weights")


def test_saving_replaces_what_was_there(tmp_path):
    one, other = nn.Linear(2, 1), nn.Linear(2, 1)
    one.save(tmp_path / "net.npz")
    other.save(tmp_path / "net.npz")
    one.load(tmp_path / "net.npz")
    assert same(values(one), values(other))


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_save_that_fails_leaves_the_old_file_and_no_other(error, tmp_path, monkeypatch):
    net = nn.Linear(2, 1)
    net.save(tmp_path / "net.npz")
    before = (tmp_path / "net.npz").read_bytes()

    def broken(stream, **arrays):
        stream.write(b"half of it")
        raise error

    monkeypatch.setattr(np, "savez", broken)
    with pytest.raises(error):
        net.save(tmp_path / "net.npz")
    assert (tmp_path / "net.npz").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["net.npz"]


@pytest.mark.parametrize("b", [["one", "two"], [1j, 2], [None, 1.0]], ids=["text", "complex", "objects"])
def test_a_file_that_fits_in_part_changes_nothing(b, tmp_path):
    net = nn.Linear(2, 2)
    before = values(net)
    np.savez(tmp_path / "net.npz", W=np.zeros((2, 2)), b=np.array(b))
    with pytest.raises((ValueError, TypeError)):
        net.load(tmp_path / "net.npz")
    assert same(values(net), before)


def test_loading_keeps_the_dtype_of_the_network(tmp_path):
    one, other = nn.Linear(2, 1), nn.Linear(2, 1)
    other.W = Tensor(np.zeros((1, 2), np.float32))
    one.save(tmp_path / "net.npz")
    other.load(tmp_path / "net.npz")
    assert other.W.dtype == np.float32
    np.testing.assert_allclose(other.W.data, one.W.data, rtol=1e-6)


# Convolutions with all their options.


def test_a_convolution_with_groups_and_dilation():
    rng = np.random.default_rng(0)
    layer, x = nn.Conv2d(4, 2, 2, rng=rng, groups=2, dilation=2), rng.normal(size=(3, 4, 5, 5))
    layer.b.data = rng.normal(size=2)
    expected = np.empty((3, 2, 3, 3))
    for group, i, j in np.ndindex(2, 3, 3):
        seen = x[:, 2 * group : 2 * group + 2, i : i + 3 : 2, j : j + 3 : 2]
        expected[:, group, i, j] = (seen * layer.W.data[group]).sum((1, 2, 3)) + layer.b.data[group]
    np.testing.assert_allclose(layer(x).data, expected, rtol=1e-12)
    np.testing.assert_allclose(layer(x[0]).data, expected[0], rtol=1e-12)  # without an axis for the examples
    with pytest.raises(ValueError, match="3 inputs and 2 outputs .* 2 equal groups"):
        nn.Conv2d(3, 2, groups=2)
    with pytest.raises(ValueError, match="2 lengths"):
        nn.Conv2d(3, 2, (1, 2, 3))


@pytest.mark.parametrize("kinds", [(nn.Conv1d, nn.ConvTranspose1d), (nn.Conv2d, nn.ConvTranspose2d)])
def test_a_transposed_convolution_is_the_transpose(kinds):
    rng = np.random.default_rng(0)
    options = {"kernel_size": 3, "stride": 2, "padding": 1, "bias": False}
    layer, back = kinds[0](2, 4, **options), kinds[1](4, 2, output_padding=1, **options)
    back.W = layer.W
    x = rng.normal(size=(3, 2, *(6,) * layer.axes))
    y = layer(x).data
    z = rng.normal(size=y.shape)
    np.testing.assert_allclose((y * z).sum(), (x * back(z).data).sum(), rtol=1e-12)
    assert kinds[1](4, 2, 3).W.shape == (4, 2, *(3,) * layer.axes) and "output_padding=1" in repr(back)


def test_prelu_has_a_slope_that_is_trained():
    layer = nn.PReLU(num_parameters=2)
    assert layer(np.array([[-2.0, -4.0], [1.0, -1.0]])).data.tolist() == [[-0.5, -1.0], [1.0, -0.25]]
    assert nn.PReLU(init=0.5)(np.array([-2.0, 2.0])).data.tolist() == [-1.0, 2.0] and layer.weight is layer.a
