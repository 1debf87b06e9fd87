"""Pictures of computations, and the page that walks through them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..format.text import suggest
from ..graph import Value
from ..nn.module import Module
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

    what: a tensor, a trace, a stepper, or a module.  A module is called with ``inputs``, or with zeros without them.
    direction: where the computation goes, "right", "down", "left" or "up".
    detail: what the boxes show, some of "formulas", "shapes", "values" and "gradients".
    depth: how many levels of the model's parts are open; each deeper part is one box.
    constants: whether to draw plain arrays.
    highlight: a tensor, a name, or a list of them; the paths from there to the result are marked.
    flows: whether to write on the links what flowed back along them.
    theme: "light" or "dark".
    digits: how many significant digits numbers have.
    seed: as for ``backward``, if ``what`` is not a single number.

    Raises TypeError or ValueError for arguments that it cannot draw, and RuntimeError if there is no Graphviz.
    """
    return make_picture(
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

    ``.save("walk.html")`` writes it as one file that works without a network.  A notebook shows it as a widget if the
    extra ``tinygrad_edu[notebook]`` is installed, and otherwise as a picture.  The arguments are those of ``draw``.
    """
    return make_picture(Walk, what, inputs, direction, detail, depth, constants, None, False, theme, digits, seed, True)


def make_picture(
    kind: Any, what: Any, inputs: Any, direction: Any, detail: Any, depth: Any, constants: Any,
    highlight: Any, flows: bool, theme: Any, digits: Any, seed: Any, sweep: bool | None,
) -> Any:  # fmt: skip
    """Check the options, trace ``what`` if it is no trace, and make a Picture or a Walk (``kind``) of it."""
    detail = check_options(direction, detail, depth, digits)
    numbers: dict[int, int] = {}
    if isinstance(what, Trace):
        trace = what
    else:
        tracer = Tracer(tensor_of(what, inputs))
        trace, numbers = tracer.trace(seed, sweep and tracer.root.active), tracer.number
    path = nodes_on_paths(trace, highlight, numbers) if highlight is not None else frozenset()
    return kind(trace, Style(direction, detail, digits, flows, path), theme, depth, constants)


def check_options(direction: Any, detail: Any, depth: Any, digits: Any) -> tuple[str, ...]:
    """Check the options that say how a picture looks; give the details as a tuple.  ValueError for a wrong one."""
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


def tensor_of(what: Any, inputs: Sequence[Any]) -> Any:
    """The tensor to draw: a module is called first."""
    if isinstance(what, Module):
        return what(*(inputs or [zero_input(what)]))
    if isinstance(what, Stepper) and not inputs:
        return what
    if not isinstance(what, Value):
        raise TypeError(f"draw and walk take a tensor, a module or a trace, not {type(what).__name__}")
    if inputs:
        raise TypeError("only a module takes inputs; this tensor has been computed already")
    return what


def zero_input(net: Module) -> Any:
    """An input of zeros for a module: as many as its first matrix has columns.  TypeError if it has no matrix."""
    for p in net.parameters():
        if p.ndim == 2:
            return constant(np.zeros(p.shape[1]), "x")
    raise TypeError(
        f"{type(net).__name__} has no matrix that would say how many inputs it takes: give them, as in draw(net, x)"
    )


def nodes_on_paths(trace: Trace, given: Any, numbers: dict[int, int]) -> frozenset[int]:
    """The nodes on the paths from the given tensors or names to the result.  ValueError for one that is not there."""
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
