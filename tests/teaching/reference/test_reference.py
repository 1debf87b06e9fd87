"""The reference of operations: made from the operations themselves, so a new one is in it as soon as it is declared."""

import argparse
import base64
import hashlib
import html
import json
import re

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.commands import ops as command
from tinygrad_edu.teaching.reference import page as reference
from tinygrad_edu.teaching.reference.entries import entries, find, make_entry
from tinygrad_edu.teaching.reference.page import page


def run(*words):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args([*map(str, words)]))


@pytest.fixture
def cube():
    """An operation of a user's, whose words would be HTML if nobody escaped them."""

    @tg.op(r"$x^{3}", binds=3, elementwise=True, x=lambda g, x: g * 3 * x**2, needs={"a <b>bold</b> x": lambda x: True})
    def cube(x, scale="<i>"):
        """The third power & nothing else.

        Not for ``x < 0``, </article><script>alert(1)</script>.
        """
        return x**3

    yield cube
    del tg.OPS["cube"]


def test_every_operation_is_there_and_its_rules_agree_with_differences():
    known = entries()
    own = [e for e in known if e.file.startswith("tinygrad_edu/ops/")]
    assert {e.name for e in own} == {
        n for n, op in tg.OPS.items() if op.function.__module__.startswith("tinygrad_edu.")
    }
    for e in own:
        assert e.cases and not e.why and e.doc and e.text and f"def {e.name}(" in e.source, e.name
        assert all(case.agrees for case in e.cases), e.name
        differentiable = bool(tg.OPS[e.name].rules)
        assert all((case.error is not None) == bool(case.rules) == differentiable for case in e.cases), e.name
    kinds = [e.kind for e in known]
    assert len(set(kinds)) == sum(a != b for a, b in zip(kinds, [None, *kinds])), "those of a kind stand together"


def test_what_is_said_of_one_comes_from_its_statement():
    e = make_entry(tg.OPS["sqrt"])
    assert (e.signature, e.text, e.keeps, e.domain) == ("sqrt(x)", "√x", ["z"], {"x": (0.2, 3.0)})
    assert e.needs == [*tg.OPS["sqrt"].needs] and e.file == "tinygrad_edu/ops/pointwise.py"
    (case,) = e.cases
    assert (case.call, case.sizes, [r.text for r in case.rules]) == ("sqrt(x)", "x: (3,); z: (3,)", ["g/(2 z)"])
    assert case.agreement.startswith("the rules agree with differences to ") and case.error < 1e-9
    np.testing.assert_array_equal(case.result.data, np.sqrt(case.result.node.args[0].result))
    lines = (tg.OPS["sqrt"].function.__code__.co_filename, e.line)
    with open(lines[0], encoding="utf-8") as stream:
        assert "".join([*stream][e.line - 1 :]).startswith(e.source)


def test_calls_are_written_as_one_writes_them():
    calls = {case.call for e in entries() for case in e.cases}
    assert {
        "softmax(x)",
        "clip(x, min=-1.0, max=1.0)",
        "concatenate([arrays_1, arrays_2, arrays_3], axis=-1)",
        "einsum('ij,jk->ik', operands_1, operands_2)",
        "getitem(x, (slice(None, None), slice(0, 4, 2)))",
        "linear(x, W, b=None)",
        "reshape(x, (3, 2))",
        "where([True, False, True], x, y)",
    } <= calls


def test_what_is_kept_is_what_the_rules_read():
    assert make_entry(tg.OPS["matmul"]).kept == "x and y" and make_entry(tg.OPS["add"]).kept == "no operand"
    assert make_entry(tg.OPS["silu"]).kept == "x and the result z" and make_entry(tg.OPS["sign"]).kept == ""


def test_a_rule_that_cannot_be_printed_is_said_to_be_so_and_shown_as_it_is_written():
    @tg.elementwise(x=lambda g, x: g * float(np.sum(x)) / float(np.sum(x)) * 2)
    def doubled(x):
        """Twice x, with a rule that asks for plain numbers."""
        return x + x

    try:
        names = ("doubled", "clip", "softmax", "matmul")
        rules = {e.name: [r for case in e.cases for r in case.rules] for e in entries(names)}
    finally:
        del tg.OPS["doubled"]
    assert [all(r.printed for r in rules[name]) for name in names] == [False, True, True, True]
    assert (
        make_entry(tg.OPS["matmul"]).helpers[0].startswith("def _matmul_x(")
        and not make_entry(tg.OPS["softmax"]).helpers
    )


