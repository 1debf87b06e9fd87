"""The text of every error.

An error of NumPy or Python keeps its text, and notes (PEP 678) are added to it: the user's own line, the operation, its
operands by name and shape, what it needs, and what to try.  Errors of our own are built the same way.

Most functions here build one error, which the caller raises.  Their names say what is wrong.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar, cast

import numpy as np

from ..engine import calling
from ..format import locations, text
from ..graph import Node

# These types are defined in op.py and tensor.py, which import this file.
op: TypeAlias = Any
Tensor: TypeAlias = Any

F = TypeVar("F", bound=Callable[..., Any])
READABLE = {"which", "shape", "shapes"}  # what a rule can read besides g, z and the arguments


def with_notes(error: Any, *notes: str, at: locations.Location | None = None) -> Any:
    """Add notes to an error and return it.  The first note is the user's line, or the location ``at``."""
    for note in ((at or locations.of_caller()).underlined(), *notes):
        error.add_note(note)
    return error


def explained(error: Any, *notes: str, at: locations.Location | None = None) -> Any:
    """Add notes to an error in our own words, and mark it: it is complete, and no caller adds more notes to it."""
    error._explained = True
    return with_notes(error, *notes, at=at)


def is_explained(error: Exception) -> bool:
    """Is this an error in our own words, which is complete?"""
    return getattr(error, "_explained", False)


def hide_our_frames(error: Any) -> Any:
    """Drop our own frames at the top of an error's traceback, and return the error to be raised again.

    They tell the user nothing.  Frames of a hook or a rule that the user wrote, and what these call, stay.
    """
    below = error.__traceback__
    while below is not None and below.tb_frame.f_code.co_filename.startswith((*locations.OURS, "<string>")):
        below = below.tb_next
    return error.with_traceback(below)


def with_short_traceback(function: F) -> F:
    """A decorator of our functions: an error from inside it shows one frame of ours, not all that were called."""

    @functools.wraps(function)
    def caller(*args: Any, **options: Any) -> Any:
        try:
            return function(*args, **options)
        except Exception as error:
            raise hide_our_frames(error)

    return cast(F, caller)


# An operation that fails: see also errors/operations.py.


def not_an_array(op: op, z: Any) -> Exception:
    return explained(
        TypeError(f"the forward of {op.name} gave {type(z).__name__}, not an array"),
        "For a single number, return np.float64(number).",
    )


def rule_not_an_array(node: Node, c: Any) -> Exception:
    words = f"a rule of {node.op.name} gave {type(c).__name__}, not an array"
    return explained(
        TypeError(words),
        "A rule gives the gradient as an array, in the shape of its argument.",
        at=locations.of_node(node),
    )


def wrong_hook_result(node: Node, changed: Any) -> Exception:
    what = f"shape {changed.shape}" if isinstance(changed, np.ndarray) else f"type {type(changed).__name__}"
    words = f"a hook on {text.describe(node)} gave a gradient of {what}"
    return explained(TypeError(words), f"A hook gives an array of shape {node.shape}, or None to change nothing.")


def wrong_gradient_shape(gradient: Any, node: Node) -> Exception:
    return ValueError(
        f"a rule gave a gradient of shape {gradient.shape} for {text.describe(node)}: "
        "the gradient of a tensor has the shape of that tensor"
    )


def record_freed(node: Node) -> Exception:
    return explained(
        RuntimeError(f"the record of {text.describe(node)} was freed by backward(free=True)"),
        "To sweep a record twice, call backward() without free=True the first time; or compute the loss again.",
        at=locations.of_node(node),
    )


# An operation that is declared wrongly.


def check_notation(notation: Any) -> str:
    if not isinstance(notation, str):
        words = "op takes its notation and its rules before the function"
        raise explained(TypeError(words), "Write @op(x=lambda g, x: ...), with brackets, over def f(x).")
    return notation


