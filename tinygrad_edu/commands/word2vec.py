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

NAME, HELP = "word2vec", "learn vectors of words from a text, and show which words are near each other"
ENDINGS = (".svg", ".pdf", ".png")
USUAL = Settings()
ENOUGH, MOST = 1_200_000, 50  # a short text is read until so many words have been seen, in at most so many epochs
SHOWN = 5  # without --nearest, the neighbours of so many words are shown

EPILOG = """\
FILE is any text in UTF-8; blank lines separate the texts in it.  Without FILE it learns from Python's own reference,
which needs no network: 60,000 English words, read 20 times in a few seconds.

  tinygrad-edu word2vec --nearest function --analogy class classes function
  tinygrad-edu word2vec book.txt --epochs 20 --save vectors.txt --map words.svg
  tinygrad-edu word2vec --load vectors.txt --nearest whale    show saved vectors, without learning
  tinygrad-edu word2vec book.txt --checkpoint run.npz         interrupted, the same command goes on"""
LEARNING = "model bilinear offsets size window negative min_count sample epochs rate batch seed checkpoint".split()


def add_arguments(p: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    p.formatter_class, p.epilog = argparse.RawDescriptionHelpFormatter, EPILOG
    source = p.add_mutually_exclusive_group()
    source.add_argument("file", nargs="?", type=Path, metavar="FILE", help="a text to learn from")
    source.add_argument(
        "--corpus",
        choices=NAMES,
        help="learn from a sample: python, the default, or lee or wikipedia, which need the package gensim",
    )

    source.add_argument("--load", type=Path, metavar="FILE", help="show the vectors that --save has written")

    def option(name: str, kind: Callable[[str], Any], metavar: str, words: str, usual: Any) -> None:
        p.add_argument(name, type=kind, metavar=metavar, default=usual, help=f"{words} (default: %(default)s)")

    p.add_argument(
        "--model",
        choices=MODELS,
        default=SKIP_GRAM,
        help="predict contexts from a word, or with cbow a word from its contexts (default: %(default)s)",
    )
    p.add_argument("--bilinear", action="store_true", help="train a matrix W between the vectors: vᵀ W u")
    p.add_argument("--offsets", action="store_true", help="subtract log(k P(c)) from each score")
    option("--size", count, "N", "numbers in a vector", USUAL.size)
    option("--window", count, "N", "largest distance of a context, in words", USUAL.window)
    option("--negative", count, "K", "noise words for each pair", USUAL.negative)
    option("--min-count", count, "N", "leave out words that occur less often", 5)
    option("--sample", from_zero, "S", "thin out words with a larger share of the text; 0: none", USUAL.sample)
    p.add_argument("--epochs", type=count, metavar="N", help="passes over the text (default: 5, more for a short text)")
    option("--rate", above_zero, "R", "learning rate, which falls linearly to 0", USUAL.rate)
    option("--batch", count, "N", "the most words in a step", USUAL.batch)
    option("--seed", whole, "N", "seed of the random numbers", USUAL.seed)
    p.add_argument("--save", type=Path, metavar="FILE", help="write the vectors in word2vec's text format")
    p.add_argument("--map", type=Path, metavar="FILE", help="draw frequent words in the plane: .svg, .pdf or .png")
    p.add_argument("--nearest", nargs="+", metavar="WORD", help="show the words that are nearest to these")
    p.add_argument(
        "--analogy",
        nargs=3,
        action="append",
        metavar=("A", "B", "C"),
        help="show the words that are to C as B is to A",
    )
    p.add_argument(
        "--checkpoint", type=Path, metavar="FILE", help="save the run to this .npz file, or go on from it if it exists"
    )


def run(options: argparse.Namespace) -> int:
    """Learn vectors or load them, save them, and show what the options ask for."""
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
    for word in words_asked_for(options):
        untrained.number(word)  # an unknown word is refused before minutes are spent on training
    screen.say(f"{describe(corpus)}\n{describe_loss(settings)}\n")
    screen.write()
    with Bar("epoch", epochs, lines=LOGGED) as bar:
        shown = Reporter(bar, corpus, options.checkpoint)
        try:
            model = train(corpus, settings, file=options.checkpoint, report=shown)
        except KeyboardInterrupt:
            bar.end()
            complain(shown.interrupted(settings))
            return INTERRUPTED
    screen.say(shown.summary(model))
    report(screen, options, model.vectors)
    return 0


def words_asked_for(options: argparse.Namespace) -> list[str]:
    """The words in --nearest and --analogy."""
    return [*(options.nearest or ()), *(word for analogy in options.analogy or () for word in analogy)]


def report(screen: Screen, options: argparse.Namespace, vectors: Vectors) -> None:
    """Save the vectors, draw the map, and show what the options ask for."""
    for word in words_asked_for(options):
        vectors.number(word)  # an unknown word is refused before anything is written
    if options.save:
        screen.item(vectors.save(options.save), "the vectors")
    if options.map:
        chosen = list(dict.fromkeys([*words_asked_for(options), *words_for_map(vectors)]))[:80]
        screen.item(vectors.map(chosen).save(options.map), "the map")
    nearest = options.nearest or ([] if options.analogy else long_words(vectors)[:SHOWN])
    show(screen, vectors, nearest, options.analogy or [])


def refuse(options: argparse.Namespace) -> None:
    """ValueError, before anything is learned, for options that do not go together and files that cannot be written."""
    if options.load:
        usual = argparse.ArgumentParser()
        add_arguments(usual)
        given = [name for name in LEARNING if getattr(options, name) != usual.get_default(name)]
        if given:
            names = text.join_words([f"--{name.replace('_', '-')}" for name in given])
            raise ValueError(f"--load shows saved vectors and learns nothing: leave out {names}")
    for name in ("save", "checkpoint"):
        refuse_output(getattr(options, name), name)
    refuse_output(options.map, "map", ENDINGS)
    if options.map:
        from ..render.layout import require  # it loads slowly, and only a map needs it

        require(options.map.suffix, graph=False)


class Reporter:
    """Reports a run: moves the bar, and sums up at the end or after an interruption."""

    def __init__(self, bar: Bar, corpus: Corpus, kept: Path | None) -> None:
        self.bar, self.corpus, self.kept, self.at = bar, corpus, kept, Progress()
        self.began = time.perf_counter()

    def __call__(self, model: Word2Vec, at: Progress) -> None:
        self.at = at
        words = f"loss {at.loss:.3f}" + (f", {at.rate:,.0f} words/s" if at.rate else "")
        self.bar.at(at.epoch + at.share, words)

    def interrupted(self, settings: Settings) -> str:
        """A sentence after an interruption: what is saved, and how to go on."""
        where = f"interrupted in epoch {self.at.epoch + 1} of {settings.epochs}"
        if self.kept is None:
            return f"{where}; nothing was saved.  With --checkpoint FILE a run can be resumed"
        if not self.kept.exists():
            return f"{where}, before anything was saved"
        return f"{where}; the run is saved in {text.printable(str(self.kept))}: the same command resumes it"

    def summary(self, model: Word2Vec) -> str:
        """A line with the loss at the start and at the end, and the time."""
        first, last = model.losses[0], model.losses[-1]
        seconds = time.perf_counter() - self.began
        return f"mean loss {first:.3f} in the first epoch, {last:.3f} in the last; {seconds:.1f} s"


def describe(corpus: Corpus) -> str:
    """The corpus in two lines: its size, and its most frequent words."""
    often = ", ".join(corpus.words[:6])
    return (
        f"{corpus.name}: {len(corpus):,} tokens of {len(corpus.words):,} words\nmost frequent: {text.printable(often)}"
    )


def describe_loss(settings: Settings) -> str:
    """The loss that the settings choose, in two lines."""
    score = f"vᵀ {'W ' if settings.bilinear else ''}u{' - log(k P(c))' if settings.offsets else ''}"
    rows = ("of a word, u of a context", "the mean of a window's, u of its word")
    noise = text.plural(settings.negative, "noise word")
    return (
        f"{settings.model}: J = -log σ(s) - Σ log σ(-s'), s' of {noise}\n"
        f"s = {score}, v {rows[settings.model != SKIP_GRAM]}"
    )


def long_words(vectors: Vectors) -> list[str]:
    """Words of more than five letters, which mostly carry meaning; the frequent ones first."""
    return [word for word in vectors.words if len(word) > 5] or list(vectors.words)


def words_for_map(vectors: Vectors) -> list[str]:
    """Frequent long words, each followed by its two nearest."""
    return [
        word for seed in long_words(vectors)[:20] for word in (seed, *(near for near, _ in vectors.nearest(seed, 2)))
    ]


def show(screen: Screen, vectors: Vectors, words: list[str], analogies: list[list[str]]) -> None:
    """Show the nearest words, and the answers to analogies, with their cosines."""
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
