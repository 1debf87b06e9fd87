"""Read the user's own expressions, and write remedies with them that can be pasted into the program.

A remedy replaces an operand in the expression that the user wrote: ``np.arcsin(x)`` becomes
``np.arcsin(np.clip(x, -1 + 1e-7, 1 - 1e-7))``.  Without a source it is written with names alone.
"""

from __future__ import annotations

import ast
import copy
import functools
import linecache
import re
from typing import Any

import numpy as np

from ..format import locations
from ..graph import Node
from .inspected import Inspected

USUAL = {"np", "numpy", "tg", "tinygrad_edu"}  # names of modules, also where the program shows no import of them


@functools.lru_cache(maxsize=16)
def parse_program(source: str) -> tuple[ast.Module | None, dict[locations.Span, ast.expr]]:
    """Parse a program; return its tree, and its expressions by their positions."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None, {}
    found: dict[locations.Span, ast.expr] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.expr):
            found.setdefault(locations.span_of_syntax(node), node)  # of two at the same position, keep the outer one
    return tree, found


def program_of(node: Node) -> str:
    """Return the source of the program that computed a value, or an empty text if it is not the user's."""
    file = node.code.co_filename
    return "" if file.startswith(locations.OURS) else "".join(linecache.getlines(file))


def expression_of(node: Node) -> ast.expr | None:
    """Return the expression that the user wrote for a value."""
    return (
        parse_program(program_of(node))[1].get(locations.span_of(node.code, node.lasti))
        if node.op is not None
        else None
    )


def operand_expressions(node: Node) -> list[ast.expr | None]:
    """Return what the user wrote for each argument, options too; None for each that cannot be told apart."""
    written, op = expression_of(node), node.op
    if op is None:
        return []
    parts: list[ast.expr | None] = [None] * len(op.names)
    if op.variadic is not None:
        return parts
    given: list[ast.expr] = []
    if isinstance(written, ast.BinOp):
        given = [written.left, written.right]
    elif isinstance(written, ast.UnaryOp):
        given = [written.operand]
    elif isinstance(written, ast.Subscript):
        given = [written.value, written.slice]
    elif isinstance(written, ast.Call) and not any(isinstance(a, ast.Starred) for a in written.args):
        given = [*written.args]
        if is_method_call(written, program_of(node)):
            given.insert(0, written.func.value)  # type: ignore[attr-defined]
        for keyword in written.keywords:
            if keyword.arg in op.names:
                parts[op.names.index(keyword.arg)] = keyword.value
    for i, part in enumerate(given[: len(parts)]):
        parts[i] = part
    return parts


def is_method_call(call: ast.Call, source: str) -> bool:
    """Is it ``x.sum()``, where x is an operand, and not ``np.sum(x)``, where np is a module?"""
    before = call.func
    if not isinstance(before, ast.Attribute):
        return False
    while isinstance(before, (ast.Attribute, ast.Subscript)):
        before = before.value
    return not (isinstance(before, ast.Name) and before.id in module_names(source))


@functools.lru_cache(maxsize=16)
def module_names(source: str) -> frozenset[str]:
    """List the names of modules in a program."""
    tree, _ = parse_program(source)
    imports = [n for n in ast.walk(tree) if isinstance(n, ast.Import)] if tree is not None else []
    found = {(alias.asname or alias.name).partition(".")[0] for n in imports for alias in n.names}
    return frozenset(found | USUAL)


def unparse(part: ast.AST) -> str:
    """Write a piece of a program as text, with exponents such as 1e-7."""
    return re.sub(r"(\d)e-0(\d)\b", r"\1e-\2", ast.unparse(part))


def operand_code(inspected: Inspected, node: Node, k: int) -> str:
    """Write an operand for the user's program: as it stands there, or by its name."""
    part = operand_expressions(node)[k] if k < len(node.op.names) else None
    if part is not None:
        return unparse(part)
    a = node.args[k]
    if a is None:
        values = inspected.operands(node)[k]
        return str(values) if np.ndim(values) == 0 else inspected.describe_operand(node, k)
    return inspected.name(a) or inspected.source_text(a) or "x"


def value_code(inspected: Inspected, node: Node) -> str:
    """Write a value for the user's program: by its name, or as it was computed."""
    name = inspected.name(node)
    if name is not None and name.isidentifier():
        return name
    part = expression_of(node)
    return unparse(part) if part is not None else name or inspected.describe(node)


def code_with_operand(inspected: Inspected, node: Node, k: int, new: str) -> str:
    """Write the user's expression for a value with another operand in position ``k``."""
    written, part = expression_of(node), operand_expressions(node)[k]
    if written is not None and part is not None:
        return replace_part(written, part, new)
    parts = [
        new if i == k else operand_code(inspected, node, i) for i in range(len(node.args)) if node.args[i] or i == k
    ]
    return f"{node.op.name}({', '.join(parts)})"