def check_op(made: op, existing: op | None) -> op:
    """Return the operation, if each rule belongs to an argument and reads only what a rule can read.

    Raises TypeError otherwise, and ValueError if another module has declared an operation of that name, ``existing``.
    """
    if getattr(getattr(made.function, "__code__", None), "co_kwonlyargcount", 0):
        raise TypeError(f"op {made.name}: an argument cannot be keyword-only")
    if made.variadic_name and made.variadic_name not in made.names:
        raise TypeError(
            f"op {made.name} has no argument {made.variadic_name!r}, which variadic names; "
            f"its arguments are {text.join_words(list(made.names))}"
        )
    if reserved := ({"g", "z"} | READABLE) & set(made.names):
        raise TypeError(
            f"op {made.name}: an argument cannot be called {text.join_words(sorted(reserved))}: rules read that"
        )
    for name, rule in made.rules.items():
        if name not in made.names:
            raise TypeError(
                f"op {made.name} has a rule for {name!r}, but its arguments are {text.join_words(list(made.names))}"
            )
        known = {"g", "z", *made.names} | READABLE
        if unknown := [read for read in calling.names(rule) if read not in known]:
            raise TypeError(
                f"op {made.name}: the rule for {name} reads {text.join_words(unknown)}; "
                f"a rule can read g (the upstream gradient), z (the result) and {text.join_words(list(made.names))}"
            )
    if existing is not None and existing.function.__module__ != made.function.__module__:
        raise ValueError(f"there is an op {made.name} already, in {existing.function.__module__}: choose another name")
    return made


# A call in other people's words: see engine/spelling.py.


BACKWARD = {
    "retain_graph": "backward(free=True) to free the record; otherwise it is kept, as with retain_graph=True",
    "create_graph": "gradients(loss, [W], differentiable=True) for gradients that can be differentiated again",
    "inputs": "gradients(loss, [W, b]) for the gradients of these tensors alone",
}


# What to write for options of many functions.
ADVICE = {"inplace": "x = {}(x): a value that is recorded does not change"}


def other_option(spelled: Any, word: str, value: Any) -> Exception:
    """An option that a function does not take, or that has another meaning elsewhere."""
    words = f"{spelled.name} takes no {word}={text.shorten(repr(value))}"
    advice = spelled.advice.get(word) or ADVICE.get(word, "").format(spelled.name)
    if advice and not advice.endswith("."):  # it is what to write, and not a sentence
        advice = f"Write {advice}."
    return explained(TypeError(words), *([advice] if advice else []), arguments_of(spelled))


def check_options(name: str, others: Mapping[str, Any], known: str) -> None:
    """Raise TypeError for options that ``name`` does not take, except where they ask for what it does anyway."""
    for word, value in others.items():
        if word != "device" or value not in ("cpu", None):
            words = f"{name} takes no {word}={text.shorten(repr(value))}"
            raise explained(TypeError(words), f"Its arguments are {known}.")


def too_many_arguments(spelled: Any, args: Sequence[Any]) -> Exception:
    number = len(args) - (spelled.names[:1] == ("self",))
    words = f"{spelled.name} was called with {text.plural(number, 'argument')} by position"
    advice = spelled.advice.get("*")
    return explained(TypeError(words), *([f"Write {advice}."] if advice else []), arguments_of(spelled))


def given_twice(spelled: Any, name: str) -> Exception:
    return explained(TypeError(f"{spelled.name} was given {name} twice"), arguments_of(spelled))


def of_call(spelled: Any, args: Sequence[Any], options: Mapping[str, Any], error: Exception) -> Exception:
    """An error that a function raised which is made of operations: with what it was called, if nothing is said yet."""
    by_user = hide_our_frames(error).__traceback__ is not None  # in a function that the user gave
    if not by_user and not getattr(error, "__notes__", None):
        given = [*zip(spelled.names, args), *options.items()]
        shown = [f"{name} = {shown_argument(x)}" for name, x in given]
        with_notes(error, f"{spelled.name} was called with {text.join_words(shown) or 'no argument'}.")
    return error


def shown_argument(x: Any) -> str:
    """A tensor or an array in words; any other argument as Python writes it."""
    if hasattr(x, "node") or isinstance(x, np.ndarray):
        return text.describe_operand(getattr(x, "node", None), x)
    return text.shorten(repr(x))


def arguments_of(spelled: Any) -> str:
    """A sentence with the arguments that a function takes."""
    *first, last = [name for name in spelled.names if name not in ("self", "cls")] or [""]
    packed = "*" * calling.is_packed(spelled.function)
    return f"Its arguments are {text.join_words([*first, packed + last, *spelled.only_named])}."


