"""The words of every error.

What NumPy or Python says is kept, and notes (PEP 678) are added to it: the user's own line, the operation, its operands
by name and shape, what it needs, and what to try.  Errors of our own are built the same way.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from . import place, signatures, text

if TYPE_CHECKING:
    from .op import Node, op
    from .tensor import Tensor


READABLE = {"which", "shape", "shapes"}  # what a rule can read besides g, z and the arguments


def taught(error: Any, *notes: str, at: place.Place | None = None) -> Any:
    """The error with its notes, the user's line first."""
    for note in ((at or place.of_user()).pointed(), *notes):
        error.add_note(note)
    return error


# An operation that fails.


def explain(error: Exception, op: op, nodes: tuple[Node | None, ...], values: tuple[Any, ...]) -> None:
    """Add to an error in an operation what the user has to know to mend it."""
    if getattr(error, "__notes__", None):
        return  # a rule used an operation, which has explained itself
    names = op.names if op.family is None else [f"{op.names[op.family]}[{i}]" for i in range(len(values))]
    operands = [
        f"{name} = {text.operand(node, x)}"
        for name, node, x in zip(names, nodes, values)
        if node is not None or isinstance(x, (np.ndarray, float, int)) or name in op.rules_by_name
    ]
    taught(error, f"{op.name} was called with {text.listed(operands)}.", *needs(op, values), *remedies(op, nodes, values))


def needs(op: op, values: tuple[Any, ...]) -> list[str]:
    """The first of an operation's needs that its arguments do not meet."""
    known = dict(zip(op.names, values))
    for words, holds in op.needs.items():
        try:
            met = bool(holds(*(known[name] for name in signatures.reads(holds))))
        except Exception:  # a need about matrices, asked of a number, is not met either
            met = False
        if not met:
            return [f"{op.name} needs {words}."]
    return []


def remedies(op: op, nodes: tuple[Node | None, ...], values: tuple[Any, ...]) -> list[str]:
    """Would it do with one operand transposed, or flattened?  Tried, not guessed, where that costs little."""
    arrays = [i for i, x in enumerate(values) if isinstance(x, np.ndarray) and (op.family is not None or op.names[i] in op.rules_by_name)]
    if op.family is not None or len(arrays) < 2 or sum(values[i].size for i in arrays) > 1_000_000:
        return []
    for word, change in (("transposed", lambda x: x.swapaxes(-1, -2)), ("flattened", np.ravel)):
        for i in arrays:
            x = values[i]
            if x.ndim >= 2:
                changed = change(x)
                try:
                    op.forward(*values[:i], changed, *values[i + 1 :])
                except Exception:
                    continue
                node = nodes[i]
                called = (place.name(node) if node else None) or op.names[i]
                how = {"transposed": f"{called}.mT", "flattened": f"{called}.ravel()"}[word]
                return [f"It would fit with {called} {word}: {how} has shape {changed.shape}."]
    return []


def not_an_array(op: op, z: Any) -> Exception:
    return taught(TypeError(f"the forward of {op.name} gave {type(z).__name__}, not an array"), "For a single number give np.float64(number).")


def explain_step(error: Exception, node: Node) -> None:
    """Add to an error in a rule where the gradient was when it failed."""
    if node.values is None:
        raise freed(node) from None
    if not getattr(error, "__notes__", None):
        taught(error, f"This was the backward step of {text.described(node)}, computed by {node.op.name}.", at=place.of(node))  # type: ignore[union-attr]


def wrong_gradient(gradient: Any, node: Node) -> Exception:
    return ValueError(
        f"a rule gave a gradient of shape {gradient.shape} for {text.described(node)}: "
        "a gradient has the shape of what it is the gradient of"
    )


def freed(node: Node) -> Exception:
    return taught(
        RuntimeError(f"the record of {text.described(node)} was freed by backward(free=True)"),
        "Call backward() without free=True to sweep a record again, or compute the loss again.",
        at=place.of(node),
    )


# An operation that is declared wrongly.


def checked_op(made: op, existing: op | None) -> op:
    """The operation, if its rules read what there is and it takes no other operation's name."""
    if reserved := ({"g", "z"} | READABLE) & set(made.names):
        raise TypeError(f"op {made.name}: an argument cannot be called {text.listed(sorted(reserved))}, which rules read")
    for name, rule in made.rules_by_name.items():
        if name not in made.names:
            raise TypeError(f"op {made.name} has a rule for {name!r}, but its arguments are {text.listed(list(made.names))}")
        known = {"g", "z", *made.names} | READABLE
        if unknown := [read for read in signatures.reads(rule) if read not in known]:
            raise TypeError(
                f"op {made.name}: the rule for {name} reads {text.listed(unknown)}; "
                f"a rule can read g (the upstream gradient), z (the result) and {text.listed(list(made.names))}"
            )
    if existing is not None and existing.function.__module__ != made.function.__module__:
        raise ValueError(f"there is an op {made.name} already, in {existing.function.__module__}: choose another name")
    return made


