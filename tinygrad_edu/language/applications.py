r"""Functions of something: which they are, what they are applied to, and how far they reach without brackets."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Collection, Iterable
from typing import Any

from ..op import OPS
from .pieces import functions as notations
from .reading import ALIASES, MAKERS
from .scripts import Scripts
from .spelling import COMMANDS, begins, letter, scripted, unescaped
from .tokens import BRACKETS
from .tree import Expr

OTHERS = {r"\ln": "log", r"\exp": "exp", r"\max": "max", r"\min": "min", r"\arctg": "arctan", r"\tg": "tan"}
# How far a factor reaches: over what comes next, as log a does; over that, but it has ended with a bracket; over all
# factors, as a sum does; over terms too, as a sum does that does not say over what.
NEXT, BRACKETED, FACTORS, ALL = "next", "bracketed", "factors", "all"
UP = (r"\top", "T", r"\intercal")


class Applications(Scripts):
    """Reads a function with its argument."""

    def __init__(self, latex: str, known: Iterable[str] | None, functions: Collection[str]) -> None:
        super().__init__(latex, known, functions)
        self.notations = {**notations(), **OTHERS}

    def factor(self) -> tuple[Expr, str]:
        """One factor, and how far it reaches."""
        raise NotImplementedError

    def function(self) -> tuple[str, bool] | None:
        """The function that comes next, and whether it needs brackets; None if it is none.

        Its primes are read with it.
        """
        tokens = self.tokens
        token, start = tokens.token, tokens.next
        if token.text in self.notations and token.words is None:
            greek = token.text in COMMANDS
            word = token.text.lstrip("\\")
            if greek and tokens.after(1) not in ("(", "'", "[", "[{"):
                if not self.is_known(word) and tokens.after(1) != "_":
                    raise tokens.refused("a function of what?  Its argument stands in brackets")
                return None
            if greek and (self.is_known(word) or self.is_known(word + "'")):
                raise tokens.refused(f"{word} has been declared: a product, or the function?")
            tokens.take()
            return self.primed(self.based(token.text)), greek
        if token.words is not None:
            word = unescaped(token.words)
            tokens.take()
            head = self.functions.get(word) or self.notations.get(rf"\operatorname{{{token.words}}}")
            head = head or (word if word in OPS or word in MAKERS else ALIASES.get(word) or ALIASES.get(word.lower()))
            head = head or (word.lower() if word.lower() in OPS else None)
            if (
                head
                and not self.is_known(word)
                and (tokens.peek in ("(", "'", "[", "_") or token.text == r"\operatorname")
            ):
                return self.primed(head), True
            if token.text == r"\operatorname" and not self.is_known(word):
                raise tokens.refused(f"there is no function {word}", token.at)
        elif self.functions and begins(tokens):
            spelling = scripted(tokens, letter(tokens))
            base = spelling._replace(primes="").name()
            if base in self.functions and not spelling.transposed and tokens.peek in ("(", "["):
                return self.functions[base] + spelling.primes, True
        tokens.next = start
        return None

    def based(self, command: str) -> str:
        r"""The operation of a command, with the base of a logarithm: \log_2."""
        tokens = self.tokens
        if tokens.peek != "_" or command in OTHERS:
            return self.notations[command]
        tokens.take()
        below = "".join(t.text for t in tokens.group())
        if f"{command}_{below}" not in self.notations:
            raise tokens.refused(f"the function {command}_{below} is not known here")
        return self.notations[f"{command}_{below}"]

    def primed(self, head: str) -> str:
        """The function's name, or its derivative's."""
        while self.tokens.takes("'"):
            head += "'"
        return head

    def options(self, head: str) -> tuple[tuple[str, Any], ...]:
        r"""What stands below a function: \text{axis}=0."""
        tokens = self.tokens
        found: list[tuple[str, Any]] = []
        if (key := self.key()) is not None:  # put_{[1:3]}(g): what stands in the notation's place
            slot = re.search(r"_\{\[\$(\w+)\]\}", OPS[head].notation if head in OPS else "")
            if slot is None:
                raise tokens.refused("this subscript of a function is not known here")
            return ((slot[1], Expr("Key", key)),)
        if not tokens.takes("_", "{"):
            return ()
        while not tokens.takes("}"):
            word = tokens.take().words
            tokens.expect("=", "this subscript of a function is not known here")
            sign = -1 if tokens.takes("-") else 1
            if not word or not tokens.peek.isdigit():
                raise tokens.refused("this subscript of a function is not known here")
            found.append((unescaped(word), sign * int(tokens.take().text)))
            tokens.takes(",")
        return tuple(sorted(found))

    def applied(self, function: tuple[str, bool], at: int) -> tuple[Expr, str]:
        """A function of what stands in brackets, or without brackets of the one factor that comes next."""
        tokens = self.tokens
        head, needs_brackets = function
        options = self.options(head)
        if tokens.peek == "^":
            raise tokens.refused("the exponent of a function: of its value?  Write (f(x))^2")
        if tokens.peek in BRACKETS:
            given, said = self.given()
            tree = self.called(head, given, tuple(sorted([*options, *said], key=str)), at)
            transposed = tokens.after(1) in UP or (tokens.after(1) == "{" and tokens.after(2) in UP)
            if tokens.peek == "^" and not needs_brackets and not transposed:
                raise tokens.refused("an exponent of the function, or of its argument?  Use brackets")
            return self.raised(tree, at), ""
        if needs_brackets or head.endswith("'"):
            raise tokens.refused("a function of what?  Its argument stands in brackets")
        inner, reaches = self.factor()
        stable = f"log_{inner.head}" if head == "log" else ""
        tree = Expr(stable, *inner[1:]) if stable in OPS else self.called(head, (inner,), options, at)
        if reaches in (FACTORS, ALL):
            return tree, reaches
        ended = tokens.tokens[tokens.next - 1].text in (")", "]") and inner.head in OPS
        return tree, BRACKETED if ended or reaches == BRACKETED else NEXT

    def given(self) -> tuple[tuple[Expr, ...], list[tuple[str, Any]]]:
        r"""The arguments, in brackets, with commas between; and the options behind them, as \text{axis=0}."""
        tokens = self.tokens
        closing, at, outer = BRACKETS[tokens.peek], tokens.take().at, self.bars
        self.bars, found, said = 0, list[Expr](), list[tuple[str, Any]]()
        while not found or tokens.takes(","):
            word = re.fullmatch(r"([A-Za-z]\w*)=(.*)", unescaped(tokens.token.words or ""), re.DOTALL)
            if word is None:
                found.append(self.expression())
                continue
            tokens.take()
            try:
                said.append((word[1], literal(word[2]) if word[2] else self.expression()))
            except (ValueError, SyntaxError):
                raise tokens.refused("an option is a number, True or False", at) from None
        self.bars = outer
        if not tokens.takes(closing):
            raise tokens.refused("a bracket is not closed, or by another kind", None if tokens.peek else at)
        return tuple(found), said

    def called(self, head: str, given: tuple[Expr, ...], options: tuple[tuple[str, Any], ...], at: int) -> Expr:
        """The function of so many arguments."""
        base = head.rstrip("'")
        if base in self.functions.values() or (head == "one_hot" and len(given) == 2):
            return Expr(head, given)
        if head in MAKERS:
            return Expr(head, given, options or None)
        if head in ("max", "min") and len(given) == 2:
            return Expr(head + "imum", given)
        op = OPS[base]
        several = op.variadic is not None and given
        if not (several or len(given) == (len(op.rules) or 1)) or (
            head != base and not (op.elementwise and len(given) == 1)
        ):
            raise self.tokens.refused(f"{head} of {len(given)} arguments", at)
        if any(key not in op.names for key, _ in options):
            raise self.tokens.refused(f"{head} has no such option", at)
        return Expr(head, given, options or None)


def literal(word: str) -> Any:
    """An option that is written as a value of Python, or as inf."""
    return {"inf": math.inf, "-inf": -math.inf}.get(word) or hashable(ast.literal_eval(word))


def hashable(x: Any) -> Any:
    """An option as a plain value of a tree: lists are tuples."""
    return tuple(map(hashable, x)) if isinstance(x, (list, tuple)) else x
