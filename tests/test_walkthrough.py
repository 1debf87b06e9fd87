"""docs/stepping.md shows what its commands print."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_walkthrough_prints_what_it_shows() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "utf8", str(ROOT / "docs" / "replay.py")],
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_the_readme_shows_of_it_is_a_part_of_it() -> None:
    readme, page = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/stepping.md"))
    (shown,) = re.findall(r"^```console\n(\(step.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    assert shown in page