# What a user hands in.


def not_numeric(array: Any, name: str | None, active: bool) -> Exception:
    what = f"{name or 'a tensor'} of dtype {array.dtype}"
    if array.dtype.kind == "b":
        return taught(TypeError(f"{what}: truth values have no derivative"), "Use constant(mask, name=...) for a mask, or 1.0 and 0.0.")
    if array.dtype.kind == "c":
        return taught(TypeError(f"{what}: complex numbers are not supported"), "Use their real and imaginary parts as two tensors.")
    hint = "Were the rows of different lengths, or was something other than numbers among them?"
    return taught(TypeError(f"{what}: only real numbers can be differentiated"), hint)


def checked_active(op: op, nodes: Iterable[Node | None], rules: Iterable[Any]) -> bool:
    """Does a gradient flow through this use of an operation?  It must not be lost in an argument without a rule."""
    active = False
    for name, node, rule in zip(op.names if op.family is None else [""] * 10**6, nodes, rules):
        if node is not None and node.active:
            if rule is None and op.rules_by_name:
                raise TypeError(f"{op.name} has no derivative with respect to {name}: pass {name}.data, or a constant")
            active |= rule is not None
    return active


def bad_name(name: Any) -> Exception:
    return taught(TypeError(f"a name is a string, not {type(name).__name__}"), "Tensor(data, name='W')")


def misshapen(tensor: Tensor, what: str, array: Any) -> Exception:
    return taught(
        ValueError(f"{what} of shape {array.shape} for {text.described(tensor.node)}"),
        f"The {what} has the shape of the tensor, {tensor.shape}.",
        *(["(n, 1) and (n,) broadcast to (n, n): was a column subtracted from a vector?"] if array.ndim > tensor.ndim else []),
    )


# A gradient that is not there.


def nothing_to_differentiate(tensor: Tensor) -> Exception:
    return taught(
        RuntimeError(f"backward through nothing: {text.described(tensor.node)} was computed from constants only"),
        "Make what you differentiate with respect to a Tensor(...), not an array or constant(...), and use it outside no_grad().",
    )


def not_a_scalar(tensor: Tensor) -> Exception:
    return taught(
        ValueError(f"backward needs a single number to start from, and {text.described(tensor.node)} has {tensor.size}"),
        f"Reduce it to one, as {place.name(tensor.node) or 'loss'}.sum() or .mean(); or give backward(seed) the gradient of what follows, of shape {tensor.shape}.",
    )


def no_gradient(node: Node) -> Exception:
    name = text.label(node)
    if not node.active:
        return taught(AttributeError(f"{name} is a constant and takes no gradient"), "Make it a Tensor(...) to differentiate with respect to it.")
    if node.op is not None:
        return taught(
            AttributeError(f"{text.described(node)} is computed, by {node.op.name}, and only leaves keep .grad"),
            f"It was computed in {place.of(node).pointed()}",
            "gradients(loss, [t])[0] gives the gradient of any tensor t.  To update a leaf write W.data = W.data - step.",
        )
    return taught(AttributeError(f"{text.described(node)} has no gradient yet"), f"Call backward() on something computed from {name} first.")


# A record that would be falsified or lost.


def edited_in_place(tensor: Tensor, attribute: str) -> Exception:
    name = place.name(tensor.node) or "t"
    return taught(
        ValueError(f"{text.described(tensor.node)} is recorded: its {attribute} is read-only"),
        f"Assign a new array, {name}.{attribute} = {name}.{attribute} - step, or edit a copy, {name}.{attribute}.copy()."
        if tensor.is_leaf
        else f"Compute a new tensor instead, or edit a copy, {name}.numpy().",
    )


def result_assigned(tensor: Tensor) -> Exception:
    return taught(ValueError(f"{text.described(tensor.node)} is computed: its data cannot be assigned"), "Only a leaf's can.  Assign to what it was computed from and compute it again.")


def leaf_updated(tensor: Tensor) -> Exception:
    name = place.name(tensor.node) or "W"
    return taught(
        TypeError(f"updating {text.described(tensor.node)} with an operator would make it a result, no longer a leaf"),
        f"Write {name}.data = {name}.data - step to change its values, or {name} = {name} - step to compute with it.",
    )


def plain_function(node: Node) -> Exception:
    return taught(
        TypeError(f"{text.described(node)} would become a plain number, and its derivative be lost"),
        "For a function, use tinygrad_edu's or NumPy's: np.exp(t), not math.exp(t).  For the number, write t.item().",
    )


def made_plain(node: Node) -> Exception:
    return taught(
        TypeError(f"{text.described(node)} would become a plain array, and its derivative be lost"),
        "To compute with it, use tinygrad_edu's functions; to put tensors together, stack or concatenate.  For the values, write t.data.",
    )


