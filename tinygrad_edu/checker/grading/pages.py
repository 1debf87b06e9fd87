"""Writes a page for a wrong claim that walks through its graph, opened at the step where the mistake is."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from ...language.reading import Unreadable
from ...language.values import Impossible, Misfit
from ...tensor import Tensor
from ...tracing import Trace, traced
from ..handin import handin
from ..hints import KIND, WRONG, steps_of
from ..results import Result
from ..sides import Claim
from .sheets import CHECKED, Refused, Sheet, read_text


def wrong_claims(sheet: Sheet) -> list[tuple[Claim, Result]]:
    """The wrong claims of a hand-in, each with its result."""
    wrong = {result.line: result for result in sheet.results if result.verdict == WRONG}
    if sheet.status != CHECKED or not wrong:
        return []
    try:
        claims = handin(read_text(sheet.file, "en")).claims
    except (Refused, Unreadable):  # the file has changed in the meantime
        return []
    return [(claim, wrong[claim.left.line]) for claim in claims if claim.left.line in wrong]


def page_name(file: str, line: int) -> str:
    """The name of the page of a claim: ``anna-hw1-3f2a9c04-12.html`` for line 12 of ``anna/hw1.md``.

    It contains a hash of the whole path.  So hand-ins of the same name in two folders have different pages, even if
    they are checked one after the other, and the pages of a hand-in keep their names.
    """
    path = Path(os.path.normcase(os.path.abspath(file)))
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:8]
    words = "-".join(part[:40] for part in (path.parent.name, path.stem) if part)
    return f"{words}-{digest}-{line}.html"


def write_page(claim: Claim, result: Result, file: Path, stage: int) -> bool:
    """Write the page of one claim; give False if the claim is not about the derivative of a number.

    ``stage``: that of the hints.  The page opens at the mistake only if the hints may tell the kind of mistake.  Raises
    OSError if the file cannot be written, and RuntimeError if a package that draws is not installed.
    """
    root = differentiated_number(claim)
    if root is None:
        return False
    from ...render import walk

    trace = trace_without_locations(root)
    walk(trace).save(file, at=first_step_to_show(trace, result, stage))
    return True


def differentiated_number(claim: Claim) -> Tensor | None:
    """The number whose derivative is claimed, computed at a point of small sizes; None if it is no such claim."""
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


def trace_without_locations(root: Tensor) -> Trace:
    """Trace the computation and its sweep without locations, which would be lines of this package."""
    trace = traced(root, sweep=True)
    for node in trace.nodes:
        node.place = None
    trace.lines.clear()
    return trace


def first_step_to_show(trace: Trace, result: Result, stage: int) -> int:
    """The step at which the gradient arrives at the node of the first diagnosis; 0 if a hint may not say that."""
    names = [d.node for step in steps_of(result) for d in step.diagnoses if d.node] if stage >= KIND else []
    nodes = {node.id for node in trace.nodes if node.name in names[:1]}
    return next((i for i, s in enumerate(trace.steps) if s.phase == "backward" and s.node in nodes), 0)
