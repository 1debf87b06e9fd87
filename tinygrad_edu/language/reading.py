"""Text to tree: what a student can write without knowing Python, and NumPy expressions.

Python's own parser reads it, and a list of what may occur follows; nothing is ever evaluated.  Before that, signs of
mathematics become Python's: ``Wᵀ`` is ``W.T``, ``x²`` is ``x**2``, ``1..n`` a range, ``dJ/du`` one derivative.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from .identity import sized
from .reader import Reader
from .signs import signs
from .tree import Expr
from .unfolded import unfolded
from .vocabulary import ALIASES, CHOOSERS, MAKERS, Unreadable, closing

__all__ = ["ALIASES", "CHOOSERS", "MAKERS", "Unreadable", "closing", "read"]

LONGEST, DEEPEST = 2_000, 50  # characters of one expression, and brackets within brackets
NESTED = 120  # operations within operations; a sum of that many terms is that deep


def read(
    text: str,
    known: Iterable[str] = (),
    *,
    loss: str = "",
    functions: Iterable[str] = (),
    base: int = 1,
    own: bool = False,
) -> Expr:
    """The tree of an expression.

    ``known``: the names that have been declared, among which ``dJ/du`` and ``W(2)`` are looked up.  ``loss``: what
    ``dW`` alone is the gradient of.  ``functions``: names declared as functions.  ``base``: 1 if subscripts count from
    one.  ``own``: is it a line that this package has printed, with sums that reach and options of all kinds?
    Unreadable, with the place, for what is not mathematics or longer than 2,000 characters.

    >>> read("W.T @ (sigmoid(t) - 1)").head
    'matmul'
    """
    reader = Reader(set(known), loss, set(functions), base, own)
    checked(text)
    written = reader.products(reader.differentials(signs(unfolded(text) if own else text)), text)
    if len(written) > 2 * LONGEST:
        raise Unreadable("too long", text)
    try:
        tree = ast.parse(written.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        at = max(0, (getattr(error, "offset", 0) or 1) - 1)
        raise Unreadable(said(error, written.strip(), text.strip(), at), text, min(at, len(text))) from None
    if depth(tree) > NESTED:
        raise Unreadable(f"more than {NESTED} operations within each other; give parts of it a name", text)
    found = reader.tree(tree)
    return found if "I" in reader.known else sized(found)


def depth(tree: ast.AST) -> int:
    """How many nodes of Python's tree are within each other; found level by level, so that no depth is too deep."""
    levels, level = 0, [tree]
    while level and levels <= NESTED:
        levels, level = levels + 1, [child for node in level for child in ast.iter_child_nodes(node)]
    return levels


def checked(text: str) -> None:
    """Refuses what would cost time to refuse later."""
    if len(text) > LONGEST:
        raise Unreadable(f"{len(text):,} characters; an expression has at most {LONGEST:,}", text[:80])
    if not text.strip():
        raise Unreadable("there is nothing here", text)
    if "\0" in text or "\n" in text.strip() or "\\" in text.replace("\\top", ""):
        raise Unreadable("a backslash or a control character; LaTeX stands between $ signs", text)
    if "//" in text:
        raise Unreadable("// is not part of the notation; an outer product is ⊗ or outer(a, b)", text, text.index("//"))
    if re.search("∇(?!_)", text):
        raise Unreadable("the gradient with respect to what?  Write it as in ∇_w L", text, text.index("∇"))
    if re.search(r"\d{40}", text):
        raise Unreadable("a number of more than 40 digits", text)
    depth = 0
    for at, c in enumerate(text):
        depth += (c in "([{") - (c in ")]}")
        if depth > DEEPEST:
            raise Unreadable(f"more than {DEEPEST} brackets within brackets", text, at)
        if depth < 0:
            raise Unreadable(f"this {c} closes nothing", text, at)
    if re.search(r"([-+~]|not\b)(\s*([-+~]|not\b)){20}", text) or len(re.findall(r"\*\*|\^", text)) > 12:
        raise Unreadable("so many signs in a row mean nothing", text)


def said(error: Exception, written: str, text: str, at: int) -> str:
    """What is wrong, in words that need no Python, and with what was written."""
    words = str(getattr(error, "msg", ""))
    if "was never closed" in words or "unexpected EOF" in words:
        return "a bracket is not closed"
    if "does not match" in words or "unmatched" in words:
        return "brackets do not match"
    found = [
        m for t in (written, text) if (m := re.search(r"\w*[\w).\]]\s+(?!(?:for|if|else|in|and|or)\b)[\w(]\w*", t))
    ]
    before = next((m for m in found if m[0] in text), None)
    if before and "syntax" in words:
        return f"two things stand side by side, {before[0]!r}: write @ for a matrix product, * for an elementwise one"
    if "positional argument follows" in words or "Generator expression" in words:
        return "the sum needs brackets of its own"
    near = text[max(0, at - 8) : at + 8] if written == text else text[:40]
    return f"this cannot be read near {near!r}"
