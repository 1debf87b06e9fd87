r"""The factors of a formula in LaTeX: numbers, brackets, fractions, functions of something, sums and cases."""

from __future__ import annotations

import math
import re

from .applications import ALL, FACTORS, Applications
from .spelling import begins, letter
from .tokens import BRACKETS
from .tree import Expr, call, name, number, walk

RELATIONS = {
    "=": "==", r"\neq": "!=", "<": "<", ">": ">", r"\le": "<=", r"\ge": ">=", r"\in": "in", r"\lt": "<", r"\gt": ">",
}  # fmt: skip
ENDS = ("", ")", "]", "}", "}]", ",", "&", r"\\", r"\end{cases}", r"\rangle", r"\land", r"\lor", ":", *RELATIONS)


class Factors(Applications):
    """Reads one factor, and says how far it reaches."""

    def product(self) -> tuple[Expr, str]:
        """Factors, and how far the last one reaches."""
        raise NotImplementedError

    def factor(self) -> tuple[Expr, str]:
        """One factor, and what it reaches for."""
        with self.deeper():
            tokens = self.tokens
            at, token = tokens.token.at, tokens.token
            if token.text == r"\sum":
                return self.sum()
            if self.own and token.text == r"\prod" and tokens.after(1) not in ("_", "^"):
                tokens.take()
                return call("prod", self.product()[0]), ALL
            if token.text == r"\partial":
                return self.quotient_of_differentials(), ""
            if head := self.function():
                return self.applied(head, at)
            if token.text[:1].isdigit() or token.text[:1] == ".":
                return self.number(), ""
            return self.raised(self.atom(), at), ""

    def number(self) -> Expr:
        r"""A number, perhaps 1.5 \times 10^{-7}, perhaps with an exponent."""
        at = self.tokens.token.at
        found = re.compile(r"((?:\d+(?:\.\d+)?|\.\d+)\s*\\times\s*)?10\^\{(-?\d{1,3})\}").match(self.tokens.latex, at)
        if found:
            mantissa = re.match(r"[\d.]+", found[1] or "1")
            while self.tokens.token.at < found.end() and self.tokens.peek:
                self.tokens.take()
            return number(float(f"{mantissa[0] if mantissa else 1}e{found[2]}"))
        digits = self.tokens.take().text
        if len(digits) > 40:
            raise self.tokens.refused("a number of more than 40 digits", at)
        return self.raised(number(int(digits) if digits.isdigit() else float(digits)), at)

    def atom(self) -> Expr:
        """Brackets, a fraction, a root, a name."""
        tokens = self.tokens
        token = tokens.token
        at, text = token.at, token.text
        if text in BRACKETS:
            tokens.take()
            if text == "[" and self.own:
                return self.list(at)
            return self.until(BRACKETS[text], "a bracket is not closed, or by another kind", at)
        if text == "{":
            tokens.take()
            return self.until("}", "a brace is not closed", at)
        if text in ("|", r"\Vert"):
            tokens.take()
            if self.bars:
                raise tokens.refused("bars within bars: which belong together?", at)
            self.bars += 1
            inner = self.expression()
            self.bars -= 1
            tokens.expect(text, "a bar is missing")
            if text == r"\Vert" and tokens.peek == "_":
                tokens.take()
                if "".join(t.text for t in tokens.group()) not in ("2", "F"):
                    raise tokens.refused("only the Euclidean norm is known here")
            return call("absolute" if text == "|" else "norm", inner)
        if text == r"\frac":
            return self.fraction()
        if text == r"\sqrt":
            tokens.take()
            if tokens.peek == "[":
                raise tokens.refused("only square roots are known here")
            return call("sqrt", self.argument())
        if text == r"\langle":
            tokens.take()
            x = self.expression()
            tokens.expect(",", "two vectors, with a comma between")
            y = self.expression()
            tokens.expect(r"\rangle", "this bracket is not closed")
            return call("matmul", call("transpose", x), y)
        if text == r"\begin{cases}":
            return self.cases()
        if special := self.constant():
            return special
        if begins(tokens):
            return self.name()
        raise tokens.refused(f"{text or 'the end'} cannot be read here", at)

    def list(self, at: int) -> Expr:
        """Elements in square brackets, with commas between them."""
        outer, self.bars, found = self.bars, 0, [self.expression()]
        while self.tokens.takes(","):
            found.append(self.expression())
        self.bars = outer
        if not self.tokens.takes("]"):
            raise self.tokens.refused(
                "a bracket is not closed, or by another kind", at if not self.tokens.peek else None
            )
        return Expr("List", tuple(found))

    def constant(self) -> Expr | None:
        r"""\mathbf{1}, \mathbf{0}, \mathbf{I} and their like; pi, and the base of e^x."""
        tokens = self.tokens
        if self.own and tokens.token.words in ("True", "False") and not self.is_known(tokens.token.words):
            return number(tokens.take().words == "True")
        font = tokens.peek in (r"\mathbf", r"\mathbb", r"\boldsymbol", r"\bm", r"\mathrm")
        braced = font and tokens.after(1) == "{"
        word = tokens.after(1 + braced) if font else tokens.peek
        if tokens.token.words is not None and tokens.token.words in ("1", "0", "I", "e"):
            font, braced, word = True, False, tokens.token.words
            size = 1
        else:
            size = font + 2 * braced + 1
        if braced and tokens.after(3) != "}":
            return None
        makers = {"1": "ones", "0": "zeros", "I": "eye"} if font else {}
        if word in makers and not (word == "I" and self.known and "I" in self.known):
            tokens.next += size
            return self.made(makers[word])
        if word == "I" and not font and tokens.after(1) in BRACKETS and not self.is_known("I"):
            tokens.take()
            closing, at = BRACKETS[tokens.peek], tokens.take().at
            condition = self.condition()
            if not tokens.takes(closing):
                raise tokens.refused("a bracket is not closed, or by another kind", at)
            return Expr("If", (condition, number(1), number(0)))
        if word == r"\pi" and not (self.known and "pi" in self.known) and tokens.after(1) not in ("_", "'"):
            tokens.next += size
            return number(math.pi)
        if word == "e" and tokens.after(size) == "^":
            if self.known and "e" in self.known:
                raise tokens.refused("e is a name that has been declared: is it meant, or the exponential function?")
            tokens.next += size + 1
            return call("exp", self.argument())
        return None

    def made(self, head: str) -> Expr:
        """Ones, zeros or the identity: with their sizes below, or the indicator of a condition."""
        tokens = self.tokens
        if not tokens.takes("_"):
            self.unsized = tokens.token.at
            return number(0) if head == "zeros" else call(head)
        tokens.expect("{", "the size stands in braces") if tokens.peek == "{" else None
        if tokens.peek == "[" and head == "ones":
            tokens.take()
            condition = self.condition()
            tokens.expect("]", "a bracket is not closed")
            tokens.expect("}", "a brace is not closed")
            return Expr("If", (condition, number(1), number(0)))
        if tokens.tokens[tokens.next - 1].text != "{":
            return call(head, self.atom())
        sizes = [self.size()]
        while tokens.takes(r"\times") or tokens.takes(","):
            sizes.append(self.size())
        tokens.expect("}", "a brace is not closed")
        return call(head, *sizes)

    def size(self) -> Expr:
        """One of the sizes m and n of m × n."""
        if self.tokens.token.text.isdigit():
            return number(int(self.tokens.take().text))
        return self.atom()

    # Fractions and derivatives.

    def differential(self) -> bool:
        r"""Reads \partial, or the d of dJ, if that comes next."""
        tokens = self.tokens
        d = (tokens.peek == "d" or tokens.token.words == "d") and not self.is_known("d")
        if tokens.peek == r"\partial" or (d and (tokens.after(1).isalpha() or tokens.after(1)[:1] == "\\")):
            tokens.take()
            if tokens.peek == "^":
                raise tokens.refused("only first derivatives are read in this notation")
            return True
        return False

    def fraction(self) -> Expr:
        r"""\frac{a}{b}, \frac12, \frac{\partial J}{\partial u}, and \frac{\partial}{\partial u}(...)."""
        tokens, at = self.tokens, self.tokens.take().at
        start = tokens.next
        if tokens.takes("{") and self.differential():
            of = None if tokens.peek == "}" else self.product()[0]
            tokens.expect("}", "the derivative of what?")
            tokens.expect("{", "with respect to what?")
            if self.differential():
                wrt = self.product()[0]
                tokens.expect("}", "with respect to what?")
                if of is None and tokens.peek not in BRACKETS:
                    raise tokens.refused("it is not clear of how much the derivative is taken: use brackets")
                return Expr("Derivative", (of or self.atom(), wrt))
            raise tokens.refused("a differential stands above, and none below", at)
        tokens.next = start
        x = self.argument()
        return call("divide", x, self.argument())

    def quotient_of_differentials(self) -> Expr:
        r"""\partial J / \partial u."""
        tokens = self.tokens
        at = tokens.take().at
        of = self.factor()[0]
        tokens.expect("/", "a derivative is written \\partial J/\\partial u")
        if not tokens.takes(r"\partial"):
            raise tokens.refused("a differential stands above, and none below", at)
        return Expr("Derivative", (of, self.factor()[0]))

    # Sums and cases.

    def sum(self) -> tuple[Expr, str]:
        r"""\sum_{j=1}^{n}, \sum_j of what has an index j, and the \sum of all elements."""
        tokens = self.tokens
        at, index, first, last = tokens.take().at, "", None, None
        conditions: list[Expr] = []
        while tokens.peek in ("_", "^"):
            if tokens.take().text == "^":
                last = self.argument()
                continue
            braced = tokens.takes("{")
            if not begins(tokens):
                raise tokens.refused("over which index?")
            index = letter(tokens).letter
            self.bound.append(index)
            if braced:
                if tokens.takes("="):
                    first = self.expression()
                elif tokens.peek in RELATIONS:
                    conditions.append(self.relation(name(index)))
                while tokens.takes(","):
                    conditions.append(self.condition())
                tokens.expect("}", "over which index?")
        if not index:
            if last:
                raise tokens.refused("over which index?", at)
            tree, reaches = self.product()
            return call("sum", tree), ALL
        tree, reaches = self.product()
        self.bound.pop()
        last = last or self.length(tree, index, at)
        tree = Expr("Sum", (tree, first or number(1), last, *conditions), index)
        return tree, ALL if reaches == ALL else FACTORS

    def length(self, tree: Expr, index: str, at: int) -> Expr:
        """The last index, where it is not said: as many as what it is an index of has."""
        for _, node in walk(tree):
            if node.head == "Index" and name(index) in node.args[1:] and node.args[0].head == "Name":
                axis = node.args[1:].index(name(index))
                sizes = Expr("Shape", node.args[:1], "shape")
                return Expr("Index", (sizes, number(axis + 1))) if axis else Expr("Shape", node.args[:1], "len")
        raise self.tokens.refused(f"up to which {index} does this sum go?", at)

    def condition(self, alone: bool = False) -> Expr:
        r"""One relation, or several with \land between; ``alone``: or truth values by their name."""
        first = self.expression()
        found = [first if alone and self.tokens.peek not in RELATIONS else self.relation(first)]
        sign = self.tokens.peek
        while sign in (r"\land", r"\lor") and self.tokens.takes(sign):
            found.append(self.relation(self.expression()))
        return found[0] if len(found) == 1 else Expr("And" if sign == r"\land" else "Or", tuple(found))

    def relation(self, left: Expr) -> Expr:
        """k = l, x > 0; or several in a row."""
        tokens, found = self.tokens, []
        while tokens.peek in RELATIONS:
            sign = RELATIONS[tokens.take().text]
            right = self.expression()
            found.append(Expr("Compare", (left, right), sign))
            left = right
        if not found:
            raise tokens.refused("a condition is expected, as k = l")
        return found[0] if len(found) == 1 else Expr("And", tuple(found))

    def cases(self) -> Expr:
        """One of two, by a condition."""
        tokens = self.tokens
        tokens.take()
        this = self.expression()
        tokens.expect("&", "a condition is missing")
        tokens.take() if (tokens.token.words or "").strip() == "if" else None
        condition = self.condition(alone=True)
        tokens.takes(",")
        tokens.expect("\\\\", "another case is missing")
        other = self.expression()
        if tokens.takes("&") and (tokens.take().words or "").strip(" ,.") not in ("otherwise", "else"):
            raise tokens.refused("of two cases the second is: otherwise")
        tokens.takes("\\\\")
        tokens.expect(r"\end{cases}", "two cases are read, and no more")
        return Expr("If", (condition, this, other))
