"""What can be changed in one place of an expression, and what kind of mistake each change would undo."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...language.tree import Expr, Path, at, replaced, walk
from .change_factors import of_brackets, of_less, of_more, of_products, of_signs, of_transposes
from .change_functions import of_functions, of_numbers, of_sums
from .change_names import of_all_names, of_indices, of_layers, of_names, of_ones
from .changes import Around, Found, Repair

KINDS: tuple[Callable[[Expr, Expr, Path, Around], Found], ...] = (
    of_signs, of_transposes, of_products, of_indices, of_names, of_functions,
    of_brackets, of_ones, of_numbers, of_sums, of_less, of_more,
)  # fmt: skip


def repairs(tree: Expr, around: Around) -> Iterator[Repair]:
    """All changes in one place, the simple ones first; before them the few that change a name everywhere."""
    yield from of_layers(tree, around)
    yield from of_all_names(tree, around)
    for kind in KINDS:
        for path, node in walk(tree):
            if worth(tree, path, kind in (of_names, of_indices)):
                for new, guess in kind(node, tree, path, around):
                    yield Repair(replaced(tree, path, new), guess)


def worth(tree: Expr, path: Path, deep: bool) -> bool:
    """Not in the bounds of sums; in derivatives of names only their names."""
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
