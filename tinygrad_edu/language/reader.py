"""Python's tree to ours: every kind of node that may occur, and a refusal for everything else."""

from __future__ import annotations

import ast
import math
import re
import unicodedata
from collections.abc import Callable
from typing import Any

from ..op import OPS
from .beside import products
from .pieces import functions as notations
from .signs import accented
from .tree import Expr, call, name, number
from .vocabulary import (  # fmt: skip
    ALIASES,
    CHOOSERS,
    COMPARED,
    CONSTANTS,
    DIFFERENTIAL,
    ENGLISH,
    GREEK,
    MAKERS,
    METHODS,
    SIGNS,
    Unreadable,
    closing,
)


class Reader:
    """Turns Python's tree into ours, and refuses everything else."""

    def __init__(self, known: set[str], loss: str, functions: set[str], base: int, own: bool = False) -> None:
        self.known, self.loss, self.functions, self.base, self.own = known, loss, functions, base, own
        self.spelt = {unicodedata.normalize("NFKC", word): word for word in sorted(known)}  # as Python sees them
        self.spelt |= {word: word for word in known}
        for word in known:
            self.spelt.setdefault(accented(word), word)  # ŷ as y_hat
            self.spelt.setdefault(re.sub(r"^([^\W\d]+)_(\d+)$", r"\1\2", word), word)  # LaTeX's W_1 as W1

    # What has no sign of its own.

    def products(self, text: str, quoted: str) -> str:
        """``2x``, ``W x``: with the sign that is meant."""
        text = re.sub(r"(?<![\w.])lambda\b(?![^:]*:)", "λ", text)  # a name, but for Python
        return products(text, self.is_operand, self.is_function, quoted)

    def is_operand(self, word: str) -> bool:
        """Is it certainly something that can stand in a product?"""
        return (
            self.meant(word) is not None
            or word in ("pi", "π", "I", "Derivative", *["e"] * self.own)
            or bool(self.parted(word))
        )

    def is_function(self, word: str) -> bool:
        """Is it called, where a bracket follows?"""
        word = word.removesuffix("__prime")
        if word in (*self.functions, "Derivative") or (self.own and rf"\operatorname{{{word}}}" in notations()):
            return True
        return word not in self.spelt and (
            word in ("grad", "D", "I", "indicator") or ALIASES.get(word, word) in OPS or word in (*MAKERS, *CHOOSERS)
        )

    def meant(self, word: str) -> str | None:
        """The name that has been declared, and is written so here: δ for delta."""
        spelt = GREEK.get(word) or ENGLISH.get(word)
        word = accented(word)
        return self.spelt.get(word) or (self.spelt.get(spelt) if spelt else None)

    def parted(self, word: str) -> list[str]:
        """Two names of which a word is made, as ``Wx``, if there is one way only."""
        if word in self.functions or ALIASES.get(word, word) in OPS or "_" in word:
            return []
        ways = [(word[:i], word[i:]) for i in range(1, len(word)) if {word[:i], word[i:]} <= self.known]
        return [*ways[0]] if len(ways) == 1 and word[0] != "d" else []

    # dJ/du: one derivative, before Python takes it for a quotient.

    def differentials(self, text: str) -> str:
        """``dJ/du`` becomes ``Derivative(J, u)``; ``dJ/dt * dt/du`` is then a product of two."""
        found, at = "", 0
        while match := DIFFERENTIAL.search(text, at):
            above = self.operand(text, match.end())
            slash = re.compile(r"\s*/\s*(?=d)").match(text, above or len(text))
            below = self.operand(text, slash.end() + 1) if above and slash else None
            if not (above and slash and below):
                found, at = found + text[at : match.end()], match.end()
                continue
            of, wrt = text[match.end() : above].strip(), text[slash.end() + 1 : below].strip()
            found += f"{text[at : match.start()]}Derivative({self.differentials(of)}, {self.differentials(wrt)})"
            at = below
        return found + text[at:]

    def operand(self, text: str, at: int) -> int | None:
        """Where that of which ``d`` is the differential ends: a known name, perhaps with subscripts; or brackets."""
        if text[at : at + 1] == "(":
            return closing(text, at)
        word = re.compile(r"[^\W\d]\w*'*").match(text, at)
        if not word or text[at - 1 : word.end()] in self.spelt:
            return None  # the name itself begins with d
        if text[word.end() : word.end() + 1] == "(" and self.is_function(word[0]):
            return closing(text, word.end())  # dlog(p)/ds
        end = word.end()
        layer = re.compile(r"\(\w{1,4}\)").match(text, end)
        if layer and word[0] + layer[0] in self.known:
            end = layer.end()
        elif self.meant(word[0]) is None:
            return None
        if text[end : end + 1] == "[":
            end = closing(text, end) or end
        return end

    # Python's tree.

    def tree(self, node: ast.AST) -> Expr:
        """The expression that a node of Python's tree stands for."""
        kinds: dict[type, Callable[[Any], Expr]] = {
            ast.Constant: self.constant, ast.Name: self.named, ast.BinOp: self.binary, ast.UnaryOp: self.unary,
            ast.Call: self.called, ast.Attribute: self.attribute, ast.Subscript: self.subscript,
            ast.IfExp: lambda n: Expr("If", (self.tree(n.test), self.tree(n.body), self.tree(n.orelse))),
            ast.Compare: self.compared, ast.Tuple: self.listed, ast.List: self.listed,
            ast.BoolOp: lambda n: Expr(SIGNS[type(n.op)], tuple(map(self.tree, n.values))),
            ast.ListComp: lambda n: self.over(n, "Each"),
        }  # fmt: skip
        if type(node) not in kinds:
            raise self.refused(node, "this is not part of the notation")
        return kinds[type(node)](node)

    def refused(self, node: ast.AST, why: str) -> Unreadable:
        shown = ast.unparse(node) if isinstance(node, ast.expr) else type(node).__name__
        shown = re.sub(
            r"Derivative\(([^()]*), ([^()]*)\)", r"d\1/d\2", shown.replace("__prime", "'").replace(" | ", "..")
        )
        return Unreadable(f"{why}: {shown[:60]}", shown, getattr(node, "col_offset", 0))

    def constant(self, node: ast.Constant) -> Expr:
        x = node.value
        if isinstance(x, bool) and self.own:
            return number(x)
        if isinstance(x, bool) or not isinstance(x, (int, float)):
            raise self.refused(node, "a number is expected")
        if x > 1e300:
            raise self.refused(node, "so large a number is not needed")
        return number(x if isinstance(x, int) and x < 10**15 else float(x))

    def named(self, node: ast.Name) -> Expr:
        """A name; ``dW`` alone is the gradient of the loss."""
        word = node.id
        if "__" in word and word not in self.known:
            raise self.refused(node, "a name without double underscores is expected")
        if word in self.functions and word not in self.known:
            return name(word)
        if (meant := self.meant(word)) is not None:
            return name(meant)
        if word[:1] == "d" and self.loss and (meant := self.meant(word[1:])):
            return Expr("Derivative", (name(self.loss), name(meant)))  # dW alone
        if word in ("pi", "π"):
            return number(CONSTANTS["pi"])
        if parts := self.parted(word):
            return call("matmul", *map(name, parts))
        return name("lambda" if word == "λ" else word)

    def binary(self, node: ast.BinOp) -> Expr:
        head = SIGNS.get(type(node.op))
        if head is None:
            raise self.refused(node, "a range stands in a sum: sum(t[j] for j in 1..n)" if isinstance(
                node.op, ast.BitOr) else "this sign is not part of the notation")  # fmt: skip
        left, right = self.tree(node.left), self.tree(node.right)
        if head == "power" and left == name("e") and "e" not in self.known:
            return call("exp", right)
        return Expr(head, (left, right))

    def unary(self, node: ast.UnaryOp) -> Expr:
        head = SIGNS.get(type(node.op))
        if head is None:
            raise self.refused(node, "this sign is not part of the notation")
        inner = self.tree(node.operand)
        return inner if head == "positive" else Expr(head, (inner,))

    def compared(self, node: ast.Compare) -> Expr:
        """``a < b``, and ``a < b < c``."""
        parts, left = [], self.tree(node.left)
        for sign, other in zip(node.ops, node.comparators):
            if type(sign) not in COMPARED:
                raise self.refused(node, "this comparison is not part of the notation")
            right = self.tree(other)
            parts.append(Expr("Compare", (left, right), COMPARED[type(sign)]))
            left = right
        return parts[0] if len(parts) == 1 else Expr("And", tuple(parts))

    def listed(self, node: ast.Tuple | ast.List) -> Expr:
        return Expr("List", tuple(map(self.tree, node.elts)))

    def over(self, node: ast.ListComp | ast.GeneratorExp, head: str) -> Expr:
        """``term for j in 1..n if k != j``, also with several indices."""
        result = self.tree(node.elt)
        for loop in reversed(node.generators):
            if not isinstance(loop.target, ast.Name) or loop.is_async or len(loop.ifs) > 1:
                raise self.refused(node, "an index is one name: for j in 1..n")
            first, last = self.range(loop.iter)
            condition = tuple(map(self.tree, loop.ifs))
            result = Expr(head, (result, first, last, *condition), loop.target.id)
        return result

    def range(self, node: ast.expr) -> tuple[Expr, Expr]:
        """The first and the last index."""
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            return self.tree(node.left), self.tree(node.right)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":
            ends = [self.tree(a) for a in node.args]
            if self.base == 1:
                raise self.refused(node, "subscripts count from one here; write 1..n for")
            if len(ends) in (1, 2):
                return ends[0] if len(ends) == 2 else number(0), call("subtract", ends[-1], number(1))
        raise self.refused(node, "a range is expected, as 1..n")

    def attribute(self, node: ast.Attribute) -> Expr:
        """``W.T``, and what NumPy names."""
        if node.attr in ("T", "mT"):
            return call("transpose", self.tree(node.value))
        if isinstance(node.value, ast.Name) and node.value.id in ("np", "numpy", "math"):
            if node.attr in CONSTANTS:
                return number(CONSTANTS[node.attr])
            if node.attr == "newaxis":
                return Expr("New")
        if node.attr in ("shape", "size", "ndim"):
            return Expr("Shape", (self.tree(node.value),), node.attr)
        raise self.refused(node, "after a dot only T and methods such as sum() can stand")

    def subscript(self, node: ast.Subscript) -> Expr:
        """``t[j]``, ``U[o, :]``."""
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return Expr("Index", (self.tree(node.value), *(self.position(p) for p in parts)))

    def position(self, node: ast.expr) -> Expr:
        """One subscript."""
        if isinstance(node, ast.Slice):
            backwards = node.step is not None and ast.unparse(node.step) == "-1" and not (node.lower or node.upper)
            if node.step is not None and not backwards and not self.own:
                raise self.refused(node, "of steps in a subscript only [::-1] is part of the notation")
            if node.lower is None and node.upper is None and (backwards or node.step is None):
                return Expr("Backwards" if backwards else "All")
            parts = (node.lower, node.upper, *([] if node.step is None else [node.step]))
            return Expr("Slice", tuple(Expr("All") if n is None else self.tree(n) for n in parts))
        if isinstance(node, ast.Constant) and node.value is None:
            return Expr("New")
        if isinstance(node, ast.Constant) and node.value is Ellipsis:
            return Expr("Rest")
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            return Expr("Slice", (self.tree(node.left), self.tree(node.right)))
        return self.tree(node)

    def called(self, node: ast.Call) -> Expr:
        """A function, a method, or a name with a number as ``W(2)``."""
        word, first = self.function(node.func)
        if f"{word}({ast.unparse(node.args[0]) if len(node.args) == 1 else ''})" in self.known:
            return name(f"{word}({ast.unparse(node.args[0])})")
        if word == "Derivative" and len(node.args) == 2:
            return Expr("Derivative", tuple(map(self.tree, node.args)))
        if word in ("grad", "D") and len(node.args) == 2 and word not in self.functions:
            return Expr("Derivative", tuple(map(self.tree, node.args)))
        if len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp):
            if word != "sum":
                raise self.refused(node, "only sum goes over an index")
            return self.over(node.args[0], "Sum")
        if word in ("I", "indicator") and word not in self.functions:
            return self.indicator(node)
        prime = word.endswith("__prime")
        word = word.removesuffix("__prime")
        if word not in self.functions:  # φ where phi has been declared, or the other way round
            word = next((w for w in self.functions if ENGLISH.get(w, w) == ENGLISH.get(word, word)), word)
        head = word if word in self.functions else ALIASES.get(word, word)
        if self.own:  # an operation by its name, or as its notation calls it
            head = word if word in OPS else notations().get(rf"\operatorname{{{word}}}", head)
        if head not in OPS and head not in self.functions and head not in (*MAKERS, *CHOOSERS):
            if word in self.known:
                raise self.refused(node, f"{word} is no function; for a product write {word} @ (...) or {word} * (...)")
            raise self.refused(node, f"there is no function {word}")
        if head in ("shape", "len"):
            return Expr("Shape", tuple(map(self.tree, node.args)), "len" if head == "len" else "shape")
        options = {k.arg: self.option(k.value) for k in node.keywords if k.arg}
        if len(options) != len(node.keywords) or len(node.args) > 100:
            raise self.refused(node, "this is not how a function is called")
        args = list(node.args)
        subscripts: tuple[tuple[str, Any], ...] = ()
        if head == "einsum" and args and isinstance(args[0], ast.Constant) and isinstance(args[0].value, str):
            subscripts = (("subscripts", args.pop(0).value),)  # type: ignore[attr-defined]
        if head in ("sum", "mean", "max", "min", "prod", "softmax", "log_softmax", "logsumexp", "var", "std", "norm"):
            if head in ("max", "min") and len(args) == 2 and isinstance(node.func, ast.Name) and not options:
                head, options = f"{head}imum", {}  # max(0, x), where NumPy's would have an axis
            extra = args[1 - len(first) :] if len(args) + len(first) > 1 else []
            if extra and head not in ("norm", "maximum", "minimum"):  # x.sum(0)
                options["axis"], args = self.option(extra[0]), args[: 1 - len(first) or None] if not first else []
        trees = (*first, *map(self.tree, args))
        if head == "transpose" and len(trees) > 1:
            raise self.refused(node, "write .T")
        return Expr(head + "'" * prime, trees, (*subscripts, *sorted(options.items())) or None)

    def indicator(self, node: ast.Call) -> Expr:
        """``I(k = l)``: one where that is so, and zero where not."""
        if len(node.args) == 1 and not node.keywords:
            condition = self.tree(node.args[0])
            if condition.head in ("Compare", "And", "Or", "Not"):
                return Expr("If", (condition, number(1), number(0)))
        raise self.refused(node, "I takes one condition, as I(k = l)")

    def function(self, node: ast.expr) -> tuple[str, tuple[Expr, ...]]:
        """The word that names a function, and that of which it is a method."""
        if isinstance(node, ast.Name):
            return node.id, ()
        if isinstance(node, ast.Attribute):
            inner = node.value
            if isinstance(inner, ast.Attribute) and inner.attr == "linalg":
                return node.attr, ()
            if isinstance(inner, ast.Name) and inner.id in ("np", "numpy", "math", "scipy", "tg"):
                return node.attr, ()
            if node.attr in METHODS:
                return node.attr, (self.tree(inner),)
        raise self.refused(node, "a function has a name")

    def option(self, node: ast.expr) -> Any:
        """A number, a truth value or a tuple of numbers; of what this package prints also words, lists and indices."""
        sign = 1
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            node, sign = node.operand, -1
        if isinstance(node, ast.Tuple) or (self.own and isinstance(node, ast.List)):
            return tuple(self.option(n) for n in node.elts)
        if self.own and isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "_":
            return Expr("Key", self.subscript(node).args[1:])  # see unfolded.py
        if self.own and isinstance(node, ast.Name) and node.id in self.known:
            return self.tree(node)
        if self.own and isinstance(node, ast.Name) and node.id == "inf":
            return sign * math.inf
        if isinstance(node, ast.Constant):
            if isinstance(node.value, bool) or node.value is None or (self.own and isinstance(node.value, str)):
                return node.value
            if isinstance(node.value, (int, float)):
                return sign * node.value
        raise self.refused(node, "an option is a number, True or False")
