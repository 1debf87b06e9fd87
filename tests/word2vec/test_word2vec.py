"""word2vec: the loss and its gradient beside the formula on paper, what is drawn at random, training."""

import itertools
import os
import signal
import sys

import numpy as np
import pytest
from in_process import interruptible

from tinygrad_edu import Tensor, gradcheck
from tinygrad_edu.engine.sparse_rows import add_rows
from tinygrad_edu.word2vec import (
    Corpus,
    Settings,
    Word2Vec,
    checkpoint,
    corpus,
    pair_loss,
    pairs,
    read_corpus,
    train,
    training,
    wikitext,
    words_of,
)
from tinygrad_edu.word2vec.pairs import NOISE, Pairs, kept, noise
from tinygrad_edu.word2vec.training import optimisers_of


def random_corpus(words=30, texts=12, length=20, seed=0):
    rng = np.random.default_rng(seed)
    drawn = (words * rng.random((texts, length)) ** 2).astype(int)
    return Corpus.of([[f"w{i}" for i in row] for row in drawn], min_count=1)


SMALL = random_corpus()
MODELS = [
    dict(model=model, bilinear=bilinear, offsets=offsets)
    for model, bilinear, offsets in itertools.product(("skip-gram", "cbow"), (False, True), (False, True))
]
NAMES = [" ".join([m["model"], *("bilinear",) * m["bilinear"], *("offsets",) * m["offsets"]]) for m in MODELS]


# Text.


def test_words_are_letters_of_any_language():
    assert words_of("L’état, c'est moi! 3 x_y Ёж 中文 'quoted'") == "l'état c'est moi x y ёж 中文 quoted".split()


def test_a_corpus_knows_its_words_and_texts():
    c = Corpus.of([["b", "a", "c"], [], ["a", "b", "a"]], min_count=2, name="mine")
    assert c.words == ["a", "b"] and c.counts.tolist() == [3, 2]
    assert c.ids.tolist() == [1, 0, 0, 1, 0] and c.ends.tolist() == [2, 2, 5]
    assert len(c) == 5 and c.index == {"a": 0, "b": 1} and repr(c) == "<mine: 5 tokens of 2 words>"


def test_texts_in_a_file_are_between_blank_lines(tmp_path):
    file = tmp_path / "text.txt"
    file.write_bytes("\ufeffA rose\r\nis a rose.\r\n\r\n \nIs it? A".encode())
    c = read_corpus(file, min_count=1)
    assert [c.words[i] for i in c.ids] == "a rose is a rose is it a".split() and c.ends.tolist() == [5, 8]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "f.txt has no words in it"),
        (b"12 34 --\n", "f.txt has no words in it"),
        (b"hi hi hi", "f.txt has only one word, hi: nothing can be learned without a second one"),
        (b"fine\nnot\x00fine", "f.txt is no text file in UTF-8: line 2 has a byte that is 0"),
        ("naïve".encode("latin-1"), "f.txt is no text file in UTF-8: in line 1, the byte 0xef is not part of a letter"),
        (
            b"a a a b c c",
            "of 3 words in f.txt none occurs at least 5 times, and two are needed: "
            "use a longer text, or a min_count of at most 2",
        ),
    ],
)
def test_what_cannot_be_learned_from_is_said(tmp_path, content, words):
    (tmp_path / "f.txt").write_bytes(content)
    with pytest.raises(ValueError) as said:
        read_corpus(tmp_path / "f.txt")
    assert str(said.value) == words


def test_a_string_is_no_list_of_words():
    with pytest.raises(ValueError, match="a list of words, not a string"):
        Corpus.of(["a rose is a rose"])


def test_the_usual_corpus_is_pythons_own():
    c = read_corpus()
    assert len(c) > 30_000 and len(c.words) > 500 and "function" in c.index and c.words[0] == "the"


def test_a_corpus_of_gensim_without_gensim_says_what_to_install(monkeypatch):
    monkeypatch.setattr(corpus, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="pip install gensim"):
        read_corpus(name="wikipedia")
    with pytest.raises(ValueError, match="there is no corpus 'x'; there are python, lee and wikipedia"):
        read_corpus(name="x")


