"""Checks one file: a Sheet holds the results of a hand-in, or says why there are none."""

from __future__ import annotations

import codecs
import os
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..grading import remembered
from ..handin import LARGEST_FILE
from ..hints import IF, RIGHT, TRANSPOSED, UNCHECKABLE, WRONG, steps_of
from ..results import Result
from ..sentences import sentence, translate_reason

CHECKED, UNREAD, LATE, LEFT = "checked", "unreadable", "timed-out", "interrupted"
ENDINGS = (".md", ".txt")


@dataclass
class Sheet:
    """The results of one file.  ``status``: one of the four above.  ``why``: the reason, if it was not checked."""

    file: str
    status: str = CHECKED
    results: list[Result] = field(default_factory=list)
    why: str = ""
    seconds: float = 0.0

    def count(self, *verdicts: str) -> int:
        """How many claims have one of these verdicts."""
        return sum(r.verdict in verdicts for r in self.results)

    @property
    def right(self) -> int:
        """How many claims are right, including those in another layout or under an assumption."""
        return self.count(RIGHT, IF, TRANSPOSED)

    @property
    def score(self) -> float:
        """The points: at most one for each claim."""
        return sum(r.score for r in self.results)

    def mistakes(self) -> Counter[str]:
        """How often each kind of mistake was made.  A wrong step counts its first diagnosis, or "" if it has none."""
        wrong = (s for r in self.results for s in steps_of(r) if s.verdict == WRONG)
        return Counter(s.diagnoses[0].code if s.diagnoses else "" for s in wrong)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as JSON can hold it."""
        return {
            "file": self.file, "status": self.status, "why": self.why, "seconds": round(self.seconds, 3),
            "score": self.score, "max_score": len(self.results), "right": self.right, "wrong": self.count(WRONG),
            "uncheckable": self.count(UNCHECKABLE), "results": [r.to_dict() for r in self.results],
        }  # fmt: skip


class Refused(Exception):
    """Raised for a file that cannot be a hand-in, with the reason in the language of the user."""


def check_file(file: str, language: str, answers: bool = False) -> Sheet:
    """Read and check a file.  It raises nothing: the sheet says what went wrong.

    ``answers``: whether to find out what wrong claims should be.
    """
    started = time.monotonic()
    try:
        sheet = Sheet(file, results=remembered.check_text(read_text(file, language), language, answers))
    except Refused as error:
        sheet = Sheet(file, UNREAD, why=str(error))
    except MemoryError:
        sheet = Sheet(file, UNREAD, why=sentence("file-memory", language))
    except ValueError as error:
        sheet = Sheet(file, UNREAD, why=translate_reason(str(error), language))
    except Exception as error:  # a fault of the checker must not take the other hand-ins with it
        words = f"{type(error).__name__}: {error}"[:200]
        sheet = Sheet(file, UNREAD, why=sentence("file-internal", language, error=words))
    sheet.seconds = time.monotonic() - started
    return sheet


def read_text(file: str, language: str) -> str:
    """The text of a file.  Raises Refused if it is no text, or longer than anything that a person writes."""
    path = Path(file)
    try:
        if path.is_dir() or (path.exists() and not path.is_file()):
            raise Refused(sentence("file-none", language))
        with path.open("rb") as stream:
            found = stream.read(4 * LARGEST_FILE + 1)
    except FileNotFoundError:
        raise Refused(sentence("file-missing", language)) from None
    except PermissionError:
        raise Refused(sentence("file-forbidden", language)) from None
    except (OSError, ValueError) as error:  # open raises ValueError for a name that contains a zero byte
        raise Refused(sentence("file-system", language, error=getattr(error, "strerror", None) or str(error))) from None
    if len(found) > 4 * LARGEST_FILE:
        raise Refused(sentence("file-large", language, most=LARGEST_FILE // 1_000_000))
    if b"\0" in found and not found.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Refused(sentence("file-binary", language))
    try:
        return found.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(sentence("file-encoding", language)) from None


def find_handins(folder: Path) -> list[str]:
    """The hand-ins in a folder and in those below it, sorted: .md and .txt, without README and hidden files.

    Folders that are links are not entered.  Such a link is in the list if it leads out, so that it can be named.
    """
    found = []
    for top, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        links = [
            path for path in (Path(top, name) for name in folders) if path.is_symlink() and leads_out(path, folder)
        ]
        files = [Path(top, name) for name in names if not name.startswith(".")]
        found += links + [
            path
            for path in files
            if path.suffix.lower() in ENDINGS
            and path.stem.lower() != "readme"
            and (path.is_file() or path.is_symlink())  # a broken link is listed too, because it was meant as a hand-in
        ]
    return [str(path) for path in sorted(found)]


def leads_out(path: Path, folder: Path) -> bool:
    """Is a path outside of the folder once all links in it are followed?"""
    return not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def summarise(sheets: Iterable[Sheet]) -> dict[str, Any]:
    """The counts over all hand-ins: files by status, claims by verdict, points, and kinds of mistakes."""
    sheets = list(sheets)
    results = [r for sheet in sheets for r in sheet.results]
    verdicts = Counter(r.verdict for r in results)
    total: Counter[str] = sum((sheet.mistakes() for sheet in sheets), Counter())
    return {
        "files": len(sheets),
        **{status: sum(s.status == status for s in sheets) for status in (CHECKED, UNREAD, LATE, LEFT)},
        "claims": len(results), "verdicts": {v: verdicts[v] for v in (RIGHT, TRANSPOSED, IF, WRONG, UNCHECKABLE)},
        "score": sum(s.score for s in sheets), "max_score": len(results),
        "mistakes": {code or "unnamed": n for code, n in total.most_common()},
    }  # fmt: skip
