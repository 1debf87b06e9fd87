"""What is done with vectors of words: neighbours, analogies, the file of text, the map; and the command."""

import argparse
import itertools
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from in_process import environment, interruptible

from tinygrad_edu.commands import word2vec as command
from tinygrad_edu.render import wordmap
from tinygrad_edu.word2vec import Vectors, training


@pytest.fixture
def planted():
    """Words whose vectors are sums: of who it is, how old, and which."""
    rng = np.random.default_rng(0)
    parts = {name: rng.normal(size=16) for name in ("royal", "common", "man", "woman", "old", "young")}
    made = {
        f"{a}-{b}-{c}": parts[a] + parts[b] + parts[c]
        for a, b, c in itertools.product(("royal", "common"), ("man", "woman"), ("old", "young"))
    }
    return Vectors([*made, "nothing"], [*made.values(), np.zeros(16)])


def test_analogies_are_sums_and_differences(planted):
    for a, b, c, d in [
        ("common-man-old", "royal-man-old", "common-woman-old", "royal-woman-old"),
        ("royal-man-old", "royal-man-young", "common-woman-old", "common-woman-young"),
    ]:
        (best, cosine), *rest = planted.analogy(a, b, c, 3)
        assert best == d and 0.9 < cosine <= 1.00001 and not {a, b, c} & {word for word, _ in rest}


def test_the_nearest_are_those_with_the_largest_cosine(planted):
    found = planted.nearest("royal-man-old", 20)
    assert len(found) == 8 and "royal-man-old" not in dict(found)
    v = planted["royal-man-old"]
    for word, cosine in found:
        length = np.linalg.norm(v) * np.linalg.norm(planted[word])
        assert cosine == pytest.approx(v @ planted[word] / length if length else 0, abs=1e-6)
        assert cosine == pytest.approx(planted.similarity(word, "royal-man-old"), abs=1e-6)
    assert [c for _, c in found] == sorted((c for _, c in found), reverse=True)
    assert planted.nearest("nothing", 2)[0][1] == 0 and planted.nearest("nothing", 0) == []


def test_an_unknown_word_is_said_with_words_like_it():
    vectors = Vectors(["function", "functions", "class"], np.eye(3))
    for word, meant in (("Function", "; did you mean function?"), ("functon", "; did you mean function, functions?"),
                        ("qqq", "")):  # fmt: skip
        with pytest.raises(ValueError) as said:
            vectors.nearest(word)
        assert str(said.value) == f"{word} is not among the 3 words{meant}"
    assert "class" in vectors and "x" not in vectors and len(vectors) == 3


def test_vectors_are_read_only_and_fit_their_words(planted):
    with pytest.raises(ValueError, match="read-only"):
        planted["nothing"][0] = 1
    for rows in (np.eye(2), np.zeros((3, 0)), np.zeros(3)):
        with pytest.raises(ValueError, match="3 words and rows of shape"):
            Vectors(["a", "b", "c"], rows)


# Files.


def hard_to_write():
    rows = np.array([[1 / 3, -1e-38, 3.4028235e38], [0.0, -0.0, 16777217], [1e-45, 2**-149, 0.1]], np.float32)
    return Vectors(["naïve", "don't", "слово"], rows)


def test_the_text_format_gives_every_bit_back(tmp_path):
    vectors = hard_to_write()
    assert vectors.save(tmp_path / "v.txt") == tmp_path / "v.txt"
    lines = (tmp_path / "v.txt").read_bytes().decode().split("\n")
    assert lines[0] == "3 3" and lines[1].startswith("naïve 0.333333343 ") and lines[-1] == ""
    again = Vectors.load(tmp_path / "v.txt")
    assert again.words == vectors.words and again.rows.tobytes() == vectors.rows.tobytes()


def test_gensim_opens_it(tmp_path, monkeypatch):
    models = pytest.importorskip("gensim.models")
    vectors = hard_to_write()
    vectors.save(tmp_path / "v.txt")
    theirs = models.KeyedVectors.load_word2vec_format(str(tmp_path / "v.txt"))
    assert theirs.index_to_key == vectors.words and (theirs.vectors == vectors.rows).all()
    theirs.save_word2vec_format(str(tmp_path / "w.txt"))
    np.testing.assert_allclose(Vectors.load(tmp_path / "w.txt").rows, vectors.rows, rtol=1e-6)


NO_HEAD = (
    "v.txt is not in word2vec's text format: line 1 should be two whole numbers, the number of words and the size of "
    "their vectors"
)