# What a user hands in.


def not_numeric(array: Any, name: str | None, active: bool) -> Exception:
    """Data that is not made of real numbers, or of truth values where it should be differentiated."""
    what = f"{text.safe_name(name) if name else 'a tensor'} of dtype {array.dtype}"
    if array.dtype.kind == "b":
        return explained(
            TypeError(f"{what}: truth values have no derivative"),
            "Use constant(mask) for a mask, or give 1.0 and 0.0 for True and False.",
        )
    if array.dtype.kind == "c":
        return explained(
            TypeError(f"{what}: complex numbers are not supported"),
            "Make two tensors, of their real and their imaginary parts: Tensor(z.real) and Tensor(z.imag).",
        )
    if array.dtype.kind == "O" and array.ndim == 0:
        words = (
            f"an object of type {type(array[()]).__name__} is neither a number that NumPy knows nor an array of them"
        )
        return explained(TypeError(words), "Give an array or a number: x.toarray() for a sparse matrix x, or float(x).")
    return explained(TypeError(f"{what}: only real numbers can be differentiated"), RAGGED)


def other_array(x: Any) -> Exception:
    if isinstance(x, np.matrix):
        words = "x * y is the matrix product for a np.matrix, and the product of elements for a tensor"
        remedy = "Give np.asarray(x)."
    else:
        words = "a masked array would lose its mask"
        remedy = "Give x.filled(0), and multiply by weights that are 0 where x.mask is True; or give x.compressed()."
    return explained(TypeError(words), remedy)


RAGGED = "Do all rows have the same length, and are all entries numbers?"


def ragged_rows(error: Exception) -> Exception:
    return explained(error.with_traceback(None), RAGGED)


def no_rule(op: op, name: str) -> Exception:
    words = f"{op.name} has no rule for {name}, and the gradient of the tensor given there would be lost"
    return explained(TypeError(words), f"Give its values, {name}.data, or give {name} as a constant(...).")


def bad_name(name: Any) -> Exception:
    return explained(TypeError(f"a name is a string, not {type(name).__name__}"), "Write Tensor(data, name='W').")


def wrong_shape(tensor: Tensor, what: str, array: Any) -> Exception:
    return explained(
        ValueError(f"{what} of shape {array.shape} does not fit {text.describe(tensor.node)}"),
        f"Give an array of the tensor's own shape, {tensor.shape}.",
        *([BROADCAST] if array.shape == 2 * tensor.shape and tensor.ndim == 1 else []),
    )


BROADCAST = "(n, 1) and (n,) broadcast to (n, n): was a column subtracted from a vector?"


# A gradient that is not there.


def nothing_to_differentiate(tensor: Tensor) -> Exception:
    return explained(
        RuntimeError(f"there is nothing to differentiate: no gradient flows to {text.describe(tensor.node)}"),
        "It was computed from constants only, under no_grad(), or by an operation without a derivative, such as sign.",
        "To differentiate with respect to x, make it x = Tensor(...), not an array or a constant(...).",
    )


def not_a_scalar(tensor: Tensor) -> Exception:
    return explained(
        ValueError(f"backward needs a single number to start from, and {text.describe(tensor.node)} has {tensor.size}"),
        f"Reduce it to one number, with {text.name(tensor.node) or 'loss'}.sum() or .mean().",
        f"Or call backward(seed), with the gradient of what follows, of shape {tensor.shape} like the tensor.",
        "jacobian(f) gives the derivatives of all results of a function f.",
    )


def no_gradient(node: Node) -> Exception:
    """A ``.grad`` that is not there: of a constant, of a result, or of a leaf before ``backward``."""
    name = text.label(node)
    if not node.active:
        return explained(
            AttributeError(f"no gradient flows to {text.describe(node)}"),
            "It was computed from constants only."
            if node.op
            else "It is a constant.  To have a gradient, make it a Tensor(...).",
        )
    if node.op is not None:
        return explained(
            AttributeError(f"{text.describe(node)} is a result of {node.op.name}, and only leaves keep .grad"),
            locations.of_node(node).underlined("It was computed in "),
            f"gradients(loss, [{text.name(node) or 't'}])[0] gives its gradient.  "
            f"Or call {text.name(node) or 't'}.retain_grad() before backward().",
            "To change a leaf W by a step, write W.data -= step: it stays a leaf.",
        )
    return explained(
        AttributeError(f"{text.describe(node)} has no gradient yet"),
        f"Call backward() first, on a result that was computed from {name}.",
    )


