"""``tinygrad-edu check`` on one hand-in: what a student reads, the reports, and the exit codes."""

import io
import json
import re
import xml.etree.ElementTree as etree
from pathlib import Path

import in_process
import pytest

from tinygrad_edu.checker import hints
from tinygrad_edu.checker.grading import pages, reports, sheets, terminal
from tinygrad_edu.checker.grading.sheets import Sheet
from tinygrad_edu.checker.handin import handin
from tinygrad_edu.checker.results import CODES, Diagnosis, Result
from tinygrad_edu.commands import check as command
from tinygrad_edu.output.terminal import Screen

ROOT = Path(__file__).parents[2]

SOFTMAX = """\
# Softmax
s: K
y: K
g = softmax(s)
R = -sum(y*log(g))
dR/ds = sum(y)*g - y
dR/ds = g - y
"""
CHAIN = """\
# A line
u: M
W: M by M
J = sum(W@u)
dJ/du = W.T @ ones(M)
      = W @ ones(M)
      = W.T @ ones(M)
"""


def run(*words, processes=False):
    """The command, with its output piped; hand-ins are checked in this process, or in those that it starts."""

    def here(files, language, jobs, seconds, seen, answers):
        for sheet in (found := [sheets.check_file(file, language, answers) for file in files]):
            seen(sheet)
        return found

    with pytest.MonkeyPatch.context() as patch:
        if not processes:
            patch.setattr(command, "check_files", here)
        return in_process.command(Path.cwd(), "check", *words)


