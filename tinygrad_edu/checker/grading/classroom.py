"""Checks many hand-ins at once, in processes of their own and with a time limit, so that none holds up the others."""

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

MEMORY = 2 << 30  # bytes that a process may use beyond those it starts with
CROWD, HASTE = 30, 0.25  # with more than CROWD hand-ins, the search for a diagnosis gets this share of its time
STOPPING = signal.SIGINT, signal.SIGTERM  # Ctrl-C, and the signal that a system sends before it shuts down
Seen = Callable[[Sheet], None]


def serve_files(pipe: Connection, language: str, answers: bool, crowded: bool) -> None:
    """The loop of a process: say that it is ready, then receive a file and send its sheet, until the pipe closes."""
    for number in STOPPING:  # the parent process reacts to them
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
    """Limit the memory of this process where the system can, so that a huge hand-in ends with a message only."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        most = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
    except (ImportError, OSError, ValueError):
        pass


class Worker:
    """A process, the number of the file that it checks, and the time at which that has to be done."""

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
        """Give the process a file to check within so many seconds."""
        self.number, self.deadline = number, time.monotonic() + seconds
        self.pipe.send(file)

    def end(self) -> None:
        """End the process at once, whatever it does."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


@contextmanager
def signals_blocked() -> Iterator[None]:
    """Block Ctrl-C and SIGTERM in this block; processes that start in it never receive them, not even at the start."""
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
    """Let SIGTERM interrupt this block as Ctrl-C does, so that the results so far are still reported.

    Gives a list, to which the signal is added when it comes.  Nothing changes if the program handles SIGTERM itself, or
    outside the main thread.
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
    """Check files in ``jobs`` processes, for at most ``seconds`` each.  Gives their sheets in the order of the files.

    ``seen`` is called with each sheet when it is done.  ``answers``: whether to find out what wrong claims should be.
    After an interruption, the sheets that are not done have the status "interrupted".
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
                    except (EOFError, OSError):  # the process was killed, perhaps because memory ran out
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
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
