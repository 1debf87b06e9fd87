"""Parameters that take no gradient for a while.

They are constants then, and yet they are saved with their network, and can be made parameters again.
"""

from __future__ import annotations

import weakref
from typing import Any

FROZEN: Any = weakref.WeakValueDictionary()  # by the ids of the tensors


def set_frozen(tensor: Any, frozen: bool) -> None:
    """Let a leaf take no gradient any more, or take one again."""
    if frozen and tensor.node.active:
        FROZEN[id(tensor)] = tensor
    elif not frozen:
        FROZEN.pop(id(tensor), None)
    tensor.node.active = not frozen


def is_frozen_leaf(node: Any) -> bool:
    """Is it the node of a parameter that takes no gradient now?"""
    return not node.active and any(tensor.node is node for tensor in FROZEN.values())


def is_frozen(tensor: Any) -> bool:
    """Is it a parameter that takes no gradient now?"""
    return not tensor.node.active and FROZEN.get(id(tensor)) is tensor
