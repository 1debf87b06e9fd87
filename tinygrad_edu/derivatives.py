"""Derivatives of functions, all of them made from the reverse sweep over a recorded computation.

Forward mode needs no rules of its own.  A rule is linear in g, the upstream gradient, and forward mode needs the
transpose of that linear map.  For an elementwise operation it is the rule itself, since a diagonal matrix is its
own transpose.  For any other it is the gradient of the rule's result with respect to g (Radul et al., You only
linearize once, 2022, say the same the other way round).

Functions here take a function ``f`` of arrays and give arrays.  Where the result depends on Tensors from outside, given
as arguments or used by ``f``, they give Tensors, recorded, so that they nest: ``grad(grad(f))``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from .engine.recompute import tensors, value
from .engine.unchosen import as_array, collect_from, collect_gradients, has_nan, watch_steps
from .errors import coerce
from .errors import messages as errors
from .graph import Node, Value, handle
from .ops import broadcast_to, positive, where
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


def gradients(result: Tensor, wrt: Sequence[Tensor], seed: Any = None, *, differentiable: bool = False) -> list[Any]:
    """The gradients of ``result`` with respect to tensors, leaves or not; 0 where it does not depend on one.

    Each has the shape of its tensor.  They are arrays, or Tensors with a record if ``differentiable``; no ``.grad`` is
    changed.  ``seed`` is as for ``backward``.  If the result is a constant, all gradients are 0.  Raises TypeError if
    ``wrt`` is not a list of Tensors, ValueError for a missing seed or one of another shape.

    >>> x = Tensor(2.0)
    >>> (slope,) = gradients(x**3, [x], differentiable=True)
    >>> gradients(slope, [x])
    [np.float64(12.0)]
    """
    if isinstance(wrt, Value):
        raise errors.not_a_list(wrt)
    for t in (result, *wrt):
        if not isinstance(t, Value):
            raise errors.not_tensors(t)
    start = seed if isinstance(seed, Value) else coerce.seed(result, seed, constant=True)
    if differentiable and not isinstance(start, Value):
        start = constant(start)
    found = collect_gradients(result.node, start, {t.node for t in wrt}, differentiable) if result.requires_grad else {}
    every = [found[t.node] if t.node in found else np.zeros(t.shape, t.dtype)[()] for t in wrt]
    if differentiable:
        return [g if isinstance(g, Value) else constant(g) for g in every]
    return [coerce.dense(g)[()] for g in every]


class Call(NamedTuple):
    """One call of a function on new tensors: the tensors to differentiate with respect to, and the result."""

    inputs: list[Tensor]
    result: Tensor
    differentiable: bool  # does the result depend on Tensors from outside, so that derivatives are recorded?
    second: bool  # is the function a derivative itself?

    def gradients(self, seed: Any = None, differentiable: bool = False) -> list[Any]:
        """The gradients of the result with respect to the inputs."""
        with across(self.second):
            return gradients(self.result, self.inputs, seed, differentiable=self.differentiable or differentiable)

    def as_asked(self, x: Any) -> Any:
        """Return a Tensor if derivatives are recorded; otherwise its array."""
        return x if self.differentiable else coerce.dense(x._array) if isinstance(x, Value) else x


def call_on_tensors(
    f: Callable[..., Any], args: Sequence[Any], options: dict[str, Any], argnums: Sequence[int]
) -> Call:
    """Call ``f`` with new tensors for the arguments at ``argnums``, which have the names of its parameters."""
    names: list[Any]
    try:
        names = list(inspect.signature(f).parameters)
    except (TypeError, ValueError):
        names = []
    names += [None] * len(args)
    given, chosen = list(args), []
    for i in argnums:
        if not -len(args) <= i < len(args):
            raise errors.no_argument(f, i, len(args))
        given[i] = positive(args[i]) if isinstance(args[i], Value) else Tensor(args[i], names[i])
        chosen.append(given[i])
    result = f(*given, **options)
    # A function of this file, as grad(f), may well not depend on its arguments: that is no mistake of the user's.
    ours = getattr(getattr(f, "__code__", None), "co_filename", "") == __file__
    if not isinstance(result, Tensor):
        result = constant(coerce.constant_result(f, result, not ours))
    if not result.requires_grad:
        return Call(chosen, result, any(isinstance(x, Value) for x in args), ours)
    oldest = min((x.node.serial for x in chosen), default=result.node.serial)
    return Call(chosen, result, topological_order(result.node)[0].serial < oldest, ours)


def _argument_numbers(argnums: int | Sequence[int]) -> list[int]:
    numbers = [argnums] if isinstance(argnums, int) else list(argnums)
    if not all(isinstance(i, int) for i in numbers):
        raise errors.not_numbers(argnums)
    return numbers


def value_and_grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """Make a function that returns the value of ``f``, a single number, and its gradient: see ``grad``."""

    @errors.with_short_traceback
    def both(*args: Any, **options: Any) -> Any:
        call = call_on_tensors(f, args, options, _argument_numbers(argnums))
        found = call.gradients()
        return call.as_asked(call.result), found[0] if isinstance(argnums, int) else tuple(found)

    return both


def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """Make a function that returns the gradient of ``f`` with respect to the argument ``argnums``, or to several.

    ``argnums``: the number of an argument, from 0; or a tuple of them, for a tuple of gradients.  A gradient has the
    shape of its argument.  The new function raises ValueError if ``f`` returns more than one number, TypeError if it
    returns no Tensor and no number, and IndexError if there is no argument ``argnums``.

    >>> grad(lambda x, y: x * y**2)(3.0, 2.0)
    np.float64(4.0)
    >>> grad(grad(lambda x: x**3))(2.0)
    np.float64(12.0)
    """
    both = value_and_grad(f, argnums)
    return lambda *args, **options: both(*args, **options)[1]


@errors.with_short_traceback
def vjp(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """Compute the value of ``f``, and a function that returns vector-Jacobian products.

    That function takes a cotangent, of the shape of the value, and returns a tuple with one product for each of
    ``primals``, of its shape.
    """
    call = call_on_tensors(f, primals, {}, range(len(primals)))

    @errors.with_short_traceback
    def pullback(cotangent: Any) -> tuple[Any, ...]:
        return tuple(call.gradients(cotangent, isinstance(cotangent, Value)))

    return call.as_asked(call.result), pullback


@errors.with_short_traceback
def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """Compute the value of ``f``, and its Jacobian times ``tangents``: how ``f`` changes in their direction.

    ``primals``, ``tangents``: lists of the arguments and of as many tangents, each of the shape of its argument.  The
    product has the shape of the value.  Raises TypeError if they are no such lists, ValueError for another shape.

    >>> jvp(lambda x: x**2, [3.0], [1.0])
    (np.float64(9.0), np.float64(6.0))
    """
    if not (
        isinstance(primals, (list, tuple)) and isinstance(tangents, (list, tuple)) and len(primals) == len(tangents)
    ):
        raise errors.not_paired()
    call = call_on_tensors(f, primals, {}, range(len(primals)))
    differentiable = call.differentiable or any(isinstance(t, Value) for t in tangents)
    directions = [
        t if isinstance(t, Value) else coerce.copy_like(x, t, "tangent") for x, t in zip(call.inputs, tangents)
    ]
    start = dict(zip((x.node.serial for x in call.inputs), directions))
    with across(call.second):
        tangent = push_forward(call.result.node, start, differentiable) if call.result.requires_grad else None
    if tangent is None:
        tangent = np.zeros(call.result.shape, call.result.dtype)[()]
    return call.as_asked(call.result), tangent


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
        return np.full(u.shape, np.nan)  # reverse mode has no number either
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
    g = Tensor(np.zeros(node.shape))  # the rules are linear in g, so any will do
    pulled = node.op.vjps(node.args, g, z, values)
    parts = [(unbroadcast(pulled[k], node.args[k]), tangent) for k, tangent in tangents.items()]
    total: Any = sum(((part * tangent).sum() for part, tangent in parts if isinstance(part, Value)), start=0.0)
    if not isinstance(total, Tensor):
        return np.zeros(node.shape)
    if differentiable:
        return gradients(total, [g], differentiable=True)[0]
    found = collect_from(steps(total.node, total.dtype.type(1)), {g.node})
    return coerce.dense(found[g.node]) if found else np.zeros(node.shape)


def jacobian(f: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """Make a function that returns all partial derivatives of ``f``: shape of the result, then shape of the argument.

    ``argnums``: the number of the argument, from 0.  It computes rows, in reverse mode, or columns, in forward mode,
    whichever are fewer.

    >>> jacobian(lambda x: x**2)([1.0, 2.0])
    array([[2., 0.],
           [0., 4.]])
    """

    @errors.with_short_traceback
    def full(*args: Any, **options: Any) -> Any:
        call = call_on_tensors(f, args, options, [argnums])
        (x,), y = call.inputs, call.result
        with across(call.second):
            return entries(call, x, y)

    def entries(call: Call, x: Tensor, y: Tensor) -> Any:
        """Compute all partial derivatives of y with respect to x."""
        if not y.requires_grad:
            return call.as_asked(constant(np.zeros((*y.shape, *x.shape), x.dtype)))
        if call.differentiable or y.size <= x.size:
            basis = np.eye(y.size, dtype=y.dtype).reshape(y.size, *y.shape)
            rows = [gradients(y, [x], e, differentiable=call.differentiable)[0] for e in basis]
            stacked = np.stack(rows) if rows else np.zeros((0, *x.shape))
            return stacked.reshape((*y.shape, *x.shape))
        basis = np.eye(x.size, dtype=x.dtype).reshape(x.size, *x.shape)
        columns = [push_forward(y.node, {x.node.serial: e}, False) for e in basis]
        return np.stack([np.broadcast_to(0.0 if c is None else c, y.shape) for c in columns], -1).reshape(
            (*y.shape, *x.shape)
        )

    return full


def hessian(f: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """Make a function that returns all second derivatives of ``f``, a single number: the argument's shape, twice."""
    return jacobian(grad(f, argnums), argnums)


@errors.with_short_traceback
def hvp(f: Callable[..., Any], x: Any, v: Any) -> Any:
    """Compute the Hessian of ``f``, a single number, at ``x`` times ``v``, with two sweeps.  ``v`` has the shape of x.

    It is the vector-Jacobian product of the gradient with ``v``, since the Hessian is symmetric.  (Pearlmutter, Fast
    exact multiplication by the Hessian, 1994.)
    """
    return vjp(grad(f), x)[1](v)[0]
