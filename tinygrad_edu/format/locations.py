"""Finds where in the user's program a value was computed, and what the user calls it there.

A record keeps two pointers for each node, the code object and the instruction.  Only when a location is asked for are
they turned into a file, a line and columns, with ``co_positions`` (PEP 657), and into the name that the line
gives to the value.
"""

from __future__ import annotations

import ast
import functools
import itertools
import linecache
import os
import sys
from types import CodeType, FrameType
from typing import Any, NamedTuple

import numpy as np

from ..graph import Node

PACKAGE, NUMPY = os.path.dirname(os.path.dirname(__file__)), os.path.dirname(np.__file__)
OURS = (PACKAGE + os.sep, NUMPY + os.sep)
LAYERS = os.path.join(PACKAGE, "nn") + os.sep  # its layers call operations as a user would
COMMANDS = os.path.join(PACKAGE, "commands", "main.py")
ERRORS = os.path.join(PACKAGE, "errors", "messages.py")
Span = tuple[int, int, int | None, int | None]  # first and last line, first and last column in bytes


class Call(str):
    """The scope of what a layer of this package computes.  It also knows the user's line that called the layer."""

    __slots__ = ("code", "lasti", "result")
    code: CodeType
    lasti: int
    result: int | None  # the serial of the node that the call returned; None until it returns

    @classmethod
    def from_stack(cls, scope: str) -> str:
        """Make that scope, for the innermost line of the user's on the stack.

        Where a command of ours runs no program of a user, it is the innermost of our lines that calls the layer.
        """
        call, frame, found = cls(scope), sys._getframe(1), None
        while frame is not None and (file := frame.f_code.co_filename) != COMMANDS:
            ours = file.startswith(OURS)
            if not ours or (found is None and not file.startswith((LAYERS, ERRORS, __file__))):
                found = frame
            frame = frame.f_back if ours else None  # type: ignore[assignment]
        if found is None:
            return scope
        call.code, call.lasti, call.result = found.f_code, found.f_lasti, None
        return call

    def returns(self, node: Node) -> None:
        """Keep which node this call returned, if it, or a layer in it, computed the node."""
        inside = node.scope
        if isinstance(inside, Call) and (inside.code, inside.lasti) == (self.code, self.lasti):
            inside.result = node.serial


class Location(NamedTuple):
    """A location in a program: a line, and the columns of an expression in it."""

    file: str
    line: int
    # The columns of the expression, in characters; None if they are unknown or it goes over several lines.
    columns: tuple[int, int] | None
    text: str  # the line as the user wrote it; empty where there is no source, as under ``python -c``

    def underlined(self, before: str = "") -> str:
        """Show the line with the expression underlined, as Python's own errors do; ``before`` stands in front of it."""
        source, (start, end) = cut_line(self.text, self.columns)
        shown = f"{before}{file_title(self.file)}, line {self.line}" + (f":  {source}" if source else "")
        if not source or self.columns is None:
            return shown
        return f"{shown}\n{' ' * (len(shown) - len(source) + start)}{'^' * (end - start)}"


def cut_line(line: str, columns: tuple[int, int] | None, most: int = 100) -> tuple[str, tuple[int, int]]:
    """A line of a program without its indentation, cut to ``most`` characters around columns; and these columns in it.

    >>> cut_line("    y = a + b", (8, 13))
    ('y = a + b', (4, 9))
    """
    source = line.strip()
    start, end = (0, 0) if columns is None else (x - (len(line) - len(line.lstrip())) for x in columns)
    if len(source) <= most:
        return source, (start, end)
    first = max(0, min(start - 10, len(source) - most + 6))  # so much of the beginning is left out
    last = first + most - 6
    before, after = "..." * (first > 0), "..." * (last < len(source))
    moved = len(before) - first
    return f"{before}{source[first:last]}{after}", (start + moved, min(end, last) + moved)


