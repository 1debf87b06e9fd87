"""Recognises the kind of mistake in a wrong derivative: a sign, a factor, a forgotten upstream gradient, ...

A kind is a relation between the derivatives that the rules give and those by differences.  It is reported only if it
holds at all entries of all samples, which are Jacobians at several points.  At one point alone one kind may look
like another: a rule that gives 1 for the derivative 2x of x² seems to lack a factor of 2 at x = 1.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from .equality import DIFFERENCES, differs, same

# A mistake has to fit at other points too.  They differ from the first by at most this part of each number.
NEAR = 0.2


class Sample(NamedTuple):
    """The derivatives with respect to one argument, at one point, by the rules and by differences."""

    rule: Any  # by the rules: the shape of the result, then that of the argument; of an elementwise operation one shape
    found: Any  # by differences
    x: Any  # the argument, and
    z: Any  # the result, in shapes that broadcast against the derivatives
    others: dict[str, Any]  # by differences, by the name of each other argument
    axes: int = 0  # how many of the last axes are those of the argument
    unmoved: bool = False  # is the gradient the same when the upstream gradient is doubled?
    lengths: tuple[int, ...] = ()  # over how many entries a sum or a mean may have been taken


def likely_mistake(samples: Sequence[Sample], name: str) -> str:
    """Describe the mistake in a sentence; empty if no kind fits all samples.  ``name``: that of the argument."""
    samples = [s for s in samples if np.all(np.isfinite(s.rule)) and np.all(np.isfinite(s.found))]
    if not samples:
        return ""
    if all(agrees(s.rule, s.found) for s in samples):
        return upstream_forgotten(samples, name)
    for kind in (
        upstream_forgotten,
        gradient_lost,
        constant_factor,
        arguments_exchanged,
        axes_transposed,
        factor_missing,
        partly_wrong,
    ):
        words = kind(samples, name)
        if words:
            return words
    return ""


def is_floating(x: Any) -> bool:
    """Is it an array of floating numbers, or a NumPy scalar of them?"""
    return isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind == "f"


def samples_near(sampled: Callable[[list[Any]], Sample], operands: Sequence[Any]) -> list[Sample]:
    """Take samples at given operands, and at two points near them, if the function takes these.

    ``sampled``: takes a sample at given operands.  Floating numbers are moved by up to ``NEAR`` times themselves.
    """
    rng, found = np.random.default_rng(1), [sampled([*operands])]

    def moved(x: Any) -> Any:
        return (x + NEAR * rng.uniform(-1, 1, x.shape) * np.where(x, np.abs(x), 1.0))[()] if is_floating(x) else x

    for _ in range(2):
        with contextlib.suppress(Exception):
            found.append(sampled([*map(moved, operands)]))
    return found


def agrees(rule: Any, found: Any) -> bool:
    """Are a derivative by the rules and one by differences equal, as far as differences can tell?"""
    return same(rule, found, DIFFERENCES)


def upstream_forgotten(samples: Sequence[Sample], name: str) -> str:
    """Does the rule give the same, whatever the upstream gradient is?"""
    return FORGOTTEN if all(s.unmoved for s in samples) else ""


FORGOTTEN = (
    "The rules give the same when the upstream gradient g is doubled: a rule forgets g. It has to multiply by g."
)
NOT_LINEAR = (
    "The rules do not give twice as much when the upstream gradient g is doubled: a rule has to be linear in g."
)


def gradient_lost(samples: Sequence[Sample], name: str) -> str:
    """Do the rules give 0 everywhere, where differences do not?"""
    if any(np.any(s.rule) for s in samples):
        return ""
    return (
        f"By the rules it is 0 at every entry of {name}: is a value taken out of the record on the way, with .data, "
        ".item() or np.asarray?"
    )


def constant_factor(samples: Sequence[Sample], name: str) -> str:
    """Do rules and differences differ by the same factor everywhere?"""
    found = np.concatenate([np.ravel(s.found) for s in samples])
    rule = np.concatenate([np.ravel(s.rule) for s in samples])
    largest = int(np.argmax(np.abs(found)))
    if not found[largest]:
        return ""
    c = float(rule[largest] / found[largest])
    if not c or not all(agrees(s.rule, c * s.found) for s in samples):
        return ""
    if abs(c + 1) < 1e-4:
        return "It has the wrong sign at every entry."
    near = Fraction(c).limit_denominator(1000)
    few = max(abs(near.numerator), near.denominator) <= 12 or 1 in (abs(near.numerator), near.denominator)
    exact = abs(c - near) < 1e-5 * abs(c) and few
    shown = str(near) if exact else f"{c:.4g}"
    words = f"It is {shown} times as large at every entry: a constant factor is wrong."
    lengths = {n for s in samples for n in s.lengths if n > 2}  # a factor of 2 has many other reasons
    if exact and near.numerator == 1 and near.denominator in lengths:
        words += f" A mean of {near.denominator} contributions in the place of their sum would be wrong by this factor."
    if exact and near.denominator == 1 and near.numerator in lengths:
        words += f" A sum of {near.numerator} contributions in the place of their mean would be wrong by this factor."
    return words


def arguments_exchanged(samples: Sequence[Sample], name: str) -> str:
    """Do the rules give the derivative with respect to another argument?"""
    for other in samples[0].others:
        if all(agrees(s.rule, s.others[other]) for s in samples):
            return f"It is the derivative by {other} at every entry: were the rules of {name} and {other} exchanged?"
    return ""


def axes_transposed(samples: Sequence[Sample], name: str) -> str:
    """Are rows and columns of the argument exchanged?"""
    if any(s.axes < 2 or s.found.shape[-1] != s.found.shape[-2] for s in samples):
        return ""
    if not all(agrees(s.rule, np.swapaxes(s.found, -1, -2)) for s in samples):
        return ""
    return f"It is the derivative by {name} transposed, at every entry: a transpose is missing, or one is too many."


def factor_missing(samples: Sequence[Sample], name: str) -> str:
    """Is a factor missing, or one too many, that is the argument or the result?"""
    for which, factor in (("x", name), ("z", "the result")):
        known = [np.broadcast_to(getattr(s, which), s.found.shape) for s in samples]
        if all(agrees(v * s.rule, s.found) for v, s in zip(known, samples)):
            return f"Times {factor} it is right at every entry: that factor is missing."
        if all(agrees(s.rule, v * s.found) for v, s in zip(known, samples)):
            return f"Divided by {factor} it is right at every entry: that factor is one too many."
    return ""


def partly_wrong(samples: Sequence[Sample], name: str) -> str:
    """Are all entries right, but for some that are 0 by the rules and not by differences, or the other way round?"""
    cases: tuple[tuple[Callable[[Sample], Any], str], ...] = (
        (lambda s: s.rule == 0, "the rules give 0 and differences do not: a contribution is missing, as where not all "
         "that was broadcast is summed over"),
        (lambda s: np.abs(s.found) <= 1e-7, "differences give 0 and the rules do not: a contribution is one too many"),
    )  # fmt: skip
    for zero, words in cases:
        if all(agrees(np.where(zero(s), 0, s.rule), np.where(zero(s), 0, s.found)) for s in samples):
            first = samples[0]
            number = int(np.sum(zero(first) & differs(first.rule, first.found, DIFFERENCES)))
            if 0 < number < np.size(first.found):
                return f"At {number:,} of {np.size(first.found):,} entries {words}. All others are right."
    return ""


# Names for the derivatives that are compared.


def index_text(at: Any) -> str:
    """Write an index after a name, as in "W at [0, 2]"; nothing for a single number."""
    return f" at [{', '.join(map(str, at))}]" if len(at) else ""


def describe_derivative(name: str, first: str, result: str) -> str:
    """Name a derivative: "the gradient of W at [0, 1]" if there is a single result.

    ``first``: for the second order, the entry of the first derivative.  ``result``: the index in the result.
    """
    if first:
        of = f" of the result{result}" if result else ""
        return f"the second derivative{of} by {first}{f' and {name}' if name != first else ''}"
    return f"the derivative of the result{result} by {name}" if result else f"the gradient of {name}"


BEND = (
    "That happens at a kink, as of |x| at 0, where the rules know no second derivative: there is nothing to compare "
    "with. Choose arguments beside it, or order=1."
)


def describe_kink(name: str, x: Any, left: float, right: float, rule: float, first: str) -> str:
    """Explain that there is no derivative, because those from both sides differ."""
    f = f"the first derivative by {first}" if first else "f"
    return (
        f"{f} has a kink at {name.replace(' at ', '')} = {x:.7g}: differences give {left:.7g} from the left and "
        f"{right:.7g} from the right, and the rules {rule:.7g}. There is no derivative to compare with: choose other "
        "numbers."
    )


def describe_domain_end(name: str, x: Any) -> str:
    """Explain that there are no differences, because the domain of the function ends here."""
    return (
        f"f is not finite next to {name.replace(' at ', '')} = {x:.7g}, so there are no differences to compare with. "
        "Choose numbers further inside its domain."
    )


UNRECORDED = (
    "f itself takes a gradient, with backward() or gradients(...), that is not recorded, and so is a constant for the "
    "rules: gradients(..., differentiable=True) records it."
)
