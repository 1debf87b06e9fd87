"""Many hand-ins at once: in processes of their own, each with its time, so that none can hold up the others."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from ..diagnoses.search import patience
from ..sentences import sentence
from .sheets import LATE, LEFT, UNREAD, Sheet, check_file

MEMORY = 2 << 30  # bytes
CROWD, HASTE = 30, 0.25  # of so many hand-ins each wrong step is thought about for a part of the time
STOPPING = signal.SIGINT, signal.SIGTERM  # Ctrl-C, and what a system sends before it shuts down
Seen = Callable[[Sheet], None]


def serve_files(pipe: Connection, language: str, answers: bool, crowded: bool) -> None:
    """What a process does: it is ready, gets a file, gives back its sheet, and so on until nobody asks any more."""
    for number in STOPPING:  # they are for the one who hands out the files
        signal.signal(number, signal.SIG_IGN)
    limit_memory()
    patience.set(HASTE if crowded else 1.0)
    try:
        pipe.send(None)
        while True:
            pipe.send(check_file(pipe.recv(), language, answers))
    except (EOFError, OSError):
        pass


def limit_memory() -> None:
    """No hand-in gets more memory than MEMORY, where that can be said: it ends in words, and not with the machine."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        most = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
    except (ImportError, OSError, ValueError):
        pass


class Worker:
    """A process, the file it has, and when its time is over."""

    def __init__(self, language: str, answers: bool, crowded: bool) -> None:
        self.pipe, theirs = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        self.process: Any = context.Process(target=serve_files, args=(theirs, language, answers, crowded), daemon=True)
        with signals_blocked():
            self.process.start()
        theirs.close()
        self.number: int | None = None
        self.deadline = float("inf")

    def give(self, number: int, file: str, seconds: float) -> None:
        """A file to check."""
        self.number, self.deadline = number, time.monotonic() + seconds
        self.pipe.send(file)

    def end(self) -> None:
        """At once, whatever it does."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


@contextmanager
def signals_blocked() -> Iterator[None]:
    """Processes that are started in this block do not hear Ctrl-C or SIGTERM, not even while they begin."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def sigterm_interrupts() -> Iterator[list[int]]:
    """In this block SIGTERM interrupts as Ctrl-C does, so that what is done by then is still reported.

    Gives a list, to which SIGTERM is added when it comes.  Where a program has its own way with SIGTERM, or outside
    the main thread, nothing changes.
    """
    come: list[int] = []

    def interrupt(number: int, frame: Any) -> None:
        come.append(number)
        raise KeyboardInterrupt

    ours = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if ours:
        signal.signal(signal.SIGTERM, interrupt)
    try:
        yield come
    finally:
        if ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def check_files(
    files: Sequence[str], language: str, jobs: int, seconds: float, seen: Seen, answers: bool = False
) -> list[Sheet]:
    """All sheets, in the order of the files; ``seen`` is told of each when it is done.

    ``answers``: with what the wrong claims should be.
    If it is interrupted, those that are not done have the status "interrupted".
    """
    sheets: list[Sheet | None] = [None] * len(files)
    pending = list(reversed(range(len(files))))
    workers: list[Worker] = []

    def done(worker: Worker, sheet: Sheet) -> None:
        assert worker.number is not None
        sheets[worker.number] = sheet
        worker.number, worker.deadline = None, float("inf")
        seen(sheet)

    def replaced(worker: Worker, status: str, key: str) -> None:
        done(worker, Sheet(files[worker.number or 0], status, why=sentence(key, language, seconds=f"{seconds:g}")))
        worker.end()
        workers.remove(worker)

    try:
        while any(sheet is None for sheet in sheets):
            busy = sum(w.number is not None for w in workers)
            while len(workers) < min(jobs, busy + len(pending)):
                workers.append(Worker(language, answers, len(files) > CROWD))
            left = min(w.deadline for w in workers) - time.monotonic()
            heard = wait([w.pipe for w in workers], None if left == float("inf") else max(0.0, left))
            for worker in list(workers):
                if worker.pipe in heard:
                    try:
                        sheet = worker.pipe.recv()
                    except (EOFError, OSError):  # it was killed, for want of memory say
                        if worker.number is None:
                            raise RuntimeError("no process could be started to check hand-ins in") from None
                        replaced(worker, UNREAD, "file-ended")
                        continue
                    if sheet is not None:
                        done(worker, sheet)
                    if pending:
                        worker.give(pending[-1], files[pending[-1]], seconds)
                        pending.pop()
                elif time.monotonic() >= worker.deadline:
                    replaced(worker, LATE, "file-late")
    except KeyboardInterrupt:
        pass
    finally:
        with signals_blocked():
            for worker in workers:
                worker.end()
    return [s or Sheet(f, LEFT, why=sentence("file-left", language)) for s, f in zip(sheets, files)]


def count_cores() -> int:
    """How many processes run at the same time here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
