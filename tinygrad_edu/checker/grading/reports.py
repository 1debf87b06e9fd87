"""Reports for other programs: JSON, JUnit's XML, Gradescope's results.json, and a table as CSV."""

from __future__ import annotations

import csv as tables
import io
import json as notation
import math
import re
import xml.etree.ElementTree as etree
from collections.abc import Sequence
from typing import Any

from ..hints import RIGHT, UNCHECKABLE, VERDICTS, WRONG, plain_text
from ..results import CODES, Result
from ..sentences import sentence
from .sheets import CHECKED, Sheet, summarise

NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet takes a cell that begins with one of these for a formula


def json(sheets: Sequence[Sheet], stage: int) -> bytes:
    """All results, for the teacher: also those that a hint would not tell."""
    return dump({"files": [sheet.to_dict() for sheet in sheets], "summary": summarise(sheets)})


def dump(data: Any) -> bytes:
    """Standard JSON, in which NaN and infinity are null."""
    return (notation.dumps(null_for_infinite(data), indent=2, allow_nan=False) + "\n").encode("ascii")


def null_for_infinite(data: Any) -> Any:
    """Data in which None replaces the numbers that JSON cannot hold."""
    if isinstance(data, dict):
        return {key: null_for_infinite(x) for key, x in data.items()}
    if isinstance(data, list):
        return [null_for_infinite(x) for x in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data


def title_of(result: Result) -> str:
    """The title of a claim: its line and its left side."""
    return f"{sentence('line', result.language)} {result.line}: {result.left}"


def junit(sheets: Sequence[Sheet], stage: int) -> bytes:
    """JUnit's XML: a file is a suite and a claim a test; a wrong claim is a failure, an unclear one an error."""
    root = etree.Element("testsuites", name="tinygrad-edu check")
    for sheet in sheets:
        failed, unclear = sheet.count(WRONG), sheet.count(UNCHECKABLE) + (sheet.status != CHECKED)
        tests = len(sheet.results) + (sheet.status != CHECKED)
        counts: dict[str, Any] = {"tests": str(tests), "failures": str(failed), "errors": str(unclear)}
        counts["time"] = f"{sheet.seconds:.3f}"
        suite = etree.SubElement(root, "testsuite", name=valid_xml(sheet.file), **counts)
        for result in sheet.results:
            where = valid_xml(result.problem) or valid_xml(sheet.file)
            case = etree.SubElement(suite, "testcase", classname=where, name=valid_xml(title_of(result)), time="0")
            if result.verdict in (WRONG, UNCHECKABLE):
                kind = "failure" if result.verdict == WRONG else "error"
                message = sentence(f"verdict-{result.verdict}", result.language)
                etree.SubElement(case, kind, type=result.verdict, message=message).text = valid_xml(
                    plain_text(result, stage)
                )
            elif result.verdict != RIGHT:
                etree.SubElement(case, "system-out").text = valid_xml(plain_text(result, stage))
        if sheet.status != CHECKED:
            case = etree.SubElement(suite, "testcase", classname=valid_xml(sheet.file), name=sheet.status, time="0")
            etree.SubElement(case, "error", type=sheet.status, message=valid_xml(sheet.why))
    etree.indent(root)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + etree.tostring(root, encoding="utf-8") + b"\n"


def valid_xml(words: str) -> str:
    """Words in which ? replaces the characters that XML cannot hold."""
    return NOT_XML.sub("?", words)


def gradescope(sheets: Sequence[Sheet], stage: int) -> bytes:
    """Gradescope's results.json: each claim is a test of one point, with no more words than the hint allows."""
    tests: list[dict[str, Any]] = []
    for sheet in sheets:
        before = f"{sheet.file}, " if len(sheets) > 1 else ""
        for number, result in enumerate(sheet.results, 1):
            tests.append({
                "name": before + title_of(result), "number": str(number), "score": result.score, "max_score": 1,
                "status": "passed" if result else "failed", "output": plain_text(result, stage),
                "visibility": "visible",
            })  # fmt: skip
        if sheet.status != CHECKED:
            tests.append({
                "name": before + sheet.status, "score": 0, "max_score": 0, "status": "failed", "output": sheet.why,
                "visibility": "visible",
            })  # fmt: skip
    seconds = math.ceil(sum(sheet.seconds for sheet in sheets))
    score = sum(sheet.score for sheet in sheets)
    return dump({"score": score, "execution_time": seconds, "visibility": "visible",
                   "stdout_visibility": "hidden", "tests": tests})  # fmt: skip


def csv(sheets: Sequence[Sheet], stage: int) -> bytes:
    """CSV with a row for each hand-in, and a column that counts each kind of mistake."""
    stream = io.StringIO()
    table = tables.writer(stream, lineterminator="\n")
    verdicts = [verdict.replace("-", "_") for verdict in VERDICTS]
    heads = ["file", "status", "why", "claims", *verdicts, "score", "max_score", "seconds"]
    table.writerow([*heads, *CODES, "unnamed"])
    for sheet in sheets:
        mistakes = sheet.mistakes()
        table.writerow(
            [
                safe_cell(sheet.file), sheet.status, safe_cell(sheet.why), len(sheet.results),
                *map(sheet.count, VERDICTS),
                round(sheet.score, 4), len(sheet.results), round(sheet.seconds, 3),
                *(mistakes[code] for code in [*CODES, ""]),
            ]
        )  # fmt: skip
    # A spreadsheet needs a byte order mark to know that letters are UTF-8; a file of ASCII needs none.
    written = stream.getvalue()
    return written.encode("utf-8" if written.isascii() else "utf-8-sig", "replace")


def safe_cell(words: str) -> str:
    """Words with an apostrophe before them if a spreadsheet would take them for a formula."""
    return f"'{words}" if words.startswith(FORMULA) else words
