"""Every operation, checked by its own examples.  None is named here: a new one is checked as soon as it is declared."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinygrad_edu as tg
from tinygrad_edu.engine.recompute import value
from tinygrad_edu.engine.spelling import NAMED, Route, parameters_of
from tinygrad_edu.graph import Value
from tinygrad_edu.language.op_notation import Formula, typeset
from tinygrad_edu.numeric.op_examples import Example, examples
from tinygrad_edu.ops import composed
from tinygrad_edu.ops.composed import read_all

read_all()  # operations too that are read when one of their names is asked for
OWN = [op for op in tg.OPS.values() if op.function.__module__.startswith("tinygrad_edu.")]
ALL = [pytest.param(e, id=f"{op.name}-{i}") for op in OWN for i, e in enumerate(examples(op))]
DIFFERENTIABLE = [p for p in ALL if p.values[0].op.rules]
ELEMENTWISE = [op for op in OWN if op.elementwise and op.rules and set(op.names) == set(op.rules)]


def flat(example: Example) -> tuple[list[Any], Any]:
    """The operands in one list, and the example as a function of them."""
    places = [(n, i) for n, v in example.operands.items() for i in (range(len(v)) if isinstance(v, list) else [None])]

    def f(*given: Any) -> Any:
        operands: dict[str, Any] = {}
        for (name, i), x in zip(places, given):
            if i is None:
                operands[name] = x
            else:
                operands.setdefault(name, []).append(x)
        return example(**operands)

    return [example.operands[n] if i is None else example.operands[n][i] for n, i in places], f


@pytest.mark.parametrize("example", DIFFERENTIABLE)
def test_values_reverse_forward_and_second_order_agree_with_differences(example: Example) -> None:
    operands, f = flat(example)
    assert tg.gradcheck(f, *operands)


@pytest.mark.parametrize("example", ALL)
def test_tensors_and_arrays_give_the_same_numbers(example: Example) -> None:
    operands, f = flat(example)
    plain, recorded = f(*operands), f(*map(tg.Tensor, operands))
    assert not isinstance(plain, tg.Tensor)
    assert isinstance(recorded, tg.Tensor)
    np.testing.assert_array_equal(recorded.data, plain)


@pytest.mark.parametrize("example", DIFFERENTIABLE)
def test_float32_stays_float32(example: Example) -> None:
    operands, f = flat(example)
    tensors = [tg.Tensor(x.astype(np.float32)) for x in operands]
    result = f(*tensors)
    assert result.dtype == np.float32
    result.backward(np.ones(result.shape, np.float32))
    for tensor in tensors:
        assert tensor.grad.dtype == np.float32 and tensor.grad.shape == tensor.shape


@pytest.mark.parametrize("example", DIFFERENTIABLE)
def test_no_rule_widens_float32_on_the_way(example: Example) -> None:
    operands, f = flat(example)
    x = [tg.Tensor(o.astype(np.float32)) for o in operands]
    result = f(*[t * np.float32(1) for t in x])  # so that what the rule passes is seen before a leaf casts it
    for step in tg.sweep(result, np.ones(result.shape)):
        assert np.asarray(step.gradient).dtype == np.float32, step.tensor


@pytest.mark.parametrize("example", DIFFERENTIABLE)
def test_what_is_not_kept_is_computed_again_to_the_bit(example: Example) -> None:
    operands, f = flat(example)
    result = f(*[tg.Tensor(x) * 1 for x in operands])
    np.testing.assert_array_equal(value(result.node), result.data)


@pytest.mark.parametrize("example", DIFFERENTIABLE)
def test_constants_cost_no_gradient(example: Example) -> None:
    operands, f = flat(example)
    for i in range(len(operands)):
        tensors = [tg.Tensor(x) if j == i else tg.constant(x) for j, x in enumerate(operands)]
        result = f(*tensors)
        last = list(tg.sweep(result, np.ones(result.shape)))
        assert [s.tensor.node for s in last if s.tensor.is_leaf] == [tensors[i].node]


@pytest.mark.parametrize("op", OWN, ids=lambda op: op.name)
def test_it_prints_itself(op: Any) -> None:
    letters = {n: Formula(f"{{{chr(97 + i)}}}") for i, n in enumerate(op.rules or op.names[:1])}
    family = op.names[op.variadic] if op.variadic is not None else None
    printed = typeset(op, **{n: [f, f] if n == family else f for n, f in letters.items()}).latex
    assert "$" not in printed and printed.count("{") == printed.count("}")
    assert all(f.latex in printed for f in letters.values()) or op.notation == "$x"  # which shows nothing but that


@pytest.mark.parametrize("op", OWN, ids=lambda op: op.name)
def test_it_is_documented_and_public(op: Any) -> None:
    doc = inspect.getdoc(op.function)
    assert doc and doc[0].isprintable() and doc.rstrip().endswith((".", ")")), op.name
    assert getattr(tg, op.name) is op.public
    assert op.public.op is op


@pytest.mark.parametrize("op", OWN, ids=lambda op: op.name)
def test_its_needs_hold_for_its_own_examples(op: Any) -> None:
    for example in examples(op):
        given = {**example.operands, **example.options}
        for p in inspect.signature(op.function).parameters.values():
            given.setdefault(p.name, p.default)
        for words, holds in op.needs.items():
            assert holds(*(given[name] for name in inspect.signature(holds).parameters)), words


# Elementwise operations of any shape.


def broadcasting(op: Any) -> Iterator[Any]:
    yield st.integers(0, 2**32 - 1)
    yield hnp.mutually_broadcastable_shapes(num_shapes=len(op.names), max_dims=3, min_side=0, max_side=3)


@pytest.mark.parametrize("op", ELEMENTWISE, ids=lambda op: op.name)
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_any_shapes_that_broadcast(op: Any, data: st.DataObject) -> None:
    seed, shapes = (data.draw(s) for s in broadcasting(op))
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    rng = np.random.default_rng(seed)
    operands = [
        rng.uniform(*op.domain.get(n, (-2, 2)), shape).astype(dtype) for n, shape in zip(op.names, shapes.input_shapes)
    ]
    tensors = [tg.Tensor(x) for x in operands]
    result = op.public(*tensors)
    assert result.shape == shapes.result_shape and result.dtype == dtype
    upstream = rng.normal(size=result.shape).astype(dtype)
    result.backward(upstream)
    for i, (tensor, x) in enumerate(zip(tensors, operands)):
        assert tensor.grad.shape == x.shape and tensor.grad.dtype == dtype
        full = [tg.Tensor(np.broadcast_to(o, result.shape)) for o in operands]
        op.public(*full).backward(upstream)
        expected = np.asarray(full[i].grad, np.float64)
        lead = expected.ndim - x.ndim
        axes = tuple(range(lead)) + tuple(lead + j for j, n in enumerate(x.shape) if n != expected.shape[lead + j])
        expected = expected.sum(axes, keepdims=True).reshape(x.shape)
        np.testing.assert_allclose(
            tensor.grad,
            expected,
            rtol=1e-4 if dtype == np.float32 else 1e-10,
            atol=1e-5 if dtype == np.float32 else 1e-12,
        )


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_matrix_products_of_any_shapes(data: st.DataObject) -> None:
    shapes = data.draw(
        hnp.mutually_broadcastable_shapes(signature=np.matmul.signature, max_dims=2, min_side=0, max_side=3)
    )
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    x, y = (tg.Tensor(rng.normal(size=s)) for s in shapes.input_shapes)
    z = x @ y
    np.testing.assert_allclose(z.data, x.data @ y.data)
    g = rng.normal(size=z.shape)
    dx, dy = rng.normal(size=x.shape), rng.normal(size=y.shape)
    z.backward(g)
    np.testing.assert_allclose(
        (x.grad * dx).sum() + (y.grad * dy).sum(), (g * (dx @ y.data + x.data @ dy)).sum(), atol=1e-9
    )


# What a statement says about its operation, in attributes, is compared with what the operation computes.

SINGLE = [op for op in OWN if len(op.rules) == 1 and op.variadic is None and not op.elementwise]


def flattens(example: Example) -> bool:
    """Does its option axis=None flatten the operand?"""
    axis = inspect.signature(example.op.function).parameters.get("axis")
    return axis is not None and example.options.get("axis", axis.default) is None


@pytest.mark.parametrize("op", SINGLE, ids=lambda op: op.name)
def test_it_says_whether_it_rearranges_and_whether_it_keeps_the_shape(op: Any) -> None:
    pairs = [(*e.operands.values(), e(), flattens(e)) for e in examples(op)]
    moved = all(np.array_equal(np.sort(x, None), np.sort(z, None)) for x, z, _ in pairs)
    assert op.rearranges == (moved and bool(op.linear))
    assert op.same_shape == all(x.shape == z.shape for x, z, flat in pairs if not flat)


@pytest.mark.parametrize("op", [op for op in OWN if op.reduces], ids=lambda op: op.name)
def test_it_reduces_if_it_has_the_options_of_a_sum(op: Any) -> None:
    x = np.ones((2, 3))
    assert op.public(x, axis=1).shape == (2,) and op.public(x, axis=0, keepdims=True).shape == (1, 3)


@pytest.mark.parametrize("example", DIFFERENTIABLE)
def test_it_is_linear_where_its_rules_read_neither_the_operand_nor_the_result(example: Example) -> None:
    op = example.op
    for k in op.linear if op.variadic is None else ():
        if (name := op.names[k]) in example.operands:
            x = example.operands[name]
            low, middle, high = (example(**{name: x * scale}) for scale in (1, 1.5, 2))
            np.testing.assert_allclose(np.subtract(high, middle), np.subtract(middle, low), atol=1e-12)
            if k in op.factors and len(example.operands) == len(op.factors):
                np.testing.assert_allclose(high, 2 * low, atol=1e-12)


@pytest.mark.parametrize("op", [op for op in OWN if op.vanishes], ids=lambda op: op.name)
def test_it_vanishes_only_where_a_factor_does(op: Any) -> None:
    for example in examples(op):
        x = {name: np.abs(x) + 0.1 for name, x in example.operands.items()}
        assert np.all(example(**x) != 0)
        for name in op.vanishes.split():
            assert np.all(example(**{**x, name: 0 * x[name]}) == 0)


@pytest.mark.parametrize("op", [op for op in OWN if op.logarithm], ids=lambda op: op.name)
def test_its_logarithm_is_infinite_at_the_poles(op: Any) -> None:
    for example in examples(op):
        for name, pole in [(name, pole) for name, poles in op.logarithm.items() for pole in poles]:
            with np.errstate(divide="ignore"):
                z = example(**{name: np.full_like(example.operands[name], pole)})
            assert np.isinf(z).all()


@pytest.mark.parametrize("op", [op for op in OWN if op.channels], ids=lambda op: op.name)
def test_its_channels_lie_along_the_axis_that_it_says(op: Any) -> None:
    for example in examples(op):
        x, *w = example.operands.values()
        z = example()
        first = next(iter(example.operands))
        assert z.shape[op.channels] == (w[0].shape[0] if w else x.shape[op.channels])
        other = {first: np.flip(x, op.channels)}
        if w:  # the outputs of each group of channels, which it sees in the same order
            other["w"] = np.flip(w[0], (0, 1))
        other = example(**other)
        np.testing.assert_allclose(other, np.flip(z, op.channels))


@pytest.mark.parametrize("op", OWN, ids=lambda op: op.name)
def test_it_is_known_by_all_its_names_and_a_method(op: Any) -> None:
    for name in (op.name, *op.aliases.split()):
        assert NAMED[name] is op
        if op.for_users and "." not in name and op.variadic is None and (op.names[0] in op.rules or not op.rules):
            assert getattr(Value, name).op is op and hasattr(tg.Tensor, name)
    assert set(op.words.values()) <= set(op.names)
    assert not set(op.names) & {*op.words, *op.advice}


@pytest.mark.parametrize("op", OWN, ids=lambda op: op.name)
def test_defaults_are_those_of_numpy(op: Any) -> None:
    function = getattr(np, op.name, None)
    if function is None or isinstance(function, np.ufunc):
        return
    _, theirs = parameters_of(function)
    ours = inspect.signature(op.function).parameters
    for word, name in Route(function, op).rename.items():
        if word in theirs and theirs[word] is not np._NoValue and ours[name].default is not inspect.Parameter.empty:
            assert ours[name].default == theirs[word], f"{word} of {op.name}"


def test_what_extends_an_operation_is_in_the_file_that_its_statement_names() -> None:
    composed.read_all()
    for op in OWN:
        file = op.extension.function.__module__.rpartition(".")[2] if op.extension else ""
        assert op.extended == file, op.name
        if file:
            assert {*op.names} <= {*op.extension.names, *op.extension.only_named}, op.name


def test_what_is_no_attribute_and_no_rule_is_an_error() -> None:
    with pytest.raises(TypeError, match="has an attribute selects: an argument that has a rule cannot have that name"):
        tg.op(selects=lambda g: g)
    with pytest.raises(TypeError, match="op takes never of type tuple, not int"):
        tg.op(never=0, x=lambda g: g)
    with pytest.raises(TypeError, match="same_shap=True is no rule, .* the attributes elementwise, rearranges, "):
        tg.op(same_shap=True, x=lambda g: g)


# A new operation is one statement.


def test_a_user_declares_an_operation_in_one_statement() -> None:
    @tg.op(r"$x^{3}", binds=3, elementwise=True, x=lambda g, x: g * 3 * x**2)
    def cube(x: Any) -> Any:
        """The third power."""
        return x**3

    try:
        x = tg.Tensor([1.0, -2.0], "x")
        cube(x).sum().backward()
        np.testing.assert_array_equal(x.grad, [3.0, 12.0])
        assert tg.gradcheck(cube, [0.3, 0.7])
        assert tg.hessian(lambda x: cube(x).sum())([1.0, 2.0]).tolist() == [[6.0, 0.0], [0.0, 12.0]]
        assert typeset(tg.OPS["cube"], x=Formula("a")).latex == "a^{3}"
    finally:
        del tg.OPS["cube"]


def test_gradcheck_names_the_worst_entry_and_both_numbers() -> None:
    @tg.elementwise(x=lambda g, x: g * np.where(x > 1.5, 1, 2) * x)
    def wrong_square(x: Any) -> Any:
        """A square whose rule is wrong above 1.5."""
        return x * x

    try:
        with pytest.raises(AssertionError) as caught:
            tg.gradcheck(lambda x: wrong_square(x).sum(), [1.0, 2.0])
    finally:
        del tg.OPS["wrong_square"]
    words = str(caught.value)
    assert (
        words.startswith("reverse: the gradient of x at [1] is ")
        and " by the rules and " in words
        and words.endswith(" by differences")
    )
