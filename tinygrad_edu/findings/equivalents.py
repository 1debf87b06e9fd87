"""Find one operation that equals several steps of a program, and does not overflow or round as they do.

log(softmax(z)) is log_softmax(z), e / e.sum() with e = exp(z) is softmax(z), 1 / (1 + exp(-x)) is sigmoid(x).  All
operations of one operand are tried, also those that a user declared.  They are compared with the steps at numbers of
moderate size, where nothing overflows.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..context import within
from ..engine.reachable import operand_nodes, reachable
from ..graph import Node
from ..numeric.equality import same
from ..op import OPS
from .inspected import Inspected
from .trials import replay

# How many steps are merged at most, and the largest operand at which operations are tried.
STEPS, SIZE = 8, 50_000
SCALES = {1.0: "{}", -1.0: "-{}", 1 / math.log(2): "{} / {log}(2)", 1 / math.log(10): "{} / {log}(10)"}


class Equivalent(NamedTuple):
    """One operation of one value that computes the same as several steps."""

    op: Any
    x: Node
    options: dict[str, Any]
    negative: bool  # is it applied to -x?
    scale: float  # its result is multiplied by this
    first: Any = None  # an operation that is applied to x before it, as log before a sum of logarithms

    def __call__(self, x: Any) -> Any:
        x = -x if self.negative else x
        x = self.first.public(x) if self.first is not None else x
        z = self.op.public(x, **self.options)
        return z if self.scale == 1 else z * self.scale

    def text(self, x: str, name: str, log: str, first: str = "") -> str:
        """Write it as a user does; ``name``, ``log`` and ``first`` are the names of the operations in the program."""
        inner = x if not self.negative else f"-{x}" if x.isidentifier() else f"-({x})"
        inner = f"{first}({inner})" if self.first is not None else inner
        if self.op.notation == "$x":
            return SCALES[self.scale].format(inner, log=log)
        options = "".join(f", {key}={value}" for key, value in self.options.items())
        return SCALES[self.scale].format(f"{name}({inner}{options})", log=log)


def only_operand(op: Any) -> str | None:
    """Return the name of the only operand, if all other arguments of an operation may be left out."""
    rules = [name for name in op.names if name in op.rules]
    defaults = len(op.function.__defaults__ or ())
    alone = len(rules) == 1 and op.variadic is None and len(op.names) - defaults <= 1 and op.names[0] == rules[0]
    return rules[0] if alone else None


def option_variants(op: Any, ndim: int) -> Iterator[dict[str, Any]]:
    """Yield the options to try for an operation: none, then each axis, with and without keepdims."""
    axes: list[dict[str, Any]] = [{}]
    if "axis" in op.names and ndim > 1:
        axes += [{"axis": i} for i in range(ndim)]
    kept: list[dict[str, Any]] = [{}, {"keepdims": True}] if "keepdims" in op.names else [{}]
    for axis, keep in itertools.product(axes, kept):
        yield {**axis, **keep}


def nearest_sources(inspected: Inspected, node: Node, steps: int = STEPS) -> list[Node]:
    """List what a value was computed from within some steps, the nearest first."""
    found, level = [], [node]
    for _ in range(steps):
        level = [a for n in level for a in n.args if a is not None and a not in found]
        level = [*dict.fromkeys(level)]
        found += level
    return [*dict.fromkeys(found)]


def steps_between(inspected: Inspected, x: Node, y: Node) -> list[Node]:
    before = set(reachable([y], lambda node: [a for a in operand_nodes(node) if a.serial >= x.serial]))
    return [node for node in inspected.above([x]) if node in before]


def find_equivalents(inspected: Inspected, y: Node, xs: list[Node], after: Any = None) -> Iterator[Equivalent]:
    """Find operations of one of ``xs`` that equal ``y``; with ``after``, those whose ``after`` equals ``after(y)``."""
    last = after or y.op
    for x in xs:
        size = int(np.prod(x.shape))
        if not size or size > SIZE or x not in inspected.record.every:
            continue
        steps = steps_between(inspected, x, y)
        if x not in steps or len(steps) > 4 * STEPS:
            continue
        draws = moderate_numbers(inspected.value(x))
        try:
            wanted = [replay(inspected, {x: draw[()]}, {}, steps, record=False)[y] for draw in draws]
            with np.errstate(all="ignore"):
                wanted = [np.asarray(after.forward(z) if after is not None else z) for z in wanted]
        except Exception:  # an operation may refuse these numbers
            continue
        found = find_matches(x, draws, wanted, last, x in y.args and after is None)
        yield from sorted(found, key=lambda each: (each.scale != 1, each.negative))


def moderate_numbers(x: Any) -> list[Any]:
    """Draw numbers of moderate size for a value, above 0 if its values are."""
    rng = np.random.default_rng(0)
    first = rng.normal(size=np.shape(x)) if np.min(x) < 0 else rng.uniform(0.2, 1.5, np.shape(x))
    return [first, rng.uniform(0.2, 2.0, np.shape(x))]


def find_matches(x: Node, draws: list[Any], wanted: list[Any], last: Any, direct: bool) -> Iterator[Equivalent]:
    """Yield the operations that turn the drawn numbers into the wanted ones."""
    smaller = only_operand(last) is not None and last.elementwise and wanted[0].size < draws[0].size
    for negative, first in itertools.product((False, True), (None, last) if smaller else (None,)):
        for op in sorted(OPS.values(), key=lambda op: not op.elementwise):
            if only_operand(op) is None or (direct and op is last and first is None):
                continue
            for options in option_variants(op, len(x.shape)):
                try:
                    with within(recording=False, watch=None), np.errstate(all="ignore"):
                        scale = find_scale(op, options, [-d if negative else d for d in draws], wanted, first)
                except Exception:
                    continue
                if scale is not None:
                    yield Equivalent(op, x, options, negative, scale, first)
                    break


def find_scale(op: Any, options: dict[str, Any], draws: list[Any], wanted: list[Any], first: Any) -> float | None:
    """Return the known factor between an operation's results and the wanted numbers, the same everywhere; else None."""
    scale = None
    for draw, y in zip(draws, wanted):
        z = np.asarray(op.public(first.forward(draw[()]) if first is not None else draw[()], **options))
        if z.shape != y.shape:
            return None
        known = np.isfinite(y)
        if not np.array_equal(known, np.isfinite(z)):
            return None
        if not known.any():
            continue
        y, z = y[known], z[known]
        if scale is None:
            at = int(np.argmax(np.abs(z)))
            scale = next((c for c in SCALES if z.ravel()[at] and abs(y.ravel()[at] / z.ravel()[at] - c) < 1e-8), None)
        if scale is None or not same(y, scale * z):
            return None
    return scale


def source_positions(op: Any, operands: list[Any]) -> Any:
    """For each result, return the flat position of the entry that it copies from the first operand; None if computed.

    So an index, a transposition or a slice is recognised by numbers, whatever the operation is called.
    """
    x, *rest = operands
    if op.variadic is not None or not isinstance(x, (np.ndarray, np.generic)):
        return None
    draw = np.random.default_rng(0).normal(size=x.shape) * 100
    try:
        places = np.asarray(op.forward(np.arange(x.size).reshape(x.shape)[()], *rest))
        same = places.dtype.kind in "iu" and np.array_equal(op.forward(draw[()], *rest), np.ravel(draw)[places])
        return places if same else None
    except Exception:  # an operation may refuse these numbers
        return None
