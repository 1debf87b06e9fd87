"""Layers that normalise compute what NumPy computes; running statistics are kept, saved, and not trained."""

import numpy as np
import pytest

from tinygrad_edu import Tensor, gradcheck, nn, optim

rng = np.random.default_rng(0)


def drawn(layer):
    for p in layer.parameters():
        p.data = rng.normal(size=p.shape)
    return layer


def normal(x, axes, eps=1e-5):
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)


def column(p, after):
    return p.data.reshape(*p.shape, *(1,) * after)


@pytest.mark.parametrize("shape", [4, (3, 4)])
def test_layer_norm(shape):
    layer, x = drawn(nn.LayerNorm(shape)), rng.normal(size=(2, 3, 4))
    axes = (2,) if shape == 4 else (1, 2)
    np.testing.assert_allclose(layer(x).data, normal(x, axes) * layer.gamma.data + layer.beta.data, rtol=1e-12)
    assert layer.weight is layer.gamma and layer.bias is layer.beta
    assert nn.LayerNorm(4, bias=False).beta is None
    plain = nn.LayerNorm(shape, elementwise_affine=False)
    np.testing.assert_allclose(plain(Tensor(x)).data, normal(x, axes), rtol=1e-12)
    with pytest.raises(ValueError, match=r"\(2, 3, 5\)"):
        layer(np.ones((2, 3, 5)))


def test_rms_norm():
    layer, x = drawn(nn.RMSNorm(4)), rng.normal(size=(2, 4))
    expected = x / np.sqrt((x * x).mean(1, keepdims=True) + 1e-6) * layer.gamma.data
    np.testing.assert_allclose(layer(x).data, expected, rtol=1e-12)


@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 2, 2)])
def test_group_norm(shape):
    layer, x = drawn(nn.GroupNorm(num_groups=2, num_channels=4)), rng.normal(size=shape)
    after = len(shape) - 2
    expected = normal(x.reshape(3, 2, -1), (2,)).reshape(shape)
    expected = expected * column(layer.gamma, after) + column(layer.beta, after)
    np.testing.assert_allclose(layer(x).data, expected, rtol=1e-12)
    with pytest.raises(ValueError, match="5 channels .* 2 equal groups"):
        nn.GroupNorm(2, 5)


def test_instance_norm():
    x = rng.normal(size=(3, 4, 5, 2))
    assert not nn.InstanceNorm2d(num_features=4).parameters() and nn.InstanceNorm1d(4, affine=True).count() == 8
    np.testing.assert_allclose(nn.InstanceNorm2d(4)(Tensor(x)).data, normal(x, (2, 3)), rtol=1e-12)


BATCHES = [
    (nn.BatchNorm1d, (5, 4)),
    (nn.BatchNorm1d, (5, 4, 3)),
    (nn.BatchNorm2d, (5, 4, 3, 2)),
    (nn.BatchNorm, (5, 4)),
]


@pytest.mark.parametrize(("kind", "shape"), BATCHES)
def test_batch_norm(kind, shape):
    layer, x = drawn(kind(4, momentum=0.3)), rng.normal(2, 3, size=shape)
    axes, after = tuple(a for a in range(len(shape)) if a != 1), len(shape) - 2
    gamma, beta = column(layer.gamma, after), column(layer.beta, after)
    np.testing.assert_allclose(layer(x).data, normal(x, axes) * gamma + beta, rtol=1e-11)
    mean, var = 0.3 * x.mean(axes), 0.7 + 0.3 * x.var(axes, ddof=1)
    np.testing.assert_allclose(layer.running_mean.data, mean, rtol=1e-12)
    np.testing.assert_allclose(layer.running_var.data, var, rtol=1e-12)
    layer.eval()
    mean, var = (s.reshape(-1, *(1,) * after) for s in (mean, var))
    np.testing.assert_allclose(layer(x).data, (x - mean) / np.sqrt(var + 1e-5) * gamma + beta, rtol=1e-11)
    np.testing.assert_allclose(layer.running_mean.data, mean.ravel(), rtol=1e-12)  # it does not move in evaluation


@pytest.mark.parametrize("make", [
    lambda: nn.LayerNorm(4), lambda: nn.RMSNorm(4), lambda: nn.GroupNorm(2, 4), lambda: nn.BatchNorm1d(4),
])  # fmt: skip
def test_gradients_are_those_of_differences(make):
    layer = drawn(make())
    assert gradcheck(lambda x: (layer(x) ** 3).sum(), rng.normal(size=(3, 4)))
    layer.eval()
    assert gradcheck(lambda x: (layer(x) ** 3).sum(), rng.normal(size=(3, 4)))


def test_running_statistics_are_saved_and_not_trained(tmp_path):
    net = nn.Sequential(nn.Linear(2, 4, rng=rng), nn.BatchNorm1d(num_features=4))
    assert [path for path, _ in net.named_parameters()] == ["0.W", "0.b", "1.gamma", "1.beta"]
    assert [path for path, _ in net.named_buffers()] == ["1.running_mean", "1.running_var"]
    net(rng.normal(size=(6, 2))).sum().backward()
    before = net[1].running_mean.numpy()
    assert before.any()
    optim.SGD(net, 0.1).step()
    assert (net[1].running_mean.data == before).all()
    net.save(tmp_path / "net.npz")
    other = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4))
    other.load(tmp_path / "net.npz")
    assert (other[1].running_mean.data == before).all()
    x = rng.normal(size=(3, 2))
    assert (other.eval()(x).data == net.eval()(x).data).all()


def test_a_file_without_running_statistics_says_so_and_its_remedy_loads_it(tmp_path):
    net, file = nn.BatchNorm1d(2), tmp_path / "old.npz"
    np.savez(file, gamma=np.full(2, 5.0), beta=np.full(2, 6.0))
    with pytest.raises(ValueError, match="running_mean is missing") as error:
        net.load(file)
    notes = "\n".join(error.value.__notes__)
    assert "without running_mean and running_var" in notes and "strict=False" in notes
    assert net.gamma.data.tolist() == [1.0, 1.0]
    net.load_state_dict(dict(np.load(file)), strict=False)
    assert net.gamma.data.tolist() == [5.0, 5.0]


def test_what_a_batch_has_to_be():
    with pytest.raises(ValueError, match=r"more than one number in each channel.*\(1, 4\)"):
        nn.BatchNorm1d(4)(np.ones((1, 4)))
    with pytest.raises(ValueError, match=r"BatchNorm2d\(4\) .* \(2, 4\)"):
        nn.BatchNorm2d(4)(np.ones((2, 4)))
    assert nn.BatchNorm1d(4).eval()(np.ones((1, 4))).shape == (1, 4)
