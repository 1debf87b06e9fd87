"""Trains a model by stochastic gradient descent over batches; a run can be interrupted and resumed.

A step depends only on the seed, on its number, and on what was learned before it, which a checkpoint holds.  So a
resumed run ends with the same bits as one that was never interrupted.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from .. import optim
from ..word2vec import checkpoint
from .corpus import Corpus
from .model import Word2Vec
from .pairs import Pairs
from .run_state import Progress
from .settings import CBOW, Settings

TOGETHER = 2048  # W moves by the mean of the gradients of so many words


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
        the file exists, the run goes on from it, and ends with the same bits as without the interruption.
    report: a function that is called about ten times a second, and after each epoch, with the model and its progress.

    Raises ValueError for settings that make no sense, for a checkpoint of another corpus or of other settings, and
    if the numbers grow beyond all bounds; OSError if the checkpoint cannot be written.

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
    """Do all steps that are left.  ``stopped`` says whether to save a checkpoint and raise KeyboardInterrupt."""
    settings, steps = model.settings, 1

    def falling(_: int) -> float:
        return settings.rate * (1 - (progress.epoch + progress.step / steps) / settings.epochs)

    optimisers = optimisers_of(model, pairs, falling)

    def keep() -> None:
        if path is not None:
            checkpoint.write(path, model, progress, pairs.corpus)

    began = kept = shown = time.perf_counter()
    before: float | None = None  # the epochs that earlier processes have done, with the share of the last one
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
    """Do one step: compute the loss and its gradient, and move the parameters.

    Gives the sum of J and the number of its terms.  ValueError if the sum is not finite.
    """
    # NumPy need not warn of an overflow, because the check below explains it.
    with np.errstate(over="ignore", invalid="ignore"):
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
    """An optimiser for each table, with its own rate, because J is summed over a batch.

    The derivative of a mean gives each of n contexts 1/n of the gradient; word2vec's own code gives the whole gradient
    to each.  For CBOW to learn as fast as there, the rate of its V is multiplied by the harmonic mean of n over the
    windows.  W takes part in all pairs of a batch, so its gradient is a sum over them: it moves by a mean instead.
    """
    reaches = np.arange(1, model.settings.window + 1)
    contexts = 1 / float(np.mean(1 / (2 * reaches))) if model.settings.model == CBOW else 1.0
    found = [optim.SGD([model.V], lambda i: contexts * rate(i)), optim.SGD([model.U], rate)]
    if model.W is not None:
        found.append(optim.SGD([model.W], lambda i: rate(i) / max(TOGETHER, pairs.g * pairs.t)))
    return found


@contextmanager
def between_steps() -> Iterator[Callable[[], bool]]:
    """Hold Ctrl-C back until a step is done: after half a step, a resumed run would end with other numbers.

    Gives a function that says whether it has been pressed.  Pressed a second time, it interrupts at once.  In another
    thread than the main one, where no signal arrives, nothing changes.
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