def replace_part(whole: ast.expr, part: ast.expr, new: str) -> str:
    """Write an expression with one of its nodes replaced by new code."""

    class Replace(ast.NodeTransformer):
        """Puts the new code where ``part`` stands."""

        def visit(self, node: ast.AST) -> Any:
            if (
                isinstance(node, ast.expr)
                and locations.span_of_syntax(node) == locations.span_of_syntax(part)
                and type(node) is type(part)
            ):
                return ast.parse(new, mode="eval").body
            return super().visit(node)

    return unparse(Replace().visit(copy.deepcopy(whole)))


def find_part(inspected: Inspected, whole: ast.expr, node: Node) -> ast.expr | None:
    """Find the part of an expression that stands for a value: what the user wrote for it, or its name."""
    written, name = expression_of(node), inspected.name(node)
    if written is not None and contains(whole, written):
        return written
    named = [n for n in ast.walk(whole) if isinstance(n, ast.Name) and n.id == name]
    return named[0] if len(named) == 1 else None


def contains(whole: ast.expr, part: ast.expr) -> bool:
    return any(node is part for node in ast.walk(whole))


def callable_name(inspected: Inspected, node: Node, name: str) -> str:
    """Return an operation's name at the line of a value, as the program imports it: ``np.clip``, ``tg.softmax``."""
    source = program_of(node)
    tree, _ = parse_program(source)
    aliases, bare, star = dict[str, str](), set[str](), False
    for statement in ast.walk(tree) if tree is not None else ():
        if isinstance(statement, ast.Import):
            aliases |= {alias.name: alias.asname or alias.name for alias in statement.names}
        elif isinstance(statement, ast.ImportFrom):
            bare |= {alias.asname or alias.name for alias in statement.names}
            star |= statement.module == "tinygrad_edu" and any(alias.name == "*" for alias in statement.names)
    if name in bare:
        return name
    if hasattr(np, name) and ("numpy" in aliases or "np." in source or "tinygrad_edu" not in aliases):
        return f"{aliases.get('numpy', 'np')}.{name}"
    return f"{aliases['tinygrad_edu']}.{name}" if "tinygrad_edu" in aliases and not star else name


def comes_from(part: ast.expr, node: Node, names: set[str]) -> bool:
    """Does an expression depend on one of these names, also by assignments anywhere in the program?"""
    tree, _ = parse_program(program_of(node))
    given: dict[str, list[ast.expr]] = {}
    for statement in ast.walk(tree) if tree is not None else ():
        if isinstance(statement, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.NamedExpr)) and statement.value:
            for target in statement.targets if isinstance(statement, ast.Assign) else [statement.target]:
                for inner in ast.walk(target):
                    given.setdefault(ast.unparse(inner), []).append(statement.value)
    pending, seen = [part], set[str]()
    while pending:
        for inner in ast.walk(pending.pop()):
            if isinstance(inner, (ast.Name, ast.Attribute)) and (name := ast.unparse(inner)) not in seen:
                seen.add(name)
                pending += given.get(name, [])
    return bool(seen & names)


def available_at(part: ast.expr, node: Node) -> ast.expr | None:
    """Write an expression for the line of a value: names that are assigned only later are replaced by their values."""
    tree, _ = parse_program(program_of(node))
    line = locations.span_of(node.code, node.lasti)[0]
    part = copy.deepcopy(part)
    for _ in range(5):
        late: dict[str, list[ast.Assign]] = {}
        names = {n.id for n in ast.walk(part) if isinstance(n, ast.Name)}
        for statement in ast.walk(tree) if tree is not None else ():
            if isinstance(statement, ast.Assign) and statement.lineno >= line:
                for target in statement.targets:
                    if isinstance(target, ast.Name) and target.id in names:
                        late.setdefault(target.id, []).append(statement)
            elif isinstance(statement, ast.Assign):
                for target in statement.targets:
                    if isinstance(target, ast.Name):
                        names.discard(target.id)
        late = {name: found for name, found in late.items() if name in names}
        if not late:
            return part
        name, found = next(iter(late.items()))
        if len(found) != 1:
            return None
        value = found[0].value

        class WriteOut(ast.NodeTransformer):
            """Puts the assigned value in the place of the name."""

            def visit_Name(self, node: ast.Name, name: str = name, value: ast.expr = value) -> Any:
                return copy.deepcopy(value) if node.id == name else node

        part = WriteOut().visit(part)
    return None
