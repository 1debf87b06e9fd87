"""The tools around lessons, tried on a small one; the lessons themselves are tried in test_lessons.py."""

from __future__ import annotations

import ast
import io
import json
import re
import sys
from pathlib import Path, PurePosixPath

import nbformat
import numpy as np
import pytest

from tinygrad_edu import OPS, Tensor, check, formula
from tinygrad_edu.commands import main as cli
from tinygrad_edu.output.terminal import Screen
from tinygrad_edu.teaching import answered, derive, judge, mark, show
from tinygrad_edu.teaching import lesson as lessons
from tinygrad_edu.teaching.deck import deck
from tinygrad_edu.teaching.derivations import Derivation
from tinygrad_edu.teaching.exercises import EXAMPLE, STEPS, NotAnswered, source_to_show, strip_solutions
from tinygrad_edu.teaching.notebooks import add_points, notebook
from tinygrad_edu.teaching.running import own_operations, run
from tinygrad_edu.teaching.site import write_site
from tinygrad_edu.teaching.terminal import Presenter

SMALL = r'''# %% [markdown]
# # 3. A square
#
# Its slope, with $x^2$ and `code`.

# %%
from tinygrad_edu import Tensor, draw, formula
from tinygrad_edu.teaching import answered, derive, mark, show

# %% [markdown]
# ## One <script>alert(1)</script>
#
# The **sum** of $x_i^2$:
#
# - first
# - second

# %%
SQUARE = "x: n\nR = sum(x**2)"
derive(SQUARE, """
dR/dx = x + x
      = 2*x
""")  # fmt: skip

# %% [markdown] tags=["notes"]
# Say *this* to them.

# %% tags=["experiment"]
x = Tensor([1.0, 2.0], name="x")
R = (x * x).sum()
print("R =", R.item())
show(formula(R, x), draw(R), caption="the graph of $R$")

# %% [markdown]
# ---
# **3.1** What is it?

# %% exercise="3.1"
### BEGIN SOLUTION
answer = "2*x"
### END SOLUTION

# %% marks="3.1" points=2
mark(answered(SQUARE, "dR/dx", answer))
'''
X = "x: n\nR = sum(x**2)"


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A folder with one lesson, and the lesson."""
    folder = tmp_path / "lessons"
    folder.mkdir()
    (folder / "03_square.py").write_text(SMALL, encoding="utf-8")
    (folder / "other.py").write_text("no lesson", encoding="utf-8")
    monkeypatch.setattr(lessons, "folder", lambda: folder)
    return lessons.read(lessons.find("3"))


# What a lesson says of itself, and how it is read.


def test_the_head_of_a_file_says_what_it_is_about(small):
    (entry,) = lessons.entries()
    assert entry[:3] == (3, "A square", "Its slope, with $x^2$ and `code`.") and entry.key == "03-square"


def test_a_lesson_that_there_is_not(small):
    with pytest.raises(ValueError, match="there is no lesson 4; there are 3 to 3"):
        lessons.find("4")


def test_a_lesson_is_also_found_by_a_word_of_its_title(small):
    assert lessons.find("SQUARE") == lessons.find("03") == small.entry
    with pytest.raises(ValueError, match="there is no lesson cube"):
        lessons.find("cube")
    (lessons.folder() / "04_squares.py").write_text(SMALL.replace("# 3. A square", "# 4. Squares"), encoding="utf-8")
    with pytest.raises(ValueError, match="'square' fits several lessons: 3 A square, 4 Squares"):
        lessons.find("square")


def test_cells_are_where_they_stand_in_the_file(small):
    rows = SMALL.splitlines()
    code = [cell for cell in small.cells if cell.kind == "code"]
    assert len(code) == 5
    for cell in code:
        assert rows[cell.line - 1] == cell.source.splitlines()[0]


def test_slides_begin_at_headings_and_rules(small):
    assert [len(slide.cells) for slide in small.slides] == [2, 4, 3]
    assert [len(slide.notes) for slide in small.slides] == [0, 1, 0]
    assert small.exercises == ["3.1"]


def test_without_jupytext_it_is_said_what_to_install(small, monkeypatch):
    monkeypatch.setitem(sys.modules, "jupytext", None)
    with pytest.raises(RuntimeError, match=r"pip install 'tinygrad_edu\[lessons\]'; as a script, 03_square.py needs"):
        lessons.read(small.entry)


# What is shown.


def test_a_script_prints_what_is_shown(capsys):
    x = Tensor([1.0, 2.0], name="x")
    R = (x * x).sum()
    R.name = "R"
    show(formula(R, x), "words", caption="twice $x_1$, **bold**")
    assert capsys.readouterr().out == "∂R/∂x = 2 x\nwords\n  (twice x₁, bold)\n"


def test_a_derivation_is_printed_with_its_verdicts(capsys):
    derive(X, "dR/dx = x + x\n      = 2*x")
    assert capsys.readouterr().out == "  ✓ ∂R/∂x = x + x\n  ✓       = 2 x\n"


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("dR/dx = x", "the derivation has a mistake: ∂R/∂x = x: "),
        ("dR/dx = (x", "the derivation has a mistake"),
        ("", "no line"),
    ],
)
def test_a_derivation_with_a_mistake_is_none(lines, why):
    with pytest.raises(ValueError, match=re.escape(why)):
        derive(X, lines)


def test_a_minus_before_a_product_has_no_brackets(capsys):
    derive("a: number\nb: number\nR = -a*b", "dR/da = (-b)*1")
    assert capsys.readouterr().out == "  ✓ ∂R/∂a = -b · 1\n"


def test_indices_that_are_free_have_no_brackets():
    found = judge("s: K\ng = softmax(s)", "dg[k]/ds[l] = -g[k]*g[l]   for k != l")
    assert [row.text for row in found.rows] == ["∂g_k/∂s_l = -g_k g_l   for k ≠ l"]


def test_numbers_are_multiplied_without_a_sign():
    found = judge(
        "s: K\na = tanh(s)\nR = sum(k*a[k] for k in 1..K)", "dR/ds[k] = dR/da[k]*da[k]/ds[k]\n = k*da[k]/ds[k]"
    )
    assert [row.text for row in found.rows] == ["∂R/∂s_k = (∂R/∂a_k) (∂a_k/∂s_k)", " = k (∂a_k/∂s_k)"]


def test_what_is_judged_says_why(capsys):
    found = judge(X, "dR/dx = -2*x", hint=3)
    assert float(found) == 0
    assert "✗ ∂R/∂x = -2 x" in capsys.readouterr().out and "It should be 2 * x" in str(found)


# What is marked.


def test_a_right_answer_has_its_points(capsys):
    assert float(mark(answered(X, "dR/dx", " x*2 \n"))) == 1
    assert float(mark(check(lambda x: (x**2).sum(), "x", "2*x", dict(x=np.ones(3))))) == 1
    assert capsys.readouterr().out.count("✓") == 1


@pytest.mark.parametrize("answer", ["x", "2*x*x", "-2*x"])
def test_a_wrong_answer_fails_with_what_is_wrong(answer):
    with pytest.raises(AssertionError, match="✗"):
        mark(answered(X, "dR/dx", answer))


def test_what_is_right_only_under_an_assumption_has_no_points():
    distribution = "s: K\ny: K\nR = -sum(y*log(softmax(s)))"
    assert float(mark(answered(distribution, "dR/ds", "sum(y)*softmax(s) - y"))) == 1
    with pytest.raises(AssertionError, match="y sums to one|sum to one|sum"):
        mark(answered(distribution, "dR/ds", "softmax(s) - y"))


def test_what_is_transposed_has_half_of_them():
    assert float(mark(answered(X, "dR/dx", "2*x.T"))) == 0.5


def test_points_are_a_number_as_nbgrader_reads_them(small):
    assert repr(mark(answered(X, "dR/dx", "2*x"), points=2)) == "2.0"
    assert repr(mark(answered(X, "dR/dx", "2*x.T"), points=3)) == "1.5"
    assert [cell.source for cell in notebook(small).cells][-1] == 'mark(answered(SQUARE, "dR/dx", answer), points=2)'


def test_points_are_said_to_the_call_that_marks_wherever_it_stands():
    assert add_points("a = 'σ'; mark(f(a)); b = 'σ'", 0.5) == "a = 'σ'; mark(f(a), points=0.5); b = 'σ'"
    for source in ("x = 1\nmark(\n    f('∂σ'),\n)\nwith y:\n    pass", "mark(f(\n  'σ'))", "mark((r))", "mark(r,)"):
        calls = [n for n in ast.walk(ast.parse(add_points(source, 2))) if isinstance(n, ast.Call) and n.keywords]
        assert [(c.func.id, c.keywords[0].arg, c.keywords[0].value.value) for c in calls] == [("mark", "points", 2)]


def test_the_question_is_no_answer():
    for answer in ("dR/dx", "1*dR/dx + 0"):
        with pytest.raises(ValueError, match="contains a derivative: write what the derivative is"):
            answered(X, "dR/dx", answer)
    with pytest.raises(ValueError, match="the answer contains R: write what R is, without R in it"):
        answered(X, "R", "R + 0")


def test_what_cannot_be_read_has_no_points():
    with pytest.raises(AssertionError, match=r"\?"):
        mark(answered(X, "dR/dx", "2*(x"))


def test_solutions_are_taken_out_with_their_indentation(small):
    source = "def f(x):\n    ### BEGIN SOLUTION\n    y = 1\n    return y\n    ### END SOLUTION\n\n\nf(2)"
    empty = 'def f(x):\n    # YOUR CODE HERE\n    raise NotImplementedError("not answered yet")\n\n\nf(2)'
    assert strip_solutions(source) == empty
    (exercise,) = (cell for cell in small.cells if cell.exercise)
    assert (
        strip_solutions(exercise.source)
        == f'# A formula, spelled as "{EXAMPLE}"\nanswer = "…"'
        == source_to_show(exercise)
    )
    steps = '### BEGIN SOLUTION\nanswer = """\n2*x\n= x + x\n"""\n### END SOLUTION'
    assert strip_solutions(steps).endswith(
        '\nanswer = """\n…\n"""'
    ) and "spelled as\n#     2*(a + b)*c\n" in strip_solutions(steps)


def test_the_examples_are_spelled_as_formulas_are():
    given = "x, v: n\nA: m by n\ny, g: m\nR = sum(2*x**2 - A.T @ (y - g)*sigmoid(-v))"
    assert not Derivation(given, f"sum({EXAMPLE}) = R").unread
    made = Derivation("a, b, c: number", f"(2*a + 2*b)*c = {STEPS}")
    assert not made.unread and float(made) == 1


@pytest.mark.parametrize("answer", ["…", "", "\n…\n", "...", ...])
def test_what_is_not_answered_is_not_called_wrong(answer):
    with pytest.raises(NotAnswered) as said:
        mark(answered(X, "dR/dx", answer))
    words = "Not answered yet: in the cell above, write what dR/dx is instead of …"
    assert str(said.value) == words and said.value._render_traceback_() == [words]
    with pytest.raises(NotAnswered, match="Not answered yet: write the program in the cell above"):
        names = {}
        exec(strip_solutions("def f(x):\n    ### BEGIN SOLUTION\n    return 2*x\n    ### END SOLUTION"), names)
        mark(check(lambda x: (x**2).sum(), "x", names["f"], dict(x=np.ones(2))))
    with pytest.raises(AssertionError, match="✗"):  # and what is wrong is
        mark(answered(X, "dR/dx", "3*x"))


# A lesson run.


def test_what_a_cell_prints_and_shows_is_kept_in_order(small):
    run(small)
    shown = [cell.shown for cell in small.cells if "experiment" in cell.tags][0]
    assert [type(s.thing).__name__ for s in shown] == ["str", "Closed", "Picture"]
    assert shown[0].thing == "R = 5.0\n" and shown[2].caption == "the graph of $R$"
    assert not any(cell.error for cell in small.cells)


def test_an_exercise_without_an_answer_fails_and_the_lesson_goes_on(small):
    run(small, changed=lambda cell: strip_solutions(cell.source) if cell.exercise else None)
    (said,) = [cell.error for cell in small.cells if cell.error]
    assert said.startswith(
        "tinygrad_edu.teaching.exercises.NotAnswered: Not answered yet: in the cell above, write what dR/dx is"
    )


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("x = 1\n1 / 0", "line 8: ZeroDivisionError: division by zero"),
        ("x = 1\nx = (", "line 8: SyntaxError: '(' was never closed"),
        (
            "from tinygrad_edu.teaching import derive\nderive('x: n', 'x = 2*x')",
            "line 8: ValueError: the derivation has a mistake",
        ),
    ],
)
def test_what_fails_elsewhere_is_said_with_its_line(small, capsys, source, said):
    text = SMALL.replace(
        "from tinygrad_edu import Tensor, draw, formula\nfrom tinygrad_edu.teaching import", source + "\n#"
    )
    (lessons.folder() / "03_square.py").write_text(text, encoding="utf-8")
    assert cli.main(["lesson", "3"]) == 2
    found = capsys.readouterr().err
    assert found.startswith(f"tinygrad-edu: {small.entry.file}, {said}") and found.count("\n") == 1


def test_what_a_lesson_defines_is_gone_with_it(small):
    small.cells[1].source += """
