"""Containers are modules, lists and dicts at once."""

from collections import OrderedDict

import numpy as np
import pytest

from tinygrad_edu import Tensor, nn


def test_sequential_calls_one_layer_after_the_other():
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), np.tanh, nn.Linear(3, 1))
    x = np.array([[1.0, -2.0]])
    W1, b1, W2, b2 = (p.data for p in net.parameters())
    np.testing.assert_allclose(net(x).data, np.tanh(np.maximum(x @ W1.T + b1, 0)) @ W2.T + b2, rtol=1e-14)
    assert net(x).scope == "sequential/linear3"
    assert [p for p, _ in net.named_parameters()] == ["0.W", "0.b", "3.W", "3.b"]
    assert len(net) == 4 and net[-1] is net[3] and [*net][0] is net[0]
    assert isinstance(net[:2], nn.Sequential) and net[:2][0] is net[0] and len(net[:2]) == 2
    assert net.append(nn.Identity()) is net and len(net) == 5
    assert nn.Sequential([nn.Linear(2, 3), nn.ReLU()])(x).shape == (1, 3)
    assert nn.Sequential()(x) is x


def test_sequential_with_names():
    net = nn.Sequential(OrderedDict([("one", nn.Linear(2, 3)), ("act", nn.Tanh())]))
    net.add_module("two", nn.Linear(3, 1))
    assert [p for p, _ in net.named_parameters()] == ["one.W", "one.b", "two.W", "two.b"]
    assert net.one is net[0] and net(np.ones((1, 2))).shape == (1, 1) and "(act): Tanh()" in repr(net)


@pytest.mark.parametrize(("layer", "words"), [(nn.ReLU, "ReLU is a class"), (3, "not int")])
def test_what_is_no_layer(layer, words):
    with pytest.raises(TypeError, match=words):
        nn.Sequential(nn.Linear(2, 3), layer)


def test_lists_and_dicts():
    layers = nn.ModuleList([nn.Linear(1, 1), nn.Linear(1, 1)])
    layers.append(nn.Linear(1, 1))
    layers.extend([nn.Linear(1, 1)])
    assert len(layers) == 4 and len(layers.parameters()) == 8 and layers[1:][0] is layers[1]
    assert layers == layers and layers != nn.ModuleList(layers) and hash(layers)
    weights = nn.ParameterList([Tensor([1.0]), np.ones(2)])
    assert weights.count() == 3 and isinstance(weights[1], Tensor)
    named = nn.ModuleDict({"a": nn.Linear(1, 1)})
    named["b"] = nn.Linear(1, 1)
    assert [p for p, _ in named.named_parameters()] == ["a.W", "a.b", "b.W", "b.b"]

    class Net(nn.Module):
        def __init__(self):
            self.layers, self.named, self.free = layers, named, nn.ParameterDict({"p": Tensor(1.0)})

    assert "layers.3.W" in dict(Net().named_parameters()) and "free.p" in dict(Net().named_parameters())
    assert Net().eval() and not layers[0].training and not named["b"].training


def test_flatten():
    x = np.arange(24.0).reshape(2, 3, 4)
    assert nn.Flatten()(Tensor(x)).data.tolist() == x.reshape(2, 12).tolist()
    assert nn.Flatten(start_dim=0)(x).shape == (24,) and nn.Flatten(0, 1)(x).shape == (6, 4)
    assert nn.Unflatten(1, (3, 4))(x.reshape(2, 12)).shape == (2, 3, 4)
