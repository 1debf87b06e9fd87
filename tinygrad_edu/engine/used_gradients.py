"""Marks gradients with which a step was made, so that a forgotten ``zero_grad`` is found (findings/training.py)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..graph import Node


class UsedGradient(np.ndarray[Any, Any]):
    """A gradient with which its parameter was changed.  A sum with it is a ``UsedGradient`` too, but not ``alone``.

    So a gradient that ``zero_grad`` did not clear can be told from one that belongs to this step alone, even if several
    ``backward`` have accumulated in it.
    """

    alone = False


class SeenGradient(UsedGradient):
    """A gradient that somebody has read.  It is not known yet whether a step will be made with it."""


def mark_used(node: Node, kind: type[UsedGradient] = UsedGradient) -> bool:
    """Mark the gradient of a leaf as used.  Returns False if it has none, or one of a kind that cannot be marked."""
    g = node.grad
    if g is None or not isinstance(g, (np.ndarray, np.generic)):
        return False
    if g.__class__ not in (UsedGradient, kind) or g.alone:
        node.grad = marked = np.asarray(g).view(kind)
        marked.alone = True
    return True


def holds_older(node: Node, kind: type[UsedGradient] = UsedGradient) -> bool:
    """Is the gradient of a leaf a sum of one that was marked and of another one?"""
    return node.grad.__class__ is kind and not node.grad.alone