def test_gensims_samples_are_read():
    pytest.importorskip("gensim")
    c = read_corpus(name="lee")
    assert 40_000 < len(c) < 60_000 and len(c.ends) == 300


def test_wikipedias_markup_is_left_out():
    source = (
        "{{Info|a={{b}}}}'''Zeno''' was [[Elea|of Elea]].<ref name=x>no</ref><!-- no -->\n{| no\n|| no {{c}}\n|}"
        "[[File:no.png|thumb|no [[no]] no]] He [[walk]]ed to [http://no.no Athens].<ref name=y/>"
    )
    assert words_of(wikitext.strip_markup(source)) == "zeno was of elea he walked to athens".split()


# What is drawn at random.


def test_settings_that_make_no_sense_are_refused():
    for wrong in (dict(window=0), dict(size=2.5), dict(rate=0), dict(sample=-1.0), dict(model="x"), dict(epochs=True),
                  dict(bilinear=1), dict(rate=float("nan"))):  # fmt: skip
        with pytest.raises(ValueError, match=next(iter(wrong))):
            Settings(**wrong)


def test_frequent_words_stay_less_often():
    counts = np.array([5000, 500, 1])
    share = counts / counts.sum()
    wanted = np.minimum(1, np.sqrt(1e-2 / share) + 1e-2 / share)
    np.testing.assert_allclose(kept(counts, 1e-2), wanted)
    assert kept(counts, 0.0).tolist() == [1, 1, 1]
    some = Pairs(SMALL, Settings(sample=0.02))
    met = sum(np.bincount(inner(some.epoch(i)), minlength=len(SMALL.words)) for i in range(200)) / 200
    np.testing.assert_allclose(met, some.kept * SMALL.counts, atol=0.6)
    assert some.kept.min() < 0.9


def inner(epoch):
    """The words that stayed, in order."""
    number = int((epoch.high >= epoch.low).sum())
    return epoch.words[epoch.w : epoch.w + number]


def test_noise_is_drawn_with_the_frequency_to_the_power_three_quarters():
    P = SMALL.counts**0.75 / (SMALL.counts**0.75).sum()
    np.testing.assert_allclose(noise(SMALL.counts, 0.75), P)
    some = Pairs(SMALL, Settings())
    epoch = some.epoch(0)
    drawn = np.concatenate([epoch.batch(i).outputs[:, -NOISE:].ravel() for i in range(epoch.steps)])
    more = [some.epoch(k).batch(0).outputs[:, -NOISE:].ravel() for k in range(1, 200)]
    drawn = np.concatenate([drawn, *more])
    shares = np.bincount(drawn, minlength=len(P)) / len(drawn)
    assert np.abs(shares - P).max() < 5 * np.sqrt(P.max() / len(drawn))


def test_windows_are_uniform_and_stay_within_their_text():
    some = Pairs(SMALL, Settings(sample=0.0, window=4))
    widths = []
    for i in range(100):
        epoch = some.epoch(i)
        n = len(SMALL)
        here = np.arange(n)
        text = np.searchsorted(SMALL.ends, here, "right")
        assert (text[epoch.low[:n]] == text).all() and (text[epoch.high[:n]] == text).all()
        middle = (here % 20 >= 4) & (here % 20 < 16)
        reach = epoch.high[:n] - here
        assert (reach == here - epoch.low[:n])[middle].all()
        widths.append(reach[middle])
    shares = np.bincount(np.concatenate(widths), minlength=5) / sum(map(len, widths))
    assert shares[0] == 0 and np.abs(shares[1:] - 0.25).max() < 0.02


@pytest.mark.parametrize("batch", [1, 7, 40, 512])
def test_every_word_that_stayed_comes_once_in_an_epoch(batch):
    some = Pairs(SMALL, Settings(sample=0.0, batch=batch, model="cbow"))
    epoch = some.epoch(0)
    met = np.concatenate([b.outputs[:, :-NOISE][b.mean.sum(2) > 0] for b in map(epoch.batch, range(epoch.steps))])
    assert sorted(met) == sorted(SMALL.ids)


