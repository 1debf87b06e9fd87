"""NumPy's functions take tensors: they record, or answer plainly, or refuse; none loses a gradient without a word."""

import inspect

import numpy as np
import pytest

from tinygrad_edu import OPS, Tensor, constant, gradients
from tinygrad_edu.format import locations
from tinygrad_edu.numeric.op_examples import examples
from tinygrad_edu.ops.composed import read_all


def of_numpy(name):
    """NumPy's function of this name, if it has one."""
    return next((getattr(module, name) for module in (np, np.linalg) if callable(getattr(module, name, None))), None)


def arguments(example):
    """An example as NumPy is called with it: what has a default by its name, the rest by its place."""
    by_place, by_name = [], {}
    for name, p in inspect.signature(example.op.function).parameters.items():
        if name in example.operands:
            value = example.operands[name]
            by_place += value if p.kind is p.VAR_POSITIONAL else [value]
        elif name in example.options:
            if p.default is p.empty:
                by_place.append(example.options[name])
            else:
                by_name[name] = example.options[name]
    return by_place, by_name


read_all()  # operations too that are read when one of their names is asked for
SAME_NAME = sorted({name for name in OPS if of_numpy(name)} - {"put"})  # ours gives an array, NumPy's changes one
CASES = [(name, i) for name in SAME_NAME for i, _ in enumerate(examples(OPS[name]))]


def lifted(example):
    """The example with Tensors for its operands, and those."""
    made = []

    def tensor(x):
        made.append(Tensor(x))
        return made[-1]

    operands = {n: [*map(tensor, x)] if isinstance(x, list) else tensor(x) for n, x in example.operands.items()}
    return example._replace(operands=operands), made


def test_most_operations_are_numpys():
    assert len(SAME_NAME) > 70


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("name", "i"), CASES)
def test_a_function_of_numpys_records_where_it_was_called(name, i, dtype):
    op, function = OPS[name], of_numpy(name)
    example = list(examples(op, dtype))[i]
    if name in ("cholesky", "eigvalsh"):  # of a symmetric matrix NumPy reads half; ours reads it all
        example = example._replace(operands={n: x + x.mT for n, x in example.operands.items()})
    tensors, made = lifted(example)
    args, options = arguments(tensors)

    result = function(*args, **options)  # this line
    line = locations.of_node(result.node)
    assert (line.text.strip().endswith("# this line"), line.file) == (True, __file__)

    assert result.node.op is op and [a for a in result.node.args if a is not None] == [t.node for t in made]
    args, options = arguments(example)
    expected = np.asarray(function(*args, **options))
    tolerance = 1e-5 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(np.asarray(result.data), expected, rtol=tolerance, atol=tolerance)
    assert result.dtype == expected.dtype == dtype
    if result.requires_grad:
        assert {g.dtype for g in gradients(result, made, np.ones(result.shape))} == {np.dtype(dtype)}


def test_an_operator_between_an_array_and_a_tensor_records_its_line():
    a, t = np.array([1.0, 2.0]), Tensor([3.0, 4.0])
    results = [
        a + t,
        a - t,
        a * t,
        a / t,
        a**t,
        a @ t,
    ]
    names = ["add", "subtract", "multiply", "divide", "power", "matmul"]
    assert [r.node.op.name for r in results] == names
    shown = [locations.of_node(r.node).text.strip() for r in results]
    assert shown == ["a + t,", "a - t,", "a * t,", "a / t,", "a**t,", "a @ t,"]
    first = locations.of_node(results[0].node).line
    assert [locations.of_node(r.node).line for r in results] == [*range(first, first + 6)]


def test_the_columns_are_those_of_the_call():
    t = Tensor([1.0, 4.0])
    y = 2 * np.linalg.norm(np.sqrt(t), axis=0) + 1
    called = y.node.args[0].args[1]
    line = locations.of_node(called)
    assert line.text[slice(*line.columns)] == "np.linalg.norm(np.sqrt(t), axis=0)"
    line = locations.of_node(called.args[0])
    assert line.text[slice(*line.columns)] == "np.sqrt(t)"


def test_an_axis_and_a_condition():
    t = Tensor([[1.0, 5.0], [3.0, 2.0]])
    assert np.sum(t, axis=0).tolist() == [4.0, 7.0]
    y = np.where(t > 2, t, 0)
    assert y.tolist() == [[0.0, 5.0], [3.0, 0.0]]
    assert gradients(y.sum(), [t])[0].tolist() == [[0.0, 1.0], [1.0, 0.0]]


def test_arrays_and_tensors_are_joined():
    t = Tensor([1.0, 2.0])
    y = np.concatenate([np.zeros(1), t, [3.0]])
    z = np.stack((t, np.ones(2)), axis=1)
    assert y.tolist() == [0.0, 1.0, 2.0, 3.0] and z.tolist() == [[1.0, 1.0], [2.0, 1.0]]
    assert gradients((y * y).sum() + z.sum(), [t])[0].tolist() == [3.0, 5.0]


