"""Starting values have the spread that they are said to have."""

import numpy as np
import pytest

from tinygrad_edu import Tensor, nn


@pytest.mark.parametrize(
    ("start", "options", "variance"),
    [
        (nn.init.xavier_uniform_, {}, 2 / 700),
        (nn.init.xavier_normal_, {"gain": 2.0}, 8 / 700),
        (nn.init.kaiming_uniform_, {}, 2 / 400),
        (nn.init.kaiming_normal_, {"mode": "fan_out", "nonlinearity": "relu"}, 2 / 300),
        (nn.init.kaiming_normal_, {"a": 1.0}, 1 / 400),
        (nn.init.normal_, {"std": 3.0}, 9.0),
        (nn.init.uniform_, {"a": -3.0, "b": 3.0}, 3.0),
    ],
)
def test_spread(start, options, variance):
    W = Tensor(np.zeros((300, 400)), "W")
    assert start(W, **options, rng=np.random.default_rng(0)) is W
    assert W.data.var() == pytest.approx(variance, rel=0.02) and abs(W.data.mean()) < 0.02 * variance**0.5


def test_windows_count():
    W = Tensor(np.zeros((3, 4, 5, 5)))
    assert nn.init.fans(W) == (100, 75)


def test_fixed_values():
    W = Tensor(np.full((2, 3), 7.0))
    assert nn.init.ones_(W).data.tolist() == [[1.0] * 3] * 2 and nn.init.eye_(W).data.tolist() == np.eye(2, 3).tolist()
    assert not nn.init.zeros_(W).data.any() and nn.init.constant_(W, 4).data[0, 0] == 4 and W.is_leaf


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 2, 2)])
def test_orthogonal(shape):
    W = nn.init.orthogonal_(Tensor(np.zeros(shape))).data.reshape(shape[0], -1)
    small = W @ W.T if W.shape[0] <= W.shape[1] else W.T @ W
    np.testing.assert_allclose(small, np.eye(len(small)), atol=1e-12)


def test_an_orthogonal_matrix_of_one_number_has_either_sign():
    rng = np.random.default_rng(0)
    assert {nn.init.orthogonal_(Tensor([[0.0]]), rng=rng).item() for _ in range(20)} == {-1.0, 1.0}


def test_what_does_not_fit():
    with pytest.raises(ValueError, match=r"\(3,\)"):
        nn.init.xavier_uniform_(Tensor(np.zeros(3)))
    with pytest.raises(TypeError, match="ndarray"):
        nn.init.zeros_(np.zeros(3))
    with pytest.raises(ValueError, match="swish"):
        nn.init.calculate_gain("swish")
    with pytest.raises(ValueError, match="fan_in"):
        nn.init.kaiming_normal_(Tensor(np.zeros((2, 2))), mode="in")