# A record that would be falsified or lost.


def edited_in_place(tensor: Tensor, attribute: str) -> Exception:
    """An edit of an array that the record still needs.  ``attribute``: "data" or "grad", which one was edited."""
    name = text.name(tensor.node) or "t"
    if tensor.is_leaf:
        words = f"this part of {name}.{attribute} cannot be found any more in {text.describe(tensor.node)}"
        remedy = f"Edit the whole, as {name}.{attribute}[...] = values, or a copy, {name}.{attribute}.copy()."
    else:
        words = f"{text.describe(tensor.node)} is recorded: its {attribute} is read-only"
        remedy = f"Compute a new tensor: {name} = where(mask, values, {name}); or edit a copy, {name}.numpy()."
    return explained(ValueError(words), remedy)


def edit_failed(error: Exception, tensor: Tensor, attribute: str) -> Exception:
    """An edit in place with an array that does not fit."""
    if is_explained(error):
        return error
    name = text.name(tensor.node) or "t"
    shape = getattr(error, "args", [""])
    column = [BROADCAST] if tensor.ndim == 1 and f"({tensor.size},{tensor.size})" in str(shape) else []
    return explained(
        hide_our_frames(error),
        f"{name}.{attribute} is that of {text.describe(tensor.node)}, and has not changed.",
        *column,
    )


def result_assigned(tensor: Tensor) -> Exception:
    return explained(
        ValueError(f"{text.describe(tensor.node)} is a result of {tensor.node.op.name}: its data cannot be assigned"),
        "Assign new data to the leaves that it was computed from, and compute it again.",
    )


def result_requires_grad(tensor: Tensor) -> Exception:
    return explained(
        RuntimeError(f"{text.describe(tensor.node)} is a result of {tensor.node.op.name}, whatever flows to it"),
        f"For a constant of the same value, write {text.name(tensor.node) or 't'}.detach().",
    )


def leaf_updated(tensor: Tensor, differentiated: bool) -> Exception:
    """An operator such as ``-=`` with a leaf.  ``differentiated``: is it in a function that is differentiated?"""
    name = text.name(tensor.node) or "W"
    if differentiated:
        return explained(
            TypeError(f"{text.describe(tensor.node)} cannot be updated in a function that is differentiated"),
            f"Write {name} = {name} - step, or {name} = {name} * factor.",
        )
    return explained(
        TypeError(f"updating {text.describe(tensor.node)} with an operator would make it a result, no longer a leaf"),
        f"Write {name}.data -= step to change its values, or do it in a block `with no_grad():`.",
        f"To compute with it, write {name} = {name} - step.",
    )


def assigned_into(tensor: Tensor, differentiated: bool) -> Exception:
    """An assignment to elements of a tensor, as ``margins[rows, y] = 0``.  ``differentiated``: see leaf_updated."""
    name = text.name(tensor.node) or "t"
    what = f"elements of {text.describe(tensor.node)} cannot be assigned: the record needs them"
    if tensor.is_leaf and not differentiated:
        return explained(
            TypeError(what),
            f"Write {name}.data[...] = values, or assign in a block `with no_grad():`; it stays a leaf.",
        )
    return explained(
        TypeError(what),
        f"Choose instead of assigning: mask = np.zeros({name}.shape, bool); mask[...] = True; "
        f"{name} = where(mask, values, {name}).",
    )


def argument_edited(f: Any, tensor: Tensor) -> Exception:
    """A function that is differentiated gave other values to its argument."""
    name = text.name(tensor.node) or "t"
    return explained(
        TypeError(f"{function_name(f)} edits its argument {text.describe(tensor.node)} in place"),
        "The derivative is that at the values it is called with, so they have to stay.",
        f"Compute a new tensor: {name} = {name} * 2, or {name} = where(mask, values, {name}).",
    )


