"""A network of float32 stays one: no layer brings another kind of number in."""

import numpy as np
import pytest

from tinygrad_edu import nn

LAYERS = {
    "Linear": (lambda: nn.Linear(4, 3), (2, 4)),
    "Conv1d": (lambda: nn.Conv1d(2, 3), (2, 2, 5)),
    "Conv2d": (lambda: nn.Conv2d(2, 3, groups=1, dilation=2), (2, 2, 5, 5)),
    "ConvTranspose2d": (lambda: nn.ConvTranspose2d(2, 3, 2), (2, 2, 5, 5)),
    "LayerNorm": (lambda: nn.LayerNorm(4), (2, 4)),
    "RMSNorm": (lambda: nn.RMSNorm(4), (2, 4)),
    "GroupNorm": (lambda: nn.GroupNorm(2, 4), (2, 4)),
    "BatchNorm": (lambda: nn.BatchNorm(4), (3, 4)),
    "RNN": (lambda: nn.RNN(4, 3, 2), (5, 2, 4)),
    "GRU": (lambda: nn.GRU(4, 3), (5, 2, 4)),
    "LSTM": (lambda: nn.LSTM(4, 3), (5, 2, 4)),
    "TransformerEncoderLayer": (lambda: nn.TransformerEncoderLayer(4, 2, 3), (5, 2, 4)),
    "PReLU": (lambda: nn.PReLU(), (2, 4)),
    "Dropout": (lambda: nn.Dropout(), (2, 4)),
    "GELU": (lambda: nn.GELU(), (2, 4)),
    "MaxPool2d": (lambda: nn.MaxPool2d(2), (2, 2, 4, 4)),
}


def all_of(found):
    return [t for part in found for t in all_of(part)] if isinstance(found, tuple) else [found]


@pytest.mark.parametrize("mode", [True, False])
@pytest.mark.parametrize("name", LAYERS)
def test_float32_stays_float32(name, mode):
    make, shape = LAYERS[name]
    layer = make().float().train(mode)
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    found = all_of(layer(x))
    assert {t.dtype for t in found} == {np.dtype(np.float32)}
    if layer.parameters():
        (found[0] ** 2).sum().backward()
        assert {p.grad.dtype for p in layer.parameters() if p.node.grad is not None} == {np.dtype(np.float32)}
    assert {t.dtype for t in layer.buffers()} <= {np.dtype(np.float32)}