def test_linear_algebra_has_the_gradients_of_the_textbook():
    a = np.array([[4.0, 1.0], [2.0, 3.0]])
    A = Tensor(a)
    inverse = np.linalg.inv(a)
    np.testing.assert_allclose(gradients(np.linalg.det(A), [A])[0], 10 * inverse.T)
    sign, logarithm = np.linalg.slogdet(A)
    np.testing.assert_allclose(gradients(logarithm, [A])[0], inverse.T)
    assert sign == 1.0 and not isinstance(sign, Tensor)
    b = Tensor([1.0, 2.0])
    np.testing.assert_allclose(gradients(np.linalg.solve(A, b).sum(), [b])[0], inverse.sum(0))
    np.testing.assert_allclose(gradients(np.linalg.norm(b), [b])[0], b.data / np.sqrt(5))


def test_the_trace_of_a_stack_of_matrices():
    t = Tensor(np.arange(24.0).reshape(2, 3, 4))
    traces = np.trace(t)
    np.testing.assert_array_equal(traces.data, np.trace(t.numpy()))
    np.testing.assert_array_equal(gradients(traces.sum(), [t])[0], np.eye(2, 3)[..., None] * np.ones(4))


def test_parts_of_a_split_lead_back_to_the_whole():
    t = Tensor([1.0, 2.0, 3.0, 4.0])
    first, second = np.split(t, 2)
    assert gradients((first * second).sum(), [t])[0].tolist() == [3.0, 4.0, 1.0, 2.0]
    assert locations.of_node(first.node).text.strip() == "first, second = np.split(t, 2)"


# Without a derivative.


T = np.array([[2.0, 1.0], [2.0, 5.0]])
ANSWERED = {
    "argmax": lambda t: np.argmax(t, axis=0),
    "argsort": lambda t: np.argsort(t, axis=0),
    "shape": np.shape,
    "ndim": np.ndim,
    "size": np.size,
    "allclose": lambda t: np.allclose(t, T),
    "isclose": lambda t: np.isclose(t, 2),
    "array_equal": lambda t: np.array_equal(t, T),
    "isfinite": np.isfinite,
    "greater": lambda t: np.greater(t, 1),
    "any": lambda t: np.any(t > 3),
    "count_nonzero": np.count_nonzero,
    "searchsorted": lambda t: np.searchsorted([1.0, 2.0], t),
    "where": lambda t: np.where(t > 1),
    "result_type": np.result_type,
}


@pytest.mark.parametrize("ask", ANSWERED.values(), ids=ANSWERED)
def test_what_has_no_derivative_is_answered_plainly(ask):
    found, expected = ask(Tensor(T)), ask(T)
    assert isinstance(found, type(expected))
    np.testing.assert_equal(found, expected)


LACKING = {
    "fft": np.fft.fft,
    "spacing": np.spacing,
    "frexp": np.frexp,
    "eigvals": lambda t: np.linalg.eigvals(np.eye(3) * t),
    "angle": np.angle,
    "modf": np.modf,
    "reduce": np.subtract.reduce,
    "accumulate": np.subtract.accumulate,
    "out": lambda t: np.exp(t, out=np.zeros(3)),
    "asarray": np.asarray,
    "array method": lambda t: np.ones(3).dot(t),
    "copyto": lambda t: np.copyto(np.zeros(3), t),
    "put": lambda t: np.put(np.zeros(3), [0, 1, 2], t),
    "place": lambda t: np.place(np.zeros(3), [True, False, True], t),
    "putmask": lambda t: np.putmask(np.zeros(3), [True, False, True], t),
    "put_along_axis": lambda t: np.put_along_axis(np.zeros(3), np.array([0, 1, 2]), t, 0),
    "fill_diagonal": lambda t: np.fill_diagonal(np.eye(3), t),
    "add.at": lambda t: np.add.at(np.zeros(3), [0, 1, 2], t),
    "slice assignment": lambda t: np.zeros(3).__setitem__(slice(None), t),
}


@pytest.mark.parametrize("use", LACKING.values(), ids=LACKING)
def test_what_would_lose_the_gradient_is_refused(use):
    with pytest.raises(TypeError, match="derivative"):
        use(Tensor([1.0, 2.0, 3.0]))


@pytest.mark.parametrize("name", ["diagonal", "trace"])
def test_a_function_of_linalg_with_another_meaning_is_not_taken_for_ours(name):
    stack = np.arange(24.0).reshape(2, 3, 4)
    expected = getattr(np.linalg, name)(stack)
    try:
        found = getattr(np.linalg, name)(Tensor(stack))
    except TypeError as refused:
        assert "derivative" in str(refused)
    else:
        np.testing.assert_array_equal(np.asarray(found.data), expected)


# float32.


def test_a_python_number_does_not_widen_float32():
    t = Tensor([1.0, 2.0], dtype=np.float32)
    for result in (t * 2, 2.0 - t, t**2, t / 3, np.maximum(t, 0), np.where(t > 1, t, 0.0), np.mean(t), np.std(t)):
        assert result.dtype == np.float32
        assert gradients(result.sum(), [t])[0].dtype == np.float32


def test_a_constant_of_integers_is_a_number_like_another():
    labels = constant([1, 2])
    assert np.multiply(labels, 2).dtype == np.int64 and (labels * 0.5).tolist() == [0.5, 1.0]