def test_a_small_vocabulary_takes_small_steps():
    assert Pairs(SMALL, Settings(sample=0.0)).t * Pairs(SMALL, Settings(sample=0.0)).g < 60
    large = random_corpus(5000, 100, 100)
    assert Pairs(large, Settings()).g > 10


# The loss.


def by_hand(V, U, W, q, epoch, step, settings):
    """The sum of J over the batch, word by word, with the formula on paper and loops."""
    some, total = epoch.pairs, 0.0
    batch = epoch.batch(step)
    drawn = batch.outputs[:, -NOISE:]

    def log_sigmoid(x):
        return -np.log1p(np.exp(-x))

    for block, start in enumerate(epoch.order[step * some.g : (step + 1) * some.g] * some.t):
        for i in range(start, start + some.t):
            around = [j for j in range(epoch.low[i], epoch.high[i] + 1) if j != i]
            words = [epoch.words[epoch.w + j] for j in around]
            centre = epoch.words[epoch.w + i]
            if settings.model == "cbow":
                met = [(np.mean([V[c] for c in words], axis=0), centre)] if words else []
            else:
                met = [(V[centre], c) for c in words]
            for v, c in met:
                total -= log_sigmoid(v @ W @ U[c] - q[c])
                for k in drawn[block]:
                    total -= settings.negative / NOISE * log_sigmoid(q[k] - v @ W @ U[k])
    return total


def learned(given, seed=1, dtype=np.float64):
    """A model with random tables in double precision, and the batch."""
    settings = Settings(size=4, window=3, sample=0.05, batch=64, **given)
    model = Word2Vec(SMALL, settings)
    rng = np.random.default_rng(seed)
    for p in model.parameters():
        p.node.result = p._array = rng.normal(size=p.shape)
    return model, settings


@pytest.mark.parametrize("given", MODELS, ids=NAMES)
def test_the_loss_of_a_batch_is_the_formulas(given):
    model, settings = learned(given)
    epoch = Pairs(SMALL, settings).epoch(2)
    W = np.eye(4) if model.W is None else model.W.numpy()
    for step in range(2):
        wanted = by_hand(model.V.numpy(), model.U.numpy(), W, model.q.astype(float), epoch, step, settings)
        assert model(epoch.batch(step)).item() == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("given", MODELS, ids=NAMES)
def test_the_gradient_of_a_batch_is_that_of_the_formula(given):
    model, settings = learned(given)
    epoch = Pairs(SMALL, settings).epoch(0)
    model(epoch.batch(0)).backward(free=True)
    tables = [model.V.numpy(), model.U.numpy(), np.eye(4) if model.W is None else model.W.numpy()]
    rng = np.random.default_rng(5)
    for number, p in enumerate([model.V, model.U, *([model.W] if model.W is not None else [])]):
        direction, h = rng.normal(size=p.shape), 1e-5
        ends = []
        for sign in (1, -1):
            moved = [x + sign * h * direction if i == number else x for i, x in enumerate(tables)]
            ends.append(by_hand(*moved, model.q.astype(float), epoch, 0, settings))
        assert (p.grad * direction).sum() == pytest.approx((ends[0] - ends[1]) / (2 * h), rel=1e-5)


def test_the_gradients_of_the_tables_are_rows_alone():
    model, settings = learned({})
    model(Pairs(SMALL, settings).epoch(0).batch(0)).backward()
    assert {type(p.node.grad).__name__ for p in (model.V, model.U)} == {"Rows"}


def test_the_loss_of_one_pair_is_that_of_the_batch():
    c = Corpus.of([["a", "b"]], min_count=1)
    model, settings = Word2Vec(c, Settings(size=3, bilinear=True, offsets=True, sample=0.0)), Settings(sample=0.0)
    rng = np.random.default_rng(0)
    model.U.data, model.W.data = rng.normal(size=(2, 3)), rng.normal(size=(3, 3))
    batch = Pairs(c, settings).epoch(0).batch(0)
    V, U, W, q = model.V, model.U, model.W, model.q
    N = batch.outputs[0, -NOISE:]
    both = [pair_loss(V[i], U[1 - i], np.zeros((0, 3)), W, q[1 - i], q[:0]).item() for i in (0, 1)]
    both += [pair_loss(V[i], U[1 - i], U[N], W, q[1 - i], q[N]).item() for i in (0, 1)]
    share = settings.negative / NOISE
    wanted = sum(both[:2]) * (1 - share) + sum(both[2:]) * share
    assert batch.pairs == 2 and model(batch).item() == pytest.approx(wanted, rel=1e-5)