def parameter_replaced(module: Any, name: str, value: Any) -> Exception:
    """A parameter of a module that would become an array or a constant."""
    what = "a constant" if hasattr(value, "node") else f"of type {type(value).__name__}"
    return explained(
        TypeError(
            f"{name} is a parameter of {type(module).__name__}, and the value is {what}: it would not be trained"
        ),
        f"For other values, write layer.{name}.data = values; for another parameter, layer.{name} = Tensor(values).",
        f"To keep it as it is in training, write layer.{name}.requires_grad_(False).",
    )


def no_parameters(optimiser: Any) -> Exception:
    """An optimiser that would change nothing."""
    return explained(
        ValueError(f"{type(optimiser).__name__} has no parameters to change"),
        "Write net.parameters(), or a list of Tensors: [W, b].  net.parameters() leaves those out that take no gradient.",
    )


def becomes_number(node: Node) -> Exception:
    return explained(
        TypeError(f"{text.describe(node)} would become a plain number, and its derivative would be lost"),
        "Use a function of tinygrad_edu or NumPy: np.exp(t), not math.exp(t).",
        f"For the plain number, write {text.name(node) or 't'}.item().",
    )


def becomes_array(node: Node, method: str = "") -> Exception:
    """A tensor that NumPy would make an array of.  ``method``: that of an array which was called with it, or empty."""
    error = TypeError(f"{text.describe(node)} would become a plain array, and its derivative would be lost")
    if method:
        product = f", or X @ {text.name(node) or 't'}" if method == "dot" else ""
        instead = f"np.{method}(X, {text.name(node) or 't'})"
        return explained(error, f"The method {method} of an array does not know tensors: write {instead}{product}.")
    return explained(
        error,
        "Compute with the functions of tinygrad_edu, and put tensors together with stack or concatenate.",
        f"For the plain values, write {text.name(node) or 't'}.data.",
    )


def written_into(name: str, node: Node | None) -> Exception:
    what = text.describe(node) if node is not None else "a tensor"
    return explained(
        TypeError(f"np.{name} would write {what} into a plain array, and its derivative would be lost"),
        "Make a new tensor: write a = a + t instead of a += t, and no out=...",
    )


def not_picklable(node: Node) -> Exception:
    return explained(
        TypeError(f"{text.describe(node)} cannot be pickled: a pickle can run any code when it is read"),
        "Save the arrays: np.savez(file, W=W.data), or model.save(file) for a module.",
    )


OPERATORS = {"and": "&", "or": "|", "xor": "^", "invert": "~"}


def unknown_operator(name: str, node: Node) -> Exception:
    name = name.strip("_")
    sign = OPERATORS.get(name) or OPERATORS.get(name.removeprefix("r")) or name
    return explained(
        TypeError(f"there is no operation for {sign} of {text.describe(node)}, and its derivative would be lost"),
        f"Where no gradient has to flow, use the plain values, {text.name(node) or 't'}.data.",
    )


def unknown_function(name: str) -> Exception:
    """A function that NumPy has and tinygrad_edu has not."""
    from .equivalents import FUNCTIONS  # only here: whoever imports the engine does not need the table

    instead = FUNCTIONS.get(name.rpartition(".")[2]) or FUNCTIONS.get(name.removeprefix("np.").partition(".")[0])
    return explained(
        TypeError(f"tinygrad_edu has no operation {name}, and the derivative of the tensor would be lost"),
        instead or "tinygrad_edu.OPS lists all operations.",
        "Where no gradient has to flow, use t.data.  Or declare the operation yourself: see tinygrad_edu.op.",
    )


def unknown_name(name: str, known: Iterable[str]) -> Exception:
    """A name that the package does not have, and perhaps another library."""
    from .equivalents import FUNCTIONS

    instead = FUNCTIONS.get(name)
    near = f".  {instead}" if instead else text.suggest(name, known)
    return AttributeError(f"module 'tinygrad_edu' has no attribute {name!r}{near}")


def absent_attribute(tensor: Tensor, name: str, instead: str) -> Exception:
    return explained(AttributeError(f"a Tensor has no {name}"), instead)


# A function that cannot be differentiated.


def function_name(f: Any) -> str:
    """What the user calls a function."""
    return text.safe_name(str(getattr(f, "__name__", "the function")))