def test_what_could_not_be_loaded_is_not_saved(tmp_path):
    file = tmp_path / "v.txt"
    for word in ("new york", "a\nb", "a\u2028b", "", "\ud800"):
        with pytest.raises(ValueError, match="cannot hold"):
            Vectors(["a", word], [[1], [2]]).save(file)
    with pytest.raises(ValueError, match="the vector of b is not finite, so nothing was saved"):
        Vectors(["a", "b"], [[1], [np.inf]]).save(file)
    with pytest.raises(ValueError, match="a is there twice, as word 1 and as word 3"):
        Vectors(["a", "b", "a"], [[1], [2], [3]])
    assert not file.exists()


def test_files_of_others_are_read(tmp_path):
    """The first word2vec ends lines with a space; some files have words with spaces in them, or Windows' line ends."""
    (tmp_path / "v.txt").write_bytes("2 2\r\nnew york 1 2 \r\nمی\u200cشود 3 4\r\n".encode())
    found = Vectors.load(tmp_path / "v.txt")
    assert Vectors(found.words[1:], found.rows[1:]).save(tmp_path / "w.txt") == tmp_path / "w.txt"
    assert found.words == ["new york", "می\u200cشود"] and found.rows.tolist() == [[1, 2], [3, 4]]


def test_a_checkpoint_is_no_file_of_vectors(tmp_path):
    np.savez(tmp_path / "run.npz", x=np.ones(3))
    with pytest.raises(
        ValueError, match="run.npz is an .npz file, probably a checkpoint: go on from it with --checkpoint"
    ):
        Vectors.load(tmp_path / "run.npz")
    with pytest.raises(FileNotFoundError):
        Vectors.load(tmp_path / "nothing.txt")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", f"{NO_HEAD}, and is empty"),
        (b"two 2\na 1 2\n", f"{NO_HEAD}, and is 'two 2'"),
        (b"the 0.25 -1.5\nof 1 2\n", f"{NO_HEAD}, and is 'the 0.25 -1.5'"),
        (b"1 2\na 1\n", "v.txt: line 2 should be a word and 2 finite numbers, and is 'a 1'"),
        (b"1 2\na 1 x\n", "v.txt: line 2 should be a word and 2 finite numbers, and is 'a 1 x'"),
        (b"1 2\na 1 nan\n", "v.txt: line 2 should be a word and 2 finite numbers, and is 'a 1 nan'"),
        (b"1 2\n 1 2\n", "v.txt: line 2 should be a word and 2 finite numbers, and is ' 1 2'"),
        (b"2 2\na 1 2\n", "v.txt promises 2 words in line 1 and has 1"),
        (b"2 1\na 1\na 2\n", "v.txt: a is there twice, as word 1 and as word 2"),
        (b"\xff\xfe\x00", "v.txt is not in word2vec's text format, but binary or not in UTF-8"),
        (b"1 1\n\xff 1", "v.txt is not in word2vec's text format, but binary or not in UTF-8"),
    ],
)
def test_other_files_are_refused(tmp_path, content, words):
    (tmp_path / "v.txt").write_bytes(content)
    with pytest.raises(ValueError) as said:
        Vectors.load(tmp_path / "v.txt")
    assert str(said.value) == words


# The map.


def test_the_plane_shows_most_of_the_differences():
    flat = np.random.default_rng(0).normal(size=(9, 2)) * [1.0, 0.3]
    turned = np.linalg.qr(np.random.default_rng(1).normal(size=(5, 5)))[0]
    rows = np.concatenate([flat, np.full((9, 1), 0.1), np.zeros((9, 2))], 1) @ turned
    vectors = Vectors([f"w{i}" for i in range(9)], rows)
    places = vectors.plane(vectors.words)
    given, d = vectors.directions.astype(float), vectors.directions.astype(float)
    d = d - d.mean(0)
    largest = np.sort(np.linalg.eigvalsh(d.T @ d))[-2:].sum()
    assert (places**2).sum() == pytest.approx(largest)
    assert places.max(0).tolist() == np.abs(places).max(0).tolist() and len(given) == 9
    assert vectors.plane(["w1"]).tolist() == [[0, 0]]


def boxes_of(places, names):
    labels = [wordmap.words(name, wordmap.SMALL) for name in names]
    points = wordmap.fit(np.asarray(places, float))
    return points, labels, wordmap.place_names(points, labels)


