"""The graph that a wrong claim is about, as a page that walks through it, opened where the mistake is."""

from __future__ import annotations

from pathlib import Path

from ...language.reading import Unreadable
from ...language.values import Impossible, Misfit
from ...tensor import Tensor
from ...tracing import Trace, traced
from ..handin import handin
from ..results import WRONG, Result
from ..sides import Claim
from .hints import KIND, steps
from .sheets import CHECKED, Refused, Sheet, contents


def write_pages(sheet: Sheet, folder: Path, stage: int) -> list[Path]:
    """A page for each wrong claim of a hand-in that is about the derivative of a number.  OSError as for any file."""
    wrong = {result.line: result for result in sheet.results if result.verdict == WRONG}
    if sheet.status != CHECKED or not wrong:
        return []
    written = []
    try:
        claims = handin(contents(sheet.file, "en")).claims
    except (Refused, Unreadable):  # it has changed in the meantime
        return []
    for claim in claims:
        result = wrong.get(claim.left.line)
        root = differentiated(claim) if result is not None else None
        if result is not None and root is not None:
            written.append(page(root, result, folder / f"{Path(sheet.file).stem}-{result.line}.html", stage))
    return written


def differentiated(claim: Claim) -> Tensor | None:
    """The number whose derivative is claimed, computed at a point of small sizes."""
    left = claim.left.tree
    while left is not None and left.head in ("Each", "Index", "Shape"):
        left = left.args[0]
    if left is None or left.head != "Derivative":
        return None
    try:
        found = claim.problem.point(next(claim.problem.settings(), {}), 0).tensors.get(left.args[0].value)
    except (Misfit, Impossible, Unreadable):
        return None
    return found if isinstance(found, Tensor) and found.shape == () and found.requires_grad else None


def page(root: Tensor, result: Result, file: Path, stage: int) -> Path:
    """The page of one claim."""
    from ...render import walk

    trace = walked(root)
    saved: Path = walk(trace).save(file, at=opened(trace, result, stage))
    return saved


def walked(root: Tensor) -> Trace:
    """The computation and its sweep, without places: they are lines of this program, and none of the student's."""
    trace = traced(root, sweep=True)
    for node in trace.nodes:
        node.place = None
    trace.lines.clear()
    return trace


def opened(trace: Trace, result: Result, stage: int) -> int:
    """The step at which the gradient has come to the node that the first diagnosis is about; 0, if it is not said."""
    names = [d.node for step in steps(result) for d in step.diagnoses if d.node] if stage >= KIND else []
    nodes = {node.id for node in trace.nodes if node.name in names[:1]}
    return next((i for i, s in enumerate(trace.steps) if s.phase == "backward" and s.node in nodes), 0)