def not_tensors(x: Any) -> Exception:
    while isinstance(x, (list, tuple)) and x:  # a list of numbers
        x = x[0]
    return explained(TypeError(f"gradients takes Tensors, not {type(x).__name__}"), "Write gradients(loss, [W, b]).")


def not_numbers(argnums: Any) -> Exception:
    what = f"an array of shape {argnums.shape}" if hasattr(argnums, "shape") else text.shorten(repr(argnums))
    words = f"argnums is the number of an argument, counted from 0, or a tuple of them, not {what}"
    return explained(TypeError(words), "Write grad(f, argnums=1).", "The gradient at x is grad(f)(x).")


def not_a_function(transform: str, f: Any) -> Exception:
    """A transform of what is no function.  PyTorch's ``grad(loss, W)`` takes the loss itself."""
    if hasattr(f, "node"):
        what, loss = text.describe(f.node), text.name(f.node) or "loss"
        remedies = [f"Write gradients({loss}, [W])[0] for the gradient of a Tensor that is there."]
    else:
        what, remedies = type(f).__name__, []
    words = f"{transform} takes a function, not {what}"
    return explained(TypeError(words), *remedies, f"Or give a function of x: {transform}(lambda x: ...)(x).")


def called_at_points(transform: str, given: int) -> Exception:
    return explained(
        TypeError(f"{transform} takes a function and then argnums, or one point, not {text.plural(given, 'argument')}"),
        f"Write {transform}(f, argnums=(0, 1))(x, y).",
    )


def no_direction() -> Exception:
    words = "hvp multiplies a Hessian by a vector v, and there is no v"
    return explained(TypeError(words), "Write hvp(f, x, v), or hvp(f)(x, v), with v of the shape of x.")


def by_name_alone(function: str, positions: Sequence[str], others: Sequence[str], given: int) -> Exception:
    """More arguments by position than a function takes so.  ``others``: those that are given by their names."""
    words = f"{function} takes {text.plural(len(positions), 'argument')} by position, {text.join_words([*positions])}, and was given {given}"
    named = [f"Give the others by their names: {', '.join(f'{name}=...' for name in others)}."] if others else []
    return explained(TypeError(words), *named)


def not_paired() -> Exception:
    return explained(
        TypeError("jvp takes a list of primals, and a list of as many tangents"),
        "Write jvp(f, [x], [t]), or jvp(f, x, t) for one array.",
    )


def not_a_list(wrt: Any) -> Exception:
    remedy = f"Write gradients(loss, [{text.name(wrt.node) or 't'}])[0]."
    return explained(TypeError("gradients takes a list of tensors"), remedy)


def no_argument(f: Any, i: int, given: int, by_name: Iterable[str] = ()) -> Exception:
    """An argument that is to be differentiated, and is not there.  ``by_name``: the arguments given by name."""
    name = function_name(f)
    words = f"{name} was called with {text.plural(given, 'argument')}, and argnums={i} is not among them"
    names = [*by_name]
    notes = ["argnums counts arguments from 0."]
    if names:
        notes = [
            f"argnums counts arguments from 0, and not those that are given by name, as {names[0]}=...: leave the name out."
        ]
    elif not given:
        notes = [f"Give what to differentiate at: grad({name if name.isidentifier() else 'f'})(x)."]
    elif i > 0:
        notes += [f"The gradient at the point {i} is grad(f)({float(i)})."]
    return explained(IndexError(words), *notes)


def called_with_too_many(f: Any, names: list[str], given: int) -> Exception:
    name = function_name(f)
    takes = f"{text.plural(len(names), 'argument')}" + (f", {text.join_words(names)}" if names else "")
    return explained(
        TypeError(f"{name} takes {takes}, and was called with {given}"),
        "All arguments are given to the function.  A cotangent or a tangent is given to what comes back: vjp(f, x)[1](c).",
    )


