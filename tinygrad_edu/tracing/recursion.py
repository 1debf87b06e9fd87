r"""Finds steps of the sweep that are steps of the delta recursion, δ⁽ˢ⁾ = φ′(v⁽ˢ⁾) ⊙ W⁽ˢ⁺¹⁾ᵀ δ⁽ˢ⁺¹⁾, and writes these.

A step is one if v is used by an activation a = φ(v) alone, and a by a product with a matrix alone, with or without a
bias.  Each δ has the index of its v.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ..formulas.rules import prime
from ..graph import Node as Recorded
from ..op import OPS

LONGEST = 24  # characters of LaTeX in the index of a δ
INDEXED = re.compile(r"\\?[A-Za-z]+(?P<index>(_\{[^{}]*\})?(\^\{[^{}]*\})?)")  # v_{1}, v^{(1)}


class RecursionStep(NamedTuple):
    """A step of the recursion in LaTeX, and what its letters stand for: values, and gradients of values."""

    latex: str
    values: list[tuple[str, Any]]
    gradients: list[tuple[str, Any]]


class Recursion:
    """Knows which node uses which; ``called`` gives the LaTeX by which a node goes."""

    def __init__(self, record: Iterable[Recorded], called: Callable[[Recorded], str]) -> None:
        self.called = called
        self.users: dict[int, list[Recorded]] = {}
        for node in record:
            for a in node.args if node.active else ():
                if a is not None and a.active:
                    self.users.setdefault(a.serial, []).append(node)

    def step(self, a: Recorded) -> RecursionStep | None:
        """The formula for the gradient that ``a = phi(v)`` passes to v, if it is a step of the recursion."""
        product = self.only_user(a)
        if (
            not a.op.elementwise
            or len(a.args) != 1
            or not is_product(a.args[0])
            or not product
            or not is_product(product)
        ):
            return None
        (v,) = a.args
        above = self.only_user(product)
        biased = above is not None and above.op is OPS["add"] and above.shape == product.shape
        after: Any = above if biased else product
        # Without short names nobody would recognise the formula.
        if max(len(self.called(v)), len(self.called(after))) > LONGEST:
            return None
        back = self.back(product, a, self.delta(after))
        if back is None:
            return None
        latex = rf"{self.delta(v)} = {prime(a.op)}\left({self.called(v)}\right) \odot \left({back}\right)"
        W = next(x for x in product.args[:2] if x is not a)
        return RecursionStep(
            latex, [(self.called(W), W), (self.called(v), v)], [(self.delta(v), v), (self.delta(after), after)]
        )

    def only_user(self, node: Recorded) -> Recorded | None:
        """The node that uses a value; None if there are several or none."""
        users = self.users.get(node.serial, [])
        return users[0] if len(users) == 1 else None

    def back(self, product: Recorded, a: Recorded, delta: str) -> str | None:
        """LaTeX of what ``a`` receives from a product with a matrix W: Wᵀ δ where it was W a, and δ Wᵀ where a W."""
        x, y = product.args[:2]
        if product.op is OPS["linear"]:
            W, right, plain = y, len(a.shape) > 1, True  # linear(a, W) is W a, and a Wᵀ where examples are rows
        else:
            W, right, plain = (x, False, False) if y is a else (y, len(a.shape) > 1, False)
        if W is None or len(W.shape) != 2 or (a is not x and product.op is OPS["linear"]):
            return None
        weights = self.called(W)
        turned = weights[:-1] + r"\top}" if "^{" in weights else weights + r"^{\top}"
        if right:
            return rf"{delta} \, {weights if plain else turned}"
        return rf"{weights if y is W and not plain else turned} \, {delta}"

    def delta(self, v: Recorded) -> str:
        r"""LaTeX of the δ of ``v``: \delta^{(1)} for v^{(1)}, and \delta_{v} for what has no index."""
        called = self.called(v)
        indexed = INDEXED.fullmatch(called)
        return rf"\delta{indexed['index'] if indexed and indexed['index'] else f'_{{{called}}}'}"


def is_product(node: Recorded) -> bool:
    """Is it a product with a matrix, or one with a bias added?"""
    if node.op is OPS["add"]:
        return any(a is not None and a.op in (OPS["matmul"], OPS["linear"]) for a in node.args)
    return node.op in (OPS["matmul"], OPS["linear"])
