"""The words of the notation: what operations are called besides their names, and what may occur."""

from __future__ import annotations

import ast
import re

from .symbols import LETTERS

# Other words for operations: as in lectures, and as in NumPy.
ALIASES = dict(
    sigma="sigmoid", σ="sigmoid", sig="sigmoid", logistic="sigmoid", ln="log", lse="logsumexp",
    logsigmoid="log_sigmoid", dot="matmul", mul="matmul", had="multiply", hadamard="multiply", power="power",
    abs="absolute", Tr="trace", tr="trace", amax="max", amin="min", flatten="ravel", tg="tan", sh="sinh", ch="cosh",
    th="tanh", arctg="arctan", sech2="sech2", asarray="positive", array="positive", float="positive",
    concat="concatenate", norm2="norm", corr1d="correlate", conv_full="convolve",
)  # fmt: skip
# Functions that make arrays, or that choose: they have no derivative of their own, so they are no operations.
MAKERS = (
    "ones zeros full eye identity one_hot arange ones_like zeros_like vstack hstack scatter_add scatter_set "
    "correlate argmax argmin size".split()
)
CHOOSERS = "where einsum select shape len".split()
METHODS = set(
    "sum mean max min dot ravel flatten reshape transpose prod var std trace diagonal copy astype "
    "argmax argmin cumsum squeeze repeat".split()
)
CONSTANTS = {"pi": 3.141592653589793, "e": 2.718281828459045}
SIGNS: dict[type, str] = {
    ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide", ast.MatMult: "matmul",
    ast.Pow: "power", ast.FloorDiv: "outer", ast.USub: "negative", ast.UAdd: "positive",
    ast.Not: "Not", ast.And: "And", ast.Or: "Or",
}  # fmt: skip
COMPARED: dict[type, str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.In: "in",
}  # fmt: skip

ENGLISH = {letter: latex[1:] for letter, latex in LETTERS.items() if latex[1:].isalpha()}
GREEK = {word: letter for letter, word in ENGLISH.items()}
DIFFERENTIAL = re.compile(r"(?<![\w.])d(?=[^\W\d]|\()")


class Unreadable(ValueError):
    """What was written cannot be read, or is more than anybody reads: why, and where in the text."""

    def __init__(self, why: str, text: str = "", at: int = 0) -> None:
        self.why, self.text, self.at = why, text, at
        super().__init__(why)


def closing(text: str, at: int) -> int | None:
    """Behind the bracket that closes the one here."""
    depth = 0
    for i in range(at, len(text)):
        depth += (text[i] in "([{") - (text[i] in ")]}")
        if depth == 0:
            return i + 1
    return None
