"""Puts the sources of the browser player together into the one module that the package carries.

    python viz/build.py            writes tinygrad_edu/render/player.js
    python viz/build.py --check    says whether it is up to date, and writes nothing

A page and a notebook want one file that asks the network for nothing.  So each file of ``src/`` follows those that it
imports, without its imports and exports, and the style sheet stands in it as text.  Nothing is shortened: what a
browser's debugger shows can be read.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCES, MAIN = HERE / "src", "main.js"
TARGET = HERE.parent / "tinygrad_edu" / "render" / "player.js"
BANNER = "// built from viz/src by viz/build.py: do not edit\n"

IMPORT = re.compile(r'^import (?P<what>\w+|\{[^}]*\}) from "\./(?P<file>[\w.]+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const|let)\b)", re.MULTILINE)
DECLARED = re.compile(r"^(?:export )?(?:async )?(?:function\*?|class|const|let) (\w+)", re.MULTILINE)


def built() -> str:
    """The whole module as text."""
    files = ordered(MAIN, [], ())
    parts = [BANNER]
    owner: dict[str, str] = {}
    for file in files:
        text = (SOURCES / file).read_text(encoding="utf-8")
        if file.endswith(".css"):
            text = f"const STYLE = `{literal(text)}`;\n"
        for name in DECLARED.findall(text):
            if name in owner:
                raise SystemExit(
                    f"{file} and {owner[name]} both declare {name}; in one module a name can mean one thing."
                )
            owner[name] = file
        text = IMPORT.sub("", text)
        parts.append(f"// {file}\n\n{(text if file == MAIN else EXPORT.sub('', text)).strip()}\n")
    module = "\n".join(parts)
    for dangerous in ("</script", "<!--"):
        if dangerous in module.lower():
            raise SystemExit(f"{dangerous!r} stands in the sources: it would end the <script> that a page has them in.")
    return module


def ordered(file: str, before: list[str], path: tuple[str, ...]) -> list[str]:
    """The file after all that it imports."""
    if file in path:
        raise SystemExit(f"{' imports '.join([*path, file])}: that is a circle.")
    if file not in before:
        source = SOURCES / file
        if not source.exists():
            raise SystemExit(f"{path[-1] if path else 'build.py'} imports {file}, which is not in {SOURCES.name}/.")
        for match in IMPORT.finditer(source.read_text(encoding="utf-8")) if file.endswith(".js") else ():
            ordered(match["file"], before, (*path, file))
        before.append(file)
    return before


def literal(text: str) -> str:
    """A text as it stands between backquotes in JavaScript."""
    return re.sub(r"\\|`|\$\{", lambda m: "\\" + m[0], text)


def main(arguments: list[str]) -> int:
    """Writes the module, or checks it."""
    module = built()
    if arguments == ["--check"]:
        if TARGET.exists() and TARGET.read_text(encoding="utf-8") == module:
            return 0
        print("tinygrad_edu/render/player.js is not what viz/src says; run: python viz/build.py", file=sys.stderr)
        return 1
    if arguments:
        print(__doc__, file=sys.stderr)
        return 2
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(module, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
