r"""Names with what is above and below them: subscripts, layers, transposes and powers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager

from .spelling import FONTS, Spelling, dictionary, letter, parts, scripted, spelled
from .tokens import DEEPEST, Tokens
from .tree import Expr, call, name, number


class Scripts:
    """What is read, what is known, and names; whatever else stands in brackets is read by ``expression``."""

    def __init__(self, latex: str, known: Iterable[str] | None, functions: Collection[str]) -> None:
        self.tokens = Tokens(latex)
        self.known = None if known is None else dictionary(known)
        self.functions = {spelled(f): f for f in functions}
        self.bound: list[str] = []
        self.bars, self.depth, self.unsized = 0, 0, 0
        self.own = False  # does it read what this package has printed?

    def expression(self) -> Expr:
        raise NotImplementedError

    def atom(self) -> Expr:
        """What begins with the next token, without what is above and below."""
        raise NotImplementedError

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """One level further in, and out again."""
        self.depth += 1
        if self.depth > 2 * DEEPEST:
            raise self.tokens.refused(f"more than {DEEPEST} brackets or functions within one another")
        yield
        self.depth -= 1

    def is_known(self, word: str) -> bool:
        return self.known is not None and word in self.known

    def until(self, closing: str, why: str, at: int) -> Expr:
        """What stands in brackets; bars outside have nothing to do with it."""
        outer, self.bars = self.bars, 0
        tree = self.expression()
        self.bars = outer
        if not self.tokens.takes(closing):
            raise self.tokens.refused(why, at if not self.tokens.peek else None)
        return tree

    def argument(self) -> Expr:
        """What a command applies to: braces, or the one token that comes next."""
        at = self.tokens.token.at
        if self.tokens.takes("{"):
            return self.until("}", "a brace is not closed", at)
        start = self.tokens.next
        found = self.tokens.group()
        if len(found) == 1 and found[0].text.isdigit():
            return number(int(found[0].text))
        self.tokens.next = start
        with self.deeper():
            return self.atom()

    # Names.

    def name(self) -> Expr:
        """A name, or an element of what has that name."""
        tokens = self.tokens
        at = tokens.token.at
        spelling = scripted(tokens, letter(tokens))
        tree = self.resolved(spelling, at)
        if tokens.peek == "(" and (spelling.primes or self.known is not None) and tree.head == "Name":
            if not self.is_known(spelled(tree.value)):
                raise tokens.refused(f"{tree.value} is neither a name that has been declared nor a function", at)
        return call("transpose", tree) if spelling.transposed else tree

    def key(self) -> tuple[Expr, ...] | None:
        r"""What Python's brackets choose, below: _{[1:3, None]}, counted from zero; None if they do not come next."""
        tokens = self.tokens
        if not self.own or not tokens.takes("_", "{", "["):
            return None
        found = [self.chosen()]
        while tokens.takes(","):
            found.append(self.chosen())
        tokens.expect("]", "a bracket is not closed")
        tokens.expect("}", "a brace is not closed")
        return tuple(found)

    def chosen(self) -> Expr:
        """One of Python's subscripts."""
        tokens, ends = self.tokens, list[Expr]()
        if tokens.takes(r"\ldots"):
            return Expr("Rest")
        if tokens.token.words == "None" and tokens.take():
            return Expr("New")
        while True:
            ends.append(Expr("All") if tokens.peek in (":", ",", "]") else self.expression())
            if not tokens.takes(":"):
                break
        if len(ends) == 1:
            return ends[0]
        whole = all(end == Expr("All") for end in ends)
        backwards = ends[:2] == [Expr("All"), Expr("All")] and ends[2:] == [number(-1)]
        return Expr("Backwards") if backwards else Expr("All") if whole else Expr("Slice", tuple(ends))

    def lookup(self, word: str, at: int) -> str | None:
        """The declared name that is spelled so."""
        found = (self.known or {}).get(word, [])
        if len(found) > 1:
            raise self.tokens.refused(f"this may be {' or '.join(found)}", at)
        return found[0] if found else None

    def resolved(self, spelling: Spelling, at: int) -> Expr:
        """The declared name with the most of the subscripts, and an element of it by the others."""
        n = len(spelling.parts)
        bound = [i for i, part in enumerate(spelling.parts) if set(part) & set(self.bound)]
        whole = self.lookup(spelling.name(), at)
        if bound and whole:
            raise self.tokens.refused(f"{whole} is a name, and {self.bound[-1]} an index: which is meant?", at)
        first = bound[0] if bound else n
        for k in range(n, -1, -1):
            if found := self.lookup(spelling.name(k), at):
                return self.element(name(found), spelling, k, at)
        if spelling.layer and self.lookup(spelling._replace(layer="").name(), at):
            raise self.tokens.refused("a layer that has not been declared, or an exponent in brackets?", at)
        return self.element(name(spelling.name(first)), spelling, first, at)

    def element(self, whole: Expr, spelling: Spelling, k: int, at: int) -> Expr:
        """The subscripts from number k on, as indices."""
        subscripts = [word for part in spelling.parts[k:] for word in part]
        if len(subscripts) > 2:
            raise self.tokens.refused(f"{whole.value} with {len(subscripts)} subscripts, or is this another name?", at)
        return Expr("Index", (whole, *map(self.subscript, subscripts))) if subscripts else whole

    def subscript(self, word: str) -> Expr:
        return number(int(word)) if word.isdigit() and len(word) < 9 else name(self.lookup(word, 0) or word)

    def subscripts(self) -> tuple[Expr, ...]:
        """What stands below: letters side by side are indices of their own, ij; or expressions with commas between."""
        tokens, start = self.tokens, self.tokens.next
        simple = parts(tokens.group())
        if simple and all(len(word) == 1 or word.isdigit() for part in simple for word in part):
            return tuple(self.subscript(word) for part in simple for word in part)
        tokens.next = start
        if not tokens.takes("{"):
            return (self.atom(),)
        found = [self.position()]
        while tokens.takes(","):
            found.append(self.position())
        tokens.expect("}", "this subscript cannot be read")
        return tuple(found)

    def position(self) -> Expr:
        """One subscript: an expression, or everything."""
        if self.tokens.takes(":") or self.tokens.takes(r"\bullet") or self.tokens.takes(r"\cdot"):
            return Expr("All")
        return self.expression()

    # Exponents.

    def raised(self, tree: Expr, at: int) -> Expr:
        """What is above and below a factor."""
        tokens = self.tokens
        above = tree.head == "transpose" and tokens.tokens[tokens.next - 1].text == "}"  # W^{(2)\top}
        while tokens.peek in ("^", "_", "'"):
            if tokens.peek == "'":
                raise tokens.refused("a prime can stand behind a function that is applied, or in a declared name")
            if above:
                raise tokens.refused("which comes first, what is above or what is below?  Use brackets")
            if (key := self.key()) is not None:
                tree = Expr("Index", (tree, *key), 0)
                continue
            closed = tokens.tokens[tokens.next - 1].text in (")", "]")
            if tokens.take().text == "_":
                if tree.head == "Number":
                    raise tokens.refused("a number has no elements", at)
                if tree.head == "Index" and not closed:
                    raise tokens.refused("subscripts of something with subscripts: use brackets, or commas")
                tree = Expr("Index", (tree, *self.subscripts()))
            else:
                tree, above = self.power(tree), True
        return tree

    def power(self, tree: Expr) -> Expr:
        """Transposed, inverted, or to a power."""
        tokens, start = self.tokens, self.tokens.next
        shown = [t.words or t.text for t in tokens.group() if t.text not in ("{", "}", *FONTS)]
        if shown in ([r"\top"], [r"\intercal"], ["T"], ["⊤"]):
            if shown == ["T"] and self.is_known("T"):
                raise tokens.refused(r"T has been declared: transposed, or to the power T?  Write \top for transposed")
            return call("transpose", tree)
        if shown == ["-", "1"] and tree.head != "Number":
            return call("inv", tree)
        if shown in (["-", r"\top"], ["-", "T"]):
            return call("transpose", call("inv", tree))
        if shown == ["+", "T"]:
            return call("power", tree, name("T"))
        transposed = shown == ["t"] and tree.head != "Number" and not self.is_known("t")
        layer = tree.head == "Name" and shown[:1] == ["("] and ")" not in shown[:-1]
        if layer or shown in (["*"], ["'"], [r"\dagger"]) or transposed:
            raise tokens.refused("what is meant by this exponent?", tokens.tokens[start].at)
        tokens.next = start
        if shown[:1] == [r"\odot"] and tokens.takes("{", r"\odot"):  # element by element, as every power here
            return call("power", tree, self.until("}", "a brace is not closed", tokens.token.at))
        return call("power", tree, self.argument())