def test_the_loss_of_one_pair_has_the_gradient_that_is_derived_by_hand():
    rng = np.random.default_rng(0)
    v, u, N, W = (Tensor(rng.normal(size=s)) for s in ((4,), (4,), (3, 4), (4, 4)))
    assert gradcheck(lambda v, u, N, W: pair_loss(v, u, N, W, 0.3, np.array([0.1, 0.2, 0.3])), v, u, N, W)
    pair_loss(v, u, N).backward()
    s = lambda x: 1 / (1 + np.exp(-x))  # noqa: E731
    wanted = (s(u.data @ v.data) - 1) * u.data + s(N.data @ v.data) @ N.data
    np.testing.assert_allclose(v.grad, wanted)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_are_added_where_they_belong_also_where_one_stands_twice(dtype):
    rng = np.random.default_rng(0)
    index, rows = rng.integers(0, 6, 40).astype(np.uint8), rng.normal(size=(40, 300)).astype(dtype)
    for table in (np.zeros((6, 300), dtype), np.zeros((300, 6), dtype).T, np.zeros((6, 300), np.float64)):
        add_rows(table, index, rows)
        wanted = np.array([rows[index == i].astype(float).sum(0) for i in range(6)])
        np.testing.assert_allclose(table, wanted, rtol=1e-4, atol=1e-4)
    cube = np.zeros((3, 2, 2))
    add_rows(cube, np.array([2, 2]), np.ones((2, 2, 2)))
    assert cube[2].tolist() == [[2, 2], [2, 2]] and cube.sum() == 8


# Training.


@pytest.mark.parametrize("given", [MODELS[0], MODELS[3], MODELS[4], MODELS[7]], ids=lambda m: m["model"])
def test_what_stands_together_comes_together(given):
    rng = np.random.default_rng(0)
    groups = [[f"{letter}{i}" for i in range(6)] for letter in "xyz"]
    texts = [[groups[k][i] for i in rng.integers(0, 6, 12)] for k in rng.integers(0, 3, 100)]
    model = train(Corpus.of(texts), size=10, epochs=25, sample=0.0, rate=0.05, **given)
    assert model.losses[-1] < model.losses[0] and len(model.losses) == 25
    for word in model.vectors.words:
        assert all(near[0] == word[0] for near, _ in model.vectors.nearest(word, 3)), word


@pytest.mark.parametrize("words", [2, 5, 60])
def test_few_words_do_not_make_it_swing(words):
    model = train(random_corpus(words, 5, 50), size=20, epochs=8, sample=0.0)
    assert np.isfinite(model.losses).all() and np.abs(model.V.data).max() < 5


def test_a_rate_that_is_far_too_high_is_said():
    with pytest.raises(ValueError, match=r"the loss is \w+: with a rate of 1e\+09 the vectors grow beyond all bounds"):
        train(SMALL, size=5, rate=1e9, batch=1, epochs=50, sample=0.0)


def test_the_same_seed_gives_the_same_bits_and_another_does_not():
    one, two, three = (train(SMALL, size=6, epochs=2, seed=s).V.numpy() for s in (1, 1, 2))
    assert (one == two).all() and not (one == three).all()


def interrupting(at):
    """A report that presses Ctrl-C when so many steps are done."""
    count = itertools.count(1)

    def report(model, progress):
        if next(count) == at:
            signal.raise_signal(signal.SIGINT)

    return report


