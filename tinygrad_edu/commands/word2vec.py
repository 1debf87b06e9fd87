"""``tinygrad-edu word2vec``: vectors of words from a text, and what they say."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..format import text
from ..output.progress import Progress as Bar
from ..output.terminal import Screen, columns
from ..word2vec.corpus import NAMES, Corpus, read_corpus
from ..word2vec.model import Word2Vec
from ..word2vec.run_state import Progress
from ..word2vec.settings import MODELS, SKIP_GRAM, Settings
from ..word2vec.training import train
from ..word2vec.vectors import Vectors
from .shared import INTERRUPTED, above_zero, complain, count, from_zero, refuse_output, whole
from .train import LOGGED, heading

NAME, HELP = "word2vec", "learn vectors of words from a text, and see which are near"
ENDINGS = (".svg", ".pdf", ".png")
USUAL = Settings()
ENOUGH, MOST = 1_200_000, 50  # words to be read in all, if a text is short, and epochs at most
SHOWN = 5  # words of which the nearest are shown, if none is asked for

EPILOG = """\
FILE is any text in UTF-8; texts in it are separated by blank lines.  Without one, the English reference inside Python
itself is learned from, which is there without a network: 60,000 words, read 20 times in a few seconds.

  tinygrad-edu word2vec --nearest function --analogy class classes function
  tinygrad-edu word2vec book.txt --epochs 20 --save vectors.txt --map words.svg
  tinygrad-edu word2vec --load vectors.txt --nearest whale    nothing is learned: what was saved is shown
  tinygrad-edu word2vec book.txt --checkpoint run.npz    again after an interruption: it goes on"""
LEARNING = "model bilinear offsets size window negative min_count sample epochs rate batch seed checkpoint".split()


def add_arguments(p: argparse.ArgumentParser) -> None:
    """The options of the command."""
    p.formatter_class, p.epilog = argparse.RawDescriptionHelpFormatter, EPILOG
    source = p.add_mutually_exclusive_group()
    source.add_argument("file", nargs="?", type=Path, metavar="FILE", help="a text to learn from")
    source.add_argument(
        "--corpus",
        choices=NAMES,
        help="one that is there: python the usual one; lee, wikipedia: in the package gensim",
    )

    source.add_argument("--load", type=Path, metavar="FILE", help="show the vectors that --save has written")

    def option(name: str, kind: Callable[[str], Any], metavar: str, words: str, usual: Any) -> None:
        p.add_argument(name, type=kind, metavar=metavar, default=usual, help=f"{words} (default: %(default)s)")

    p.add_argument("--model", choices=MODELS, default=SKIP_GRAM, help="what recognises what (default: %(default)s)")
    p.add_argument("--bilinear", action="store_true", help="a matrix W between the vectors: vᵀ W u")
    p.add_argument("--offsets", action="store_true", help="take log(k P(c)) from each score")
    option("--size", count, "N", "numbers in a vector", USUAL.size)
    option("--window", count, "N", "the farthest context, in words", USUAL.window)
    option("--negative", count, "K", "noise words for each pair", USUAL.negative)
    option("--min-count", count, "N", "words that occur less often are left out", 5)
    option("--sample", from_zero, "S", "the share above which frequent words are thinned out; 0: never", USUAL.sample)
    p.add_argument(
        "--epochs", type=count, metavar="N", help="how often the text is read (default: 5, and a short one more often)"
    )
    option("--rate", above_zero, "R", "learning rate, falling in a line to 0", USUAL.rate)
    option("--batch", count, "N", "words in a step, at most", USUAL.batch)
    option("--seed", whole, "N", "of all that is random", USUAL.seed)
    p.add_argument("--save", type=Path, metavar="FILE", help="write the vectors in word2vec's text format")
    p.add_argument("--map", type=Path, metavar="FILE", help="draw frequent words in the plane: .svg, .pdf or .png")
    p.add_argument("--nearest", nargs="+", metavar="WORD", help="show which words are nearest to these")
    p.add_argument(
        "--analogy",
        nargs=3,
        action="append",
        metavar=("A", "B", "C"),
        help="what is to C as B is to A?",
    )
    p.add_argument(
        "--checkpoint", type=Path, metavar="FILE", help="where the run is kept (.npz), and goes on from if it is there"
    )


def run(options: argparse.Namespace) -> int:
    """Learn, save, and show what was asked for."""
    refuse(options)
    screen = Screen()
    if options.load:
        vectors = Vectors.load(options.load)
        screen.say(f"{text.safe_name(options.load.name)}: {vectors!r}")
        report(screen, options, vectors)
        return 0
    corpus = read_corpus(options.file, name=options.corpus or "python", min_count=options.min_count)
    epochs = options.epochs or min(MOST, max(USUAL.epochs, round(ENOUGH / len(corpus))))
    names = "model size window negative sample rate bilinear offsets batch seed".split()
    settings = Settings(epochs=epochs, **{name: getattr(options, name) for name in names})
    untrained = Vectors(corpus.words, [[0.0]] * len(corpus.words))
    for word in asked(options):
        untrained.number(word)  # says so before minutes are spent
    screen.say(f"{describe(corpus)}\n{formula(settings)}\n")
    screen.write()
    with Bar("epoch", epochs, lines=LOGGED) as bar:
        shown = Shown(bar, corpus, options.checkpoint)
        try:
            model = train(corpus, settings, file=options.checkpoint, report=shown)
        except KeyboardInterrupt:
            bar.end()
            complain(shown.interrupted(settings))
            return INTERRUPTED
    screen.say(shown.summary(model))
    report(screen, options, model.vectors)
    return 0


def asked(options: argparse.Namespace) -> list[str]:
    """The words that were asked for."""
    return [*(options.nearest or ()), *(word for analogy in options.analogy or () for word in analogy)]


def report(screen: Screen, options: argparse.Namespace, vectors: Vectors) -> None:
    """Save vectors, draw the map, and show what was asked for."""
    for word in asked(options):
        vectors.number(word)  # says so before anything is written
    if options.save:
        screen.item(vectors.save(options.save), "the vectors")
    if options.map:
        chosen = list(dict.fromkeys([*asked(options), *notable(vectors)]))[:80]
        screen.item(vectors.map(chosen).save(options.map), "the map")
    nearest = options.nearest or ([] if options.analogy else content(vectors)[:SHOWN])
    show(screen, vectors, nearest, options.analogy or [])


def refuse(options: argparse.Namespace) -> None:
    """What cannot be done is said before anything is learned.  Raises ValueError."""
    if options.load:
        usual = argparse.ArgumentParser()
        add_arguments(usual)
        given = [name for name in LEARNING if getattr(options, name) != usual.get_default(name)]
        if given:
            names = text.join_words([f"--{name.replace('_', '-')}" for name in given])
            raise ValueError(f"--load shows vectors that were saved, and learns nothing: leave out {names}")
    for name in ("save", "checkpoint"):
        refuse_output(getattr(options, name), name)
    refuse_output(options.map, "map", ENDINGS)
    if options.map:
        from ..render.layout import require  # which is not loaded where nothing is drawn

        require(options.map.suffix, graph=False)


class Shown:
    """The bar, and what is said when it ends."""

    def __init__(self, bar: Bar, corpus: Corpus, kept: Path | None) -> None:
        self.bar, self.corpus, self.kept, self.at = bar, corpus, kept, Progress()
        self.began = time.perf_counter()

    def __call__(self, model: Word2Vec, at: Progress) -> None:
        self.at = at
        words = f"loss {at.loss:.3f}" + (f", {at.rate:,.0f} words/s" if at.rate else "")
        self.bar.at(at.epoch + at.share, words)

    def interrupted(self, settings: Settings) -> str:
        """What is kept, and how to go on."""
        where = f"interrupted in epoch {self.at.epoch + 1} of {settings.epochs}"
        if self.kept is None:
            return f"{where}; nothing is kept.  With --checkpoint FILE the next run can be gone on with"
        if not self.kept.exists():
            return f"{where}, before anything was kept"
        return f"{where}; what was learned is in {text.printable(str(self.kept))}: the same command goes on from there"

    def summary(self, model: Word2Vec) -> str:
        """How the loss went, in a line."""
        first, last = model.losses[0], model.losses[-1]
        seconds = time.perf_counter() - self.began
        return f"mean loss {first:.3f} in the first epoch, {last:.3f} in the last; {seconds:.1f} s"


def describe(corpus: Corpus) -> str:
    """What is learned from, in two lines."""
    often = ", ".join(corpus.words[:6])
    return (
        f"{corpus.name}: {len(corpus):,} tokens of {len(corpus.words):,} words\nmost frequent: {text.printable(often)}"
    )


def formula(settings: Settings) -> str:
    """What is minimised, as the options have it, in two lines."""
    score = f"vᵀ {'W ' if settings.bilinear else ''}u{' - log(k P(c))' if settings.offsets else ''}"
    rows = ("of a word, u of a context", "the mean of a window's, u of its word")
    noise = text.plural(settings.negative, "noise word")
    return (
        f"{settings.model}: J = -log σ(s) - Σ log σ(-s'), s' of {noise}\n"
        f"s = {score}, v {rows[settings.model != SKIP_GRAM]}"
    )


def content(vectors: Vectors) -> list[str]:
    """Words that mean something by themselves, or so their length says; the frequent ones first."""
    return [word for word in vectors.words if len(word) > 5] or list(vectors.words)


def notable(vectors: Vectors) -> list[str]:
    """Frequent words that mean something, each with its nearest."""
    return [word for seed in content(vectors)[:20] for word in (seed, *(near for near, _ in vectors.nearest(seed, 2)))]


def show(screen: Screen, vectors: Vectors, words: list[str], analogies: list[list[str]]) -> None:
    """The nearest words, and the answers to analogies, with their cosines."""
    if words:
        heading(screen, "Nearest words")
        width = max(map(columns, words))
        for word in words:
            near = ", ".join(f"{other} {cosine:.2f}" for other, cosine in vectors.nearest(word, 5))
            screen.say(f"{word}{' ' * (width - columns(word))}  {near}", "", width + 2, 2)
    if analogies:
        heading(screen, "Analogies")
        for a, b, c in analogies:
            near = ", ".join(f"{other} {cosine:.2f}" for other, cosine in vectors.analogy(a, b, c, 4))
            screen.say(f"{a} is to {b} as {c} is to  {near}", "", 2, 2)