def test_names_are_found_and_those_that_are_near_are_named():
    assert find("abs") is tg.OPS["absolute"] and make_entry(tg.OPS["absolute"]).also == ["abs", "fabs"]
    for name, near in (("Softmaxx", "softmax"), ("entropy", "cross_entropy"), ("relux", "relu"), ("ABS", "abs")):
        with pytest.raises(ValueError, match=f"there is no operation {name}; near it are .*{near}"):
            find(name)
    with pytest.raises(ValueError, match="there is no operation zzzzqq; tinygrad-edu ops lists all"):
        find("zzzzqq")
    with pytest.raises(ValueError, match=r"there is no operation \\x1b\[2J;"):
        find("\x1b[2J")


# The terminal.


def test_the_table_has_a_line_for_each_and_fits(capsys):
    assert run() == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    rows = [line for line in lines if line.startswith("  ")]
    assert all(row.endswith((".", ")")) for row in rows), "no word is cut"
    assert any(row.startswith("  cumsum ") and "the first two," in row and ", ." not in row for row in rows), (
        "that ends no sentence"
    )
    named = [row.split()[0] for row in rows]
    assert sorted(named) == sorted(tg.OPS) and "Linear algebra" in lines
    (softmax,) = (line for line in lines if line.startswith("  softmax "))
    assert softmax == "  softmax           softmax(x)           e^x divided by its sum along an axis."


def test_one_is_shown_wholly(capsys):
    assert run("softmax", "abs") == 0
    shown = capsys.readouterr().out
    assert max(len(line) for line in shown.splitlines() if not line.startswith("    ")) <= 80
    for words in (
        "softmax(x, axis=-1)\n  e^x divided by its sum along an axis.",
        "\n  z = softmax(x)\n  until the sweep it keeps the result z\n",
        "\n    x receives  z ⊙ (g - ∑ g ⊙ z)\n    the rules agree with differences to ",
        "\n  tinygrad_edu/ops/normalise.py:",
        "\n    def softmax(x, axis: int = -1):\n",
        "\nabsolute(x)\n  also called abs",
    ):
        assert words in shown


def test_json_has_everything(capsys):
    assert run("--json", "matmul", "sign") == 0
    matmul, sign = json.loads(capsys.readouterr().out)
    assert matmul["cases"][0]["shapes"] == {"x": [2, 3], "y": [3, 4]} and matmul["cases"][0]["shape"] == [2, 4]
    assert [r["text"] for r in matmul["cases"][0]["rules"]] == ["g yᵀ", "xᵀ g"] and sign["cases"][0]["error"] is None
    assert set(matmul) == set(sign) and "result" not in matmul["cases"][0]


# Operations of a user's.


def test_a_new_operation_is_in_the_table_and_on_the_page_as_soon_as_it_is_declared(cube, capsys, monkeypatch):
    run()
    assert "  cube              x³                   The third power & nothing else.\n" in capsys.readouterr().out
    run("cube")
    shown = capsys.readouterr().out
    assert "    x receives  g · 3 ⊙ x²\n" in shown and "  it needs a <b>bold</b> x\n" in shown
    assert "the rules agree with differences" in shown and "\n  test_reference.py:" in shown
    monkeypatch.setattr(reference, "html_of_formula", lambda latex: "")  # setting all formulas takes seconds
    monkeypatch.setattr(reference, "html_of_graph", lambda case: "")
    made = page(entries())
    assert (
        '<article id="cube" ' in made and '<a href="#cube">cube</a>' in made and made.count("<article ") == len(tg.OPS)
    )