@pytest.mark.parametrize("spread", [1.0, 0.05, 0.0])
def test_names_cover_neither_each_other_nor_points(spread):
    rng = np.random.default_rng(0)
    places = np.concatenate([rng.normal(size=(30, 2)) * spread, rng.normal(size=(30, 2))])
    points, labels, boxes = boxes_of(places, [f"word{'s' * (i % 7)}{i}" for i in range(60)])
    for a, b in itertools.combinations(boxes, 2):
        assert not a.meets(b)
    for box, point in itertools.product(boxes, points):
        assert not box.meets(wordmap.box_of_dot(point))
    for box, label in zip(boxes, labels):
        assert box.right - box.left >= label.width and box.bottom - box.top >= label.height - 1e-9


def test_a_name_stands_beside_its_point_or_has_a_line_to_it():
    points, labels, boxes = boxes_of(np.zeros((12, 2)), ["twelve"] * 12)
    drawn = [list(wordmap.draw_word(*parts)) for parts in zip(points, labels, boxes)]
    lines = [len(shapes) == 3 for shapes in drawn]
    assert not lines[0] and sum(lines) > 6


def test_the_map_is_a_picture_in_light_and_dark(tmp_path, planted):
    light, dark = planted.map(["nothing", "royal-man-old", "nothing"]), planted.map(number=3, theme="dark")
    assert repr(light) == "<map of 2 words; .save('words.svg') writes it to a file>"
    assert light.scene.words == "map of 2 words" and 'aria-label="map of 2 words"' in light.svg()
    assert "#15181c" in dark.svg() and "#15181c" not in light.svg()
    light.save(tmp_path / "w.svg")
    light.save(tmp_path / "w.pdf")
    assert (tmp_path / "w.svg").read_text(encoding="utf-8") == light.svg()
    assert set(light._repr_mimebundle_()) == {"image/svg+xml", "text/plain"}
    with pytest.raises(ValueError, match="a map has from 1 to 400 words, not 0"):
        planted.map([])
    with pytest.raises(ValueError, match="royal is not among the 9 words"):
        planted.map(["royal"])
    with pytest.raises(ValueError, match="2 words need as many finite places"):
        wordmap.WordMap(["a", "b"], [[0, 0], [np.nan, 0]])


def test_a_map_is_drawn_within_its_bounds(planted):
    scene = planted.map(number=9).scene
    for group in scene.root.items:
        for item in group.items:
            if hasattr(item, "label"):
                assert 0 <= item.x and item.x + item.label.width <= scene.width - 2 * wordmap.MARGIN
                assert 0 <= item.y - item.label.ascent + 1e-6 and item.y <= scene.height - 2 * wordmap.MARGIN


# The command.


def run(*words):
    """The command, without the others; the exit code, or what was raised."""
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args([*map(str, words)]))


@pytest.fixture
def book(tmp_path):
    rng = np.random.default_rng(0)
    groups = ["north south east west".split(), "apple orange cherry banana".split()]
    file = tmp_path / "book.txt"
    file.write_text("\n\n".join(" ".join(rng.choice(groups[i % 2], 30)) for i in range(40)), encoding="utf-8")
    return file


FEW = ("--size", 8, "--epochs", 3, "--sample", 0)


def test_it_learns_saves_and_shows(book, capsys, tmp_path, monkeypatch):
    clock = itertools.count()  # a second goes by at each look: how fast it is is known only after a tenth of one
    monkeypatch.setattr(training.time, "perf_counter", lambda: float(next(clock)))
    extra = ("--save", tmp_path / "v.txt", "--map", tmp_path / "m.svg", "--analogy", "north", "south", "apple")
    assert run(book, *FEW, *extra, "--nearest", "apple", "banana", "--bilinear", "--offsets") == 0
    out, err = capsys.readouterr()
    assert "book.txt: 1,200 tokens of 8 words" in out and "s = vᵀ W u - log(k P(c))" in out
    assert "  banana  " in out and "north is to south as apple is to" in out and "mean loss" in out
    assert err.count("epoch") == 3 and "epoch 3/3: loss" in err and "words/s" in err and "\r" not in err
    assert len(Vectors.load(tmp_path / "v.txt")) == 8 and (tmp_path / "m.svg").read_bytes().startswith(b"<svg")
    assert max(len(line) for line in (out + err).splitlines() if str(tmp_path) not in line) <= 100