def written_into(name: str, node: Node) -> Exception:
    return taught(
        TypeError(f"np.{name} would write {text.described(node)} into a plain array, and its derivative be lost"),
        "Write a = a + t instead of a += t, and leave out=... away.",
    )


def pickled(node: Node) -> Exception:
    return taught(TypeError(f"{text.described(node)} cannot be pickled: a pickle can run any code when it is read"), "Save arrays: np.savez(file, W=W.data), or nn's model.save(file).")


def lacking(name: str, known: Iterable[str]) -> Exception:
    """A function that NumPy has and we lack."""
    names = sorted(known)
    near = difflib.get_close_matches(name.rpartition(".")[2], names, n=5, cutoff=0.5)
    return taught(
        TypeError(f"{name} of a tensor is not among the operations of tinygrad_edu, and its derivative would be lost"),
        f"Near it: {', '.join(near)}." if near else "tinygrad_edu.OPS has all that there are.",
        "Use t.data where no gradient has to flow, or declare it as an operation: see tinygrad_edu.op.",
    )


# A function that cannot be differentiated.


def not_a_list(wrt: Any) -> Exception:
    return taught(TypeError("gradients takes a list of tensors"), f"gradients(loss, [{place.name(wrt.node) or 't'}])[0]")


def no_argument(f: Any, i: int, given: int) -> Exception:
    name = getattr(f, "__name__", "the function")
    return taught(IndexError(f"{name} was called with {given} arguments: there is no argument {i} to differentiate"))


def not_a_tensor(f: Any, result: Any) -> Exception:
    name = getattr(f, "__name__", "the function")
    return taught(
        TypeError(f"{name} returned {type(result).__name__}, not a Tensor: its result does not depend on its arguments"),
        "Was a value taken out on the way, with .data, .item() or float()?",
    )


# NaN and infinity.


def _census(x: Any) -> str:
    """``2 of 6 values are nan``."""
    kinds = [f"{int(number)} of {np.size(x)}" * (np.size(x) > 1) + f" {word}" for word, number in (("nan", np.isnan(x).sum()), ("infinite", np.isinf(x).sum())) if number]
    return " and ".join(kind.strip() for kind in kinds)


def _range(x: Any) -> str:
    x = np.asarray(x)
    return f"from {np.nanmin(x):.6g} to {np.nanmax(x):.6g}" if x.size > 1 and not np.isnan(x).all() else f"{x.ravel()[0]:.6g}" if x.size else "empty"


def not_finite(node: Node, x: Any) -> Exception:
    if node.op is None:
        return taught(FloatingPointError(f"{text.described(node)} was given values that are not finite: {_census(x)}"), at=place.of(node))
    from .replay import value

    operands = [value(a) if a is not None else v for a, v in zip(node.args, node.values)] if node.op.family is None else []
    notes = [f"{name} = {text.operand(a, v)}, {_range(v)}." for name, a, v in zip(node.op.names, node.args, operands) if isinstance(v, (np.ndarray, np.generic, float)) and np.size(v)]
    return taught(
        FloatingPointError(f"{node.op.name} made values that are not finite: {_census(x)}"), *notes, *needs(node.op, tuple(operands)), at=place.of(node)
    )


def gradient_not_finite(node: Node, a: Node, c: Any) -> Exception:
    from .replay import value

    assert node.op is not None
    return taught(
        FloatingPointError(f"the gradient that {node.op.name} passes to {text.described(a)} is not finite: {_census(c)}"),
        f"{text.label(a)} is {_range(value(a))}.",
        "Is this the branch that a where did not choose?  0 times infinity is NaN: give it a harmless argument there, "
        "where(x > 0, sqrt(where(x > 0, x, 1)), 0).",
        at=place.of(node),
    )


# Networks.


def not_a_parameter(p: Any) -> Exception:
    what = text.described(p.node) if hasattr(p, "node") else repr(p)[:60]
    return taught(TypeError(f"an optimiser changes Tensors that are leaves, not {what}"), "SGD(net.parameters(), 0.1), or SGD([W, b], 0.1).")


def mismatches(expected: Any, found: Any) -> list[str]:
    """What is missing, unknown or of another shape."""
    wrong = [f"{path} is missing" for path in expected if path not in found]
    wrong += [f"{path} is not a parameter here" for path in found if path not in expected]
    wrong += [f"{path} has shape {found[path].shape}, not {p.shape}" for path, p in expected.items() if path in found and found[path].shape != p.shape]
    return wrong


def other_parameters(file: Any, wrong: list[str]) -> Exception:
    return taught(ValueError(f"{file} holds the parameters of another network: {'; '.join(wrong[:4])}{'; ...' if len(wrong) > 4 else ''}"), "Nothing was changed.")


def unreadable(file: Any, error: Exception) -> Exception:
    return taught(ValueError(f"{file} is not an .npz file of arrays: {error}"), "Nothing was changed.")
