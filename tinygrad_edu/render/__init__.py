"""Pictures of computations, and the page that walks through them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..format.text import suggest
from ..graph import Value
from ..nn.layers import Module
from ..stepping import Stepper
from ..tensor import constant
from ..tracing import Trace as Trace
from ..tracing.build import Tracer
from .compose import Style
from .content import DETAILS, USUAL
from .layout import DIRECTIONS
from .picture import Picture as Picture
from .picture import Walk as Walk


def draw(
    what: Any,
    *inputs: Any,
    direction: str = "right",
    detail: str | Sequence[str] = USUAL,
    depth: int | None = None,
    constants: bool = True,
    highlight: Any = None,
    flows: bool = False,
    theme: str | None = None,
    digits: int = 3,
    seed: Any = None,
) -> Picture:
    """A picture of how a tensor was computed, and of its gradients where ``backward`` has been called.

    It shows itself in a notebook; ``.save("net.svg")`` writes it to a file, in the format of the file's ending.

    what: a tensor, a module (then ``inputs`` are what it is called with, zeros if there are none), a trace, a stepper.
    direction: where it goes, "right", "down", "left" or "up".
    detail: what stands in the boxes, some of "formulas", "shapes", "values" and "gradients".
    depth: how many parts of the model that stand in each other are open; those deeper are one box each.
    constants: whether plain arrays are drawn.
    highlight: a tensor, a name, or a list of them: the paths from there to the result are marked.
    flows: whether the links say what flowed back along them.
    theme: "light" or "dark".
    digits: how many significant digits numbers have.
    seed: as for ``backward``, where ``what`` is not a single number.

    Raises TypeError and ValueError for what cannot be drawn so, and RuntimeError where there is no Graphviz.
    """
    return pictured(
        Picture, what, inputs, direction, detail, depth, constants, highlight, flows, theme, digits, seed, None
    )


def walk(
    what: Any,
    *inputs: Any,
    direction: str = "right",
    detail: str | Sequence[str] = USUAL,
    depth: int | None = None,
    constants: bool = True,
    theme: str | None = None,
    digits: int = 3,
    seed: Any = None,
) -> Walk:
    """The page that walks through a computation and its backward sweep, one step at a time.

    ``.save("walk.html")`` writes it, as one file that works without a network.  In a notebook it is a widget, where the
    extra ``tinygrad_edu[notebook]`` is installed, and otherwise the picture.  The arguments are those of ``draw``.
    """
    return pictured(Walk, what, inputs, direction, detail, depth, constants, None, False, theme, digits, seed, True)


def pictured(
    kind: Any, what: Any, inputs: Any, direction: Any, detail: Any, depth: Any, constants: Any,
    highlight: Any, flows: bool, theme: Any, digits: Any, seed: Any, sweep: bool | None,
) -> Any:  # fmt: skip
    """A picture or a walk, its options checked."""
    detail = looked_like(direction, detail, depth, digits)
    numbers: dict[int, int] = {}
    if isinstance(what, Trace):
        trace = what
    else:
        tracer = Tracer(recorded(what, inputs))
        trace, numbers = tracer.trace(seed, sweep and tracer.root.active), tracer.number
    path = highlighted(trace, highlight, numbers) if highlight is not None else frozenset()
    return kind(trace, Style(direction, detail, digits, flows, path), theme, depth, constants)


def looked_like(direction: Any, detail: Any, depth: Any, digits: Any) -> tuple[str, ...]:
    """How a picture is to look, checked: the details as a tuple.  ValueError for what there is not."""
    detail = tuple(detail.replace(",", " ").split() if isinstance(detail, str) else detail)
    if unknown := [word for word in detail if word not in DETAILS]:
        raise ValueError(
            f"detail is made of {', '.join(DETAILS)}; there is no {unknown[0]!r}{suggest(str(unknown[0]), DETAILS)}"
        )
    if direction not in DIRECTIONS:
        raise ValueError(f"direction is {', '.join(DIRECTIONS)}, not {direction!r}")
    if depth is not None and (not isinstance(depth, int) or depth < 0):
        raise ValueError(f"depth is a whole number from 0 up, or None for everything open, not {depth!r}")
    if not isinstance(digits, int) or not 1 <= digits <= 17:
        raise ValueError(f"digits is a whole number from 1 to 17, not {digits!r}")
    return detail


def recorded(what: Any, inputs: Sequence[Any]) -> Any:
    """The tensor to draw: a module is called first."""
    if isinstance(what, Module):
        return what(*(inputs or [example(what)]))
    if isinstance(what, Stepper) and not inputs:
        return what
    if not isinstance(what, Value):
        raise TypeError(f"draw and walk take a tensor, a module or a trace, not {type(what).__name__}")
    if inputs:
        raise TypeError("inputs are for modules; a tensor has been computed already")
    return what


def example(net: Module) -> Any:
    """Zeros to call a module with, as long as its first matrix is wide."""
    for p in net.parameters():
        if p.ndim == 2:
            return constant(np.zeros(p.shape[1]), "x")
    raise TypeError(f"{type(net).__name__} has no matrix to tell its inputs by: give one, as in draw(net, x)")


def highlighted(trace: Trace, given: Any, numbers: dict[int, int]) -> frozenset[int]:
    """The nodes on the paths from what is given to the result."""
    found: set[int] = set()
    for one in given if isinstance(given, (list, tuple, set)) else [given]:
        if isinstance(one, Value):
            these = {numbers[one.node.serial]} if one.node.serial in numbers else set()
        else:
            these = {node.id for node in trace.nodes if node.name == one}
        if not these:
            names = ", ".join(dict.fromkeys(node.name[:30] for node in trace.nodes if node.name))
            raise ValueError(f"there is no {str(one)[:60]} in this graph to highlight; it has {names or 'no names'}")
        found |= these
    after = set(found)
    for edge in trace.edges:  # from the oldest to the youngest
        if edge.source in after:
            after.add(edge.target)
    before = {trace.result}
    for edge in reversed(trace.edges):
        if edge.target in before:
            before.add(edge.source)
    return frozenset(after & before)