@pytest.fixture
def hand_in(tmp_path):
    """Makes a hand-in of a text."""

    def make(text, name="a.md"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        return path

    return make


# What a student sees.  The results are made here, so that nothing depends on what is diagnosed.

WRONG_STEP = Result(
    "wrong", left="dJ/du", right="W @ t", line=6, problem="A line", why="", correct="W.T @ t",
    diagnoses=[Diagnosis("TRANSPOSE", "would-be-right", {"assumption": "W were transposed"}, "W")],
)  # fmt: skip
RIGHT_STEP = Result("right", left="dJ/du", right="W.T @ t", line=5, problem="A line")
WRONG_CHAIN = Result(
    "wrong", left="dJ/du", right="t @ W", line=5, problem="A line", step=2, diagnoses=WRONG_STEP.diagnoses,
    steps=[RIGHT_STEP, WRONG_STEP, Result("right", left="dJ/du", right="t @ W", line=7, problem="A line")],
)  # fmt: skip
ASSUMED = Result("right-if", assumes="sum-one:y", left="dR/ds", right="g - y", line=9, problem="Softmax")
UNCLEAR = Result("uncheckable", left="dR/dx", right="g", line=10, problem="Softmax", why="x is not declared")
SHEET = Sheet("a.md", results=[WRONG_CHAIN, ASSUMED, UNCLEAR])


def shown(sheet=SHEET, stage=2, language="en", points=False, width=80, encoding="utf-8", colour=False):
    """What stands on the screen."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="replace")
    screen = Screen(stream, width, colour)
    terminal.Report(screen, language, stage, points).sheet(sheet)
    stream.flush()
    return stream.buffer.getvalue().decode(encoding)


def test_a_hand_in_is_shown_line_by_line():
    assert (
        shown()
        == """\
a.md

  A line
    5 ✓ right       dJ/du = W.T @ t
    6 ✗ wrong             = W @ t
                            ^^^^^ the first wrong step
                      This is consistent with It would be right if W were
                      transposed..
    7 ✓ right             = t @ W
                      This is right again, but it does not follow from the line
                      above.

  Softmax
    9 ~ right if    dR/ds = g - y
                      if y sums to one
   10 ? unclear     dR/dx = g
                      The reason: x is not declared.

  Claims: 3. Right: 1, wrong: 1, unclear: 1.
  --hint 3 says more.
"""
    )


@pytest.mark.parametrize("stage, kind, answer", [(1, False, False), (2, True, False), (3, True, True)])
def test_a_hint_says_no_more_than_its_stage(stage, kind, answer):
    for words in (shown(stage=stage), hints.plain_text(WRONG_CHAIN, stage)):
        assert "the first wrong step" in words
        assert ("were" in words) == kind
        assert ("should be W.T @ t" in words) == answer


def test_points_are_of_each_problem_and_of_all():
    words = shown(points=True)
    assert "A line  0.67 / 1" in words and "Softmax  1 / 2" in words and "Points: 1.67 of 3." in words
    assert "/ 1" not in shown()


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120])
def test_it_fits_the_terminal(width):
    long = Result("wrong", left="dJ/d" + "u" * 30, right=" + ".join(["sigmoid(t)"] * 30), line=4999, step=1)
    for line in shown(Sheet("a.md", results=[*SHEET.results, long]), width=width).splitlines():
        assert len(line) <= max(width, 29), line


def test_colour_is_for_terminals_alone():
    assert "\x1b[" not in shown() and "\x1b[1;31m" in shown(colour=True)


def test_a_name_cannot_move_the_cursor():
    bad = Result("right", left="\x1b[2Ju", right="\x07u", line=1, problem="\x1b]0;title\x07")
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", shown(Sheet("\x1b[1m.md", results=[bad])))


def test_a_terminal_without_unicode_gets_letters_that_it_has():
    words = shown(encoding="ascii")
    assert "    6 x wrong" in words and "    5 + right" in words and words.isascii()
    assert "неверно" in shown(language="ru", encoding="cp1251")


def test_without_a_verdict_column_the_sign_says_it():
    assert "    5 ✓ dJ/du = W.T @ t" in shown(width=40)


def test_a_line_that_cannot_be_read_stays_with_its_problem():
    unread = Result("uncheckable", left="u: @", line=6, why="there is nothing here")
    words = shown(Sheet("a.md", results=[RIGHT_STEP, unread, WRONG_STEP]))
    assert words.count("A line") == 1 and "    6 ? unclear     u: @\n" in words


# The command: codes, streams, files that are none.


@pytest.mark.parametrize("text, code", [
    (SOFTMAX, 0), (CHAIN, 1), ("# nothing\nprose alone\n", 5), ("", 5), ("u: M\nJ = sum(u)\ndJ/du = x\n", 5),
    (SOFTMAX + "dR/ds = x\n", 1),
])  # fmt: skip
def test_the_exit_code_says_how_it_went(hand_in, text, code, capsys):
    found = [sheets.check_file(str(hand_in(text)), "en")]
    assert command.exit_code(found) == code


def test_the_code_of_several_is_that_of_the_worst():
    right, wrong = Sheet("a", results=[RIGHT_STEP]), Sheet("b", results=[WRONG_STEP])
    late, left = Sheet("c", "timed-out"), Sheet("d", "interrupted")
    codes = [command.exit_code(s) for s in ([right], [right, wrong], [wrong, late], [late, left], [], [Sheet("e")])]
    assert codes == [0, 1, 2, 130, 5, 5]


def test_it_says_what_is_wrong_and_is_silent_on_the_other_stream(hand_in):
    done = run(hand_in(CHAIN), processes=True)
    assert done.returncode == 1 and done.stderr == ""
    assert "    6 ✗ wrong" in done.stdout and "^ the first wrong step" in done.stdout
    assert "W is symmetric" in done.stdout and "Claims: 1. Right: 0, wrong: 1, unclear: 0." in done.stdout
    done = run(hand_in(SOFTMAX), "--language", "bg", "--points", processes=True)
    assert done.returncode == 0 and done.stderr == ""
    assert "вярно, ако" in done.stdout and "Softmax  2 / 2" in done.stdout


@pytest.mark.parametrize("content, why", [
    (b"\x00\x01binary", "this is not a text file"),
    ("u: M, шум".encode("cp1251"), "this is not text in UTF-8: save it in that encoding"),
    ("u: M".encode("utf-16"), "this is not text in UTF-8: save it in that encoding"),
    (b"(" * 10_000_000, "it is larger than 1 MB, and no hand-in is"),
    (b"x\n" * 100_000, "a hand-in has at most 5,000 lines and 1,000,000 characters"),
])  # fmt: skip
def test_what_is_no_hand_in_is_refused_in_words(hand_in, content, why):
    found = sheets.check_file(str(hand_in(content)), "en")
    assert (found.status, found.why, found.results) == ("unreadable", why, [])
    assert command.exit_code([found]) == 2 and f"Not checked: {why}." in shown(found, width=200)
    assert sheets.check_file(found.file, "ru").why != why


def test_what_is_no_file_is_refused_in_words(tmp_path, monkeypatch):
    assert sheets.check_file(str(tmp_path), "en").why == "this is not a file"
    assert sheets.check_file(str(tmp_path / "none.md"), "en").why == "there is no such file"
    assert sheets.check_file("a\0b", "en").status == "unreadable"
    monkeypatch.setattr(Path, "open", lambda *_: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
    (tmp_path / "a.md").touch()
    assert sheets.check_file(str(tmp_path / "a.md"), "en").why == "this file may not be read"


@pytest.mark.parametrize("error", [MemoryError(), RecursionError("deep"), KeyError("x"), ZeroDivisionError()])
def test_a_fault_of_the_checker_is_a_word_and_no_traceback(hand_in, error, monkeypatch):
    def fails(*words, **options):
        raise error

    monkeypatch.setattr(sheets.remembered, "check_text", fails)
    found = sheets.check_file(str(hand_in(CHAIN)), "en")
    assert found.status == "unreadable" and found.why


def test_a_mark_at_the_beginning_is_not_text(hand_in):
    assert len(sheets.check_file(str(hand_in("\ufeff" + SOFTMAX)), "en").results) == 2


@pytest.mark.parametrize("words", [
    [], ["a.md", "--hint", "4"], ["a.md", "--language", "fr"], ["a.md", "--bogus"], ["a.md", "--jobs", "0"],
    ["a.md", "--timeout", "nan"], ["a.md", "--json", "/no/such/folder/a.json"], ["a.md", "--csv", "."],
    ["a.md", "--json", "-", "--csv", "-"], ["a.md", "--json", ""],
])  # fmt: skip
def test_a_mistake_in_the_call_is_code_4(words, capsys):
    from tinygrad_edu.commands.main import main

    try:
        code = main(["check", *words])
    except SystemExit as end:
        code = end.code
    out, err = capsys.readouterr()
    assert code == 4 and out == "" and err and "Traceback" not in err


def test_help_is_no_mistake(capsys):
    from tinygrad_edu.commands.main import main

    with pytest.raises(SystemExit) as end:
        main(["check", "--help"])
    assert not end.value.code and "exit codes" in capsys.readouterr().out


def test_other_commands_keep_their_code():
    from tinygrad_edu.commands.main import main

    with pytest.raises(SystemExit) as end:
        main(["draw", "--bogus"])
    assert end.value.code == 2


# Reports.


def test_json_holds_everything_and_is_json():
    data = json.loads(reports.json([SHEET, Sheet("b.md", "timed-out", why="late")], 1))
    first, second = data["files"]
    assert [r["verdict"] for r in first["results"]] == ["wrong", "right-if", "uncheckable"]
    assert first["results"][0]["steps"][1]["diagnoses"][0]["code"] == "TRANSPOSE"
    assert (first["score"], first["max_score"]) == (pytest.approx(5 / 3), 3) and second["status"] == "timed-out"
    summary = data["summary"]
    assert summary["mistakes"] == {"TRANSPOSE": 1} and summary["timed-out"] == 1 and summary["claims"] == 3
    assert json.loads(reports.json([Sheet("a", results=[Result("wrong", relative_error=float("inf"))])], 1))


def test_json_goes_alone_to_the_standard_output(hand_in):
    done = run(hand_in(SOFTMAX), "--json", "-")
    assert json.loads(done.stdout)["summary"]["verdicts"]["right-if"] == 1 and done.stderr == ""


def test_reports_are_written_beside_what_is_shown(hand_in, tmp_path):
    files = {name: tmp_path / f"report.{name}" for name in ("json", "junit", "gradescope", "csv")}
    done = run(hand_in(CHAIN), *(word for name, path in files.items() for word in (f"--{name}", path)))
    assert done.returncode == 1 and all(f"Written: {path}" in done.stdout for path in files.values())
    json.loads(files["json"].read_bytes()), json.loads(files["gradescope"].read_bytes())
    etree.parse(files["junit"])
    assert files["csv"].read_text().startswith("file,status,")
    assert {path.name for path in tmp_path.iterdir()} == {"a.md", *(path.name for path in files.values())}


def test_junit_has_a_test_for_each_claim():
    odd = Result("wrong", left="\x00u\ud800", right="\x1b", line=2, problem="\x0b")
    root = etree.fromstring(reports.junit([SHEET, Sheet("b.md", "unreadable", why="no"), Sheet("c", results=[odd])], 2))
    suites = root.findall("testsuite")
    assert [tuple(s.get(k) for k in ("tests", "failures", "errors")) for s in suites] == [
        ("3", "1", "1"), ("1", "0", "1"), ("1", "1", "0"),
    ]  # fmt: skip
    cases = suites[0].findall("testcase")
    assert [[child.tag for child in case] for case in cases] == [["failure"], ["system-out"], ["error"]]
    assert [case.get("name") for case in cases] == ["line 5: dJ/du", "line 9: dR/ds", "line 10: dR/dx"]
    assert "were transposed" in cases[0][0].text and "should be" not in cases[0][0].text
    assert "were transposed" not in etree.fromstring(reports.junit([SHEET], 1))[0][0][0].text


def test_gradescope_gives_points_and_keeps_to_the_hint():
    data = json.loads(reports.gradescope([SHEET], 1))
    assert [(t["score"], t["max_score"], t["status"]) for t in data["tests"]] == [
        (pytest.approx(2 / 3), 1, "failed"), (1, 1, "passed"), (0, 1, "failed"),
    ]  # fmt: skip
    assert data["score"] == pytest.approx(5 / 3) and data["stdout_visibility"] == "hidden"
    assert isinstance(data["execution_time"], int)
    for stage, kind, answer in [(1, False, False), (2, True, False), (3, True, True)]:
        words = reports.gradescope([SHEET], stage).decode()
        assert ("were transposed" in words, "should be W.T @ t" in words) == (kind, answer)


def test_csv_has_a_row_for_each_hand_in():
    import csv

    written = reports.csv([SHEET, Sheet("=cmd()", "unreadable", why="no")], 1)
    rows = list(csv.DictReader(io.StringIO(written.decode("utf-8"))))
    assert [rows[0][k] for k in ("file", "claims", "right_if", "wrong", "TRANSPOSE", "unnamed")] == ["a.md", "3", "1", "1", "1", "0"]  # fmt: skip  # noqa: E501
    assert rows[1]["file"] == "'=cmd()" and rows[1]["status"] == "unreadable" and set(CODES) <= set(rows[0])
    assert reports.csv([Sheet("Иван.md")], 1).startswith(b"\xef\xbb\xbf")


# In notebooks, and where a cell is graded.


def test_a_result_shows_itself_in_a_notebook():
    page = WRONG_CHAIN._repr_html_()
    assert "✗ wrong" in page and "the first wrong step" in page and "were transposed" in page
    assert "should be" not in page and "http" not in page and "<script" not in page
    evil = Result("wrong", left="<script>alert(1)</script>", right="<img src=x>", problem="<b>", line=1)
    assert "<script" not in evil._repr_html_() and "<img" not in evil._repr_html_()
    etree.fromstring(page.replace(" class=first", ' class="first"'))


def test_a_result_is_a_score_and_says_nothing_by_itself(hand_in, capfd):
    from tinygrad_edu.checker.check import check_text

    scores = [float(result) for result in check_text(CHAIN) + check_text(SOFTMAX)]
    assert scores == [pytest.approx(2 / 3), 1, 1]
    assert capfd.readouterr() == ("", "")


def test_a_page_is_opened_where_the_mistake_is(hand_in, tmp_path):
    text = "W: m by n\nx: n\nv = W @ x\na = tanh(v)\nE = sum(a**3)\ndE/dv = 3*a**2\ndE/da = 3*a**2\nshape(v) = (n, 1)\n"
    sheet = sheets.check_file(str(hand_in(text)), "en")
    wrong = next(r for r in sheet.results if r.line == 6)
    wrong.diagnoses = [Diagnosis("LOCAL_DERIVATIVE", "why", {"why": "x"}, "v")]
    (claim,) = [claim for claim, result in pages.wrong_claims(sheet) if result.line == 6]
    assert pages.write_page(claim, wrong, tmp_path / "page.html", 2)
    assert str(tmp_path) not in (tmp_path / "page.html").read_text(encoding="utf-8")
    trace = pages.trace_without_locations(pages.differentiated_number(handin(text).claims[0]))
    at = pages.first_step_to_show(trace, wrong, 2)
    assert trace.nodes[trace.steps[at].node].name == "v" and trace.steps[at].phase == "backward"
    assert trace.nodes[trace.edges[trace.steps[at - 1].edge].source].name == "v"  # its gradient has just come
    assert pages.first_step_to_show(trace, wrong, 1) == 0  # which would be a hint


def test_pages_are_for_hand_ins_that_are_named(hand_in, tmp_path):
    done = run(hand_in(CHAIN), "--page", tmp_path / "new" / "pages")
    assert done.returncode == 1 and done.stderr == ""
    (page,) = (tmp_path / "new" / "pages").iterdir()
    assert page.name == pages.page_name(str(tmp_path / "a.md"), 5) and f"Written: {page}" in done.stdout
    assert run(tmp_path, "--page", tmp_path / "new").returncode == 4
    assert run(tmp_path / "a.md", "--page", tmp_path / "a.md").returncode == 4
