"""Where a Tensor becomes a plain number, and where that would lose a gradient."""

import math
import warnings

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Tensor, nn


@pytest.fixture
def loss():
    x = Tensor([1.0, 2.0], "x")
    loss = (x * x).sum()
    loss.backward()
    return loss


ASKED = {
    "float(loss)": 5.0,
    "int(loss)": 5,
    "round(loss, 2)": 5.0,
    "round(loss)": 5,
    "'%.3f' % loss": "5.000",
    "'%d' % loss": "5",
    "f'{loss:.2f}'": "5.00",
    "[float(l) for l in [loss, loss]]": [5.0, 5.0],
    "list(map(float, [loss]))": [5.0],
    "np.float64(loss)": 5.0,
    "np.mean([loss, loss])": 5.0,
    "np.array([loss, loss]).tolist()": [5.0, 5.0],
    "np.std([loss, loss])": 0.0,
    "max([loss, loss * 2]).item()": 10.0,
    "math.sqrt(float(loss) + 4)": 3.0,
}


@pytest.mark.parametrize("line", ASKED)
def test_a_number_that_is_asked_for_is_given(line, loss):
    assert eval(line, {"loss": loss, "np": np, "math": math}) == ASKED[line]


REFUSED = {
    "math.exp(loss)": "np.exp",
    "math.sqrt(loss + 4)": "np.exp",
    "list(map(math.exp, [loss]))": "np.exp",
    "exp(loss)": "np.exp",
    "np.full(3, loss)": "stack",
    "np.random.default_rng(0).normal(loss)": "stack",
    "np.array([loss * 1, loss * 2])": "stack",  # on the way to a loss the gradient would be lost
    "np.mean([loss * 1, loss * 2])": "stack",
    "np.array([x[0], x[1]])": "stack",
    "np.array([x, x])": "stack",
    "np.asarray(x)": "stack",
    "range(loss)": "item",
    "np.full_like(x, loss)": "stack",
    "grad(lambda t: float(t) * t)(2.0)": "item",
    "grad(lambda t: np.mean([t * t]))(2.0)": "stack",
    "Doubled()(x)": "item",
}


@pytest.mark.parametrize("line", REFUSED)
def test_a_gradient_that_would_be_lost_is_refused(line, loss):
    class Doubled(nn.Module):
        def forward(self, x):
            return x * float(x.sum())

    names = {"loss": loss, "x": Tensor([1.0, 2.0]), "grad": tg.grad, "Doubled": Doubled, "exp": math.exp}
    with pytest.raises(TypeError, match="would become a plain (number|array), and its derivative would be lost") as e:
        eval(line, names | {"np": np, "math": math})
    assert REFUSED[line] in "".join(e.value.__notes__)


@pytest.mark.parametrize("line", ["c[0] = t * t", "c.fill(t * t)"])
def test_an_assignment_to_an_element_is_refused(line):
    with pytest.raises(ValueError) as caught:
        exec(line, {"c": np.zeros(3), "t": Tensor(2.0)})
    assert "derivative would be lost" in str(caught.value.__cause__)


def test_a_missing_gradient_is_none_but_where_it_is_used():
    W = Tensor([1.0, 2.0], "W")
    assert W.grad is None
    assert [p.grad for p in [W]] == [None]
    for line in ("0.1 * W.grad", "W.grad * 2", "W.data - 0.1 * W.grad", "W.grad.sum()", "-W.grad", "W.grad[0]"):
        with pytest.raises(AttributeError, match="W of shape .* has no gradient yet"):
            eval(line, {"W": W})
    for wrong in (W * 2, tg.constant(1.0)):
        with pytest.raises(AttributeError):
            _ = wrong.grad


def test_warnings_of_numpy_name_the_line_that_called():
    x = Tensor([0.0, 1.0])
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        np.log(x)
        x / 0.0
        np.log(np.zeros(1))
    assert {w.filename for w in seen} == {__file__}
    assert [str(w.message) for w in seen][0] == "divide by zero encountered in log"
    lines = sorted({w.lineno for w in seen})
    assert lines == list(range(lines[0], lines[0] + 3))
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("error")
        np.log(x)
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        np.log(x)
