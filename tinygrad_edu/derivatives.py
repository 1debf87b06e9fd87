"""Derivatives of functions, all of them made from the reverse sweep over a recorded computation.

Forward mode needs no rules of its own.  A rule is linear in g, the upstream gradient, and forward mode needs the
transpose of that linear map.  For an elementwise operation it is the rule itself, since a diagonal matrix is its
own transpose.  For any other it is the gradient of the rule's result with respect to g (Radul et al., You only
linearize once, 2022, say the same the other way round).

Functions here take a function ``f`` of arrays and give arrays.  Where the result depends on Tensors from outside, given
as arguments or used by ``f``, they give Tensors, recorded, so that they nest: ``grad(grad(f))``.

An argument may be a structure of arrays, as a list of pairs or a dict, and derivatives come in the same structure: see
engine/structure.py.  A function that makes a function can be called in two styles: ``jacobian(f, x)`` is
``jacobian(f)(x)``, and ``jacobian(f, (x, y))`` is ``jacobian(f, (0, 1))(x, y)``.  See engine/argnums.py.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from .engine.argnums import INSTEAD, argument_numbers, in_two_styles, is_tuple_of_arguments, takes_arguments_of
from .engine.composing import in_other_words
from .engine.on_tensors import Call, as_counted, call_on_tensors
from .engine.recompute import tensors, value
from .engine.structure import leaves, leaves_like, parts_of, with_leaves
from .engine.unchosen import as_array, collect_from, collect_gradients, has_nan, watch_steps
from .errors import coerce
from .errors import messages as errors
from .graph import Node, Value, handle
from .ops import broadcast_to, where
from .ops.conventions import across
from .sweep import steps, topological_order, unbroadcast
from .tensor import Tensor, constant


class Step(NamedTuple):
    """One step of the sweep: the gradient of a tensor is complete, and its operands receive their vjps."""

    tensor: Tensor
    gradient: Any
    passed: tuple[Any, ...]  # the vjp of each operand; None for one that takes no gradient


def sweep(result: Tensor, seed: Any = None) -> Iterator[Step]:
    """Yield the steps of ``result.backward(seed)``, one at a time; no ``.grad`` is changed.

    Each is a ``Step``: a tensor, its gradient, of the tensor's shape, and the vjps that its operands receive.  Raises
    RuntimeError if no gradient flows to the result, ValueError for a missing seed or one of another shape.

    >>> x = Tensor(3.0, name="x")
    >>> for step in sweep(x * x):
    ...     print(step.tensor.name, step.gradient, step.passed)
    None 1.0 (np.float64(3.0), np.float64(3.0))
    x 6.0 ()
    """
    for node, g, passed in watch_steps(result.node, coerce.seed(result, seed)):
        yield Step(handle(node, value(node)), coerce.dense(g), tuple(map(coerce.dense, passed)))


@in_other_words(
    {
        "create_graph": "differentiable",
        "grad_outputs": "seed",
        "grad_output": "seed",
        "outputs": "result",
        "inputs": "wrt",
    },
    INSTEAD,
)
def gradients(result: Tensor, wrt: Any, seed: Any = None, *, differentiable: bool = False) -> Any:
    """The gradients of ``result`` with respect to tensors, leaves or not; 0 where it does not depend on one.

    ``wrt``: a list of Tensors, or another structure of them; the gradients come in the same structure, each of the
    shape of its tensor.  They are arrays, or Tensors with a record if ``differentiable``; no ``.grad`` is changed.
    ``seed`` is as for ``backward``.  PyTorch's names ``grad_outputs`` and ``create_graph`` are taken too.  If the
    result is a constant, all gradients are 0.  Raises TypeError for what is no structure of Tensors, ValueError for a
    missing seed or one of another shape.

    >>> x = Tensor(2.0)
    >>> (slope,) = gradients(x**3, [x], differentiable=True)
    >>> gradients(slope, [x])
    [np.float64(12.0)]
    """
    if isinstance(wrt, Value):
        raise errors.not_a_list(wrt)
    tensors = leaves(wrt)
    if not tensors and parts_of(wrt) is None:
        raise errors.not_tensors(wrt)
    for t in (result, *tensors):
        if not isinstance(t, Value):
            raise errors.not_tensors(t)
    start = seed if isinstance(seed, Value) else coerce.seed(result, seed, constant=True)
    if differentiable and not isinstance(start, Value):
        start = constant(start)
    active = result.requires_grad
    found = collect_gradients(result.node, start, {t.node for t in tensors}, differentiable) if active else {}
    every = [found[t.node] if t.node in found else np.zeros(t.shape, t.dtype)[()] for t in tensors]
    if differentiable:
        return with_leaves(wrt, (g if isinstance(g, Value) else constant(g) for g in every))
    return with_leaves(wrt, (coerce.dense(g)[()] for g in every))


def pull_back(call: Call, seeds: Sequence[Any] = (None,), differentiable: bool = False) -> tuple[Any, ...]:
    """The gradients with respect to each argument of a call: of all its results, each times its seed, added up."""
    differentiable = differentiable or call.differentiable
    with across(call.second):
        parts = [gradients(y, call.inputs, c, differentiable=differentiable) for y, c in zip(call.results, seeds)]
    if len(parts) == 1:
        return call.as_arguments(parts[0])
    if not parts:
        return call.as_arguments([np.zeros(x.shape, x.dtype)[()] for x in call.inputs])
    return call.as_arguments([functools.reduce(operator.add, each) for each in zip(*parts)])


@in_two_styles
def value_and_grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Any:
    """Make a function that returns the value of ``f``, a single number, and its gradient: see ``grad``.

    With ``has_aux`` it returns the pair (value, aux) and the gradient.
    """
    numbers = argument_numbers(argnums)

    @takes_arguments_of(f)
    @errors.with_short_traceback
    def both(*args: Any, **options: Any) -> Any:
        call = call_on_tensors(f, args, options, numbers, one=True, has_aux=has_aux)
        found = as_counted(argnums, pull_back(call))
        value = call.as_asked(call.results[0])
        return ((value, call.as_asked(call.aux)) if has_aux else value), found

    return both


@in_two_styles
def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Any:
    """Make a function that returns the gradient of ``f`` with respect to the argument ``argnums``, or to several.

    ``argnums``: the number of an argument, from 0 or, if negative, from the end; or a tuple of them, for a tuple of
    gradients.  A gradient has the shape of its argument, or its structure.  With ``has_aux``, f returns a pair, of the
    number and anything else, and the new function the pair (gradient, aux).

    The new function raises ValueError if ``f`` returns more than one number, TypeError if it returns no Tensor and no
    number, and IndexError if there is no argument ``argnums``.

    >>> grad(lambda x, y: x * y**2)(3.0, 2.0)
    np.float64(4.0)
    >>> grad(grad(lambda x: x**3))(2.0)
    np.float64(12.0)
    >>> grad(lambda p: p["W"] * p["x"] + p["b"])({"W": 2.0, "x": 3.0, "b": 1.0})
    {'W': np.float64(3.0), 'x': np.float64(2.0), 'b': np.float64(1.0)}
    """
    both = value_and_grad(f, argnums, has_aux)

    @takes_arguments_of(f)
    def gradient(*args: Any, **options: Any) -> Any:
        value, found = both(*args, **options)
        return (found, value[1]) if has_aux else found

    return gradient


def grad_and_aux(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Any:
    """Make a function that returns the gradient, and what ``f`` returns besides: ``grad(f, argnums, has_aux=True)``."""
    return grad(f, argnums, has_aux=True)


@in_two_styles
def elementwise_grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Any:
    """Make a function that returns the derivative of ``f`` at each element, for an f that goes element by element.

    It is the gradient of the sum of all results, so it is a derivative of each only if no result depends on two
    elements.

    >>> elementwise_grad(lambda x: x**2)([1.0, 2.0])
    array([2., 4.])
    """
    numbers = argument_numbers(argnums)

    @takes_arguments_of(f)
    @errors.with_short_traceback
    def slopes(*args: Any, **options: Any) -> Any:
        call = call_on_tensors(f, args, options, numbers)
        return as_counted(argnums, pull_back(call, [np.ones(y.shape, y.dtype)[()] for y in call.results]))

    return slopes


@in_other_words({}, INSTEAD)
def vjp(f: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """Compute the value of ``f``, and a function that returns vector-Jacobian products.

    That function takes a cotangent, of the shape and structure of the value, and returns a tuple with one product for
    each of ``primals``, of its shape and structure.  With ``has_aux``, f returns a pair, of the value and anything
    else, which is the third of what comes back.

    >>> value, pullback = vjp(lambda x, y: x * y, 3.0, 2.0)
    >>> pullback(1.0)
    (np.float64(2.0), np.float64(3.0))
    """
    call = call_on_tensors(f, primals, {}, range(len(primals)), has_aux=has_aux)

    @errors.with_short_traceback
    def pullback(cotangent: Any) -> tuple[Any, ...]:
        seeds = leaves_like(call.returned, cotangent)
        return pull_back(call, seeds, any(isinstance(c, Value) for c in seeds))

    value = call.as_asked(call.as_returned(call.results))
    return (value, pullback, call.as_asked(call.aux)) if has_aux else (value, pullback)


@in_other_words({}, INSTEAD)
def jvp(f: Callable[..., Any], primals: Any, tangents: Any) -> tuple[Any, Any]:
    """Compute the value of ``f``, and its Jacobian times ``tangents``: how ``f`` changes in their direction.

    ``primals``, ``tangents``: lists of the arguments and of as many tangents, each of the shape and structure of its
    argument; or one array and its tangent.  The product has the shape and structure of the value.  Raises TypeError if
    they are no such lists, ValueError for another shape or structure.

    >>> jvp(lambda x: x**2, [3.0], [1.0])
    (np.float64(9.0), np.float64(6.0))
    """
    if not isinstance(primals, (list, tuple)) and not isinstance(tangents, (list, tuple)):
        primals, tangents = [primals], [tangents]
    if not (
        isinstance(primals, (list, tuple)) and isinstance(tangents, (list, tuple)) and len(primals) == len(tangents)
    ):
        raise errors.not_paired()
    call = call_on_tensors(f, primals, {}, range(len(primals)))
    given = leaves_like(call.arguments, tuple(tangents))
    differentiable = call.differentiable or any(isinstance(t, Value) for t in given)
    directions = [t if isinstance(t, Value) else coerce.copy_like(x, t, "tangent") for x, t in zip(call.inputs, given)]
    start = dict(zip((x.node.serial for x in call.inputs), directions))
    with across(call.second):
        pushed = [push_forward(y.node, start, differentiable) if y.requires_grad else None for y in call.results]
    found = [np.zeros(y.shape, y.dtype)[()] if t is None else t[()] for y, t in zip(call.results, pushed)]
    return call.as_asked(call.as_returned(call.results)), call.as_returned(found)


def push_forward(result: Node, start: dict[int, Any], differentiable: bool) -> Any:
    """Compute the tangent of a recorded result in forward mode, from the oldest value to the youngest.

    ``start``: the tangents of nodes, by their serials.  Returns None if the result does not depend on these nodes.
    """
    tangents, nodes = {**start}, topological_order(result)
    for node in nodes:
        if node.op is None or node.serial in tangents:
            continue
        known = {k: tangents[a.serial] for k, a in enumerate(node.args) if a is not None and a.serial in tangents}
        if known:
            total = (push_elementwise if node.op.elementwise else push_by_transpose)(node, known, differentiable)
            tangents[node.serial] = total if total.shape == node.shape else broadcast_to(total, node.shape)
    found = tangents.get(result.serial)
    if found is None or not has_nan([found]):
        return found
    other = push_by_two_sweeps([node for node in nodes if node.serial in start], result, start, differentiable)
    found = where(np.isnan(as_array(found)), other, found)
    return found if isinstance(found, Value) else found[()]


def push_by_two_sweeps(nodes: list[Node], result: Node, tangents: dict[int, Any], differentiable: bool) -> Any:
    """Compute the same by reverse mode, which finds what the result does not depend on: see engine/unchosen.py.

    The vector-Jacobian product is linear in its cotangent u; the transpose of that linear function is applied to the
    tangents.  (Townsend, A new trick for calculating Jacobian vector products, 2017.)
    """
    u = Tensor(np.ones(result.shape, value(result).dtype))
    found = collect_gradients(result, u, nodes, differentiable=True)
    if any((np.isnan(as_array(g)) & (as_array(tangents[node.serial]) != 0)).any() for node, g in found.items()):
        return np.full(u.shape, np.nan)  # reverse mode gives NaN too
    total = sum(((g * tangents[node.serial]).sum() for node, g in found.items()), start=constant(0.0))
    return gradients(total, [u], differentiable=differentiable)[0] if total.requires_grad else np.zeros(u.shape)


def push_elementwise(node: Node, tangents: dict[int, Any], differentiable: bool) -> Any:
    """The tangent of an elementwise node: its rules, applied to the tangents of its operands, and added up."""
    (values, z), total = tensors(node) if differentiable else (node.values, node.result), None
    for k, tangent in tangents.items():
        part = node.op.vjp(k, node.args, tangent, z, values)
        total = part if total is None else total + part
    return total


def push_by_transpose(node: Node, tangents: dict[int, Any], differentiable: bool) -> Any:
    """The tangent of any other node: the transpose of its rules, applied to the tangents of its operands."""
    values, z = tensors(node) if differentiable else (node.values, node.result)
    g = Tensor(np.zeros(node.shape))  # its value does not matter, since the rules are linear in g
    pulled = node.op.vjps(node.args, g, z, values)
    parts = [(unbroadcast(pulled[k], node.args[k]), tangent) for k, tangent in tangents.items()]
    total: Any = sum(((part * tangent).sum() for part, tangent in parts if isinstance(part, Value)), start=0.0)
    if not isinstance(total, Tensor):
        return np.zeros(node.shape)
    if differentiable:
        return gradients(total, [g], differentiable=True)[0]
    found = collect_from(steps(total.node, total.dtype.type(1)), {g.node})
    return coerce.dense(found[g.node]) if found else np.zeros(node.shape)


@in_two_styles
def jacobian(f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Any:
    """Make a function that returns all partial derivatives of ``f``: shape of the result, then shape of the argument.

    It computes rows, in reverse mode, or columns, in forward mode, whichever are fewer.

    ``argnums``: the number of the argument, from 0; or a tuple of them, for a tuple of Jacobians.  If the argument is a
    structure, its Jacobians come in the same structure.  If the result is one, there is such a structure in the place
    of each of its arrays: ``jacobian(f)(p)["scores"]["W"]``.  With ``has_aux``, f returns a pair, of the result and
    anything else, and the new function the pair (Jacobian, aux).

    >>> jacobian(lambda x: x**2)([1.0, 2.0])
    array([[2., 0.],
           [0., 4.]])
    """
    return jacobian_by(None, f, argnums, has_aux)


@in_two_styles
def jacfwd(f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Any:
    """Make a function that returns the Jacobian of ``f``, computed by columns in forward mode: see ``jacobian``."""
    return jacobian_by("columns", f, argnums, has_aux)


@in_two_styles
def jacrev(f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Any:
    """Make a function that returns the Jacobian of ``f``, computed by rows in reverse mode: see ``jacobian``."""
    return jacobian_by("rows", f, argnums, has_aux)


def jacobian_by(way: str | None, f: Callable[..., Any], argnums: int | Sequence[int], has_aux: bool) -> Any:
    """Make the function that ``jacobian`` returns.  ``way``: by "rows", by "columns", or None for what is faster."""
    numbers = argument_numbers(argnums)

    @takes_arguments_of(f)
    @errors.with_short_traceback
    def full(*args: Any, **options: Any) -> Any:
        call = call_on_tensors(f, args, options, numbers, has_aux=has_aux)
        with across(call.second):
            parts = [jacobians(y, call.inputs, call.differentiable, way) for y in call.results]
        made = [as_counted(argnums, call.as_arguments(each)) for each in parts]
        found = call.as_returned(made)
        return (found, call.as_asked(call.aux)) if has_aux else found

    return full


def jacobians(y: Tensor, inputs: Sequence[Tensor], differentiable: bool, way: str | None) -> list[Any]:
    """Compute all partial derivatives of y with respect to each of the inputs."""
    if not y.requires_grad:
        zeros = [np.zeros((*y.shape, *x.shape), x.dtype) for x in inputs]
        return [constant(z) for z in zeros] if differentiable else zeros
    if way == "rows" or (way is None and (differentiable or y.size <= sum(x.size for x in inputs))):
        basis = np.eye(y.size, dtype=y.dtype).reshape(y.size, *y.shape)
        rows = [gradients(y, inputs, e, differentiable=differentiable) for e in basis]
        stacked = [np.stack(each) for each in zip(*rows)] if rows else [np.zeros((0, *x.shape)) for x in inputs]
        return [s.reshape((*y.shape, *x.shape)) for s, x in zip(stacked, inputs)]
    return [columns(y, x, differentiable) for x in inputs]


def columns(y: Tensor, x: Tensor, differentiable: bool) -> Any:
    """Compute all partial derivatives of y with respect to x in forward mode, one column for each element of x."""
    if not x.size:
        return np.zeros((*y.shape, *x.shape), x.dtype)
    basis = np.eye(x.size, dtype=x.dtype).reshape(x.size, *x.shape)
    pushed = [push_forward(y.node, {x.node.serial: e[()]}, differentiable) for e in basis]
    full = [np.broadcast_to(np.zeros(y.shape, y.dtype) if c is None else c, y.shape) for c in pushed]
    return np.stack(full, -1).reshape((*y.shape, *x.shape))


@in_two_styles
def hessian(f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Any:
    """Make a function that returns all second derivatives of ``f``, a single number: the argument's shape, twice.

    It is the Jacobian of the gradient.  So with a tuple of ``argnums`` it is a tuple of tuples, and with a structure
    for an argument a structure of structures: ``hessian(f)(p)["W"]["b"]`` has the shape of W, then that of b.

    >>> hessian(lambda x, y: x**2 * y, (0, 1))(3.0, 1.0)
    ((array(2.), array(6.)), (array(6.), array(0.)))
    """
    return jacobian(grad(f, argnums, has_aux), argnums, has_aux)


@in_other_words({}, INSTEAD)
def hvp(f: Callable[..., Any], x: Any = None, v: Any = None) -> Any:
    """Compute the Hessian of ``f``, a single number, at ``x`` times ``v``, with two sweeps.  ``v`` has the shape of x.

    It is the vector-Jacobian product of the gradient with ``v``, since the Hessian is symmetric.  (Pearlmutter, Fast
    exact multiplication by the Hessian, 1994.)

    ``x`` may be a structure, and v is one like it then.  A tuple stands for several arguments of f.  ``hvp(f)`` is a
    function of x and v.

    >>> hvp(lambda x: (x**3).sum(), [1.0, 2.0], [1.0, 1.0])
    array([ 6., 12.])
    """
    if not callable(f):
        raise errors.not_a_function("hvp", f)
    if x is None and v is None:
        return functools.partial(hvp, f)
    if v is None:
        raise errors.no_direction()
    if is_tuple_of_arguments(x):
        return vjp(grad(f, tuple(range(len(x)))), *x)[1](v)
    return vjp(grad(f), x)[1](v)[0]