def other_structure(path: str, x: Any, parts: Any, other: Any, found: Any) -> Exception:
    """A structure that should be like another one, ``x``, and is not.  ``parts`` and ``found``: their parts by keys."""

    def listed(keys: Any) -> str:
        return text.shorten(", ".join(map(repr, keys))) if keys else "nothing"

    if found is None:
        is_what = f"{type(other).__name__}, and not {type(x).__name__} with {listed(parts)}"
    elif isinstance(x, (list, tuple)) and isinstance(other, (list, tuple)) and len(x) != len(other):
        is_what = f"{text.plural(len(other), 'part')}, and not {len(x)}"
    else:
        is_what = f"{listed(found)}, and not {listed(parts)}"
    where = f"at {path} it has " if path else "it has "
    return explained(
        ValueError(f"a structure is not like that of the argument or the result that it belongs to: {where}{is_what}"),
        "Tangents have the structure of the arguments, and cotangents that of the result: a list for a list, a dict with the same keys for a dict.",
    )


def no_structure_there(path: str, part: Any) -> Exception:
    where = f"at {path} " if path else ""
    words = f"a structure is not like that of the argument or the result that it belongs to: {where}it has a {type(part).__name__} in the place of an array"
    return explained(ValueError(words), "Tangents and cotangents have arrays where arguments and results have arrays.")


def other_length(shape: Any, length: int) -> Exception:
    words = (
        f"a vector of {text.plural(length, 'number')} is needed to fill the structure, not an array of shape {shape}"
    )
    return explained(ValueError(words), "Give one that is as long as that which came with this function.")


def several_results(f: Any, result: Any) -> Exception:
    """A function to be differentiated by ``grad`` that returned a tuple, a list or a dict."""
    name = function_name(f)
    called = name if name.isidentifier() else "f"
    return explained(
        TypeError(
            f"{name} returned a {type(result).__name__} with {text.plural(len(result) if hasattr(result, '__len__') else 1, 'part')}, and grad needs a single number"
        ),
        f"If the first is the loss and the second is to be kept, write grad({called}, has_aux=True).",
        f"Or take one of them: grad(lambda *args: {called}(*args)[{next(iter(result)) if isinstance(result, dict) else 0!r}]).",
        f"stack and concatenate put several tensors into one, and jacobian({called}) takes all of them as they are.",
    )


def module_returned(f: Any, result: Any) -> Exception:
    """A module as a result, as the gradient with respect to one is, which is then differentiated again."""
    return explained(
        TypeError(
            f"{function_name(f)} returned a module, {type(result).__name__}, and only its tensors can be differentiated"
        ),
        "Second derivatives: gradients(loss, net.parameters(), differentiable=True) gives gradients that can be differentiated again.",
        "Or return the tensors that you need, in a list.",
    )


def no_aux(f: Any, result: Any) -> Exception:
    words = f"with has_aux=True {function_name(f)} has to return a pair, (loss, aux), not {type(result).__name__}"
    return explained(TypeError(words), "Write return loss, aux.  Or leave has_aux out.")


def not_a_tensor(f: Any, result: Any) -> Exception:
    remedy = "Return one tensor: stack and concatenate put several numbers into one."
    if result is None:
        remedy = "It has no return, or returns nothing: end it with return loss."
    return explained(
        TypeError(f"{function_name(f)} returned {type(result).__name__}, and only a Tensor can be differentiated"),
        remedy,
    )


def unlike_examples(sizes: dict[str, int]) -> Exception:
    """Arguments of a function of ``vmap`` that have different numbers of examples, by what they are called."""
    words = ", ".join(f"{name} has {size}" for name, size in sizes.items())
    return explained(
        ValueError(f"vmap goes over as many examples in each argument: {words}"),
        "in_axes says along which axis the examples of an argument lie, and None that it is the same for all: vmap(f, in_axes=(0, None)).",
    )


def no_examples(f: Any) -> Exception:
    return explained(
        ValueError(f"vmap needs at least one example, for the shape of what {function_name(f)} returns"),
        "With in_axes=None for all arguments, or with arrays of length 0, there is none.",
    )


def wrong_axes(name: str, axes: Any, x: Any) -> Exception:
    words = f"{name}={text.shorten(repr(axes))} does not say an axis of {text.shorten(x)}"
    return explained(
        ValueError(words),
        f"{name} is a number, for all; or a tuple with a number or None for each argument; a list or dict for one that is such a structure.",
    )


