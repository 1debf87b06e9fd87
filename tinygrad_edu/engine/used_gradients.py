"""Gradients with which a step was made: by them a forgotten ``zero_grad`` is found (see findings/training.py)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..graph import Node


class UsedGradient(np.ndarray[Any, Any]):
    """A gradient with which its parameter was changed.  What it is added to is ``Spent`` too, but not ``alone``.

    So a gradient that ``zero_grad`` did not forget can be told from one that belongs to this step alone, however many
    ``backward`` it was added up from.
    """

    alone = False


class SeenGradient(UsedGradient):
    """A gradient that was looked at, from which one cannot tell yet whether a step will be made with it."""


def mark_used(node: Node, kind: type[UsedGradient] = UsedGradient) -> bool:
    """Mark the gradient of a leaf as used; False if there is none that can be marked."""
    g = node.grad
    if g is None or not isinstance(g, (np.ndarray, np.generic)):
        return False
    if g.__class__ not in (UsedGradient, kind) or g.alone:
        node.grad = marked = np.asarray(g).view(kind)
        marked.alone = True
    return True


def holds_older(node: Node, kind: type[UsedGradient] = UsedGradient) -> bool:
    """Does the gradient of a leaf hold one that was marked, and another one?"""
    return node.grad.__class__ is kind and not node.grad.alone
