"""Find what goes wrong in a gradient, and explain it in sentences: ``explain(loss)``.

It reports only what it has found.  Each finding is read off the record, its values and its sweep, or is tried: a
parameter is moved, a rule is compared with differences.  It finds no fault in a correct program.
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
    """Find what goes wrong in the gradient of ``loss``, and explain it: ``print(explain(loss, net))``.

    loss: a computed tensor that still has its record; or a ``Stepper``, which stays where it is.
    of: what ought to receive a gradient: Tensors, modules, or lists or dicts of them.
    seed: as for ``backward``, needed if the loss is not a single number.
    optimiser: the optimiser that trains, or a list of them.  ``explain`` checks which parameters it holds, and tries
        some of its steps on copies.
    rate: the learning rate of gradient descent, if there is no optimiser.

    It looks for

    - values and gradients that are not finite, and where they come from; logarithms of a 0 that comes from rounding;
    - parameters that the loss does not reach or does not depend on, or whose gradient is 0, and the operation that lets
      no gradient through;
    - saturated, dead and equal units; gradients that vanish or explode from layer to layer;
    - a column against a row; a softmax or a mean over the wrong axis; a softmax or a sigmoid that is applied twice;
    - constants among parameters; gradients that were added to those of earlier steps; parameters that the optimiser
      does not hold; a rate with which the loss rises;
    - rules of your own that are not the derivative.

    Last comes what is no fault (``is_fault`` is False): infinite or NaN values that ``where``, an index, ``maximum`` or
    a mask did not choose.

    It returns a tuple of findings, the most important first, each with its ``kind``, ``about``, ``words``, ``place``,
    ``numbers`` and ``remedies``.  A remedy is proposed only after it was tried on the record and cured: the finding is
    gone, and the loss and all gradients are finite.  ``explain`` changes nothing, not even ``.grad``; it calls hooks
    once, as ``backward`` does.

    The saturation of sigmoids and its effect on gradients: Glorot and Bengio, Understanding the difficulty of training
    deep feedforward neural networks (2010).  Dead units: Lu et al., Dying ReLU and initialization (2019).

    Raises TypeError if the loss is no tensor, ValueError if a seed is missing, RuntimeError if the record was freed.

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
    """Return the optimisers as a list; a TypeError says what else was given."""
    every = list(given) if isinstance(given, (list, tuple)) else [] if given is None else [given]
    for each in every:
        if not isinstance(each, Optimiser):
            raise errors.explained(
                TypeError(f"optimiser is an Optimiser, or a list of them, not {text.describe_operand(None, each)}"),
                "explain(loss, net, optimiser=optimiser), or explain(loss, net, rate=0.1).",
            )
    return every


def check_rate(rate: Any) -> float | None:
    """Return the rate as a float, or None; a ValueError says why a rate is none."""
    if rate is not None and not (isinstance(rate, (int, float, np.number)) and 0 < rate < np.inf):
        raise errors.explained(ValueError(f"a rate is a number above 0, not {rate!r}"))
    return None if rate is None else float(rate)


def find_all(inspected: Inspected, with_of: bool = False) -> Findings:
    """Run all checks on a computation, and put what they find in order, the most important first."""
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
    """Return the findings that concern one node: the node itself, or what lies between it and the result."""
    inspected = Inspected(stepper, {})
    every = find_all(inspected)
    above = set(inspected.above([node]))
    about = [
        finding
        for finding in every
        if node in finding.nodes or (concerns_operands(finding) and above & {*finding.nodes})
    ]
    if every and every[0].kind in ORIGINS:  # everything that is not finite comes from the first finding
        spoilt = not is_finite(inspected.value(node)) or (
            node in inspected.gradients and not is_finite(inspected.gradients[node])
        )
        return about if every[0] in about or not spoilt else [every[0], *about]
    if not any(finding.is_fault for finding in about) and node in inspected.visited:
        with np.errstate(all="ignore"):
            return [*zero_gradient(inspected, [node]), *about]
    return about


# Kinds of findings that name the origin of everything that is not finite.
ORIGINS = ("not finite", "log of a rounded zero")

# Kinds of findings that concern their own nodes only, and not what these were computed from.
ALONE = (
    *ORIGINS, "does not reach", "no derivative", "zero gradient", "does not depend", "vanishing", "exploding",
    "equal units", "constant among parameters", "older gradients", "not held by the optimiser", "rate too large",
    NOT_CHOSEN,
)  # fmt: skip


def concerns_operands(finding: Finding) -> bool:
    """Does a finding about a node also concern the values that the node was computed from?"""
    return finding.kind not in ALONE


def name_wanted(of: Any) -> dict[Node, str]:
    """Map the nodes of tensors and of modules' parameters to their names, or to paths where names are not unique."""
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
    """Say what was examined and which faults were looked for, when none was found."""
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
