"""What is asked for, and what is known of it: names, shapes, distributions, and the recorded sweep."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..context import within
from ..engine.reachable import reachable
from ..engine.recompute import stored_operands, value
from ..errors import coerce
from ..graph import Node, Value, get_frame
from ..language.names import Names
from ..numeric.equality import sums_to_one
from ..sweep import steps
from ..tensor import Tensor, constant
from .index import size
from .reader import Reader
from .simplify import Rules
from .verified import Points


class Asked:
    """What is asked for, and what is known of it: the record, names, and the sweep over it."""

    def __init__(self, result: Tensor, wrt: list[Tensor], gradients: Mapping[Any, str], expand: bool,
                 distributions: list[Any], families: Mapping[str, Sequence[Tensor]], order: int) -> None:  # fmt: skip
        for x in (result, *wrt):
            if not isinstance(x, Value):
                raise TypeError(f"formula() takes tensors, not {type(x).__name__}")
        coerce.seed(result, np.ones(result.shape))  # says what is wrong if no gradient flows
        if order not in (1, 2) or (order == 2 and result.size != 1):
            raise ValueError("order is 1, or 2 for the Hessian of a single number")
        self.result, self.wrt, self.order, self.expand = result, wrt, order, expand
        self.nodes = reachable([result.node, *(x.node for x in wrt)])
        self.names, self.given = self.named()
        self.arrays = self.plain()
        self.sums = self.distributions(distributions)
        by_name = {n: s for s, n in self.given.items()}
        self.gradient_names: dict[int, str] = {}
        for key, name in gradients.items():
            serial = key.node.serial if isinstance(key, Value) else by_name.get(key)
            if serial is None:
                raise ValueError(f"names: there is no tensor called {key!r}")
            self.gradient_names[serial] = name
        for name in [*self.gradient_names.values(), *families]:
            if name in by_name:
                raise ValueError(f"{name} is already the name of a tensor")
        self.families = {n: [t.node for t in family] for n, family in families.items()}
        for n, family in self.families.items():
            if len({node.shape for node in family}) != 1 or len(family[0].shape) != 1:
                raise ValueError(f"families: those of {n} are not vectors of one length")
        self.every = self.shapes()
        self.found: dict[int, Node] = {}  # the gradients, by the serials of what they are gradients of
        self.second: dict[int, Node] = {}  # the seeds of second sweeps, likewise
        self.slopes: dict[int, tuple[Node, Node, int]] = {}
        self.sweep()
        self.points = Points(self.nodes, self.sums)

    # Names.

    def named(self) -> tuple[dict[int, str], dict[int, str]]:
        """What nodes are called in formulas, by serial; and the same with what ``expand`` writes out."""
        words = self.words = Names(self.nodes, results=False)
        found = {node.serial: name.word for node in self.nodes if (name := words.of(node)) is not None}
        every, asked = dict(found), {x.node.serial for x in self.wrt}
        for node in self.nodes:
            computed = node.op is not None and (self.expand or node is self.result.node and not node.shape)
            if computed or (node.serial in found and len(found[node.serial]) > 40):
                found.pop(node.serial, None)
            if node.op is None and node.serial not in found and (node.active or node.serial in asked):
                free = (f"x_{k}" for k in itertools.count(1))
                found[node.serial] = every[node.serial] = next(n for n in free if n not in every.values())
        return found, every

    def plain(self) -> list[tuple[Any, str]]:
        """Plain arrays, and what the program calls them."""
        found: list[tuple[Any, str]] = []
        taken = set(self.given.values())
        for node in self.nodes:
            if node.op is None:
                continue
            if node.op.name == "cross_entropy":
                name = next(n for n in itertools.chain(["Y"], (f"Y_{k}" for k in itertools.count(1))) if n not in taken)
                found += [(x, name) for x in one_hot(node)]
            if None not in node.args:
                continue
            for k, (x, a) in enumerate(zip(stored_operands(node), node.args)):
                told = self.words.plain(node, k) if a is None else None
                if told is not None and self.words.said(node, k) and told.base.isidentifier() and x.dtype.kind == "f":
                    if told.word not in taken:
                        found.append((x, told.word))
                        taken.add(told.word)
        return found

    def distributions(self, declared: list[Any]) -> dict[int, tuple[int, ...]]:
        """The axes over which leaves that were declared sum to one."""
        found: dict[int, tuple[int, ...]] = {}
        self.plain_sums: dict[str, tuple[int, ...]] = {}
        for one in declared:
            node: Node | None = one.node if isinstance(one, Value) else None
            if node is None:
                node = next((n for n in self.nodes if self.given.get(n.serial) == one), None)
            arrays = [x for x, n in self.arrays if n == one] if node is None else [value(node)]
            if not arrays:
                raise ValueError(f"distributions: there is no tensor called {one!r}")
            axes = summing(arrays[0])
            if not axes:
                raise ValueError(
                    f"distributions: {one if node is None else self.given.get(node.serial)} does not sum to one"
                )
            if node is None:
                self.plain_sums[one] = axes
            else:
                found[node.serial] = axes
        return found

    def sums_to_one(self, what: Any, axis: int) -> bool:
        """Does a leaf sum to one over an axis: was it declared so, or computed by softmax?"""
        if what in self.plain_sums:
            return axis in self.plain_sums[what]
        for node in self.nodes:
            if self.names.get(node.serial) == what:
                if axis in self.sums.get(node.serial, ()):
                    return True
                if node.op is not None and node.op.name == "softmax":
                    return bool(dict(zip(node.op.names, node.values))["axis"] % len(node.shape) == axis)
        return False

    # The sweep.

    def sweep(self) -> None:
        """Run it, recorded; keep the gradients, and which of them are the slope of a function times another."""
        with within(recording=True, scope=None, frame=get_frame(0), watch=None), np.errstate(all="ignore"):
            seed = constant(np.ones(self.result.shape))
            self.start, wanted = seed.node, {x.node.serial for x in self.wrt}
            if self.order == 1:
                self.follow(self.result, seed, wanted)
                return
            for node, g, _ in steps(self.result.node, seed, True):
                if node.serial in wanted and g.node.active:
                    start = constant(np.ones(g.shape))
                    self.second[node.serial] = start.node
                    self.follow(g, start, {node.serial})

    def follow(self, target: Tensor, seed: Tensor, wanted: set[int]) -> None:
        """One sweep."""
        for node, g, passed in steps(target.node, seed, True):
            if node.serial in wanted or node.serial in self.gradient_names:
                self.found[node.serial] = g.node
            if node.op is not None and node.op.elementwise and node.op.name not in ("sigmoid", *ARITHMETIC):
                active = [k for k, a in enumerate(node.args) if a is not None]
                if len(active) == 1 and slope_is_named(node):
                    (k,) = active
                    if node.args[k].shape == node.shape:
                        self.slopes[passed[k].node.serial] = (g.node, node, k)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of all that has a name."""
        shape_of = {node.serial: node.shape for node in self.nodes}
        found = {n: x.shape for x, n in self.arrays}
        found |= {n: (len(family), *family[0].shape) for n, family in self.families.items()}
        found |= {n: shape_of[s] for s, n in [*self.given.items(), *self.names.items()]}
        return found | {n: shape_of[s] for s, n in self.gradient_names.items()}


