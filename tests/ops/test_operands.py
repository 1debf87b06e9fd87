"""Whatever an operation takes for an operand or an option, it also sweeps back through; or it is refused at once."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.numeric.op_examples import Example, examples
from tinygrad_edu.ops.composed import read_all

read_all()  # operations too that are read when one of their names is asked for
OWN = [op for op in tg.OPS.values() if op.function.__module__.startswith("tinygrad_edu.")]
EXAMPLES = [pytest.param(e, id=f"{op.name}-{i}") for op in OWN for i, e in enumerate(examples(op)) if op.rules]
OPERANDS: dict[str, Any] = {
    "a number": 2.0,
    "a whole number": 2,
    "True": True,
    "a number of NumPy": np.float64(2.0),
    "an array of no axes": np.array(2.0),
    "a vector of one": np.array([2.0]),
    "no element": np.zeros((0,)),
    "one more axis": np.ones((1, 1, 1, 1, 1)),
    "whole numbers": np.array([1, 2, 1]),
}
OPTIONS: dict[str, Any] = {
    "None": None,
    "0": 0,
    "-1": -1,
    "1": 1,
    "a pair": (0, -1),
    "nothing": (),
    "far": 9,
    "a list": [0],
    "a whole number of NumPy": np.int64(0),
}


def tried(example: Example, given: dict[str, Any], options: dict[str, Any]) -> None:
    """If plain arrays can be computed with, so can tensors; and then their gradients are right."""
    call = Example(example.op, given, {**example.options, **options})
    operands = {n: x for n, x in given.items() if n in example.op.rules}
    try:
        plain = call()
    except Exception:
        plain = None
    for name, x in operands.items():
        listed = isinstance(x, list)
        floating = [np.asarray(v, float)[()] for v in (x if listed else [x])]
        tensors = [tg.Tensor(v) for v in floating]
        try:
            result = call(**{name: tensors if listed else tensors[0]})
        except Exception as error:
            whole = not listed and np.asarray(x).dtype.kind in "bi"  # labels, say, which mean something else as floats
            assert plain is None or whole or "derivative" in str(error) or isinstance(error, TypeError), error
            assert getattr(error, "__notes__", []), error  # what was called, with what, on which line
            continue
        if not isinstance(result, tg.Tensor) or not np.isfinite(result.data).all():
            continue
        weights = np.random.default_rng(0).uniform(0.5, 1.5, result.shape)
        result.backward(weights)  # so this never fails
        for i, (t, v) in enumerate(zip(tensors, floating)):
            assert np.shape(t.grad) == t.shape
            if v.size and np.isfinite(t.grad).all():
                u = np.random.default_rng(1).normal(size=v.shape)

                def at(h: float) -> Any:
                    moved = [w + h * u if j == i else w for j, w in enumerate(floating)]  # noqa: B023
                    with np.errstate(all="ignore"):
                        return (call(**{name: moved if listed else moved[0]}) * weights).sum()  # noqa: B023

                h = 1e-6
                right, left, here = at(h), at(-h), at(0.0)
                if abs((right - here) - (here - left)) < 1e-3 * h * (1 + abs(right - left) / h):  # no bend
                    assert (right - left) / (2 * h) == pytest.approx((t.grad * u).sum(), rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_any_operand_is_computed_with_and_swept_through_or_refused(example: Example) -> None:
    for name, x in example.operands.items():
        for operand in OPERANDS.values():
            if isinstance(x, list):
                tried(example, {**example.operands, name: [operand, *x[1:]]}, {})
            else:
                tried(example, {**example.operands, name: operand}, {})
                if name in example.op.rules and len(example.operands) > 1:
                    others = {n: operand if n == name else v for n, v in example.operands.items()}
                    tried(example, others, {})


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_any_option_is_obeyed_in_both_directions_or_refused(example: Example) -> None:
    for p in inspect.signature(example.op.function).parameters.values():
        if p.name in example.operands or p.kind is p.VAR_POSITIONAL:
            continue
        for option in OPTIONS.values():
            tried(example, example.operands, {p.name: option})


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_tensor_in_the_place_of_an_option_is_never_lost(example: Example) -> None:
    for p in inspect.signature(example.op.function).parameters.values():
        if p.name in example.op.rules or p.kind is p.VAR_POSITIONAL or p.default is p.empty:
            continue
        operands = {n: [*map(tg.Tensor, x)] if isinstance(x, list) else x for n, x in example.operands.items()}
        call = Example(example.op, operands, {**example.options, p.name: tg.Tensor(1.0)})
        with pytest.raises((TypeError, ValueError)) as caught:
            call()
        assert caught.value.__notes__


MASKED = np.ma.masked_array([1.0, 2.0, 3.0], [0, 1, 0])
OTHER_ARRAYS: dict[str, Any] = {
    "masked * t": lambda t: MASKED * t,
    "t * masked": lambda t: t * MASKED,
    "masked + t": lambda t: MASKED + t,
    "masked @ t": lambda t: MASKED @ t,
    "t / masked": lambda t: t / MASKED,
    "masked > t": lambda t: MASKED > t,
    "np.ma.multiply": lambda t: np.ma.multiply(MASKED, t),
    "np.ma.exp": np.ma.exp,
    "np.ma.sum": np.ma.sum,
    "np.ma.array": np.ma.array,
    "np.ma.where": lambda t: np.ma.where(MASKED > 1, t, 0.0),
    "Tensor(masked)": lambda t: tg.Tensor(MASKED),
    "the masked number": lambda t: t * np.ma.masked,
    "a seed": lambda t: (t * t).backward(MASKED),
    "a tangent": lambda t: tg.jvp(lambda x: x * x, [t], [MASKED]),
    "new values": lambda t: setattr(t, "data", MASKED),
    "a gradient": lambda t: setattr(t, "grad", MASKED),
    "matrix * t": lambda t: np.asmatrix([[1.0, 2.0, 3.0]]) * t,
    "t * matrix": lambda t: t * np.asmatrix([[1.0, 2.0, 3.0]]),
    "Tensor(matrix)": lambda t: tg.Tensor(np.asmatrix([[1.0]])),
}


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
@pytest.mark.parametrize("program", OTHER_ARRAYS.values(), ids=OTHER_ARRAYS)
def test_arrays_that_mean_something_else_are_refused_with_words(program: Any) -> None:
    """A masked array would lose its mask or the record, and * of a matrix is another product."""
    with pytest.raises(TypeError) as caught:
        program(tg.Tensor([1.0, 2.0, 3.0], name="t"))
    assert "lose" in str(caught.value) or "be lost" in str(caught.value) or "matrix product" in str(caught.value)
    assert caught.value.__notes__
