"""Declarations: what stands behind the colon of ``V: n+1 by M, positive``, in the words in which people say it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod

from ..language.reading import ALIASES, CHOOSERS, MAKERS, Unreadable, closing, read
from ..language.tree import Expr, call, name, number, walk
from ..op import OPS
from .lines import split
from .problem import TRAITS, Declared, Problem, length

MOST_NUMBERS, TYPICAL = 100_000, 4  # in an array, where a letter is taken for 4
FUNCTIONS = ("function", "elementwise function", "activation", "function of one number", "activation function")
LABEL = "integer|whole number|class|label"
VECTOR = r"(?:column\s+)?(?:vectors?|columns?|arrays?)"
# A size in other words, and what it is: the first that fits is taken.
SAID: list[tuple[str, str]] = [
    (r"(?:an?\s+|the\s+)(.*)", r"\1"),
    (r"(?:real|known|given|fixed|unknown|learnable|square|constant|hyper-?parameter)\s+(.*)", r"\1"),
    (r"(?:number|scalar|real|R|ℝ|real number|float|parameter|constant|hyper-?parameter)", ""),
    (r"(?:label|target|class label|values?|entries|elements?)\s+in\s*(\{.*\})", r", \1"),
    (r"(?:number|scalar|real|R|ℝ)?\s*(>\s*0|≥\s*0)", r", \1"),
    # The labels 1..K are those of which one is the index.
    (rf"(?:{LABEL}|index)\s+(?:in|from|∈)\s*\{{?1\s*(?:\.\.+|…|,\s*\.\.\.,|to)\s*(\w+)\}}?", r"index of \1"),
    (rf"(?:{LABEL})\s+of\s+(.+)", r"index of \1"),
    (r"ind(?:ex|ices) in 1\.\.(.+)", r"index of \1"),
    (r"(?:column\s+|row\s+)?(?:vectors?|columns?|arrays?)\s+of\s+(?:length|size|dimension)\s+(.+)", r"\1"),
    (rf"{VECTOR}\s+of\s+(.+?)\s+(?:numbers|elements|entries|components|reals)", r"\1"),
    (r"(?:column\s+)?(?:vectors?|columns?)\s*,?\s+(?:in|∈)\s+(.+)", r"\1"),
    (r"(?:matrix|matrices|array|vector)\s+(?:in|∈)\s+(.+)", r"\1"),
    (r"row\s+vectors?\s*(?:of|,|in|∈|with)?\s*(?:length|size)?\s*(.+)", r"row \1"),
    (r"column\s+vectors?\s*(?:of|,)?\s*(.+)", r"\1"),
    (r"(?:column|vector|row|matrix|array|matrices|vectors)(?:\s+of(?:\s+(?:size|shape))?)?\s+(.+)", r"\1"),
    (r"(.+?)-dimensional(?:\s+(?:column\s+)?vectors?)?", r"\1"),
    (r"(.+?)[\s-]+(?:matrix|matrices|vectors?|array|column)(?:\s+of\s+[^\W\d]{4,})?", r"\1"),
    (r"(?:of\s+)?(?:size|shape|length|dimension)\s+(.+)", r"\1"),
]  # fmt: skip
NO_SIZES = {*OPS, *MAKERS, *CHOOSERS, *ALIASES} | set(
    "input output target label data weights weight bias gradient loss vector matrix scalar diagonal unit".split()
)
SETS = [(r"\{\s*0\s*,\s*1\s*\}", "binary"), (r"\{\s*[-−]1\s*,\s*\+?1\s*\}|\{\s*\+?1\s*,\s*[-−]1\s*\}", "signs"),
        (r">\s*0", "positive")]  # fmt: skip


def declared(said: str, problem: Problem, line: int) -> Declared:
    """What stands behind the colon.  New letters in sizes are sizes."""
    said = re.sub(r"^(row|column)\s+vectors?\s*,\s*", r"\1 ", said.strip())
    size, *traits = [p.strip() for p in split(re.sub(r"\bwith\b", ",", said), ",")]
    if size in FUNCTIONS:
        return Declared((), function=True, line=line)
    size = plain(size)
    size, *more = [p.strip() for p in split(size, ",")] if not size.startswith("(") else [size]
    known = set()
    axis = "columns" if any("column" in t for t in traits) else ""
    for trait in [*more, *traits]:
        known |= {kind(trait)} | ({axis} if axis else set())
    index = re.fullmatch(r"(?:an?\s+)?ind(?:ex|ices) of (.+)", size)
    if index:
        (of,) = sizes(index[1], problem)
        return Declared((), index_of=of, line=line)
    if size == "":
        return Declared((), frozenset(known), line=line)
    return Declared(tuple(sizes(size, problem)), frozenset(known), line=line)


def plain(size: str) -> str:
    """The size in the words that are read: ``n`` for a vector of length n."""
    for _ in range(4):
        for pattern, put in SAID:
            if found := re.fullmatch(pattern, size):
                row = bool(re.match(r"row\b", size)) and not put.startswith("row")
                size = "row " * row + found.expand(put).strip()
                break
        else:
            break
    return size


def kind(trait: str) -> str:
    """One of the traits, in its own words or as a set."""
    plain = re.sub(r"^(rows?|columns?|each row|each column|whose rows|whose columns)\s+(are\s+|is\s+)?", "", trait)
    for pattern, found in SETS:
        if re.fullmatch(
            rf"(?:all\s+)?(?:values?\s+|entries\s+|elements\s+)?(?:in\s+|∈\s*)?(?:{pattern})", plain.strip()
        ):
            return found
    found = next((kind for kind, words in TRAITS.items() if plain.lower() in words), "")
    if not found:
        raise Unreadable(f"{trait!r} is not known here; there are: {', '.join(w[0] for w in TRAITS.values())}")
    return found


def named_function(said: str) -> Expr | None:
    """``phi: ReLU``, ``f: tanh``: what it is of z."""
    word = re.sub(r"\s*\b(the|function|activation|elementwise)\b\s*", "", said.strip()).lower()
    op = OPS.get(ALIASES.get(word, word))
    return call(op.name, name("z")) if op is not None and op.elementwise and len(op.names) == 1 else None


def sizes(text: str, problem: Problem) -> list[Expr]:
    """``M``, ``n+1 by M``, ``(n+1, M)``, ``R^{n x M}``, ``row M``."""
    text = re.sub(
        "[⁰¹²³⁴⁵⁶⁷⁸⁹ⁿᵐᵈᵏ]+", lambda m: "^" + m[0].translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹ⁿᵐᵈᵏ", "0123456789nmdk")), text
    )
    text = re.sub(r"^[Rℝ]\s*\^\s*[({]?(.*?)[)}]?$", r"\1", text.strip())
    row = text.startswith("row ")
    text = text.removeprefix("row ").strip()
    if text[:1] == "(" and closing(text, 0) == len(text):
        text = text[1:-1]
    parts = [
        p for p in re.split(r"\s+by\s+|\s*[×⨯]\s*|\s+x\s+|(?<=\w)-by-(?=\w)|\s*,\s*|\s*\\times\s*", text) if p.strip()
    ]
    if not 1 <= len(parts) <= 3:
        raise Unreadable("a size is M, or n by M")
    if len(parts) == 1 and re.fullmatch(r"\s*[^\W\d]\w*\s*[*·]\s*[^\W\d]\w*\s*", text):
        raise Unreadable(f"{text.strip()[:40]}: is it a matrix?  Write by, as in n by M")
    trees = [constant(read(p), problem) for p in parts]
    for tree in trees:
        for _, node in walk(tree):
            if node.head not in ("Number", "Name", "add", "subtract", "multiply", "matmul", "divide"):
                raise Unreadable(f"a size is M, or n+1 by M; not {text[:40]}")
            if node.head == "Name" and (len(node.value) > 12 or node.value in {*problem.declared, *problem.defined}):
                raise Unreadable(f"{node.value[:20]} is no size")
            if node.head == "Name" and (node.value.lower() in NO_SIZES or ALIASES.get(node.value.lower()) in OPS):
                raise Unreadable(f"{node.value[:20]} is no size")
            if node.head == "Number" and not 0 < node.value < 1000:
                raise Unreadable("a size is between 1 and 1000")
    if numbers(trees) > MOST_NUMBERS:
        raise Unreadable(f"an array has at most {MOST_NUMBERS:,} numbers")
    for tree in trees:
        problem.sizes |= {node.value for _, node in walk(tree) if node.head == "Name"}
    return [number(1), *trees] if row else trees


def constant(tree: Expr, problem: Problem) -> Expr:
    """With the number for a letter that has been defined as one: ``n = 3``."""
    if tree.head == "Name" and (found := problem.defined.get(tree.value)) and found.head == "Number":
        return found
    return tree._replace(args=tuple(constant(arg, problem) for arg in tree.args))


def numbers(lengths: Sequence[Expr]) -> float:
    """About how many numbers there are in an array.  Unreadable, if a length is none."""
    known = {node.value: TYPICAL for tree in lengths for _, node in walk(tree) if node.head == "Name"}
    return prod(float(length(tree, known)) for tree in lengths)
