"""Lists all edits of an expression, each with the mistake that it would undo."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...language.tree import Expr, Path, at, replaced, walk
from .edit_factors import add_parts, drop_parts, edit_brackets, edit_products, edit_signs, edit_transposes
from .edit_functions import edit_functions, edit_numbers, edit_sums
from .edit_names import edit_indices, replace_name, replace_name_everywhere, replace_ones, shift_layers
from .edits import Edit, EditContext, Edits

KINDS: tuple[Callable[[Expr, Expr, Path, EditContext], Edits], ...] = (
    edit_signs, edit_transposes, edit_products, edit_indices, replace_name, edit_functions,
    edit_brackets, replace_ones, edit_numbers, edit_sums, drop_parts, add_parts,
)  # fmt: skip


def edits_of(tree: Expr, context: EditContext) -> Iterator[Edit]:
    """Yields all edits of one node, the simple kinds first; before them the few that change names everywhere."""
    yield from shift_layers(tree, context)
    yield from replace_name_everywhere(tree, context)
    for kind in KINDS:
        for path, node in walk(tree):
            if may_be_edited(tree, path, kind in (replace_name, edit_indices)):
                for new, candidate in kind(node, tree, path, context):
                    yield Edit(replaced(tree, path, new), candidate)


def may_be_edited(tree: Expr, path: Path, deep: bool) -> bool:
    """May the node at a path be edited?

    The bounds of sums and what stands in a shape stay as they are.  In a derivative of a name, and in a condition, only
    names and indices are changed, for which ``deep`` is true.
    """
    for i in range(len(path)):
        above = at(tree, path[:i])
        if (
            above.head == "Shape"
            or (above.head in ("Sum", "Each") and path[i] > 0)
            or (above.head == "If" and not path[i] and not deep)
        ):
            return False
        if above.head == "Derivative" and not deep and (path[i] == 1 or above.args[0].head in ("Name", "Index")):
            return False
    return True