def test_what_was_saved_is_shown_without_learning(book, capsys, tmp_path, monkeypatch):
    saved = tmp_path / "v.txt"
    asked = ("--nearest", "apple", "banana", "--analogy", "north", "south", "apple")
    assert run(book, *FEW, "--save", saved, *asked) == 0
    learned = capsys.readouterr().out
    monkeypatch.setattr(command, "train", lambda *a, **k: pytest.fail("it should not have begun"))
    assert run("--load", saved, *asked, "--map", tmp_path / "m.svg", "--save", tmp_path / "w.txt") == 0
    shown = capsys.readouterr().out
    assert shown.startswith("v.txt: <vectors of 8 words, 8 numbers each>") and (tmp_path / "m.svg").exists()
    assert shown[shown.index("Nearest words") :] == learned[learned.index("Nearest words") :]
    assert (tmp_path / "w.txt").read_bytes() == saved.read_bytes()
    assert run("--load", saved) == 0 and "Nearest words" in capsys.readouterr().out
    for words, said in [
        (["--nearest", "aple", "--save", tmp_path / "x.txt"], "aple is not among the 8 words; did you mean apple?"),
        (["--size", "9", "--min-count", "2"], "learns nothing: leave out --size and --min-count"),
        (["--checkpoint", tmp_path / "run.npz"], "learns nothing: leave out --checkpoint"),
    ]:
        with pytest.raises(ValueError, match=said):
            run("--load", saved, *words)
    assert not (tmp_path / "x.txt").exists()
    with pytest.raises(ValueError, match="book.txt is not in word2vec's text format"):
        run("--load", book)
    with pytest.raises(SystemExit):
        run(book, "--load", saved)


def test_it_refuses_before_it_learns(book, tmp_path, monkeypatch):
    monkeypatch.setattr(command, "train", lambda *a, **k: pytest.fail("it should not have begun"))
    for words, said in [
        (["--save", tmp_path], "is a folder, not a file"),
        (["--map", tmp_path / "no" / "m.svg"], "--map: there is no folder"),
        (["--map", tmp_path / "m.jpg"], r"m.jpg does not end in .svg, .pdf or .png"),
        (["--nearest", "aple"], "aple is not among the 8 words; did you mean apple?"),
        (["--analogy", "north", "x", "apple"], "x is not among"),
        (["--min-count", 1000], "of 8 words in book.txt none occurs at least 1000 times"),
    ]:
        with pytest.raises(ValueError, match=said):
            run(book, *FEW, *words)
    for words in (["--size", "0"], ["--rate", "-1"], ["--sample", "x"], ["--corpus", "lee"], ["--model", "glove"]):
        with pytest.raises(SystemExit):
            run(book, *words)


def test_ctrl_c_says_what_is_kept_and_the_same_command_goes_on(book, capsys, tmp_path, monkeypatch):
    whole, again, kept = tmp_path / "whole.txt", tmp_path / "again.txt", tmp_path / "run.npz"
    assert run(book, *FEW, "--save", whole) == 0
    usual, epochs = command.Reporter.__call__, []

    def pressed(self, model, at):
        usual(self, model, at)
        if at.epoch == 1 and not epochs:
            epochs.append(1)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(command.Reporter, "__call__", pressed)
    with interruptible():
        assert run(book, *FEW, "--checkpoint", kept) == 130
    err = capsys.readouterr().err
    assert "interrupted in epoch 2 of 3" in err and "run.npz: the same command resumes it" in err
    assert run(book, *FEW, "--checkpoint", kept, "--save", again) == 0
    assert whole.read_bytes() == again.read_bytes()
    epochs.clear()
    with interruptible():
        assert run(book, *FEW) == 130
    assert "nothing was saved.  With --checkpoint FILE" in capsys.readouterr().err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["again.txt", "book.txt", "run.npz", "whole.txt"]


def written(file):
    """When a file was last written, if it is there."""
    return file.stat().st_mtime_ns if file.exists() else None


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="a console's Ctrl-C cannot be sent to one process there")
def test_a_real_signal_at_any_time_leaves_a_checkpoint_or_nothing(book, tmp_path):
    program = (
        "import argparse, sys; from tinygrad_edu.commands import word2vec as command; p = argparse.ArgumentParser(); "
        "command.add_arguments(p); sys.exit(command.run(p.parse_args()))"
    )
    kept = tmp_path / "run.npz"
    words = [sys.executable, "-c", program, str(book), "--epochs", "100000", "--checkpoint", str(kept), "--size", "8"]
    env = environment()
    for wait in (0.5, 0.03, 0.2):
        with interruptible():
            process = subprocess.Popen(words, env=env, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        before = written(kept)
        while written(kept) == before and process.poll() is None:
            time.sleep(0.05)
        time.sleep(wait)  # it has ended an epoch, and is anywhere in another
        process.send_signal(signal.SIGINT)
        assert "the same command resumes it" in process.communicate()[1] and process.returncode == 130
        assert sorted(p.name for p in tmp_path.iterdir()) == ["book.txt", "run.npz"]
