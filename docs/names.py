"""Writes docs/names.md, which lists every name of the package: ``python docs/names.py --write``.

The lists come from the package itself.  tests/test_names.py compares the page with it.
"""

from __future__ import annotations

import inspect
import sys
import textwrap
from pathlib import Path

import tinygrad_edu as tg
from tinygrad_edu.engine.spelling import NAMED
from tinygrad_edu.ops.composed import read_all

PAGE = Path(__file__).with_name("names.md")
HEAD = """\
# Names

Everything that `import tinygrad_edu as tg` gives. `dir(tg)` lists the same names, and `help(tg.softmax)` says more.
`from tinygrad_edu import *` takes what stands under the first two headings and the operations, but not `abs`, `max`,
`min`, `round` and `sum`, which stay Python's own.

Most functions are methods of a Tensor too: `x.softmax(axis=1)`. NumPy's functions of these names take Tensors:
`np.linalg.norm(x)`. PyTorch's words for options are understood: `x.sum(dim=0, keepdim=True)`.

`python docs/names.py --write` writes this page.
"""


def heading(module: str) -> str:
    """The first sentence of a file's docstring, which says what is in it."""
    doc = inspect.getdoc(sys.modules[module]) or module
    return doc.split("\n\n")[0].replace("\n", " ").partition(".")[0].partition(":")[0].replace("``", "`")


def page() -> str:
    """The page as text."""
    read_all()
    names = set(dir(tg))
    functions = {name: spelled for name, spelled in NAMED.items() if spelled.for_users and name in names}
    groups: dict[str, list[str]] = {"Tensors, derivatives and recording": [], "Pictures, formulas and debugging": []}
    drawing = tg._LATER.keys() - {name for name, module in tg._LATER.items() if module == "engine.makers"}
    for name in sorted(names - functions.keys() - {*tg._ROOMS, *tg._NAMESPACES, "__version__"}):
        groups[list(groups)[name in drawing]].append(name)
    operations = [s for s in functions.values() if hasattr(s, "rules")]
    for spelled in [*operations, *(s for s in functions.values() if not hasattr(s, "rules"))]:
        group = groups.setdefault(heading(spelled.function.__module__), [])
        if spelled.name not in group:
            group += [name for name in (spelled.name, *spelled.aliases.split()) if functions.get(name) is spelled]
    groups["Modules"] = [*tg._ROOMS, *tg._NAMESPACES, "__version__"]
    parts = [HEAD]
    for title, group in groups.items():
        parts += [f"## {title}\n", textwrap.fill(", ".join(f"`{name}`" for name in dict.fromkeys(group)), 118) + "\n"]
    return "\n".join(parts)


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        print(page())