def file_title(file: str) -> str:
    """The name of a file without its folder; for a cell of a notebook the name of the cell."""
    return cell_title(file) or os.path.basename(file)


def cell_title(file: str) -> str | None:
    """The name that a notebook gives to a cell, as ``In[3]``; None if it is a file."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    found = shell.compile.format_code_name(file) if shell is not None else None
    return found[1] if found else None


def locate(code: CodeType, lasti: int) -> Location:
    """Find the file, the line and the columns of an instruction in a code object."""
    line, end_line, start, end = span_of(code, lasti)
    text = linecache.getline(code.co_filename, line).rstrip("\n")
    if start is None or end is None or line != end_line or not text:
        return Location(code.co_filename, line, None, text)
    encoded = text.encode()  # columns count bytes
    return Location(code.co_filename, line, (len(encoded[:start].decode()), len(encoded[:end].decode())), text)


def span_of(code: CodeType, lasti: int) -> Span:
    """The first line, the last line, the first and the last column, in bytes, of an instruction."""
    line, end_line, start, end = next(itertools.islice(code.co_positions(), lasti // 2, None), (None, None, None, None))
    return line or code.co_firstlineno, end_line or 0, start, end


def instruction_of(node: Node) -> tuple[CodeType, int]:
    """The code object and instruction that computed a node; for a node in one of our layers, those that called it."""
    if isinstance(node.scope, Call) and node.code.co_filename.startswith(LAYERS):
        return node.scope.code, node.scope.lasti
    return node.code, node.lasti


def of_node(node: Node) -> Location:
    """The location in the user's program where the value of a node was computed."""
    return locate(*instruction_of(node))


def user_frame(frame: FrameType) -> FrameType:
    """The innermost frame from this one outwards that is not ours, or that is in one of our layers."""
    while frame.f_back is not None and frame.f_code.co_filename.startswith(OURS) and frame.f_code.co_filename != LAYERS:
        frame = frame.f_back
    return frame


def of_caller() -> Location:
    """The location of the innermost line on the stack that is not ours: the line that the user has to look at."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(OURS):
        frame = frame.f_back
    return locate(frame.f_code, frame.f_lasti) if frame else Location("?", 0, None, "")


def name_in_source(node: Node) -> str | None:
    """The name that the user gave to a tensor, or else the variable to which the user's line assigns it."""
    code, lasti = instruction_of(node) if is_layer_result(node) else (node.code, node.lasti)
    if node.name is not None or code.co_filename.startswith(OURS):
        return node.name
    return find_assignments("".join(linecache.getlines(code.co_filename))).get(span_of(code, lasti))


def is_layer_result(node: Node) -> bool:
    """Is it the value that a call of one of our layers returned, and not one that was computed on the way?"""
    return isinstance(node.scope, Call) and node.scope.result == node.serial


@functools.lru_cache(maxsize=64)
def find_assignments(source: str) -> dict[Span, str]:
    """Find the variable to which each expression of a program is assigned, by the span of the expression."""
    found: dict[Span, str | None] = {}
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    for statement in ast.walk(tree):
        if isinstance(statement, ast.AugAssign):
            # total += loss computes a new total, so the whole statement is the expression.
            found[span_of_syntax(statement)] = variable_name(statement.target)
        if isinstance(statement, (ast.Assign, ast.AnnAssign, ast.NamedExpr)) and statement.value is not None:
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            for target in targets:
                pairs = [(target, statement.value)]
                if isinstance(target, ast.Tuple) and isinstance(statement.value, ast.Tuple):
                    pairs = list(zip(target.elts, statement.value.elts))
                for variable, value in pairs:
                    if variable_name(variable):
                        found[span_of_syntax(value)] = variable_name(variable)
                        parts = value.elts if isinstance(value, (ast.List, ast.Tuple)) else []
                        found |= {
                            span_of_syntax(part): f"{variable_name(variable)}[{i}]" for i, part in enumerate(parts)
                        }
    return {where: name for where, name in found.items() if name}


