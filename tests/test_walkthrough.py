"""docs/stepping.md shows what its commands print."""

import subprocess
import sys
from pathlib import Path

REPLAY = Path(__file__).parent.parent / "docs" / "replay.py"


def test_the_walkthrough_prints_what_it_shows() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "utf8", str(REPLAY)], capture_output=True, encoding="utf-8", timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
