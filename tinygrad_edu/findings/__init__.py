"""What goes wrong in a gradient, found and said in a sentence: ``explain(loss)``.

Nothing is guessed.  Each finding is read off the record, its values and its sweep, or tried: a parameter is moved, a
rule compared with differences.  What is right says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..errors import messages as errors
from ..format import text
from ..graph import Node, Value
from ..optim import Optimiser
from ..stepping import Stepper
from .activations import dead_units, saturated_activations
from .axes import mean_axis, softmax_axis
from .choices import not_chosen
from .constants import constant_layers
from .dependence import does_not_depend
from .finding import NOT_CHOSEN
from .finding import Finding as Finding
from .finding import Findings as Findings
from .gradients import does_not_reach, no_derivative, zero_gradient
from .inspected import Inspected, is_finite
from .layers import vanishing_or_exploding
from .rules import wrong_rules
from .shapes import column_against_row
from .softmax_twice import softmax_twice
from .symmetry import equal_units
from .training import not_held_by_optimiser, rising_loss, zero_grad_forgotten
from .values import gradient_not_finite, not_finite

FORWARD: tuple[Callable[[Inspected], Iterator[Finding]], ...] = (
    does_not_reach, no_derivative, column_against_row, softmax_axis, mean_axis, not_chosen,
)  # fmt: skip
BACKWARD: tuple[Callable[[Inspected], Iterator[Finding]], ...] = (
    wrong_rules, does_not_reach, no_derivative, zero_gradient, equal_units, does_not_depend, column_against_row,
    softmax_axis, mean_axis, softmax_twice, constant_layers, dead_units, saturated_activations, vanishing_or_exploding,
    zero_grad_forgotten, not_held_by_optimiser, rising_loss, not_chosen,
)  # fmt: skip


def explain(loss: Any, *of: Any, seed: Any = None, optimiser: Any = None, rate: float | None = None) -> Findings:
    """Find what goes wrong in the gradient of ``loss`` and say it: ``print(explain(loss, net))``.

    loss: a tensor, computed and still with its record; or a ``Stepper``, which stays where it is.
    of: what ought to receive a gradient: Tensors, modules, or lists or dicts of them.
    seed: as for ``backward``, where the loss is not a single number.
    optimiser: the one that trains, or a list of them: which parameters it holds is looked at, and some steps of it are
        tried on the record, on copies.  rate: the same for gradient descent without an optimiser.

    Looked for are values and gradients that are not finite, with their origin; logarithms of a 0 that comes from
    rounding; parameters that the loss does not reach or does not depend on, or whose gradient is 0, with the operation
    that let none through; saturated and dead units, and units that are equal and stay so; gradients that vanish or
    explode from layer to layer; a column against a row; a softmax or a mean over the wrong axis; a softmax or sigmoid
    twice; constants among parameters; gradients to which those of earlier steps were added; parameters that the
    optimiser does not hold; a rate with which the loss rises; and rules of your own that are no derivatives.  Last, and
    no fault (``is_fault``): what ``where``, an index, ``maximum`` or a mask did not choose, if it is infinite or NaN.

    The result is a tuple of findings, the most important first, each with its ``kind``, ``about``, ``words``,
    ``place``, ``numbers`` and ``remedies``.  A remedy is tried on the record before it is said, and cures: then the
    finding is gone, and the loss and all gradients are finite.  Nothing is changed, no ``.grad`` either; hooks are
    called once, as by ``backward``.

    The saturation of sigmoids and what it does to gradients: Glorot and Bengio, Understanding the difficulty of
    training deep feedforward neural networks (2010).  Dead units: Lu et al., Dying ReLU and initialization (2019).

    Raises TypeError for what is no tensor, ValueError for a missing seed, RuntimeError for a record that was freed.

    >>> from tinygrad_edu import Tensor, sigmoid
    >>> W = Tensor([0.5, -1.0], name="W")
    >>> h = sigmoid(W * 100)
    >>> explain((h * h).sum()).kinds
    ['saturated']
    """
    if isinstance(loss, Stepper):
        if seed is not None:
            raise errors.explained(TypeError("a Stepper has its seed already"), "Stepper(loss, seed)")
        stepper = loss
    elif isinstance(loss, Value):
        stepper = Stepper(loss, seed)
    else:
        words = f"explain takes a Tensor that was computed, not {text.describe_operand(None, loss)}"
        raise errors.explained(TypeError(words), "loss = cross_entropy(net(X), y); explain(loss, net)")
    inspected = Inspected(stepper, name_wanted(of))
    inspected.optimisers, inspected.rate = check_optimisers(optimiser), check_rate(rate)
    return find_all(inspected, bool(of))


def check_optimisers(given: Any) -> list[Optimiser]:
    """The optimisers that were given."""
    every = list(given) if isinstance(given, (list, tuple)) else [] if given is None else [given]
    for each in every:
        if not isinstance(each, Optimiser):
            raise errors.explained(
                TypeError(f"optimiser is an Optimiser, or a list of them, not {text.describe_operand(None, each)}"),
                "explain(loss, net, optimiser=optimiser), or explain(loss, net, rate=0.1).",
            )
    return every


def check_rate(rate: Any) -> float | None:
    """The rate that was given."""
    if rate is not None and not (isinstance(rate, (int, float, np.number)) and 0 < rate < np.inf):
        raise errors.explained(ValueError(f"a rate is a number above 0, not {rate!r}"))
    return None if rate is None else float(rate)


def find_all(inspected: Inspected, with_of: bool = False) -> Findings:
    """All findings of a case."""
    with np.errstate(all="ignore"):
        first = list(not_finite(inspected))
        try:
            inspected.sweep()
        except Exception:
            if not first:
                raise
        if not first and inspected.visited:
            first = list(gradient_not_finite(inspected))
        checks = FORWARD if first or not inspected.visited else BACKWARD
        every = first + [finding for check in checks for finding in check(inspected)]
    spoken = {node for finding in every if finding.kind == "zero gradient" for node in finding.nodes}
    every = [finding for finding in every if finding.kind not in ("dead", "saturated") or finding.node not in spoken]
    origins = {finding.node for finding in first}
    every = [finding for finding in every if finding.is_fault or finding.node not in origins]
    rest = "Nothing else was found." if every else describe_nothing(inspected, with_of)
    return Findings(every, rest, inspected.skipped)


def findings_about(stepper: Stepper, node: Node) -> list[Finding]:
    """Those findings that concern a node of a computation: itself, or what lies between it and the result."""
    inspected = Inspected(stepper, {})
    every = find_all(inspected)
    above = set(inspected.above([node]))
    about = [
        finding
        for finding in every
        if node in finding.nodes or (concerns_operands(finding) and above & {*finding.nodes})
    ]
    if every and every[0].kind in ORIGINS:  # all that is not finite comes from there
        spoilt = not is_finite(inspected.value(node)) or (
            node in inspected.gradients and not is_finite(inspected.gradients[node])
        )
        return about if every[0] in about or not spoilt else [every[0], *about]
    if not any(finding.is_fault for finding in about) and node in inspected.visited:
        with np.errstate(all="ignore"):
            return [*zero_gradient(inspected, [node]), *about]
    return about


ORIGINS = ("not finite", "log of a rounded zero")


ALONE = (
    *ORIGINS, "does not reach", "no derivative", "zero gradient", "does not depend", "vanishing", "exploding",
    "equal units", "constant among parameters", "older gradients", "not held by the optimiser", "rate too large",
    NOT_CHOSEN,
)  # fmt: skip


def concerns_operands(finding: Finding) -> bool:
    """Does a finding about a node concern what that was computed from?"""
    return finding.kind not in ALONE


def name_wanted(of: Any) -> dict[Node, str]:
    """The nodes of tensors and of the parameters of modules, with their names, or paths where those are not unique."""
    named: list[tuple[str, Any]] = []
    pending: list[tuple[str, Any]] = [("", x) for x in reversed(of)]
    while pending:
        path, x = pending.pop()
        if isinstance(x, Value):
            named.append((path, x))
        elif hasattr(x, "named_parameters"):
            named += [(f"{path}.{name}" if path else name, p) for name, p in x.named_parameters()]
        elif isinstance(x, (list, tuple, dict)):
            parts = x if isinstance(x, dict) else dict(enumerate(x))
            pending += [(f"{path}.{key}" if path else str(key), part) for key, part in reversed(parts.items())]
        else:
            words = f"what ought to receive a gradient is a Tensor or a module, not {text.describe_operand(None, x)}"
            raise errors.explained(
                TypeError(words), "explain(loss, net), explain(loss, [W, b]), or explain(loss, W, b)."
            )
    names = [text.name(x.node) for _, x in named]
    return {
        x.node: name if name and (names.count(name) == 1 or not path) else text.safe_name(path) or text.label(x.node)
        for name, (path, x) in zip(names, named)
    }


def describe_nothing(inspected: Inspected, with_of: bool) -> str:
    """What was looked at and looked for, where nothing was found."""
    size = (
        f"the {len(inspected.record.computed):,} values that it was computed by"
        if len(inspected.record.computed) != 1
        else "how it was computed"
    )
    if not inspected.visited:
        return (
            f"Nothing was found in {inspected.loss}, {size}: no gradient flows there, so only values and axes were "
            "looked at."
        )
    trained = "gradients of earlier steps, and "
    if inspected.optimisers or inspected.rate is not None:
        trained = "gradients of earlier steps, a rate with which the loss rises, "
        trained += "parameters that the optimiser does not hold, and " if inspected.optimisers else "and "
    reach = "parameters that it does not reach or depend on" if with_of else "parameters that it does not depend on"
    return (
        f"Nothing was found in {inspected.loss}, {size} and their gradients. Looked for were: values and gradients "
        f"that are not finite, gradients of 0, {reach}, gradients that vanish or explode, saturated, dead and equal "
        "units, a column against a row, a softmax or a mean over the wrong axis, a softmax or sigmoid twice, constants "
        f"among parameters, {trained}rules that are not derivatives."
    )