ARITHMETIC = "add subtract multiply divide negative positive power square reciprocal sqrt where".split()
SLOPES: dict[Any, bool] = {}


def slope_is_named(node: Node) -> bool:
    """Is the derivative of a function of one number written phi', because it is no shorter, as cos for sin is?"""
    op, others = node.op, [v for v, a in zip(node.values, node.args) if a is None]
    if len(op.rules) > 1:
        return bool(op.name == "maximum" and np.ndim(others[0]) == 0 and float(others[0]) == 0)  # it is relu
    key = (op, repr(others))
    if key not in SLOPES:
        try:
            x, g = Tensor(0.4), constant(1.0)
            z = op.public(x, *others)
            (pulled, *_) = op.vjps(z.node.args, g, z, [x, *others])
            reader = Reader({x.node.serial: "x", g.node.serial: "g"}, {}, {}, (), Rules())
            SLOPES[key] = size(reader.template(pulled.node)[1]) > 4.5 or reader.chose
        except Exception:  # a rule is free to do what only real numbers can do
            SLOPES[key] = True
    return SLOPES[key]


def one_hot(node: Node) -> list[Any]:
    """What a loss makes of labels for several examples: the matrix of their unit vectors, called Y."""
    known = dict(zip(node.op.names, node.values))
    labels = known["target"] if node.args[1] is None else value(node.args[1])
    shape = node.args[0].shape if node.args[0] is not None else np.shape(known["logits"])
    if np.ndim(labels) != 1 or np.asarray(labels).dtype.kind not in "iu":
        return []
    k = known["axis"] % 2
    ones = np.eye(shape[k])[labels]
    return [ones if k == 1 else ones.T]


def summing(x: Any) -> tuple[int, ...]:
    """The axes along which an array sums to one."""
    x = np.asarray(x)
    return tuple(k for k in range(x.ndim) if sums_to_one(x, k))
