"""Layers as functions: each against a definition written out in NumPy, its derivatives against differences."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg

RNG = np.random.default_rng(5)


def drawn(*shape: int) -> Any:
    return RNG.normal(size=shape)


def correlation(
    x: Any, w: Any, b: Any = None, stride: int = 1, padding: Any = 0, dilation: int = 1, groups: int = 1
) -> Any:
    """A convolution along any number of axes, one number after the other.  ``padding``: a number, or pairs."""
    axes = w.ndim - 2
    widths = [(padding, padding)] * axes if np.ndim(padding) == 0 else padding
    x = np.pad(x, [(0, 0), (0, 0), *widths])
    lengths = [(n - dilation * (k - 1) - 1) // stride + 1 for n, k in zip(x.shape[2:], w.shape[2:])]
    z = np.zeros((len(x), len(w), *lengths))
    for n, o in itertools.product(range(len(x)), range(len(w))):
        first = o // (len(w) // groups) * w.shape[1]
        for place in np.ndindex(*lengths):
            for c, at in itertools.product(range(w.shape[1]), np.ndindex(*w.shape[2:])):
                there = tuple(p * stride + a * dilation for p, a in zip(place, at))
                z[(n, o, *place)] += x[(n, first + c, *there)] * w[(o, c, *at)]
    return z if b is None else z + b.reshape(-1, *(1,) * axes)


def transposed_correlation(
    x: Any, w: Any, b: Any = None, stride: int = 1, padding: int = 0, output_padding: int = 0, groups: int = 1,
    dilation: int = 1,
) -> Any:  # fmt: skip
    """Each number of x puts a window, scaled by it, into the result."""
    axes, outputs = w.ndim - 2, w.shape[1] * groups
    whole = [(n - 1) * stride + dilation * (k - 1) + 1 + output_padding for n, k in zip(x.shape[2:], w.shape[2:])]
    z = np.zeros((len(x), outputs, *whole))
    for n, c in itertools.product(range(len(x)), range(x.shape[1])):
        first = c // (x.shape[1] // groups) * w.shape[1]
        for place in np.ndindex(*x.shape[2:]):
            for o, at in itertools.product(range(w.shape[1]), np.ndindex(*w.shape[2:])):
                there = tuple(p * stride + a * dilation for p, a in zip(place, at))
                z[(n, first + o, *there)] += x[(n, c, *place)] * w[(c, o, *at)]
    z = z[(..., *(slice(padding, n - padding) for n in whole))]
    return z if b is None else z + b.reshape(-1, *(1,) * axes)


def pooled(
    x: Any,
    by: Callable[..., Any],
    size: Any,
    stride: Any = None,
    padding: int = 0,
    dilation: int = 1,
    fill: float = 0.0,
) -> Any:
    """One number for each window over the last axes, of which ``size`` has one length for each."""
    axes = len(size)
    stride = size if stride is None else (stride,) * axes
    x = np.pad(x, [(0, 0)] * (x.ndim - axes) + [(padding, padding)] * axes, constant_values=fill)
    lengths = [(n - dilation * (k - 1) - 1) // s + 1 for n, k, s in zip(x.shape[-axes:], size, stride)]
    z = np.zeros((*x.shape[:-axes], *lengths))
    for place in np.ndindex(*lengths):
        window = tuple(slice(p * s, p * s + dilation * (k - 1) + 1, dilation) for p, s, k in zip(place, stride, size))
        z[(..., *place)] = by(x[(..., *window)], axis=tuple(range(-axes, 0)))
    return z


def normal(x: Any, axes: Any, eps: float = 1e-5) -> Any:
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(
        ((x - x.mean(axes, keepdims=True)) ** 2).mean(axes, keepdims=True) + eps
    )


def attention(q: Any, k: Any, v: Any, scale: float, mask: Any = True, added: Any = 0.0) -> Any:
    scores = np.einsum("...id,...jd->...ij", q, k) * scale + added
    weights = np.exp(scores) * mask
    return np.einsum("...ij,...jo->...io", weights / weights.sum(-1, keepdims=True), v)


CAUSAL = np.tri(3, 4).astype(bool)
MASK = np.array([[True, False, True, True], [True, True, False, False], [False, True, True, True]])
IDS = np.array([[0, 2], [2, 1]])
MEAN, VAR = drawn(3), RNG.uniform(0.5, 2, 3)

# The name, the call as PyTorch's users write it, the definition, and the shapes of the operands.
CASES: dict[str, tuple[Callable[..., Any], Callable[..., Any], list[tuple[int, ...]]]] = {
    "conv1d bias": (
        lambda x, w, b: tg.conv1d(x, w, b, 2, 1),
        lambda x, w, b: correlation(x, w, b, 2, 1),
        [(2, 3, 6), (4, 3, 3), (4,)],
    ),
    "conv1d without examples": (tg.conv1d, lambda x, w: correlation(x[None], w)[0], [(3, 6), (2, 3, 3)]),
    "conv2d bias": (tg.conv2d, correlation, [(2, 2, 4, 5), (3, 2, 2, 3), (3,)]),
    "conv2d in words": (
        lambda x, w, b: tg.conv2d(input=x, weight=w, bias=b, stride=2, padding=1, dilation=2),
        lambda x, w, b: correlation(x, w, b, 2, 1, 2),
        [(1, 2, 5, 5), (2, 2, 2, 3), (2,)],
    ),
    "conv2d in PyTorch's order": (
        lambda x, w: tg.conv2d(x, w, None, 1, 0, 1, 2),
        lambda x, w: correlation(x, w, groups=2),
        [(1, 4, 3, 3), (2, 2, 2, 2)],
    ),
    "conv2d in our order": (
        lambda x, w: tg.conv2d(x, w, 2, 1),
        lambda x, w: correlation(x, w, None, 2, 1),
        [(1, 2, 4, 4), (2, 2, 3, 2)],
    ),
    "conv2d same": (
        lambda x, w: tg.conv2d(x, w, padding="same"),
        lambda x, w: correlation(x, w, padding=[(1, 1), (0, 1)]),
        [(1, 2, 3, 3), (2, 2, 3, 2)],
    ),
    "conv2d uneven": (
        lambda x, w: tg.conv2d(x, w, padding=((1, 0), (0, 2))),
        lambda x, w: correlation(x, w, padding=[(1, 0), (0, 2)]),
        [(1, 2, 3, 3), (2, 2, 2, 2)],
    ),
    "conv2d each channel": (
        lambda x, w: tg.conv2d(x, w, groups=3),
        lambda x, w: correlation(x, w, groups=3),
        [(1, 3, 3, 3), (6, 1, 2, 2)],
    ),
    "conv2d without examples": (
        lambda x, w, b: tg.conv2d(x, w, b),
        lambda x, w, b: correlation(x[None], w, b)[0],
        [(2, 3, 4), (2, 2, 2, 2), (2,)],
    ),
    "conv3d": (
        lambda x, w, b: tg.conv3d(x, w, b, padding=1, groups=2),
        lambda x, w, b: correlation(x, w, b, padding=1, groups=2),
        [(1, 2, 2, 3, 2), (2, 1, 2, 1, 2), (2,)],
    ),
    "conv_transpose1d": (
        lambda x, w, b: tg.conv_transpose1d(x, w, b, stride=3, padding=1, output_padding=2),
        lambda x, w, b: transposed_correlation(x, w, b, 3, 1, 2),
        [(2, 2, 3), (2, 3, 2), (3,)],
    ),
    "conv_transpose2d": (
        lambda x, w, b: tg.conv_transpose2d(x, w, b, 2, 1, 1, 2, 2),
        lambda x, w, b: transposed_correlation(x, w, b, 2, 1, 1, 2, 2),
        [(1, 4, 2, 3), (4, 1, 3, 2), (2,)],
    ),
    "conv_transpose2d without examples": (
        tg.conv_transpose2d,
        lambda x, w: transposed_correlation(x[None], w)[0],
        [(2, 2, 2), (2, 1, 2, 2)],
    ),
    "max_pool2d padding": (
        lambda x: tg.max_pool2d(x, 3, 2, 1),
        lambda x: pooled(x, np.max, (3, 3), 2, 1, fill=-np.inf),
        [(1, 2, 4, 5)],
    ),
    "max_pool2d dilation": (
        lambda x: tg.max_pool2d(x, kernel_size=(2, 3), stride=1, dilation=2),
        lambda x: pooled(x, np.max, (2, 3), 1, dilation=2),
        [(1, 4, 6)],
    ),
    "max_pool1d": (
        lambda x: tg.max_pool1d(x, 3, 2, padding=1),
        lambda x: pooled(x, np.max, (3,), 2, 1, fill=-np.inf),
        [(2, 2, 6)],
    ),
    "avg_pool2d padding": (
        lambda x: tg.avg_pool2d(x, 3, 2, 1),
        lambda x: pooled(x, np.mean, (3, 3), 2, 1),
        [(1, 2, 4, 5)],
    ),
    "avg_pool2d without the border": (
        lambda x: tg.avg_pool2d(x, 3, 2, 1, count_include_pad=False),
        lambda x: pooled(x, np.sum, (3, 3), 2, 1) / pooled(np.ones_like(x), np.sum, (3, 3), 2, 1),
        [(1, 2, 4, 5)],
    ),
    "avg_pool1d": (lambda x: tg.avg_pool1d(x, 2), lambda x: pooled(x, np.mean, (2,)), [(2, 2, 5)]),
    "max_pool1d, the last window cut": (
        lambda x: tg.max_pool1d(x, 3, 2, ceil_mode=True),
        lambda x: np.stack([x[:, i : i + 3].max(-1) for i in (0, 2, 4)], -1),
        [(2, 6)],
    ),
    "avg_pool1d, the last window cut": (
        lambda x: tg.avg_pool1d(x, 3, 2, ceil_mode=True),
        lambda x: np.stack([x[:, i : i + 3].mean(-1) for i in (0, 2, 4)], -1),
        [(2, 6)],
    ),
    "avg_pool1d, no window behind the end": (
        lambda x: tg.avg_pool1d(x, 1, 3, ceil_mode=True),
        lambda x: x[:, ::3],
        [(2, 5)],
    ),
    "avg_pool2d, the last window cut": (
        lambda x: tg.avg_pool2d(x, 2, 2, 1, True, False),
        lambda x: np.array([[[x[0, 0, 0], x[0, 0, 1:].mean()], [x[0, 1:, 0].mean(), x[0, 1:, 1:].mean()]]]),
        [(1, 3, 3)],
    ),
    "avg_pool2d by another number": (
        lambda x: tg.avg_pool2d(x, 2, divisor_override=3),
        lambda x: pooled(x, np.sum, (2, 2)) / 3,
        [(1, 4, 4)],
    ),
    "max_pool3d": (
        lambda x: tg.max_pool3d(x, 2, 1),
        lambda x: pooled(x, np.max, (2, 2, 2), 1),
        [(1, 2, 2, 3, 3)],
    ),
    "avg_pool3d": (
        lambda x: tg.avg_pool3d(x, 2, 1, padding=1),
        lambda x: pooled(x, np.mean, (2, 2, 2), 1, 1),
        [(1, 1, 2, 2, 3)],
    ),
    "adaptive_avg_pool3d": (
        lambda x: tg.adaptive_avg_pool3d(x, (1, 2, None)),
        lambda x: pooled(x, np.mean, (2, 1, 1)),
        [(1, 2, 2, 3)],
    ),
    "adaptive_max_pool1d": (
        lambda x: tg.adaptive_max_pool1d(x, 2),
        lambda x: pooled(x, np.max, (3,)),
        [(2, 6)],
    ),
    "pixel_shuffle": (
        lambda x: tg.pixel_shuffle(x, 2),
        lambda x: np.array([[[x[0, i % 2 * 2 + j % 2, i // 2, j // 2] for j in range(6)] for i in range(4)]])[None],
        [(1, 4, 2, 3)],
    ),
    "pixel_unshuffle": (
        lambda x: tg.pixel_unshuffle(x, 2),
        lambda x: np.stack([x[:, i::2, j::2] for i in (0, 1) for j in (0, 1)], 1)[0],
        [(1, 4, 6)],
    ),
    "channel_shuffle": (lambda x: tg.channel_shuffle(x, 2), lambda x: x[:, [0, 2, 1, 3]], [(2, 4, 3)]),
    "interpolate": (
        lambda x: tg.interpolate(x, scale_factor=2),
        lambda x: x.repeat(2, -1).repeat(2, -2),
        [(1, 2, 2, 3)],
    ),
    "interpolate, smaller": (lambda x: tg.interpolate(x, 2), lambda x: x[..., [0, 2]], [(1, 2, 5)]),
    "interpolate, linear": (
        lambda x: tg.interpolate(x, 5, mode="linear"),
        lambda x: np.interp((np.arange(5) + 0.5) * 3 / 5 - 0.5, range(3), x[0, 0])[None, None],
        [(1, 1, 3)],
    ),
    "interpolate, the corners in place": (
        lambda x: tg.interpolate(x, size=(5, 2), mode="bilinear", align_corners=True),
        lambda x: np.stack([np.interp(np.linspace(0, 2, 5), range(3), x[0, 0, :, k]) for k in (0, 1)], -1)[None, None],
        [(1, 1, 3, 2)],
    ),
    "interpolate, area": (
        lambda x: tg.interpolate(x, (2, 1), mode="area"),
        lambda x: pooled(x, np.mean, (1, 3)),
        [(1, 1, 2, 3)],
    ),
    "local_response_norm": (
        lambda x: tg.local_response_norm(x, 3, 0.5, 0.75, 2.0),
        lambda x: (
            x / (2 + 0.5 / 3 * np.stack([(x[:, max(c - 1, 0) : c + 2] ** 2).sum(1) for c in range(4)], 1)) ** 0.75
        ),
        [(2, 4, 3)],
    ),
    "pdist": (
        tg.pdist,
        lambda x: np.array([np.sqrt(((x[i] - x[j]) ** 2).sum()) for i in range(3) for j in range(i + 1, 3)]),
        [(3, 2)],
    ),
    "conv_transpose1d, longer than its windows reach": (
        lambda x, w: tg.conv_transpose1d(x, w, padding=1, output_padding=2, dilation=3),
        lambda x, w: transposed_correlation(x, w, padding=1, output_padding=2, dilation=3),
        [(1, 2, 3), (2, 1, 2)],
    ),
    "pad with widths below 0": (
        lambda x: tg.pad(x, (-1, 2), value=0.0),
        lambda x: np.pad(x[:, 1:], ((0, 0), (0, 2))),
        [(2, 4)],
    ),
    "adaptive_avg_pool2d": (
        lambda x: tg.adaptive_avg_pool2d(x, (2, 3)),
        lambda x: pooled(x, np.mean, (2, 1)),
        [(1, 2, 4, 3)],
    ),
    "adaptive_avg_pool2d overlapping": (
        lambda x: tg.adaptive_avg_pool2d(x, (2, None)),
        lambda x: pooled(x, np.mean, (2, 1), 1),
        [(1, 2, 3, 4)],
    ),
    "adaptive_avg_pool1d": (lambda x: tg.adaptive_avg_pool1d(x, 1), lambda x: x.mean(-1, keepdims=True), [(2, 3, 4)]),
    "adaptive_max_pool2d": (
        lambda x: tg.adaptive_max_pool2d(x, 1),
        lambda x: x.max((-1, -2), keepdims=True),
        [(2, 2, 3, 2)],
    ),
    "pad in PyTorch's order": (
        lambda x: tg.pad(x, (1, 2, 0, 1), "constant", 3.0),
        lambda x: np.pad(x, ((0, 0), (0, 1), (1, 2)), constant_values=3),
        [(2, 2, 3)],
    ),
    "pad of one axis": (
        lambda x: tg.pad(x, (1, 2), value=3.0),
        lambda x: np.pad(x, ((0, 0), (1, 2)), constant_values=3),
        [(2, 3)],
    ),
    "pad replicate": (
        lambda x: tg.pad(x, pad=(1, 2), mode="replicate"),
        lambda x: np.pad(x, ((0, 0), (1, 2)), "edge"),
        [(2, 3)],
    ),
    "pad circular": (lambda x: tg.pad(x, (2, 1), "circular"), lambda x: np.pad(x, ((0, 0), (2, 1)), "wrap"), [(2, 3)]),
    "pad in NumPy's order": (
        lambda x: np.pad(x, (2, 1), "reflect"),
        lambda x: np.pad(x, (2, 1), mode="reflect"),
        [(3, 4)],
    ),
    "layer_norm with gain and shift": (tg.layer_norm, lambda x, w, b: normal(x, -1) * w + b, [(3, 4), (4,), (4,)]),
    "layer_norm with a gain": (lambda x, w: tg.layer_norm(x, gain=w), lambda x, w: normal(x, -1) * w, [(3, 4), (4,)]),
    "layer_norm in PyTorch's order": (
        lambda x, w, b: tg.layer_norm(x, (3, 4), w, b, 0.1),
        lambda x, w, b: normal(x, (-2, -1), 0.1) * w + b,
        [(2, 3, 4), (3, 4), (3, 4)],
    ),
    "layer_norm by a length": (lambda x: tg.layer_norm(x, 5), lambda x: normal(x, -1), [(3, 5)]),
    "layer_norm of another axis": (
        lambda x, w: tg.layer_norm(x, axis=0, weight=w),
        lambda x, w: normal(x, 0) * w[:, None],
        [(3, 4), (3,)],
    ),
    "rms_norm": (
        lambda x, w: tg.rms_norm(x, (4,), w, eps=0.1),
        lambda x, w: x / np.sqrt((x**2).mean(-1, keepdims=True) + 0.1) * w,
        [(3, 4), (4,)],
    ),
    "batch_norm": (
        lambda x, w, b: tg.batch_norm(x, None, None, w, b, True),
        lambda x, w, b: normal(x, (0, 2)) * w[:, None] + b[:, None],
        [(3, 2, 4), (2,), (2,)],
    ),
    "batch_norm by running statistics": (
        lambda x, w: tg.batch_norm(x, MEAN, VAR, w),
        lambda x, w: (x - MEAN) / np.sqrt(VAR + 1e-5) * w,
        [(4, 3), (3,)],
    ),
    "instance_norm": (tg.instance_norm, lambda x: normal(x, (2, 3)), [(2, 2, 2, 3)]),
    "group_norm": (
        lambda x, w, b: tg.group_norm(x, 2, w, b),
        lambda x, w, b: normal(x.reshape(2, 2, 6), -1).reshape(x.shape) * w[:, None] + b[:, None],
        [(2, 4, 3), (4,), (4,)],
    ),
    "normalize": (tg.normalize, lambda x: x / np.sqrt((x**2).sum(1, keepdims=True)), [(2, 3)]),
    "cosine_similarity": (
        lambda x, y: tg.cosine_similarity(x, y, dim=-1),
        lambda x, y: (x * y).sum(-1) / np.sqrt((x**2).sum(-1) * (y**2).sum(-1)),
        [(2, 3), (3,)],
    ),
    "pairwise_distance": (
        lambda x, y: tg.pairwise_distance(x, y, keepdim=True),
        lambda x, y: np.sqrt(((x - y + 1e-6) ** 2).sum(-1, keepdims=True)),
        [(2, 3), (2, 3)],
    ),
    "attention": (
        tg.scaled_dot_product_attention,
        lambda q, k, v: attention(q, k, v, 0.5),
        [(2, 3, 4), (2, 5, 4), (2, 5, 2)],
    ),
    "attention, causal": (
        lambda q, k, v: tg.scaled_dot_product_attention(q, k, v, is_causal=True),
        lambda q, k, v: attention(q, k, v, 2**-0.5, CAUSAL),
        [(3, 2), (4, 2), (4, 3)],
    ),
    "attention, masked": (
        lambda q, k, v: tg.scaled_dot_product_attention(q, k, v, MASK, scale=0.3),
        lambda q, k, v: attention(q, k, v, 0.3, MASK),
        [(3, 2), (4, 2), (4, 3)],
    ),
    "attention, added": (
        lambda q, k, v, m: tg.scaled_dot_product_attention(q, k, v, m),
        lambda q, k, v, m: attention(q, k, v, 2**-0.5, added=m),
        [(3, 2), (4, 2), (4, 3), (3, 4)],
    ),
    "embedding": (lambda w: tg.embedding(IDS, w), lambda w: w[IDS], [(3, 2)]),
    "embedding in words": (lambda w: tg.embedding(input=IDS, weight=w), lambda w: w[IDS], [(3, 2)]),
    "bilinear": (
        tg.bilinear,
        lambda x, y, w, b: np.einsum("bi,oij,bj->bo", x, w, y) + b,
        [(2, 3), (2, 2), (4, 3, 2), (4,)],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_what_its_definition_says_with_derivatives_of_first_and_second_order(case: str) -> None:
    function, definition, shapes = CASES[case]
    operands = [drawn(*shape) for shape in shapes]
    result = function(*map(tg.Tensor, operands))
    expected = definition(*operands)
    assert result.shape == np.shape(expected)
    np.testing.assert_allclose(result.data, expected, atol=1e-12)
    assert tg.gradcheck(function, *operands)


@pytest.mark.parametrize("case", CASES)
def test_float32_stays_float32(case: str) -> None:
    function, _, shapes = CASES[case]
    tensors = [tg.Tensor(drawn(*shape).astype(np.float32)) for shape in shapes]
    result = function(*tensors)
    assert result.dtype == np.float32
    for step in tg.sweep(result, np.ones(result.shape, np.float32)):
        assert np.asarray(step.gradient).dtype == np.float32, step.tensor


@pytest.mark.parametrize("case", CASES)
def test_the_record_names_the_line_of_the_caller(case: str) -> None:
    function, _, shapes = CASES[case]
    z = function(*[tg.Tensor(drawn(*shape)) for shape in shapes])
    pending = [z.node]
    while pending:
        node = pending.pop()
        assert node.op is None or node.code.co_filename == __file__
        pending += [n for n in node.args or () if n is not None]


def test_dropout_of_channels_leaves_out_whole_channels() -> None:
    x = tg.Tensor(np.ones((50, 3, 2, 2)))
    z = tg.dropout2d(x, p=0.5).data
    assert set(np.unique(z)) == {0.0, 2.0} and (z == z[:, :, :1, :1]).all()
    np.testing.assert_array_equal(tg.dropout1d(x[0], 0.5, training=False).data, x.data[0])
    with pytest.raises(ValueError, match="dropout3d takes x of shape"):
        tg.dropout3d(np.ones((2, 2)))


def test_windows_as_columns_and_back() -> None:
    x = drawn(2, 3, 4, 5)
    columns = tg.unfold(x, (3, 2), padding=(1, 0), stride=(1, 2))
    assert columns.shape == (2, 3 * 6, 4 * 2)
    np.testing.assert_array_equal(columns[1, 6:12, 3], x[1, 1, 0:3, 2:4].ravel())
    assert tg.gradcheck(lambda x: tg.unfold(x, 2, dilation=2), x)
    weights = drawn(*columns.shape)
    back = tg.fold(weights, (4, 5), (3, 2), padding=(1, 0), stride=(1, 2))
    np.testing.assert_allclose((back * x).sum(), (columns * weights).sum())  # one is the transpose of the other
    assert tg.gradcheck(lambda w: tg.fold(w, (4, 5), (3, 2), padding=(1, 0), stride=(1, 2)), weights)


def test_a_transposed_convolution_is_the_transpose_of_the_convolution() -> None:
    x, w = drawn(2, 3, 6, 5), drawn(4, 3, 3, 2)
    z = tg.conv2d(x, w, stride=2, padding=1)
    g = drawn(*z.shape)
    back = tg.conv_transpose2d(g, w, stride=2, padding=1, output_padding=(1, 1))
    assert back.shape == x.shape
    np.testing.assert_allclose((back * x).sum(), (g * z).sum())


def test_batch_norm_moves_the_running_statistics_in_training_alone() -> None:
    x = drawn(6, 3)
    mean, var = np.zeros(3), np.ones(3)
    tg.batch_norm(tg.Tensor(x), mean, var, training=True, momentum=0.25)
    np.testing.assert_allclose(mean, 0.25 * x.mean(0))
    np.testing.assert_allclose(var, 0.75 + 0.25 * x.var(0, ddof=1))
    before = mean.copy()
    tg.batch_norm(tg.Tensor(x), mean, var)
    np.testing.assert_array_equal(mean, before)
    constant = tg.constant(np.zeros(3))
    tg.batch_norm(tg.Tensor(x), constant, tg.constant(np.ones(3)), training=True)
    np.testing.assert_allclose(constant.data, 0.1 * x.mean(0))


def test_layer_norm_takes_an_axis_or_the_length_of_one() -> None:
    x = drawn(3, 4)
    for call in (
        lambda: tg.layer_norm(x, 1),
        lambda: tg.layer_norm(x, 4),
        lambda: tg.layer_norm(x, (4,)),
        lambda: tg.layer_norm(x),
    ):
        np.testing.assert_array_equal(call(), tg.layer_norm(x, -1))
    np.testing.assert_array_equal(tg.layer_norm(x, 0, 0.1), tg.layer_norm(x, axis=0, eps=0.1))
    with pytest.raises(ValueError, match="1 is an axis .* and the length of its last axes too") as caught:
        tg.layer_norm(drawn(3, 4, 1), 1)
    assert "Write axis=1 or normalized_shape=1." in caught.value.__notes__


X, W = drawn(1, 2, 4, 4), drawn(3, 2, 2, 2)
REFUSED: dict[str, tuple[Callable[[], Any], str, str]] = {
    "a bias of another shape": (lambda: tg.conv2d(X, W, np.ones(2)), r"takes a bias of shape \(3,\)", "bias"),
    "a second bias": (lambda: tg.conv2d(X, W, None, bias=np.ones(3)), "was given bias twice", ""),
    "groups that do not divide": (lambda: tg.conv2d(X, W, groups=2), r"do not fit, with 2 groups", "groups"),
    "same with a stride": (lambda: tg.conv2d(X, W, padding="same", stride=2), "stride=1", ""),
    "another word of padding": (lambda: tg.conv2d(X, W, padding="full"), "'same' or 'valid', not 'full'", ""),
    "a window too large": (lambda: tg.conv2d(X, W, dilation=4), "window", "not larger than x with its padding"),
    "output_padding": (lambda: tg.conv_transpose2d(X, W[:2], output_padding=1), "not smaller than the stride", ""),
    "return_indices": (lambda: tg.max_pool1d(X, 2, return_indices=True), "takes no return_indices=True", "argmax"),
    "a window in the border": (lambda: tg.max_pool2d(X, 2, padding=2), "more than half of a window", ""),
    "bicubic": (lambda: tg.interpolate(X, 3, mode="bicubic"), "'bilinear', not 'bicubic'", ""),
    "no size": (lambda: tg.interpolate(X), "either size or scale_factor", ""),
    "antialias": (lambda: tg.interpolate(X, 2, antialias=True), "no antialias", "avg_pool2d"),
    "pixels": (lambda: tg.pixel_shuffle(X, 2), "a multiple of 4", ""),
    "adaptive_max_pool2d": (lambda: tg.adaptive_max_pool2d(X, 3), "only where these are multiples", "max_pool2d"),
    "a gain of another shape": (lambda: tg.layer_norm(X, np.ones(3), np.ones(3)), r"a gain of shape \(3,\)", "gain"),
    "another normalized_shape": (
        lambda: tg.layer_norm(X, normalized_shape=5),
        "not the lengths of the last axes",
        "(4,)",
    ),
    "no running statistics": (lambda: tg.batch_norm(X), "needs a running mean", "training=True"),
    "a list of running statistics": (
        lambda: tg.batch_norm(X, [0, 0], None, training=True),
        "list cannot be changed",
        "np.zeros",
    ),
    "other channels": (lambda: tg.batch_norm(X, weight=np.ones(3), training=True), r"a weight of shape \(2,\)", ""),
    "other groups": (lambda: tg.group_norm(X, 3), "cannot be cut into 3 equal groups", ""),
    "an odd number of widths": (lambda: tg.pad(X, (1, 2, 3)), "a pair for each of the last axes", "left, right"),
    "a mode of NumPy": (lambda: tg.pad(X, 1, "mean"), "pad knows the modes", "mean"),
    "a constant for another mode": (
        lambda: tg.pad(X, 1, "edge", 2.0),
        "constant_values=2.0 for mode='constant' only",
        "",
    ),
    "two widths": (lambda: tg.pad(X, 1, pad=1), "both pad_width and pad", ""),
    "two masks": (lambda: tg.scaled_dot_product_attention(X, X, X, MASK, is_causal=True), "not both", ""),
    "padding_idx": (lambda: tg.embedding(IDS, drawn(3, 2), padding_idx=0), "takes no padding_idx=0", "a row of zeros"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused_in_words(case: str) -> None:
    call, words, remedy = REFUSED[case]
    with pytest.raises((ValueError, TypeError), match=words) as caught:
        call()
    assert any("test_composed_layers.py" in note for note in caught.value.__notes__)
    assert remedy in "\n".join([str(caught.value), *caught.value.__notes__])
