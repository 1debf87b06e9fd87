"""Replays stepping.md: runs its commands, and compares what they print with what the page shows.

python docs/replay.py           prints the differences
python docs/replay.py --write   writes what the commands print now into the page

A block that begins with "$ tinygrad-edu step" is replayed: what follows each prompt is typed.  A block of kind diff
changes the program for the blocks after it, as it says.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parent
PAGE = FOLDER / "stepping.md"
BLOCK = re.compile(r"^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
TYPED = re.compile(r"^\((?:step|what if) \d+\) ?(.*)$", re.MULTILINE)
WORDS = ("$ tinygrad-edu step ", "$ python ")


def main() -> int:
    """Replay the page; the number of blocks that differ from what is printed."""
    old = PAGE.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as name:
        program = Path(name) / "faulty.py"
        program.write_text((FOLDER / "faulty.py").read_text(encoding="utf-8"), encoding="utf-8")
        new = BLOCK.sub(lambda match: f"```{match['kind']}\n{replayed(match['kind'], match['text'], program)}```", old)
    if "--write" in sys.argv:
        PAGE.write_text(new, encoding="utf-8")
        return 0
    pairs = zip(BLOCK.finditer(old), BLOCK.finditer(new))
    wrong = [(a["text"], b["text"]) for a, b in pairs if a["text"] != b["text"]]
    for said, printed in wrong:
        print(f"stepping.md says\n{said}\nand it prints\n{printed}")
    return len(wrong)


def replayed(kind: str, text: str, program: Path) -> str:
    """A block of the page, with what its command prints now."""
    first = text.partition("\n")[0]
    if kind == "diff":
        change(program, text)
    elif first.startswith(WORDS):
        return f"{first}\n{printed(first.split()[1:-1], program, TYPED.findall(text))}"
    return text


def change(program: Path, text: str) -> None:
    """Do to the program what a diff of whole lines says."""
    lines = [line for line in text.splitlines() if line]
    old = "\n".join(line[1:] for line in lines if line[0] in " -")
    new = "\n".join(line[1:] for line in lines if line[0] in " +")
    source = program.read_text(encoding="utf-8")
    if source.count(old) != 1:
        raise SystemExit(f"stepping.md changes what stands {source.count(old)} times in faulty.py:\n{old}")
    program.write_text(source.replace(old, new), encoding="utf-8")


def printed(words: list[str], program: Path, typed: list[str]) -> str:
    """What a command prints, given what is typed."""
    command = [sys.executable, *(["-m", "tinygrad_edu"] if words[0] == "tinygrad-edu" else []), *words[1:]]
    done = subprocess.run(
        [*command, program.name],
        cwd=program.parent,
        env={**os.environ, "PYTHONPATH": str(FOLDER.parent), "PYTHONIOENCODING": "utf-8", "COLUMNS": "80"},
        input="".join(f"{line}\n" for line in typed),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
