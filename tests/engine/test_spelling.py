"""Other people's names and words: taken, or answered by an error that says what to write."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Tensor
from tinygrad_edu.engine.spelling import NAMED
from tinygrad_edu.errors.equivalents import ATTRIBUTES, FUNCTIONS
from tinygrad_edu.ops.composed import read_all
from tinygrad_edu.teaching.running import own_operations

read_all()
X = np.array([[0.5, 2.0, 1.0], [3.0, -1.0, 4.0]])

SAME = {
    "x.sum(dim=0)": "np.sum(X, 0)",
    "x.sum(dim=1, keepdim=True)": "np.sum(X, 1, keepdims=True)",
    "x.sum(dim=(0, 1))": "np.sum(X)",
    "x.mean(-1, keepdim=True)": "np.mean(X, -1, keepdims=True)",
    "x.amax(dim=1)": "np.max(X, 1)",
    "tg.softmax(x, dim=1).sum(dim=1)": "np.ones(2)",
    "tg.cat([x, x], dim=1)": "np.concatenate([X, X], 1)",
    "tg.stack(tensors=[x, x], dim=0)": "np.stack([X, X])",
    "x.clamp(min=0, max=2)": "np.clip(X, 0, 2)",
    "x.pow(2)": "X**2",
    "x.view(3, -1)": "X.reshape(3, 2)",
    "x.t()": "X.T",
    "x.unsqueeze(dim=0)": "X[None]",
    "x.permute(1, 0)": "X.T",
    "x.mm(x.t())": "X @ X.T",
    "x.expand(2, -1, -1)": "np.stack([X, X])",
    "x.clone()": "X",
    "x.size(0) * x.relu()": "2 * np.maximum(X, 0)",
    "x.abs().sqrt()": "np.sqrt(np.abs(X))",
    "np.sum(a=x)": "np.sum(X)",
    "np.sum(x, 0, None)": "np.sum(X, 0)",
    "np.std(x, 0, None)": "np.std(X, 0)",
    "np.std(x, 0, correction=1)": "np.std(X, 0, ddof=1)",
    "np.flip(m=x)": "X[::-1, ::-1]",
    "np.broadcast_to(x, shape=(2, 2, 3))": "np.stack([X, X])",
    "np.reshape(x, (3, 2), order='C')": "X.reshape(3, 2)",
    "np.transpose(x, axes=(1, 0))": "X.T",
    "np.sum(x, where=X > 1)": "np.sum(X, where=X > 1)",
    "np.sum(x, initial=5)": "np.sum(X) + 5",
    "np.max(x, 1, initial=3.5)": "np.max(X, 1, initial=3.5)",
    "np.prod(x, where=X > 0)": "np.prod(X, where=X > 0)",
    "np.add.reduce(x)": "X.sum(0)",
    "np.multiply.accumulate(x, 1)": "np.cumprod(X, 1)",
    "np.add.outer(x[0], x[1])": "np.add.outer(X[0], X[1])",
    "np.linalg.norm(x, ord=1, axis=1)": "np.abs(X).sum(1)",
    "tg.linalg.norm(x)": "np.linalg.norm(X)",
    "tg.special.expit(x)": "1 / (1 + np.exp(-X))",
    "x % 2": "X % 2",
    "7 // x": "7 // X",
    "divmod(x, 2)[1]": "X % 2",
    "np.linspace(x[0], x[1], 3)": "np.linspace(X[0], X[1], 3)",
    "tg.nn.functional.relu(x, inplace=False)": "np.maximum(X, 0)",
    "x.double()": "X",
}


@pytest.mark.parametrize("line", SAME)
def test_another_spelling_means_the_same(line):
    x = Tensor(X, "x")
    names = {"x": x, "X": X, "np": np, "tg": tg}
    result = eval(line, names)
    np.testing.assert_allclose(result.data, eval(SAME[line], names), rtol=1e-14)
    assert isinstance(result, Tensor)


def test_numpys_dtype_is_that_in_which_it_computes():
    x = Tensor(X)
    assert np.sum(x, dtype=np.float32).dtype == np.float32 and np.exp(x, dtype=np.float32).dtype == np.float32
    whole = np.cumsum(x, dtype=int)
    assert type(whole) is np.ndarray and whole.tolist() == np.cumsum(X, dtype=int).tolist()
    assert np.concatenate([x, x], dtype=np.float32).dtype == np.float32


ANSWERED = {
    "x.max(dim=1)": "amax",
    "x.std(dim=1)": "correction",
    "x.sum(foo=1)": "Its arguments are x, axis and keepdims",
    "x.sum(0, True, 3, 4)": "Its arguments are",
    "x.exp(out=np.ones((2, 3)))": "Make a new tensor",
    "tg.nn.functional.relu(x, inplace=True)": "",
    "x.sum().backward(create_graph=True)": "differentiable=True",
    "x.sum().backward(retain_graph=False)": "free=True",
    "Tensor([1.0], device='cuda')": "Its arguments are data, name, dtype and requires_grad",
    "x.cuda()": "memory",
    "x.to('cuda')": "no device",
    "x.split(2)": "np.split",
    "x.transpose(0, 1)": "x.T",
    "np.histogram2d(x[0], x[1])": "t.data",
    "np.fft.fft(x)": "cosines",
    "X.dot(x.T)": "write np.dot(X, t), or X @ t",
    "X.dot(w)": "write np.dot(X, w), or X @ w",
    "X.take(w)": "write np.take(X, w)",
    "X.put([0], w)": "write w.data",  # np.put would lose the gradient as well
    "X.searchsorted(w)": "write np.searchsorted(X, w)",
    "x & 1": "t.data",
}


@pytest.mark.parametrize("line", ANSWERED)
def test_what_is_not_taken_is_answered(line):
    x = Tensor(X, "x")
    with pytest.raises((TypeError, ValueError, AttributeError)) as caught:
        eval(line, {"x": x, "X": X, "np": np, "tg": tg, "Tensor": Tensor, "w": Tensor([1.0, 2.0, 3.0], "w")})
    notes = "\n".join([str(caught.value), *getattr(caught.value, "__notes__", [])])
    assert ANSWERED[line].replace("t.data", "") in notes and "unexpected keyword" not in notes
    assert getattr(caught.value, "__notes__", None), "it has no note"


def test_the_table_of_equivalents_has_only_what_is_lacking():
    assert not [name for name in FUNCTIONS if name in NAMED]
    assert not [name for name in ATTRIBUTES if name in dir(Tensor([1.0]))]
    for name in ATTRIBUTES:
        with pytest.raises(AttributeError):
            getattr(Tensor([1.0]), name)
    with pytest.raises(AttributeError, match="Leave it out: nothing is compiled"):
        tg.jit  # noqa: B018
    with pytest.raises(AttributeError, match="Did you mean sigmoid"):
        tg.sigmod  # noqa: B018


def test_an_operation_of_a_user_has_it_all_from_its_statement():
    with own_operations():

        @tg.op(aliases="twice_it", words={"times": "n"}, advice={"by": "n=3 for by=3"}, x=lambda g, n: g * n)
        def scaled_up(x, n=2):
            return x * n

        x = Tensor([1.0, 2.0])
        assert x.twice_it(times=3).data.tolist() == [3.0, 6.0] and tg.twice_it(x).data.tolist() == [2.0, 4.0]
        with pytest.raises(TypeError, match="scaled_up takes no by=3") as caught:
            scaled_up(x, by=3)
        assert "Write n=3 for by=3." in caught.value.__notes__
    assert not hasattr(Tensor([1.0]), "twice_it")


def test_the_star_leaves_pythons_own_names_and_loads_nothing_that_draws():
    names = {}
    exec("from tinygrad_edu import *", names)
    assert names["cross_entropy"] is tg.cross_entropy and names["grad"] is tg.grad and names["Tensor"] is Tensor
    assert not {"sum", "max", "min", "abs", "round", "any", "all", "pow"} & names.keys()
    assert not {"draw", "walk", "formula", "explain", "np", "Any", "annotations", "locked"} & names.keys()


def test_a_long_line_is_cut_around_what_fails():
    x = Tensor([1.0, 2.0])
    line = f"({' + '.join(['1'] * 60)}) * (x @ y) + {' + '.join(['2'] * 60)}"
    with pytest.raises(ValueError) as caught:
        exec(compile(line, __file__, "eval"), {"x": x, "y": np.ones(3)})
    assert len(max(caught.value.__notes__[0].split("\n"), key=len)) < 200
