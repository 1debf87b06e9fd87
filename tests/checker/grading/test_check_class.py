"""``tinygrad-edu check FOLDER``: many hand-ins, none of which can hold up the others."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import in_process
import pytest

from tinygrad_edu.checker.check import check_text
from tinygrad_edu.checker.grading import classroom, remembered, sheets, terminal
from tinygrad_edu.checker.grading.sheets import Sheet
from tinygrad_edu.checker.results import Diagnosis, Result
from tinygrad_edu.commands import check as command
from tinygrad_edu.output.terminal import Screen

RIGHT = "u: M\nJ = sum(u**2)\ndJ/du = 2*u\n"
WRONG = "u: M\nJ = sum(u**2)\ndJ/du = u\n"


@pytest.fixture
def folder(tmp_path):
    """A class of four: right, wrong, no text, and one that says nothing."""
    (tmp_path / "class" / "more").mkdir(parents=True)
    for name, text in {
        "b.md": WRONG, "a.md": RIGHT, "more/c.txt": "\0", "more/d.md": "prose", "README.md": WRONG, "x.pdf": WRONG,
        ".hidden.md": WRONG,
    }.items():  # fmt: skip
        (tmp_path / "class" / name).write_text(text)
    return tmp_path / "class"


def checked(files, jobs=2, seconds=60.0, seen=lambda sheet: None):
    return classroom.check_files([str(f) for f in files], "en", jobs, seconds, seen)


def run(*words):
    """The command; the processes in which it checks are its own."""
    return in_process.command(Path.cwd(), "check", *words)


def test_a_folder_stands_for_the_hand_ins_in_it(folder):
    found, links, is_folder = command.find_files([str(folder), "other.md"])
    assert [os.path.basename(f) for f in found] == ["a.md", "b.md", "c.txt", "d.md", "other.md"]
    assert is_folder and not links


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_that_lead_out_of_the_folder_are_named_and_not_followed(folder, tmp_path):
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "secret.md").write_text(RIGHT)
    (folder / "more" / "c.txt").unlink()
    for name, target in {
        "file.md": tmp_path / "others" / "secret.md", "more/up": tmp_path / "others", "none.md": tmp_path / "nothing",
        "same.md": folder / "a.md", "same": folder / "more",
    }.items():  # fmt: skip
        (folder / name).symlink_to(target)
    done = run(folder, "--csv", tmp_path / "class.csv")
    rows = [line.split(",")[:4] for line in (tmp_path / "class.csv").read_text().splitlines()[1:]]
    found = {os.path.relpath(name, folder): (status, why) for name, status, why, *_ in rows}
    words = '"it is a link that leads out of the folder'
    assert found == {
        "a.md": ("checked", ""), "b.md": ("checked", ""), "same.md": ("checked", ""),
        os.path.join("more", "d.md"): ("checked", ""), os.path.join("more", "up"): ("unreadable", words),
        "file.md": ("unreadable", words), "none.md": ("unreadable", words),
    }  # fmt: skip
    assert done.returncode == 2 and "file.md" in done.stdout
    link = tmp_path / "link"  # the folder itself may be one
    link.symlink_to(folder)
    assert run(link).stdout == run(folder).stdout


def test_processes_check_what_one_would_in_their_order(folder):
    done = []
    found = checked(sheets.find_handins(folder), seen=lambda sheet: done.append(sheet.file))
    alone = [sheets.check_file(file, "en") for file in sheets.find_handins(folder)]
    for sheet in [*found, *alone]:
        sheet.seconds = 0.0
    assert found == alone and sorted(done) == [sheet.file for sheet in found]
    assert [sheet.status for sheet in found] == ["checked", "checked", "unreadable", "checked"]


TWO = """\
# {}
{}u: M
y: M
J = sum(y*u**2)
dJ/du = 2*y*u
      = y*u
{}      = 2*u
dJ/dy = u
dJ/du = 2*u for
@
"""


@pytest.mark.parametrize("title, above, between", [("One", "", ""), ("Two", "\n\n", ""), ("Three", "", "\n")])
def test_what_has_been_judged_is_not_judged_twice(title, above, between, monkeypatch):
    text = TWO.format(title, above, between)
    remembered.KNOWN.clear()
    remembered.check_text(TWO.format("Before", "", between), "en")
    monkeypatch.setattr("tinygrad_edu.checker.check.judge_claim", None)  # which is not asked again
    again = remembered.check_text(text, "en")
    monkeypatch.undo()
    assert again == check_text(text) and {r.problem for r in again if r.verdict == "wrong"} == {title}


@pytest.mark.parametrize("other", [
    RIGHT.replace("u: M", "u: M, positive"), RIGHT.replace("**2", "**3"), RIGHT.replace("2*u", "2*u@u"),
    RIGHT.replace("J", "L"), RIGHT.replace("u: M", "u: M by M"), RIGHT + "      = u\n", RIGHT.replace("u: M", "u: N"),
])  # fmt: skip
def test_what_differs_is_judged_anew(other):
    remembered.KNOWN.clear()
    remembered.check_text(RIGHT, "en")
    before = len(remembered.KNOWN)
    assert remembered.check_text(other, "en") == check_text(other) and len(remembered.KNOWN) == before + 1


def test_not_everything_is_kept_in_mind(monkeypatch):
    monkeypatch.setattr(remembered, "MOST", 2)
    for n in range(5):
        assert remembered.check_text(RIGHT.replace("2*u", f"2*u + {n}"), "en")[0].verdict == ("wrong" if n else "right")
        assert len(remembered.KNOWN) <= 2


def test_a_hand_in_that_takes_too_long_is_left_and_the_others_go_on(folder):
    slow = folder / "aa.md"  # a pipe that nobody writes to would be refused; so a great many claims
    slow.write_text("u: M\nJ = sum(u**2)\n" + "".join(f"dJ/du = 2*u*{i}\n" for i in range(1, 4000)))
    started = time.monotonic()
    found = checked([slow, folder / "a.md", folder / "b.md"], jobs=1, seconds=0.5)
    assert [sheet.status for sheet in found] == ["timed-out", "checked", "checked"]
    assert found[0].why == "it took longer than 0.5 s" and time.monotonic() - started < 10
    assert command.exit_code(found) == 2


def test_a_process_that_dies_takes_no_other_hand_in_with_it(folder):
    """As if the system had killed it for want of memory."""
    slow = folder / "aa.md"
    slow.write_text("u: M\nJ = sum(u**2)\n" + "".join(f"dJ/du = 2*u*{i}\n" for i in range(1, 4000)))
    give = classroom.Worker.give

    def kills(worker, number, file, seconds):
        give(worker, number, file, seconds)
        if file.endswith("aa.md"):
            worker.process.kill()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classroom.Worker, "give", kills)
        found = checked([slow, folder / "a.md"], jobs=1)
    assert [(s.status, s.why) for s in found] == [("unreadable", "its check ended before its time"), ("checked", "")]


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="how much memory is used is not known here")
def test_a_hand_in_gets_no_more_memory_than_is_good(folder):
    program = (
        "import numpy; from tinygrad_edu.checker.grading import classroom; "
        "classroom.limit_memory(); numpy.empty(3 << 30, 'u1')"
    )
    env = in_process.environment()
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", env=env)
    assert "Unable to allocate" in done.stderr
    (folder / "a.md").write_text("u: 999 by 999 by 999\nJ = sum(u)\ndJ/du = 1\n")
    (found,) = checked([folder / "a.md"])
    assert found.status == "unreadable" or found.results[0].verdict != "right"


def test_no_processes_is_no_endless_wait(folder, monkeypatch):
    monkeypatch.setattr(classroom, "serve_files", print)  # it ends at once
    with pytest.raises(RuntimeError, match="no process"):
        checked([folder / "a.md"])


def test_a_class_is_a_table(folder):
    done = run(folder)
    rows = [line.split() for line in done.stdout.splitlines()]
    assert done.returncode == 2 and done.stderr == ""
    assert rows[:6] == [
        ["hand-in", "right", "wrong", "unclear", "points"],
        ["a.md", "1", "·", "·", "1", "/", "1"],
        ["b.md", "·", "1", "·", "0", "/", "1"],
        [os.path.join("more", "c.txt"), "-", "-", "-"],
        [os.path.join("more", "d.md"), "·", "·", "·", "0", "/", "0"],
        ["all", "4", "1", "1", "0", "1", "/", "2"],
    ]
    assert "Mistakes of the class" in done.stdout and "in hand-ins: 1" in done.stdout
    (folder / "more" / "c.txt").unlink()
    assert run(folder).returncode == 1
    assert run(folder / "more").returncode == 5


def test_an_empty_folder_is_said(tmp_path):
    done = run(tmp_path)
    assert done.returncode == 5 and "There is no .md or .txt file" in done.stdout and done.stderr == ""


def test_mistakes_are_counted_as_bars():
    def wrong(code):
        return Result("wrong", diagnoses=[Diagnosis(code, "why", {"why": "x"})] if code else [])

    class_ = [
        Sheet("a", results=[wrong("SIGN"), wrong("SIGN"), wrong("")]),
        Sheet("b", results=[wrong("SIGN"), wrong("AXIS"), wrong("AXIS")]),
    ]
    stream = io.StringIO()
    terminal.Report(Screen(stream, 80), "en", 2, False).mistakes(class_)
    rows = [line.split("  ") for line in stream.getvalue().splitlines()[2:]]
    assert [[word.strip() for word in row if word.strip()] for row in rows] == [
        ["sign", "█" * 40, "3", "in hand-ins: 2"],
        ["axis", "█" * 27, "2", "in hand-ins: 1"],
        ["not named", "█" * 13, "1", "in hand-ins: 1"],
    ]


# Reports: what happens to one does not take the others with it.


def reported(folder, *words):
    """What is there after a run with all four reports, one of which goes to a place of its own."""
    places = {name: folder.parent / f"class.{name}" for name in ("json", "junit", "gradescope", "csv")}
    options = [word for name, place in places.items() for word in (f"--{name}", place) if f"--{name}" not in words]
    return run(folder, *options, *words), sorted(name for name, place in places.items() if place.exists())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
@pytest.mark.parametrize("name", ["json", "junit", "gradescope", "csv"])
def test_a_full_disk_loses_one_report_alone(folder, name):
    (folder / "more" / "c.txt").unlink()
    done, found = reported(folder, f"--{name}", "/dev/full")
    assert found == sorted({"json", "junit", "gradescope", "csv"} - {name})
    assert done.stderr == "tinygrad-edu: /dev/full was not written: No space left on device\n"
    assert done.returncode == 2 and done.stdout.count("Written: ") == 3 and "Mistakes of the class" in done.stdout


def test_a_report_that_may_not_be_written_loses_itself_alone(folder, tmp_path, monkeypatch):
    (tmp_path / "old.csv").write_text("old")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    done, found = reported(folder, "--csv", tmp_path / "old.csv")
    assert found == ["gradescope", "json", "junit"] and (tmp_path / "old.csv").read_text() == "old"
    assert done.stderr == f"tinygrad-edu: {tmp_path / 'old.csv'} was not written: Permission denied\n"
    assert done.returncode == 2


@pytest.mark.parametrize("error", [KeyError("x"), RecursionError("deep"), MemoryError()])
def test_a_fault_in_one_report_loses_it_alone(folder, tmp_path, monkeypatch, error):
    def fails(sheets, stage):
        raise error

    monkeypatch.setitem(command.REPORTS, "junit", fails)
    done, found = reported(folder, "--language", "ru")
    assert found == ["csv", "gradescope", "json"] and done.returncode == 2
    assert f"Файл {tmp_path / 'class.junit'} не записан: " in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_an_interruption_loses_one_report_alone(folder, tmp_path, monkeypatch, number, code):
    def held_up(sheets, stage):
        os.kill(os.getpid(), number)
        time.sleep(60)

    monkeypatch.setitem(command.REPORTS, "json", held_up)  # the first
    usual = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    done, found = reported(folder)
    assert signal.signal(signal.SIGTERM, usual) is signal.SIG_DFL
    assert found == ["csv", "gradescope", "junit"] and done.returncode == code
    assert done.stderr == f"tinygrad-edu: {tmp_path / 'class.json'} was not written: its writing was interrupted\n"


def test_pages_are_written_each_for_itself(folder, tmp_path, monkeypatch):
    for name in "cd":
        (folder / f"{name}.md").write_text(WRONG)
    write, pages = command.pages.write_page, tmp_path / "pages"

    def failing(error):
        def fails(claim, result, file, stage):
            if "-c-" in file.name:
                raise error
            return write(claim, result, file, stage)

        monkeypatch.setattr(command.pages, "write_page", fails)
        done = run(*(folder / f"{name}.md" for name in "bcd"), "--page", pages)
        assert done.stderr.count("\n") == 1 and "class-c-" in done.stderr
        return done.returncode, sorted(page.name[6] for page in pages.iterdir())

    assert failing(KeyboardInterrupt()) == (130, ["b"])  # whoever interrupts does not want to wait for the others
    assert failing(OSError(28, "No space left on device")) == (2, ["b", "d"])


def test_no_page_is_written_over_that_of_another_hand_in(tmp_path):
    pages, files = tmp_path / "pages", [tmp_path / name for name in ("a/hw.md", "b/hw.md", "a/hw.txt", "b/a/hw.md")]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(WRONG)
    run(*files, "--page", pages)
    together = {page.name for page in pages.iterdir()}
    assert len(together) == 4 and {"-".join(name.split("-")[:2]) for name in together} == {"a-hw", "b-hw"}
    for file in files:  # one after the other, each from its own folder: the same pages again
        in_process.command(file.parent, "check", file.name, "--page", pages)
    assert {page.name for page in pages.iterdir()} == together


def test_no_report_is_written_over_another_or_over_a_hand_in(folder, tmp_path):
    both = run(folder, "--json", tmp_path / "x", "--csv", folder / ".." / "x")
    assert both.returncode == 4 and "--csv would be written over --json" in both.stderr
    text = (folder / "a.md").read_text()
    done = run(folder, "--csv", folder / "a.md")
    assert done.returncode == 4 and "a.md: give it another name" in done.stderr
    assert (folder / "a.md").read_text() == text and not (tmp_path / "x").exists()


@pytest.mark.skipif(os.name != "posix", reason="signals are sent to a process group")
@pytest.mark.slow
@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_what_is_done_is_reported_when_it_is_interrupted(tmp_path, number, code):
    for i in range(300):
        claims = "".join(f"dJ/du = 2*u + {i}*{k}*0*u\n" for k in range(100))  # each of its own
        (tmp_path / f"{i:03}.md").write_text(f"u: M\nJ = sum(u**2)\n{claims}")
    report = tmp_path / "report.json"
    program = """
import sys
from pathlib import Path
from tinygrad_edu.commands import main as cli
from tinygrad_edu.output.progress import Progress
Progress.at = lambda bar, done: Path(sys.argv[-1]).touch()
sys.exit(cli.main(sys.argv[1:-1]))
"""
    first = tmp_path / "first"  # is there when the first hand-in is checked
    options = [str(tmp_path), "--jobs", "2", "--json", str(report), str(first)]
    with in_process.interruptible():
        process = subprocess.Popen(
            [sys.executable, "-c", program, "check", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", env=in_process.environment(),
            start_new_session=True,
        )  # fmt: skip
    deadline = time.monotonic() + 60
    while not first.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == code and err == "" and "Interrupted: " in out
    summary = json.loads(report.read_text())["summary"]
    assert summary["checked"] >= 1 and summary["interrupted"] >= 1
    assert summary["checked"] + summary["interrupted"] == summary["files"] == 300
    assert f"{summary['checked']} of 300 hand-ins" in out
