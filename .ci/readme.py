"""The commands in README.md that install something, for .ci/run; and the examples in Python of all pages.

python .ci/readme.py command test   prints the shell command in the block after the comment <!-- test -->
python .ci/readme.py examples       runs the Python blocks of README.md, docs/ and lessons/README.md
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "docs"))
import replay  # noqa: E402


def command(mark: str) -> str:
    """The blocks with this mark, of all pages: one after another."""
    found = [block.text for page in replay.PAGES for block in replay.blocks(page) if block.mark == mark]
    if not found:
        sys.exit(f"no page has a block that is marked <!-- {mark} -->")
    return "".join(found)


def examples() -> int:
    """Run the Python blocks; how many there were."""
    total, faults = 0, []
    for page in replay.PAGES:
        count, wrong = replay.replay(page, ["python"])
        total, faults = total + count, faults + wrong
    if faults:
        sys.exit("\n".join(faults))
    return total


if __name__ == "__main__":
    if sys.argv[1] == "command":
        print(command(sys.argv[2]), end="")
    else:
        print(f"{examples()} Python blocks run as they stand")
