"""Attention is what NumPy makes of its formula, for each head, and masks hide what they say."""

import numpy as np
import pytest

from tinygrad_edu import constant, formula, gradcheck, nn

rng = np.random.default_rng(0)


def softmax(s):
    e = np.exp(s - s.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def attended(layer, q, k, v, hidden=None):
    """One example, (time, size), head by head.  hidden: True where a key is not seen.  Also the mean weights."""
    Q, K, V = (x @ a.W.data.T + a.b.data for x, a in ((q, layer.query), (k, layer.key), (v, layer.value)))
    d = layer.size // layer.heads
    results, weights = [], []
    for head in range(layer.heads):
        columns = slice(head * d, (head + 1) * d)
        scores = Q[:, columns] @ K[:, columns].T / np.sqrt(d)
        if hidden is not None:
            scores = np.where(hidden, -np.inf, scores)
        weights.append(softmax(scores))
        results.append(weights[-1] @ V[:, columns])
    return np.concatenate(results, 1) @ layer.out.W.data.T + layer.out.b.data, np.mean(weights, 0)


def drawn(heads, **options):
    layer = nn.MultiheadAttention(6, heads, rng=rng, **options)
    for p in layer.parameters():
        p.data = rng.normal(size=p.shape)
    return layer


@pytest.mark.parametrize("heads", [1, 2, 3])
@pytest.mark.parametrize("batch_first", [False, True])
def test_attention(heads, batch_first):
    layer = drawn(heads, batch_first=batch_first)
    q, k, v = rng.normal(size=(2, 4, 6)), rng.normal(size=(2, 5, 6)), rng.normal(size=(2, 5, 6))
    given = (q, k, v) if batch_first else [x.swapaxes(0, 1) for x in (q, k, v)]
    y, weights = layer(*given)
    y = y.data if batch_first else y.data.swapaxes(0, 1)
    for example in range(2):
        expected, mean = attended(layer, q[example], k[example], v[example])
        np.testing.assert_allclose(y[example], expected, rtol=1e-11)
        np.testing.assert_allclose(weights.data[example], mean, rtol=1e-11)
        alone, _ = layer(q[example], k[example], v[example])
        np.testing.assert_allclose(alone.data, expected, rtol=1e-11)


@pytest.mark.parametrize("heads", [1, 2])
def test_masks(heads):
    layer, x = drawn(heads, batch_first=True), rng.normal(size=(2, 4, 6))
    later = np.triu(np.ones((4, 4), bool), 1)
    padding = np.array([[False, False, False, True], [False, False, False, False]])
    for options, hidden in (
        ({"attn_mask": later}, [later, later]),
        ({"attn_mask": np.where(later, -np.inf, 0.0)}, [later, later]),
        ({"is_causal": True}, [later, later]),
        ({"key_padding_mask": padding}, [np.tile(row, (4, 1)) for row in padding]),
        ({"mask": later, "key_padding_mask": padding}, [later | row for row in padding]),
        ({"attn_mask": np.repeat(np.stack([later, later.T]), heads, 0)}, [later, later.T]),
    ):
        y, weights = layer(x, x, x, **options)
        for example in range(2):
            expected, mean = attended(layer, *(x[example],) * 3, hidden[example])
            np.testing.assert_allclose(y.data[example], expected, rtol=1e-11)
            np.testing.assert_allclose(weights.data[example], mean, rtol=1e-11)
    assert layer(x, need_weights=False)[1] is None
    assert layer(x, average_attn_weights=False)[1].shape == ((2, 4, 4) if heads == 1 else (2, heads, 4, 4))
    y, _ = layer(x[0], key_padding_mask=padding[0])
    np.testing.assert_allclose(y.data, attended(layer, *(x[0],) * 3, padding[:1])[0], rtol=1e-11)


def test_gradients_are_those_of_differences():
    layer, x = nn.TransformerEncoderLayer(4, 2, 3, 0.0, activation="gelu", rng=rng), rng.normal(size=(3, 1, 4))
    assert gradcheck(lambda x: (layer(x, is_causal=True) ** 3).sum(), x)
    for module in (layer.attention.query, layer.attention.out, layer.first):
        W = module.W

        def loss(value, module=module):
            module.W = value
            return (layer(x) ** 3).sum()

        assert gradcheck(loss, W.data)
        module.W = W


@pytest.mark.parametrize("norm_first", [False, True])
def test_an_encoder_layer_is_its_formula(norm_first):
    layer = nn.TransformerEncoderLayer(
        d_model=6, nhead=2, dim_feedforward=5, dropout=0.0, norm_first=norm_first, rng=rng
    )
    x = rng.normal(size=(4, 6))

    def norm(x):
        return (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5)

    def think(x):
        return layer.second(np.maximum(layer.first(x).data, 0)).data

    if norm_first:
        x1 = x + attended(layer.attention, *(norm(x),) * 3)[0]
        expected = x1 + think(norm(x1))
    else:
        x1 = norm(x + attended(layer.attention, *(x,) * 3)[0])
        expected = norm(x1 + think(x1))
    np.testing.assert_allclose(layer(x).data, expected, rtol=1e-10)


def test_an_encoder_is_copies_of_a_layer():
    layer = nn.TransformerEncoderLayer(6, 2, 5, rng=np.random.default_rng(0))
    net = nn.TransformerEncoder(layer, num_layers=2, norm=nn.LayerNorm(6))
    first, second = net.layers
    assert first.first.W is not second.first.W and (first.first.W.data == second.first.W.data).all()
    assert first.dropout.rng is second.dropout.rng is layer.dropout.rng
    second.first.W.data = rng.normal(size=(5, 6))
    x, later = rng.normal(size=(4, 6)), np.triu(np.ones((4, 4), bool), 1)
    net.eval()
    expected = net.norm(second(first(x, later), later))
    np.testing.assert_allclose(net(x, mask=later).data, expected.data, rtol=1e-12)
    assert net.count() == 2 * layer.count() + 12


def test_what_does_not_fit_is_said():
    with pytest.raises(ValueError, match="6 cannot be divided into 4"):
        nn.MultiheadAttention(embed_dim=6, num_heads=4)
    with pytest.raises(ValueError, match=r"size 6 .* key of shape \(4, 5\)"):
        drawn(2)(np.ones((3, 6)), np.ones((4, 5)))
    with pytest.raises(TypeError, match="kdim"):
        nn.MultiheadAttention(6, 2, kdim=3)


def test_formulas_have_the_names_of_the_textbook():
    layer, x = nn.MultiheadAttention(4, 1, bias=False, rng=rng), constant(rng.normal(size=(3, 4)), "x")
    y, _ = layer(x)
    assert str(formula((y * y).sum(), layer.out.W)) == "2 W_O Oᵀ O"
    assert str(formula((y * y).sum(), layer.value.W)) == "2 W_Oᵀ W_O Oᵀ P x"
    found = str(formula((y * y).sum(), layer.query.W))
    assert found.startswith("Kᵀ (P ⊙ (") and found.endswith("))ᵀ x")
