"""When may a Tensor become a plain number?  It is asked of the user's line, which is read from its bytecode.

``float(loss)`` and ``"%.3f" % loss`` want the number, and get it.  ``math.exp(t)`` asks Python for the same number, but
computes with it, and the gradient would be lost without a word: that is an error.
"""

from __future__ import annotations

import os
import sys
from types import FrameType
from typing import Any

import numpy as np

from ..format import locations

# These rooms run a user's program as it is, or call back.  Where any other of ours calls the user's code, that code is
# differentiated, and a value that leaves the record there is a mistake.
RUN_PROGRAMS = ("commands", "console", "teaching", "word2vec", "optim.py", "__main__.py")


def may_become_number(tensor: Any) -> bool:
    """May ``float()`` of this tensor be taken, in the user's line that asks for it?"""
    frame = user_frame()
    if frame is None or is_differentiated(frame) or is_assignment(frame) or uses_math(frame):
        return False
    called = called_function(frame)
    if isinstance(getattr(called, "__self__", None), np.ndarray):  # a.fill(t)
        return False
    module = str(getattr(called, "__module__", "") or "")
    if isinstance(called, type) or not module.startswith("numpy"):
        return True
    return getattr(tensor, "swept", False) and makes_one_array(called)


def may_become_array(tensor: Any) -> bool:
    """May NumPy take this tensor for a number in an array of plain numbers, as in ``np.mean(losses)``?

    Only a single number whose gradient has been taken, as that of a loss, for in a value on the way there the gradient
    would be lost; and only for functions that make one array of a list, or a mean of it.
    """
    frame = user_frame()
    swept = getattr(tensor, "swept", False)
    if frame is None or tensor.shape or not swept or is_differentiated(frame) or is_assignment(frame):
        return False
    return makes_one_array(called_function(frame))


def makes_one_array(function: Any) -> bool:
    """Is it np.array, np.asarray or a function of NumPy that reduces an array, as np.mean?"""
    if getattr(function, "__module__", "") != "numpy":
        return False
    return function.__name__ in ("array", "asarray") or takes(function, ("axis", "dtype"))


def takes(function: Any, parameters: tuple[str, ...]) -> bool:
    """Does a function have these parameters?"""
    import inspect

    try:
        return set(parameters) <= inspect.signature(function).parameters.keys()
    except (TypeError, ValueError):
        return False


def user_frame() -> FrameType | None:
    """The innermost frame on the stack that is not ours; None if there is none."""
    frame = locations.user_frame(sys._getframe(1))
    return None if frame.f_code.co_filename.startswith(locations.OURS) else frame


def is_differentiated(frame: FrameType) -> bool:
    """Was the user's code called by ours that differentiates it: by grad, a module that is in use, or a sweep?"""
    outer = frame.f_back
    while outer is not None:
        file = outer.f_code.co_filename
        if file.startswith(locations.OURS[0]):
            room = file.removeprefix(locations.OURS[0]).replace(os.sep, "/").partition("/")[0]
            if room not in RUN_PROGRAMS:
                return True
        outer = outer.f_back
    return False


def in_differentiated_function() -> bool:
    """Is the user's line in code that is differentiated?"""
    frame = user_frame()
    return frame is not None and is_differentiated(frame)


def instructions_here(frame: FrameType) -> list[Any]:
    """The instructions of the expression that runs in a frame, the last one is running."""
    import dis  # only here, so that whoever imports the engine does not wait for it

    found = [i for i in dis.get_instructions(frame.f_code) if i.offset <= frame.f_lasti]
    here = found[-1].positions if found else None
    if here is None or here.lineno is None or here.col_offset is None:
        return found[-1:]
    start = (here.lineno, here.col_offset)
    inside = [i for i in found if i.positions and (i.positions.lineno or 0, i.positions.col_offset or 0) >= start]
    return inside


def value_of_name(frame: FrameType, name: Any) -> Any:
    """What a name means in a frame; None if it means nothing there."""
    for names in (frame.f_locals, frame.f_globals, frame.f_builtins):
        if name in names:
            return names[name]
    return None


def called_function(frame: FrameType) -> Any:
    """The function that the user's line calls at this moment, as np.mean; None if it is no call, or cannot be found."""
    found = None
    for instruction in instructions_here(frame):
        name = instruction.argval
        if instruction.opname in ("PUSH_NULL", "PRECALL", "CACHE", "RESUME", "NOP"):
            continue
        if found is None and instruction.opname.startswith(("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FAST", "LOAD_DEREF")):
            found = value_of_name(frame, name)
        elif found is not None and instruction.opname.startswith(("LOAD_ATTR", "LOAD_METHOD")):
            found = getattr(found, name, None)
        else:
            break
    return found if callable(found) else None


def is_assignment(frame: FrameType) -> bool:
    """Does the user's line assign to elements, as ``c[0] = t`` does?"""
    return any(i.opname.startswith("STORE_SUBSCR") for i in instructions_here(frame)[-1:])


def called_method_of_array() -> str:
    """The name of the method of an array that the user's line calls, as dot in ``X.dot(W)``; empty if it is none."""
    frame = user_frame()
    called = None if frame is None else called_function(frame)
    return str(getattr(called, "__name__", "")) if isinstance(getattr(called, "__self__", None), np.ndarray) else ""


def uses_math(frame: FrameType) -> bool:
    """Does the expression that runs name the module math, or a function of it?"""
    names = [i.argval for i in instructions_here(frame) if i.opname.startswith("LOAD_") and isinstance(i.argval, str)]
    for x in (value_of_name(frame, name) for name in names):
        if getattr(x, "__name__", "") in ("math", "cmath") or getattr(x, "__module__", None) in ("math", "cmath"):
            return True
    return False


def missing_is_used() -> bool:
    """Does the user's line compute with the attribute that it reads, as ``0.1 * W.grad`` and ``W.grad.sum()`` do?

    Then None in its place would end in an error of Python's that does not say what is missing.
    """
    import dis

    frame = user_frame()
    if frame is None:
        return False
    after = [i for i in dis.get_instructions(frame.f_code) if i.offset > frame.f_lasti and i.opname != "CACHE"][:2]
    names = [i.opname for i in after]
    if len(names) > 1 and names[0] in ("LOAD_CONST", "LOAD_FAST", "LOAD_NAME", "LOAD_GLOBAL", "LOAD_SMALL_INT"):
        return names[1].startswith("BINARY_")  # the first one loads the other operand, or the index
    return bool(names) and names[0].startswith(("BINARY_", "UNARY_NEGATIVE", "LOAD_ATTR", "LOAD_METHOD", "GET_ITER"))