@pytest.mark.parametrize("given", [dict(), dict(model="cbow", bilinear=True, offsets=True)])
@pytest.mark.parametrize("at", [1, 3, 6])
def test_a_run_that_was_interrupted_ends_as_one_that_was_not(tmp_path, monkeypatch, given, at):
    clock = itertools.count()
    monkeypatch.setattr(training.time, "perf_counter", lambda: float(next(clock)))  # reports at every step
    options = dict(size=6, epochs=3, batch=40, sample=0.0, **given)
    whole = train(SMALL, **options)
    file = tmp_path / "run.npz"
    with interruptible():
        usual = signal.getsignal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            train(SMALL, file=file, every=1e9, report=interrupting(at), **options)
        assert signal.getsignal(signal.SIGINT) is usual
    assert [p.name for p in tmp_path.iterdir()] == ["run.npz"]
    steps = []
    again = train(SMALL, file=file, report=lambda model, p: steps.append((p.epoch, p.step)), **options)
    assert again.losses == whole.losses
    for p, other in zip(again.parameters(), whole.parameters()):
        assert (p.data == other.data).all()
    assert (0, 1) not in steps  # it did not begin anew
    done = train(SMALL, file=file, report=lambda *_: pytest.fail("nothing is left to do"), **options)
    assert (done.V.data == whole.V.data).all() and done.losses == whole.losses


def test_a_checkpoint_is_written_on_the_way(tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(checkpoint, "write", lambda path, model, p, corpus: written.append((p.epoch, p.step)))
    train(SMALL, size=4, epochs=2, batch=40, sample=0.0, file=tmp_path / "x.npz", every=0.0)
    assert (0, 1) in written and (0, 2) in written and (1, 0) in written and (2, 0) in written


def test_a_checkpoint_that_does_not_belong_is_refused(tmp_path):
    file = tmp_path / "run.npz"
    train(SMALL, size=4, epochs=1, file=file)
    before = file.read_bytes()
    with pytest.raises(ValueError, match="other settings: size 4, not 5; epochs 1, not 2"):
        train(SMALL, size=5, epochs=2, file=file)
    with pytest.raises(ValueError, match="on another corpus"):
        train(random_corpus(seed=1), size=4, epochs=1, file=file)
    assert file.read_bytes() == before
    np.savez(tmp_path / "other.npz", x=1)
    (tmp_path / "text.npz").write_text("no archive")
    (tmp_path / "half.npz").write_bytes(before[: len(before) // 2])
    (tmp_path / "empty.npz").write_bytes(b"")
    for name in ("other", "text", "half", "empty"):
        with pytest.raises(
            ValueError, match=f"{name}.npz is no checkpoint of word2vec: choose another name, or delete"
        ):
            train(SMALL, size=4, epochs=1, file=tmp_path / f"{name}.npz")


def test_a_checkpoint_that_cannot_be_written_leaves_what_was_there(tmp_path, monkeypatch):
    file = tmp_path / "run.npz"
    train(SMALL, size=4, epochs=1, file=file)
    before = file.read_bytes()

    def full(stream, **arrays):
        stream.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space left"):
        checkpoint.write(file, Word2Vec(SMALL, Settings(size=4)), training.Progress(), SMALL)
    assert file.read_bytes() == before and os.listdir(tmp_path) == ["run.npz"]


def test_memory_does_not_grow_with_the_number_of_pairs():
    some = Pairs(random_corpus(500, 100, 100), Settings(sample=0.0))
    epoch = some.epoch(0)
    held = sum(sys.getsizeof(x) for x in vars(epoch).values() if isinstance(x, np.ndarray))
    assert held < 40 * 10_000 < 10_000 * 2 * 6 * 8  # bytes for a token, and for its pairs


def test_blocks_and_noise_are_what_the_docs_say():
    assert (pairs.BLOCK, pairs.NOISE) == (32, 32) and Settings().power == 0.75


def test_each_context_of_cbow_learns_as_fast_as_in_word2vecs_own_code():
    c = Corpus.of([["a", "b", "c"]], min_count=1)
    for window, faster in ((1, 2.0), (2, 2 / (1 / 2 + 1 / 4))):  # the harmonic mean of 2, and of 2 and 4
        settings = Settings(size=3, model="cbow", window=window)
        model = Word2Vec(c, settings)
        V, U = optimisers_of(model, Pairs(c, settings), lambda step: 0.1)
        assert (V.rate(0), U.rate(0)) == (pytest.approx(0.1 * faster), 0.1)
