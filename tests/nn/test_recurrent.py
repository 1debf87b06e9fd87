"""Recurrent layers compute what a loop in NumPy computes, and their gradients are those of differences."""

import numpy as np
import pytest

from tinygrad_edu import Tensor, constant, formula, gradcheck, nn

rng = np.random.default_rng(0)
X = rng.normal(size=(5, 2, 4))  # (time, examples, inputs)


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


def drawn(layer):
    """A layer whose parameters are all different, also b."""
    for p in layer.parameters():
        p.data = rng.normal(size=p.shape)
    return layer


def rnn_step(w, x, h):
    return np.tanh(x @ w("W_x").T + h @ w("W_h").T + w("b"))


def gru_step(w, x, h):
    r = sigmoid(x @ w("W_rx").T + w("b_r") + h @ w("W_rh").T)
    z = sigmoid(x @ w("W_zx").T + w("b_z") + h @ w("W_zh").T)
    n = np.tanh(x @ w("W_nx").T + w("b_n") + r * (h @ w("W_nh").T + w("b_nh")))
    return (1 - z) * n + z * h


def lstm_step(w, x, state):
    h, c = state
    i, f, g, o = (x @ w(f"W_{k}x").T + w(f"b_{k}") + h @ w(f"W_{k}h").T for k in "ifgo")
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


KINDS = [(nn.RNN, nn.RNNCell, rnn_step), (nn.GRU, nn.GRUCell, gru_step), (nn.LSTM, nn.LSTMCell, lstm_step)]


def looped(layer, step, X, h):
    """The outputs and the state at the end, by a loop over layers and times.  h: the state of each layer."""
    ends = []
    for cell, state in zip(layer.cells, h, strict=True):
        outputs = []
        for x in X:
            state = step(lambda name, cell=cell: getattr(cell, name).data, x, state)
            outputs.append(state[0] if isinstance(state, tuple) else state)
        X = np.stack(outputs)
        ends.append(state)
    return X, ends


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize(("kind", "_", "step"), KINDS)
def test_a_layer_is_a_loop(kind, _, step, layers):
    layer = drawn(kind(4, 3, layers, rng=rng))
    h, c = rng.normal(size=(2, layers, 2, 3))
    lstm = kind is nn.LSTM
    y, end = layer(X, (h, c) if lstm else h)
    expected, ends = looped(layer, step, X, [*zip(h, c)] if lstm else h)
    np.testing.assert_allclose(y.data, expected, rtol=1e-12)
    for found, each in zip(end if lstm else [end], zip(*ends) if lstm else [ends], strict=True):
        np.testing.assert_allclose(found.data, np.stack(each), rtol=1e-12)
    # Without a state it is 0; with batch_first the first two axes are swapped; one example has no axis of its own.
    zero, _ = looped(layer, step, X, [(np.zeros((2, 3)),) * 2 if lstm else np.zeros((2, 3))] * layers)
    np.testing.assert_allclose(layer(X)[0].data, zero, rtol=1e-12)
    np.testing.assert_allclose(layer(X[:, 1])[0].data, zero[:, 1], rtol=1e-12)
    layer.batch_first = True
    np.testing.assert_allclose(layer(X.swapaxes(0, 1))[0].data, zero.swapaxes(0, 1), rtol=1e-12)
    np.testing.assert_allclose(layer(X[:, 1])[0].data, zero[:, 1], rtol=1e-12)


@pytest.mark.parametrize(("kind", "cell", "_"), KINDS)
def test_gradients_are_those_of_differences(kind, cell, _):
    for layer, x in ((kind(2, 3, rng=rng), X[:3, :, :2]), (cell(2, 3, rng=rng), X[0, :, :2])):
        drawn(layer)
        owner = layer.cells[0] if kind is type(layer) else layer
        for name, p in owner.named_parameters():

            def loss(value, owner=owner, name=name, layer=layer, x=x):
                setattr(owner, name, value)
                found = layer(x)
                y = found[0] if isinstance(found, tuple) else found
                return (y * y).sum()

            assert gradcheck(loss, p.data)
            setattr(owner, name, p)


@pytest.mark.parametrize(("_", "cell", "step"), KINDS)
def test_a_cell_is_one_step(_, cell, step):
    layer = drawn(cell(4, 3, rng=rng))
    h = rng.normal(size=(2, 3))
    state = (h, 2 * h) if cell is nn.LSTMCell else h
    expected = step(lambda name: getattr(layer, name).data, X[0], state)
    found = layer(X[0], state)
    assert isinstance(found, tuple) == isinstance(expected, tuple)
    for one, other in zip(found, expected, strict=True):  # h and c, or the examples
        np.testing.assert_allclose(one.data, other, rtol=1e-12)


def test_words_of_pytorch():
    layer = nn.LSTM(input_size=4, hidden_size=3, num_layers=2, batch_first=True)
    assert layer.inputs == 4 and layer.hidden == 3 and len(layer.cells) == 2
    assert nn.RNN(4, 3, nonlinearity="relu").cells[0].activation == "relu"
    assert nn.GRU(4, 3, bias=False).b_r is None
    with pytest.raises(TypeError, match="bidirectional") as error:
        nn.GRU(4, 3, bidirectional=True)
    assert any("two layers" in note for note in error.value.__notes__)


def test_the_relu_of_an_rnn():
    layer = drawn(nn.RNN(4, 3, activation="relu", rng=rng))
    expected = np.maximum(X[0] @ layer.W_x.data.T + layer.b.data, 0)
    np.testing.assert_allclose(layer(X[:1])[0].data[0], expected, rtol=1e-12)


def test_weights_of_the_first_cell_can_be_read_and_assigned():
    layer = nn.RNN(4, 3, rng=rng)
    assert layer.W_x is layer.cells[0].W_x
    layer.W_x = W = Tensor(np.zeros((3, 4)), "W_x")
    assert layer.cells[0].W_x is W and "W_x" not in vars(layer) and len(layer.parameters()) == 3


@pytest.mark.parametrize(
    ("x", "h", "words"),
    [(np.ones((5, 2, 3)), None, "4 inputs"), (np.ones(4), None, "4 inputs"), (X, np.ones((2, 3)), "the state of RNN")],
)
def test_other_shapes_are_said(x, h, words):
    with pytest.raises(ValueError, match=words):
        nn.RNN(4, 3)(x, h)


def test_formulas_have_the_names_of_the_textbook():
    x = constant(rng.normal(size=(2, 4)), "x")
    rnn, lstm = drawn(nn.RNNCell(4, 3, rng=rng)), drawn(nn.LSTMCell(4, 3, rng=rng))
    R = rnn(x).sum()
    assert str(formula(R, rnn.W_x)) == "tanh′(v)ᵀ x"
    h, _ = lstm(x)
    assert str(formula(h.sum(), lstm.W_oh)) == "(tanh(c) ⊙ o ⊙ (1 - o))ᵀ h₀"