from tinygrad_edu import elementwise
@elementwise(x=lambda g, x: g)
def of_a_lesson(x):
    "The same."
    return +x
"""
    with own_operations():
        run(small)
        assert "of_a_lesson" in OPS
    assert "of_a_lesson" not in OPS and "matmul" in OPS


def test_the_main_module_is_the_lessons_only_while_it_runs(small):
    before = sys.modules["__main__"]
    run(small)
    assert sys.modules["__main__"] is before


# In the terminal.


def test_the_terminal_shows_text_code_and_results(small, capsys):
    assert cli.main(["lesson", "3"]) == 0
    said = capsys.readouterr().out
    assert "3. A square\n===========\n" in said and "Its slope, with x² and code." in said
    assert "  ✓ ∂R/∂x = x + x\n  ✓       = 2 x\n" in said and "derive(" not in said
    assert 'print("R =", R.item())' in said and "R = 5.0" in said and "the graph of R" in said
    assert "exercise 3.1: 2 points" in said and 'answer = "2*x"' not in said and "Say this" not in said


def test_the_speaker_sees_the_notes_and_pictures_are_kept(small, capsys, tmp_path):
    assert cli.main(["lesson", "3", "--notes", "--from", "2", "--pictures", str(tmp_path / "kept")]) == 0
    said = capsys.readouterr().out
    assert "(to the speaker) Say this to them." in said and "3. A square" not in said
    assert (tmp_path / "kept" / "03-square-1.svg").read_text(encoding="utf-8").startswith("<svg")


def test_right_and_wrong_differ_where_there_is_no_unicode(small, monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    presenter = Presenter(small, Screen(stream))
    presenter.derivation(judge(X, "dR/dx = 2*x\n      = 3*x"))  # shown once as a script does, and once as a slide
    stream.seek(0)
    assert re.findall(r"^  ([+x?✓✗]) ", stream.read(), re.MULTILINE) == ["+", "x", "+", "x"]


class Terminal:
    """A screen that is one."""

    def __init__(self):
        self.written = []

    def isatty(self):
        return True

    def write(self, text):
        self.written.append(text)

    def flush(self):
        pass


def test_one_turns_pages_there(small, monkeypatch, capsys):
    from tinygrad_edu.teaching import terminal

    answers = iter(["", "b", "what?", "3", "q"])
    monkeypatch.setattr(terminal, "is_interactive", lambda stream: True)
    monkeypatch.setattr("builtins.input", lambda prompt: next(answers))
    stream = Terminal()
    presenter = Presenter(small, Screen(stream, colour=False))
    seen = []
    monkeypatch.setattr(presenter, "slide", lambda slide, number: seen.append(number))
    presenter.show_all()
    assert seen == [1, 2, 1, 3]
    assert "".join(stream.written) == "what?: Enter goes on, b back, a number to that slide, q ends\n"
    assert list(answers) == ["q"]


def test_the_end_of_the_input_ends_the_line(small, monkeypatch):
    from tinygrad_edu.teaching import terminal

    def ended(prompt):
        raise EOFError

    monkeypatch.setattr(terminal, "is_interactive", lambda stream: True)
    monkeypatch.setattr("builtins.input", ended)
    stream = Terminal()
    Presenter(small, Screen(stream, colour=False)).show_all(2)
    assert "".join(stream.written).endswith("\n\n\n")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["lesson", "3", "--slides", ""], "--slides: . is a folder, not a file"),
        (["lesson", "3", "--slides", "x.pdf"], "--slides: x.pdf does not end in .html or .htm"),
        (["lesson", "3", "--pictures", __file__], "is a file, not a folder"),
        (["lesson", "3", "--notebook", "x", "--exercise", "./x"], "give them two folders"),
        (["lesson", "4"], "there is no lesson 4; there are 3 to 3"),
        (["lesson", "3", "--from", "9"], "there is no slide 9: this lesson has slides 1 to 3"),
        (["lesson", "--slides", "x.html"], "which lesson? give its number, or --all with --notebook"),
        (["lesson", "--notes"], "which lesson? give its number"),
        (["lesson", "3", "--slides", "x.html", "--notes"], "--from, --notes and --pictures are for a lesson in"),
        (["lesson", "3", "--all"], "give the number 3 or --all, not both"),
        (["lesson", "--all"], "--all needs --out DIR, --notebook DIR or --exercise DIR to write to"),
        (["lesson", "--all", "--slides", "x.html"], "--slides writes one lesson to one file; --all --out"),
        (["lesson", "3", "--out", "x"], "--out needs --all: tinygrad-edu lesson --all --out DIR"),
        (["lesson", "3", "--slides", "nowhere/x.html"], "--slides: there is no folder "),
    ],
)  # fmt: skip
def test_a_mistake_in_the_call_is_said_in_a_line(small, capsys, given, words):
    assert cli.main(given) == 2
    said = capsys.readouterr().err
    assert said.startswith("tinygrad-edu: ") and words in said and said.count("\n") == 1


def test_all_are_listed(small, capsys):
    assert cli.main(["lesson"]) == 0
    assert capsys.readouterr().out.startswith("  3  A square\n     Its slope, with x² and code.\n")


# As a notebook.


def test_a_notebook_is_what_nbgrader_takes(small):
    made = notebook(small)
    nbformat.validate(made)
    graded = [cell.metadata.nbgrader for cell in made.cells if "nbgrader" in cell.metadata]
    assert [(g.grade_id, g.solution, g.grade, g.locked) for g in graded] == [
        ("exercise-3-1", True, False, False),
        ("marks-3-1", False, True, True),
    ]
    assert graded[1].points == 2 and all(g.schema_version == 3 for g in graded)
    assert "### BEGIN SOLUTION" in made.cells[-2].source
    assert [c.metadata.slideshow.slide_type for c in made.cells if "slideshow" in c.metadata] == [
        "slide", "slide", "notes", "slide",
    ]  # fmt: skip


def test_exercises_are_written_without_their_solutions(small, capsys, tmp_path):
    assert cli.main(["lesson", "3", "--exercise", str(tmp_path / "new" / "one"), "--notebook", str(tmp_path)]) == 0
    empty = (tmp_path / "new" / "one" / "03_square.ipynb").read_text(encoding="utf-8")
    whole = (tmp_path / "03_square.ipynb").read_text(encoding="utf-8")
    assert 'answer = \\"2*x\\"' in whole and 'answer = \\"2*x\\"' not in empty and 'answer = \\"…\\"' in empty
    assert "Say *this*" in whole and "Say *this*" not in empty
    assert empty.count("raises-exception") == 1  # all cells can be run, although one is not answered
    assert "raises-exception" not in whole
    assert json.loads(empty)["nbformat"] == 4


def test_a_notebook_that_somebody_has_worked_in_stays(small, capsys, tmp_path):
    call = ["lesson", "3", "--exercise", str(tmp_path / "mine")]
    assert cli.main(call) == cli.main(call) == 0
    file = tmp_path / "mine" / "03_square.ipynb"
    file.write_text("my answers", encoding="utf-8")
    for given in (call, ["lesson", "3", "--notebook", str(tmp_path / "mine")]):
        assert cli.main(given) == 2 and file.read_text(encoding="utf-8") == "my answers"
        assert "03_square.ipynb exists and has other contents" in capsys.readouterr().err


# As a page.


def test_a_page_holds_all_it_needs_and_may_load_nothing(small):
    page = deck(run(small))
    assert "default-src 'none'" in page
    urls = set(re.findall(r"[\w+]+://[^\s\"'<>)]+", page))
    assert urls <= {"http://www.w3.org/2000/svg"}
    assert "<script>alert" not in page and "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "@import" not in page and "url(" not in page


def test_every_glyph_that_is_used_is_defined_once(small):
    page = deck(run(small))
    used, defined = set(re.findall(r'href="#(te-[^"]+)"', page)), re.findall(r'id="(te-[^"]+)"', page)
    assert used and used == set(defined) and len(defined) == len(set(defined))


def test_solutions_are_on_a_page_only_when_asked_for(small):
    run(small)
    assert "2*x&quot;" not in deck(small) and "Solution of 3.1" not in deck(small)
    assert "Solution of 3.1" in deck(small, solutions=True)


def test_the_sign_of_each_step_is_also_a_word(small):
    page = deck(run(small))
    assert page.count('class="sign right" aria-label="right">✓') == 2


def test_slides_are_written_whole_or_not_at_all(small, tmp_path, capsys, monkeypatch):
    file = tmp_path / "square.html"
    assert cli.main(["lesson", "3", "--slides", str(file)]) == 0
    before = file.read_text(encoding="utf-8")
    (lessons.folder() / "03_square.py").write_text(SMALL.replace("2*x\n", "3*x\n"), encoding="utf-8")
    assert cli.main(["lesson", "3", "--slides", str(file)]) == 2
    assert "the derivation has a mistake" in capsys.readouterr().err
    assert file.read_text(encoding="utf-8") == before and [*tmp_path.glob(".*")] == []


@pytest.mark.slow
def test_the_course_has_an_index_and_all_it_points_to(small, tmp_path):
    told = []
    index = write_site([small], tmp_path / "course", done=lambda number, words: told.append(words))
    text = index.read_text(encoding="utf-8")
    addresses = {to.partition("#")[0] for to in re.findall(r'href="([^"#]+[^"]*)"', text)}
    assert addresses == {"03-square.html", "exercises/03_square.ipynb", "operations.html"}
    assert all((index.parent / to).is_file() for to in addresses)
    assert told == ["A square", "the reference of operations", "done"]
    assert 'href="index.html"' in (index.parent / "03-square.html").read_text(encoding="utf-8")


def test_lessons_that_pip_has_moved_are_found(tmp_path, monkeypatch):
    monkeypatch.setattr(lessons, "__file__", str(tmp_path / "tinygrad_edu" / "teaching" / "lesson.py"))
    recorded = Moved("../../share/tinygrad_edu/lessons/03_square.py")
    monkeypatch.setattr(lessons.metadata, "files", lambda name: [recorded])
    with pytest.raises(FileNotFoundError, match="the lessons are not installed"):
        lessons.folder()
    there = tmp_path / "share" / "tinygrad_edu" / "lessons"
    there.mkdir(parents=True)
    (there / "03_square.py").write_text(SMALL, encoding="utf-8")
    assert lessons.folder() == there


class Moved(PurePosixPath):
    """A path that was recorded, and is there no more."""

    def locate(self):
        return Path("nowhere") / self


def test_the_lessons_of_this_checkout_are_found():
    assert lessons.folder() == Path(__file__).parents[2] / "lessons"
    assert [path.name for path in lessons.handins()] == [f"00{n}.md" for n in range(5)]