def independent_result(f: Any, result: Any) -> tuple[str, locations.Location]:
    """The text of a warning that a result does not depend on the arguments, and the user's line.  It is no error."""
    name = function_name(f)
    words = f"{name} returned {type(result).__name__}, which does not depend on its arguments: its derivatives are 0"
    return f"{words}.  Was a value taken out on the way, with .data, .item() or float()?", locations.of_caller()


# Networks.


def unknown_attribute(optimiser: Any, name: str) -> Exception:
    """An attribute that an optimiser has elsewhere, and what to write here; or one that it has nowhere."""
    remedies = {
        "param_groups": "Write optimiser.rate = 0.01 to change the rate, and optimiser.parameters for the parameters.",
        "add_param_group": "Make another optimiser for the other parameters.",
        "state_dict": "It has the attributes rate, steps and parameters.  To continue a training run, keep the optimiser itself.",
        "load_state_dict": "To continue a training run, keep the optimiser itself.",
    }
    words = f"{type(optimiser).__name__} has no attribute {text.safe_name(name)}"
    if name not in remedies:
        return AttributeError(words)
    return explained(AttributeError(words), remedies[name])


def not_a_rate(rate: Any) -> Exception:
    return explained(
        TypeError(
            f"a rate is a number, or a function from the number of the step to one, not {text.shorten(repr(rate))}"
        ),
        "Write SGD(net, 0.1), or SGD(net, optim.cosine(0.1, steps=1000)).",
    )


def parameter_groups() -> Exception:
    return explained(
        TypeError("an optimiser has one rate for all of its parameters, and no groups of them"),
        "Make an optimiser for each group: SGD(net.parameters(), 0.1).",
    )


def wrong_gradient(numbers: int, found: int) -> Exception:
    """A gradient of another size than the parameters."""
    return explained(
        ValueError(f"the gradient has {text.plural(found, 'number')}, and the parameters have {numbers}"),
        "grad(x, i) has to return the gradient at x in the shape and structure of x, as grad(loss) of a loss(x, i) does.",
    )


def no_closure() -> Exception:
    return explained(
        TypeError("step takes the loss, for its callback, and not a function that computes it"),
        "Compute it before: optimiser.zero_grad(), then loss.backward(), then optimiser.step().",
    )


def not_a_parameter(p: Any) -> Exception:
    what = text.describe(p.node) if hasattr(p, "node") else repr(p)[:60]
    if isinstance(p, np.ndarray):
        what = f"an array of shape {p.shape}"
    if hasattr(p, "node") and not p.requires_grad and p.is_leaf:
        what += ", a constant"
    return explained(
        TypeError(f"an optimiser changes Tensors that are leaves, not {what}"),
        "Write SGD(net, 0.1), or SGD([W, b], 0.1).",
    )


def list_mismatches(expected: Any, found: Any) -> list[str]:
    """Compare parameters that were ``found`` in a file with those of a network: what is missing, unknown or unfit.

    Both map paths, such as ``layers.0.W``, to arrays or tensors.
    """
    wrong = [f"{path} is missing" for path in expected if path not in found]
    wrong += [f"{path} is not a parameter here" for path in found if path not in expected]
    wrong += [f"{path} is of dtype {x.dtype}" for path, x in found.items() if x.dtype.kind not in "fiu"]
    wrong += [
        f"{path} has shape {found[path].shape}, not {p.shape}"
        for path, p in expected.items()
        if path in found and found[path].shape != p.shape
    ]
    return wrong


def other_parameters(file: Any, wrong: list[str], unsaved: list[str]) -> Exception:
    """Parameters that do not fit a network.  ``unsaved``: its buffers that are missing, such as running statistics."""
    words = f"{file} holds the parameters of another network: {'; '.join(wrong[:4])}{'; ...' if len(wrong) > 4 else ''}"
    notes = [
        f"It was saved without {text.join_words(unsaved, 4)}, which are not trained: running statistics are saved too.",
        "net.load_state_dict(dict(np.load(file)), strict=False) loads what is there.",
    ]
    return explained(ValueError(words), "Nothing was changed.", *(notes if unsaved else []))


def unreadable_file(file: Any, error: Exception) -> Exception:
    return explained(ValueError(f"{file} is not an .npz file of arrays: {error}"), "Nothing was changed.")
