"""The command, as it is typed: what it prints, where, and the code that it ends with."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from in_process import command, environment

from tinygrad_edu import __version__
from tinygrad_edu.commands import main as cli

COMMAND = [sys.executable, "-m", "tinygrad_edu"]


def run(*words, **environment):
    """The command, with its output piped, in a folder where its pictures go."""
    with tempfile.TemporaryDirectory() as folder:
        where = [str(Path(word).resolve()) if Path(word).exists() else word for word in words]
        done = command(Path(folder), *where, **environment)
        said = done.stderr.replace(str(Path(folder).resolve()), "FOLDER").replace(folder, "FOLDER")
        return done._replace(stderr=said.replace(os.sep, "/"))


@pytest.fixture(scope="module")
def default():
    """What one gets without knowing anything."""
    return run()


def section(text, title):
    """The lines below a heading that begins so."""
    found = re.search(rf"^{re.escape(title)}.*\n-+\n((?:.+\n|\n(?!\S))*)", text, re.MULTILINE)
    assert found, f"no section {title!r}"
    return [line for line in found[1].splitlines() if line.strip()]


def test_it_ends_well(default):
    assert default.returncode == 0 and "Traceback" not in default.stderr


def test_it_learns(default):
    accuracy, right = re.search(r"test accuracy ([\d.]+) % \((\d+) of 360", default.stdout).groups()
    assert float(accuracy) >= 95 and abs(int(right) / 3.6 - float(accuracy)) < 0.06


def test_its_progress_goes_to_the_other_stream(default):
    assert "epoch 30/30" in default.stderr and "epoch" not in default.stdout


def test_it_fits_a_page_and_has_no_colour_codes(default):
    assert max(map(len, default.stdout.splitlines())) <= 100
    assert max(map(len, default.stderr.splitlines())) <= 100
    assert "\x1b" not in default.stdout + default.stderr and "\r" not in default.stdout + default.stderr


def test_it_shows_each_step_of_the_sweep(default):
    head, *rows, _ = section(default.stdout, "Its backward sweep")
    assert head.split()[:4] == ["node", "shape", "gradient", "in"]
    assert [row.split()[0] for row in rows] == ["R", "v(2)", "a(1)", "v(1)", "B", "A"]
    made = ["cross_entropy(v(2)", "linear(a(1), B", "sigmoid(v(1))", "linear(x, A"]
    assert all(f" = {call}" in row for call, row in zip(made, rows))
    assert [row.split("kept as ")[1:] for row in rows[-2:]] == [[".grad"], [".grad"]]


def test_it_shows_that_the_recursion_gives_the_same(default):
    rows = [row.split() for row in section(default.stdout, "The delta recursion")[4:8]]
    assert [row[0] for row in rows] == ["δ(2)", "∂R/∂B", "δ(1)", "∂R/∂A"]
    for _, by_hand, by_sweep, difference in rows:
        assert float(by_hand) == pytest.approx(float(by_sweep), rel=1e-4) and float(by_hand) > 0
        assert float(difference) < 1e-12


def test_the_same_seed_gives_the_same_numbers_and_another_gives_others(default):
    def without_time(text):
        return re.sub(r"after [\d.]+ s", "", text)

    assert without_time(run().stdout) == without_time(default.stdout)
    assert without_time(run("--seed", "1").stdout) != without_time(default.stdout)


def test_the_options_are_obeyed():
    shown = run("--hidden", "3", "--epochs", "1", "--batch", "100", "--example", "7").stdout
    assert "A is 3 x 64" in shown and "B is 10 x 3" in shown and "Test image 7" in shown
    assert "epoch 1/1" in run("train", "--epochs", "1").stderr


def test_without_an_epoch_it_guesses():
    shown = run("--epochs", "0")
    assert shown.returncode == 0
    assert float(re.search(r"test accuracy ([\d.]+)", shown.stdout)[1]) < 40


def test_what_is_saved_are_a_and_b(tmp_path):
    shown = run("--epochs", "1", "--hidden", "5", "--save", str(tmp_path / "net.npz"))
    assert shown.returncode == 0 and re.search(r"net\.npz\s+A and B\n", shown.stdout)
    with np.load(tmp_path / "net.npz") as stored:
        assert [stored[name].shape for name in stored.files] == [(5, 64), (10, 5)]
    assert len(list(tmp_path.iterdir())) == 1


# Asking.


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["train", "--help"]])
def test_help(words):
    shown = run(*words)
    assert shown.returncode == 0 and shown.stdout.startswith("usage: tinygrad-edu") and not shown.stderr
    assert max(map(len, shown.stdout.splitlines())) <= 100


@pytest.mark.parametrize("words", [["--help"], ["train", "--help"]])
def test_help_names_all_options_as_the_output_promises(words, default):
    assert any("tinygrad-edu --help" in line for line in section(default.stdout, "Next"))
    shown = run(*words).stdout
    for option in ("--hidden", "--epochs", "--batch", "--rate", "--seed", "--example", "--save", "--pictures"):
        assert option in shown


def test_version():
    shown = run("--version")
    assert (shown.returncode, shown.stdout.strip()) == (0, f"tinygrad_edu {__version__}")


# Mistakes.

MISTAKES = {
    "--hidden 0": "tinygrad-edu: --hidden is at least 1",
    "--batch 0": "tinygrad-edu: --batch is at least 1",
    "--epochs x": "tinygrad-edu: error: argument --epochs: x is not a whole number from 0 up",
    "--epochs -1": "tinygrad-edu: error: argument --epochs: -1 is not a whole number from 0 up",
    "--rate fast": "tinygrad-edu: error: argument --rate: fast is not a number above 0",
    "--example 5000": "tinygrad-edu: --example is the number of a test image, from 0 to 359",
    "--save missing/net.npz": "tinygrad-edu: --save: there is no folder FOLDER/missing",
    "--colour": "tinygrad-edu: error: unrecognized arguments: --colour",
}


@pytest.mark.parametrize("words", MISTAKES)
def test_a_mistake_is_told_in_one_sentence(words):
    shown = run(*words.split())
    assert (shown.returncode, shown.stdout) == (2, "") and "Traceback" not in shown.stderr
    usage, sentence = re.fullmatch(r"(usage: (?:.*\n)*?)?(tinygrad-edu.*)\n", shown.stderr).groups()
    assert sentence == MISTAKES[words]


MEANT = {
    "chekc": "argument COMMAND: invalid choice: 'chekc' (choose from *).  Did you mean check?",
    "--epcohs 3": "unrecognized arguments: --epcohs.  Did you mean --epochs?",
    "--exmple=3 --epochs 1": "unrecognized arguments: --exmple.  Did you mean --example?",
    "--nothing 3": "unrecognized arguments: --nothing",
    "draw net.py --directon left": "unrecognized arguments: --directon.  Did you mean --direction?",
    "draw net.py --theme drak": "argument --theme: invalid choice: 'drak' (choose from *).  Did you mean dark?",
    "step --att 3 net.py": "unrecognized arguments: --att.  Did you mean --at or --nth?",
    "check a.md --csvv b": "unrecognized arguments: --csvv.  Did you mean --csv?",
    "lesson --slids a.html": "unrecognized arguments: --slids.  Did you mean --slides or --solutions?",
    "word2vec --corpus pyhton": "argument --corpus: invalid choice: 'pyhton' (choose from *).  Did you mean python?",
}


@pytest.mark.parametrize("words", MEANT)
def test_what_was_meant_is_said(words):
    shown = run(*words.split())
    command = words.split()[0]
    assert shown.returncode == (4 if command == "check" else 2) and shown.stdout == ""
    sentence = shown.stderr.splitlines()[-1]
    program = f"tinygrad-edu {command}" if command in cli.COMMANDS else "tinygrad-edu"
    begin, _, end = f"{program}: error: {MEANT[words]}".partition("*")
    assert sentence.startswith(begin) and sentence.endswith(end) if end else sentence == begin


def test_a_lesson_that_was_meant_is_said():
    shown = run("lesson", "sofmax")
    assert (shown.returncode, shown.stdout) == (2, "")
    assert shown.stderr == "tinygrad-edu: there is no lesson sofmax; there are 0 to 17.  Did you mean softmax?\n"
    assert "Did you mean" not in run("lesson", "99").stderr


def test_options_may_be_shorter_and_those_of_a_program_are_its_own(tmp_path):
    words = "import sys; print(sys.argv[1:])\n"
    (tmp_path / "own.py").write_text(words + "from tinygrad_edu import *\nTensor(2.0).exp().backward()\n")
    from in_process import command

    assert "['--epcohs', '3']" in command(tmp_path, "step", "-c", "q", "own.py", "--epcohs", "3").stdout
    assert "['--epcohs']" in command(tmp_path, "draw", "own.py", "--dir", "down", "--", "--epcohs").stdout


def test_nothing_is_saved_where_a_file_cannot_be(tmp_path):
    shown = run("--epochs", "0", "--save", str(tmp_path))
    assert shown.returncode == 2 and "Traceback" not in shown.stderr
    assert str(tmp_path) in shown.stderr and not list(tmp_path.iterdir())


# Unusual ends.


def test_a_reader_that_stops_early_is_no_error():
    env = environment(PYTHONUNBUFFERED="1")
    process = subprocess.Popen([*COMMAND, "--epochs", "1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
    assert process.stdout.readline().startswith(b"R = logloss")
    process.stdout.close()
    errors = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait(60) == 0
    assert "Traceback" not in errors and "Exception" not in errors and "BrokenPipe" not in errors


def test_an_interrupt_ends_with_130(monkeypatch, capsys):
    def interrupted(options):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.train, "run", interrupted)
    assert cli.main([]) == 130
    shown = capsys.readouterr()
    assert shown.err == "\ntinygrad-edu: interrupted\n" and shown.out == ""


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_terminal_without_greek_gets_the_names_of_letters(encoding):
    shown = run("--epochs", "1", PYTHONIOENCODING=encoding)
    assert shown.returncode == 0 and "UnicodeEncodeError" not in shown.stderr
    assert "R = logloss(softmax(B sigma(A x)))" in shown.stdout and "?" not in shown.stdout


def test_it_runs_from_any_folder(tmp_path):
    words = [*COMMAND, "--version"]
    shown = subprocess.run(words, cwd=tmp_path, capture_output=True, encoding="utf-8", env=environment(), timeout=60)
    assert (shown.returncode, shown.stdout, shown.stderr) == tuple(run("--version"))


@pytest.mark.parametrize("words", [["lesson"], ["ops", "relu"], ["word2vec", "--help"]])
def test_what_nobody_listens_to_is_no_fault(words, monkeypatch):
    for name in ("stdout", "stderr"):  # as a shell leaves them with >&-
        monkeypatch.setattr(sys, name, None)
    try:
        assert cli.main(words) == 0
    except SystemExit as end:
        assert end.code == 0
    sys.stdout.close()
    sys.stderr.close()
