"""Activations, pooling and losses as modules call the function of their name, with its options."""

import numpy as np
import pytest

import tinygrad_edu
from tinygrad_edu import Tensor, nn
from tinygrad_edu.nn import applied, functional

x = Tensor(np.random.default_rng(0).normal(size=(3, 4)), "x")


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (lambda: nn.ReLU(inplace=True), lambda: tinygrad_edu.relu(x)),
        (lambda: nn.LeakyReLU(0.3), lambda: tinygrad_edu.leaky_relu(x, 0.3)),
        (lambda: nn.Softmax(dim=0), lambda: tinygrad_edu.softmax(x, 0)),
        (lambda: nn.Softmax(0), lambda: tinygrad_edu.softmax(x, 0)),
        (lambda: nn.LogSoftmax(dim=-1), lambda: tinygrad_edu.log_softmax(x)),
        (lambda: nn.Tanh(), lambda: np.tanh(x)),
        (lambda: nn.Sum(axis=1, keepdim=True), lambda: x.sum(1, keepdims=True)),
    ],
)
def test_a_module_calls_its_function(layer, expected):
    assert (layer()(x).data == expected().data).all()


def test_losses():
    y, target = np.array([0, 3, 1]), np.ones((3, 4))
    assert nn.CrossEntropyLoss()(x, y).item() == tinygrad_edu.cross_entropy(x, y).item()
    assert nn.CrossEntropyLoss(reduction="sum")(x, y).item() == tinygrad_edu.cross_entropy(x, y, reduction="sum").item()
    assert nn.MSELoss()(x, target).item() == tinygrad_edu.mse(x, target).item()
    p = tinygrad_edu.sigmoid(x)
    assert nn.BCELoss()(p, target).item() == tinygrad_edu.binary_cross_entropy(p, target).item()
    assert nn.BCEWithLogitsLoss()(x, target).item() == pytest.approx(nn.BCELoss()(p, target).item())


def test_losses_with_weights_and_smoothing():
    y, weight = np.array([0, 3, 1]), np.array([1.0, 2.0, 3.0, 4.0])
    p, w = np.exp(x.data) / np.exp(x.data).sum(1, keepdims=True), weight[y]
    expected = -(w * np.log(p[np.arange(3), y])).sum() / w.sum()
    for loss in (nn.CrossEntropyLoss(weight), nn.CrossEntropyLoss(weight=weight)):
        assert loss(x, y).item() == pytest.approx(expected)
    assert nn.NLLLoss(weight=weight)(np.log(p), y) == pytest.approx(expected)
    smooth = 0.9 * np.eye(4)[y] + 0.1 / 4
    assert nn.CrossEntropyLoss(label_smoothing=0.1)(x, y).item() == pytest.approx(-(smooth * np.log(p)).sum() / 3)
    assert nn.CosineSimilarity(dim=1)(x, 2 * x).data.round(9).tolist() == [1.0] * 3
    assert nn.TripletMarginLoss(margin=1.0)(x, x, x).item() == pytest.approx(1.0)


def test_a_function_that_depends_on_the_mode_is_told_it():
    layer, ones = nn.RReLU(lower=0.1, upper=0.3), -np.ones(50)
    found = layer(ones)
    assert len({*found.tolist()}) > 10 and (found < -0.1).all() and (found > -0.3).all()
    assert {*layer.eval()(ones).round(9).tolist()} == {-0.2}


def test_pooling():
    image = np.arange(16.0).reshape(1, 1, 4, 4)
    assert nn.MaxPool2d(2)(image).tolist() == [[[[5.0, 7.0], [13.0, 15.0]]]]
    assert nn.MaxPool2d(kernel_size=3, stride=2, padding=1)(image).tolist() == [[[[5.0, 7.0], [13.0, 15.0]]]]
    assert nn.MaxPool2d(3, 2, 1)(image).tolist() == [[[[5.0, 7.0], [13.0, 15.0]]]]
    assert repr(nn.MaxPool2d(3, padding=1)) == "MaxPool2d(size=3, padding=1)"
    assert nn.AdaptiveAvgPool2d(1)(image).tolist() == [[[[7.5]]]]
    assert nn.AvgPool2d(2)(image).tolist() == [[[[2.5, 4.5], [10.5, 12.5]]]]


def test_every_written_name_that_is_listed_is_there():
    names = applied.written_names()
    assert {"ReLU", "Softmax", "MaxPool2d", "CrossEntropyLoss", "BCEWithLogitsLoss", "MSELoss"} <= {*names}
    for name in names:
        kind = getattr(nn, name)
        assert kind is getattr(nn, name) and issubclass(kind, nn.Module) and kind.__name__ == name and kind.__doc__
        assert name in dir(nn)


def test_it_looks_like_its_options():
    assert repr(nn.Softmax(dim=1)) == "Softmax(axis=1)" and repr(nn.ReLU()) == "ReLU()"


@pytest.mark.parametrize(
    ("make", "words", "note"),
    [
        (lambda: nn.Softmax(axis=1, foo=3), "foo=3", "axis"),
        (lambda: nn.ReLU(x), "1 argument", "layer(x)"),
        (lambda: nn.Softmax(0, axis=0), "axis twice", "axis"),
        (lambda: nn.AdaptiveAvgPool2d(), "without output_size", "output_size"),
        (lambda: nn.Softmax(x=3), "no x=3", "axis"),
    ],
)
def test_what_is_not_taken_is_said(make, words, note):
    with pytest.raises(TypeError, match=words) as error:
        make()
    assert any(note in n for n in error.value.__notes__)


def test_what_there_is_not():
    with pytest.raises(AttributeError, match="Linaer") as error:
        nn.Linaer  # noqa: B018
    assert any("Did you mean Linear" in note for note in error.value.__notes__)
    assert not hasattr(nn, "linaer") and not hasattr(nn, "Conv3d")  # its function has weights


def test_functional_has_all_functions():
    assert functional.relu.op is tinygrad_edu.relu.op and functional.cross_entropy is tinygrad_edu.cross_entropy
    with pytest.raises(TypeError, match="relu takes no inplace=True"):
        functional.relu(np.ones(2), inplace=True)
    assert functional.relu(np.array([-1.0, 2.0]), inplace=False).tolist() == [0.0, 2.0]
    assert {"relu", "softmax", "linear"} <= {*dir(functional)}
    with pytest.raises(AttributeError, match="rellu") as error:
        functional.rellu  # noqa: B018
    assert any("relu" in note for note in error.value.__notes__)