def span_of_syntax(node: Any) -> Span:
    """The span of a piece of a parsed program, in the form of ``span_of``."""
    return node.lineno, node.end_lineno or 0, node.col_offset, node.end_col_offset


def variable_name(variable: ast.expr) -> str | None:
    """The name of a variable, or of an attribute as in ``self.W``; None for ``W.data`` or ``W.T``."""
    found = getattr(variable, "id", None) or getattr(variable, "attr", None)
    return found if found not in ("data", "grad", "T", "mT") else None


def operand_names(node: Node) -> tuple[str | None, ...]:
    """The names that the user's line has for the operands of a node, as ``X`` and ``W`` in ``X @ W``.

    A short expression is its own name.  None stands for an operand that the line does not show.
    """
    number, ours = len(node.args), node.code.co_filename.startswith(LAYERS)
    if node.code.co_filename.startswith(OURS) and not ours:
        return (None,) * number
    source = "".join(linecache.getlines(node.code.co_filename))
    written = find_expressions(source).get(span_of(node.code, node.lasti))
    if isinstance(written, ast.BinOp):
        parts: list[ast.expr] = [written.left, written.right]
    elif isinstance(written, ast.AugAssign):
        parts = [written.target, written.value]
    elif isinstance(written, ast.Subscript):
        parts = [written.value, written.slice]
    elif isinstance(written, ast.Call):
        keywords = {k.arg: k.value for k in written.keywords}
        given, required = [*written.args], len(node.op.names) - len(node.op.function.__defaults__ or ())
        if isinstance(written.func, ast.Attribute) and len(given) + len(keywords) < required:
            given.insert(0, written.func.value)  # in x.dot(y) the first operand is x
        parts = [*given, *(keywords[name] for name in node.op.names[len(given) :] if name in keywords)]
    else:
        parts = []
    if node.op.variadic is not None:
        listed = parts[node.op.variadic] if node.op.variadic < len(parts) else None
        parts = listed.elts if isinstance(listed, (ast.List, ast.Tuple)) else []
    if ours:
        # An argument of a layer has the name that it has in the line that calls the layer.
        parts = [argument_given(part, node) for part in parts]
    names = [variable_name(part) or ast.unparse(part) for part in parts[:number]]
    return (*(name if len(name) <= 20 else None for name in names), *(None,) * (number - len(names)))


def index_names(node: Node) -> tuple[str | None, ...]:
    """The names that the user's line has for the parts of an index: ``rows``, ``labels`` in ``p[rows, labels]``."""
    source = "".join(linecache.getlines(node.code.co_filename))
    written = find_expressions(source).get(span_of(node.code, node.lasti))
    parts = written.slice.elts if isinstance(written, ast.Subscript) and isinstance(written.slice, ast.Tuple) else []
    names = [variable_name(part) or ast.unparse(part) for part in parts]
    return tuple(name if len(name) <= 20 else None for name in names)


def argument_given(part: ast.expr, node: Node) -> ast.expr:
    """The expression that the user's line gives for a parameter of a layer; any other ``part`` is returned as it is."""
    parameters = node.code.co_varnames[1 : node.code.co_argcount]
    if not isinstance(part, ast.Name) or part.id not in parameters or not isinstance(node.scope, Call):
        return part
    code, lasti = instruction_of(node)
    call = find_expressions("".join(linecache.getlines(code.co_filename))).get(span_of(code, lasti))
    which = parameters.index(part.id)
    return call.args[which] if isinstance(call, ast.Call) and which < len(call.args) else part


@functools.lru_cache(maxsize=64)
def find_expressions(source: str) -> dict[Span, ast.AST]:
    """Find each operation, call and index of a program, by its span."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    kinds = (ast.BinOp, ast.AugAssign, ast.Call, ast.Subscript)
    return {span_of_syntax(node): node for node in ast.walk(tree) if isinstance(node, kinds)}
