"""Training: stochastic gradient descent over batches, which can be interrupted and goes on where it was.

What a step does depends on the seed and its number alone, and a checkpoint holds what was learned before it.  So a run
that is resumed ends with the same bits as one that was never interrupted.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from .. import optim
from ..word2vec import checkpoint
from .corpus import Corpus
from .model import Word2Vec
from .pairs import Pairs
from .settings import CBOW, Settings

TOGETHER = 2048  # words whose mean moves W once


@dataclass
class Progress:
    """Where a run is: so many epochs are done, and so many steps of the next."""

    epoch: int = 0
    step: int = 0
    total: float = 0.0  # the sum of J in this epoch
    pairs: int = 0  # and over how many
    share: float = 0.0  # of the epoch's steps that are done
    rate: float = 0.0  # words per second of the corpus in this process, those left out at random counted too

    @property
    def loss(self) -> float:
        """The mean J of this epoch so far."""
        return self.total / max(1, self.pairs)


Report = Callable[[Word2Vec, Progress], object]


def train(
    corpus: Corpus,
    settings: Settings | None = None,
    *,
    file: str | os.PathLike[str] | None = None,
    every: float = 30.0,
    report: Report | None = None,
    **changes: Any,
) -> Word2Vec:
    """Learn vectors for the words of a corpus.

    settings, changes: ``train(corpus, epochs=20, model="cbow")``; see ``Settings``.
    file: a checkpoint (.npz), written after each epoch, ``every`` so many seconds, and when the run is interrupted.  If
        it is there already, the run goes on from it, and ends as if it had never been interrupted, to the bit.
    report: called some ten times a second, and after each epoch, with the model and its ``Progress``.

    Raises ValueError for settings that make no sense, for a checkpoint of another corpus or of other settings, and
    where the numbers grow beyond all bounds; OSError where the checkpoint cannot be written.

    >>> corpus = Corpus.of([["red", "apple"], ["green", "leaf"]] * 50)
    >>> model = train(corpus, size=8, epochs=20, seed=1)
    >>> model.losses[-1] < model.losses[0]
    True
    """
    settings = replace(settings or Settings(), **changes)
    model, progress = Word2Vec(corpus, settings), Progress()
    path = None if file is None else Path(file)
    if path is not None and path.exists():
        checkpoint.read(path, model, progress, corpus)
    with between_steps() as stopped:
        run(model, Pairs(corpus, settings), progress, path, every, report or (lambda model, progress: None), stopped)
    return model


def run(
    model: Word2Vec,
    pairs: Pairs,
    progress: Progress,
    path: Path | None,
    every: float,
    report: Report,
    stopped: Callable[[], bool],
) -> None:
    """All steps that are left."""
    settings, steps = model.settings, 1

    def falling(_: int) -> float:
        return settings.rate * (1 - (progress.epoch + progress.step / steps) / settings.epochs)

    optimisers = optimisers_of(model, pairs, falling)

    def keep() -> None:
        if path is not None:
            checkpoint.write(path, model, progress, pairs.corpus)

    began = kept = shown = time.perf_counter()
    before: float | None = None  # the epochs that an earlier process has done
    while progress.epoch < settings.epochs:
        epoch = pairs.epoch(progress.epoch)
        steps = epoch.steps
        before = progress.epoch + progress.step / steps if before is None else before
        while progress.step < steps:
            if stopped():
                keep()
                raise KeyboardInterrupt
            J = step(model, epoch.batch(progress.step), optimisers)
            progress.total, progress.pairs = progress.total + J[0], progress.pairs + J[1]
            progress.step += 1
            progress.share = progress.step / steps
            now = time.perf_counter()
            if now - shown > 0.1:
                shown = now
                done = progress.epoch + progress.share - before
                progress.rate = done * len(pairs.corpus) / (now - began)
                report(model, progress)
            if now - kept > every:
                kept = now
                keep()
        model.losses.append(progress.loss)
        progress.epoch, progress.step, progress.share = progress.epoch + 1, 0, 0.0
        report(model, progress)
        progress.total, progress.pairs = 0.0, 0
        keep()


def step(model: Word2Vec, batch: Any, optimisers: list[optim.SGD]) -> tuple[float, int]:
    """One step: the loss forward, its gradient backward, and the parameters moved.  Gives the sum of J, and of what."""
    with np.errstate(over="ignore", invalid="ignore"):  # said below
        J = model(batch)
        model.zero_grad()
        J.backward(free=True)
        for optimiser in optimisers:
            optimiser.step()
    total = J.item()
    if not np.isfinite(total):
        raise ValueError(
            f"the loss is {total}: with a rate of {model.settings.rate:g} the vectors grow beyond all bounds"
        )
    return total, batch.pairs


def optimisers_of(model: Word2Vec, pairs: Pairs, rate: Callable[[int], float]) -> list[optim.SGD]:
    """Each table with its rate, since J is summed over a batch.

    The derivative of a mean gives each of n contexts 1/n of the gradient; word2vec's own code gives each all of it.  So
    that CBOW learns as fast as there, the rate of its V is higher, by the harmonic mean of n over the windows.
    W is in all pairs of a batch, and its derivative is the sum of theirs: it moves by the mean over so many words.
    """
    reaches = np.arange(1, model.settings.window + 1)
    contexts = 1 / float(np.mean(1 / (2 * reaches))) if model.settings.model == CBOW else 1.0
    found = [optim.SGD([model.V], lambda i: contexts * rate(i)), optim.SGD([model.U], rate)]
    if model.W is not None:
        found.append(optim.SGD([model.W], lambda i: rate(i) / max(TOGETHER, pairs.g * pairs.t)))
    return found


@contextmanager
def between_steps() -> Iterator[Callable[[], bool]]:
    """Ctrl-C is kept until a step is done: half a step would not be what an uninterrupted run does.

    Gives a function that says whether it has been pressed.  Pressed again, it interrupts at once.  In a thread, where
    no signal arrives, nothing is changed.
    """
    pressed: list[int] = []

    def note(number: int, frame: Any) -> None:
        if pressed:
            raise KeyboardInterrupt
        pressed.append(number)

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    usual = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(pressed)
    finally:
        signal.signal(signal.SIGINT, usual)