@pytest.mark.slow
def test_the_whole_page_has_a_graph_of_each_and_all_its_outlines():
    made = page(entries())
    assert made.count('<div class="graph">') == made.count("<article ") == len(tg.OPS)
    assert set(re.findall(r'href="#te-([^"]+)"', made)) <= set(re.findall(r'id="te-([^"]+)"', made))
    assert (
        len(made) < 3_000_000 and "do NOT agree" not in made and "nan" not in "".join(re.findall(r' d="([^"]*)"', made))
    )


def test_nothing_that_a_user_wrote_becomes_html(cube):
    made = page(entries(["cube"]))
    assert made.count("<script") == 1 and made.count("</article>") == 1 and "<b>bold" not in made and "<i>'" not in made
    assert "<code>x &lt; 0</code>, &lt;/article&gt;&lt;script&gt;" in made and "a &lt;b&gt;bold&lt;/b&gt; x" in made


def test_a_wrong_rule_is_seen(capsys):
    @tg.elementwise(x=lambda g, x: g * x)
    def wrong_square(x):
        """A square."""
        return x * x

    try:
        e = make_entry(tg.OPS["wrong_square"])
        assert not e.cases[0].agrees and 'class="bad">the rules do NOT agree' in page([e])
        run("wrong_square")
        assert "the rules do NOT agree with differences: they are" in capsys.readouterr().out
    finally:
        del tg.OPS["wrong_square"]


def test_an_operation_whose_examples_do_not_run_is_shown_all_the_same(capsys):
    @tg.op(x=lambda g: g, examples=(((2,),),))
    def broken(x):
        """It always fails."""
        raise ValueError("no \x1b[31mluck")

    made = {"__name__": "typed"}
    exec("def typed(x):\n    'Typed in a console.'\n    return x", made)
    tg.op(x=lambda g: g)(made["typed"])
    try:
        run("broken", "typed")
        shown = capsys.readouterr().out
        assert "its examples do not run: " in shown and "luck" in shown and "\x1b" not in shown
        assert "its source was not kept in a file" in shown
        assert "its examples do not run" in page(entries(["broken", "typed"]))
    finally:
        del tg.OPS["broken"], tg.OPS["typed"]


# The page.


def test_the_page_is_whole_asks_for_nothing_and_allows_only_its_own(tmp_path, capsys):
    file = tmp_path / "ops.html"
    assert run("--page", file, "softmax", "where", "matmul") == 0
    assert re.fullmatch(r".*ops.html\s+3 operations, \d\.\d MB, .* s\n", capsys.readouterr().out)
    made = file.read_text(encoding="utf-8")
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', made)[1])
    for tag in ("style", "script"):
        (inside,) = re.findall(rf"<{tag}[^>]*>(.*?)</{tag}>", made, re.DOTALL)
        assert f"'sha256-{base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()}'" in policy
    assert (
        policy.startswith("default-src 'none'; ")
        and " style=" not in made
        and "http" not in made.replace("http-equiv", "")
    )
    used, defined = set(re.findall(r'href="#te-([^"]+)"', made)), re.findall(r'id="te-([^"]+)"', made)
    assert used <= set(defined) and len(defined) == len(set(defined))
    assert set(re.findall(r'class="m (d\d+)"', made)) == set(re.findall(r"\.(d\d+)\{", made))
    links, places = re.findall(r'href="#([a-z_0-9]+)"', made), re.findall(r'<article id="([^"]+)"', made)
    assert set(links) == set(places) == {"softmax", "where", "matmul"}
    assert all(f"--{role}:" in made for role in re.findall(r"var\(--([a-z-]+)\)", made))


def test_a_page_is_a_page_and_is_written_whole_or_not_at_all(tmp_path):
    with pytest.raises(ValueError, match=r"--page: ops.pdf does not end in .html or .htm"):
        run("--page", tmp_path / "ops.pdf")
    file = tmp_path / "ops.html"
    file.write_text("before", encoding="utf-8")
    with pytest.raises(ValueError, match="there is no operation nothing"):
        run("--page", file, "nothing")
    assert file.read_text(encoding="utf-8") == "before" and len([*tmp_path.iterdir()]) == 1
    with pytest.raises(ValueError, match="--page: there is no folder .*nowhere"):
        run("--page", tmp_path / "nowhere" / "ops.html", "add")
