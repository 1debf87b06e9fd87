"""The README, taken at its word.

python .ci/readme.py command test   prints the shell command in the fenced block after the comment <!-- test -->
python .ci/readme.py examples       runs its Python blocks, one after the other, as one session
"""

import contextlib
import doctest
import io
import linecache
import re
import sys
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"
BLOCK = re.compile(
    r"^(?:<!-- (?P<mark>\w+) -->\s*\n)?```(?P<language>\w*)\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL
)


def command(mark: str) -> str:
    """The one block that is marked so."""
    found = [m["text"] for m in BLOCK.finditer(README.read_text(encoding="utf-8")) if m["mark"] == mark]
    if len(found) != 1:
        sys.exit(f"README.md has {len(found)} blocks marked <!-- {mark} -->, and should have one")
    return found[0]


def examples() -> int:
    """Run the Python blocks: those with >>> must print what they show, the others must run.  How many there were."""
    readme = README.read_text(encoding="utf-8")
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    session: dict[str, object] = {"__name__": "__main__"}
    blocks = [m for m in BLOCK.finditer(readme) if m["language"] in ("python", "pycon")]
    for block in blocks:
        text, line = block["text"], readme.count("\n", 0, block.start("text")) + 1
        if ">>> " in text:
            test = doctest.DocTestParser().get_doctest(text, session, f"README.md, line {line}", str(README), line - 1)
            runner.run(test, clear_globs=False)
            session.update(test.globs)
        else:
            name = f"README.md, from line {line}"
            linecache.cache[name] = (len(text), None, text.splitlines(True), name)  # so that errors can show the line
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(text, name, "exec"), session)
    if runner.failures:
        sys.exit(f"README.md: {runner.failures} of {runner.tries} examples do not give what they show")
    return len(blocks)


if __name__ == "__main__":
    if sys.argv[1] == "command":
        print(command(sys.argv[2]), end="")
    else:
        print(f"{examples()} Python blocks of README.md run as they stand")
