"""Programs that are stepped through: with commands from a pipe, or typed in a terminal."""

from __future__ import annotations

import os
import re
import select
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from in_process import Done, command, environment, interruptible

STEP = ("-m", "tinygrad_edu", "step")
PROMPT = r"\((step|what if) \d+\) "
PATIENCE = 30  # seconds that a terminal is waited for


def python(folder: Path, *words: str, typed: str = "", **more: str) -> Any:
    """A Python of its own in a folder, with this as its standard input: for what ends one, or comes after its end."""
    return subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment(**more), input=typed, capture_output=True,
        encoding="utf-8", timeout=120,
    )  # fmt: skip


def step(folder: Path, program: str, *commands: str, options: tuple[str, ...] = (), **more: Any) -> Done:
    """Step through a program with commands from a pipe."""
    (folder / "net.py").write_text(program, encoding="utf-8")
    typed = "".join(f"{line}\n" for line in commands)
    return command(folder, "step", *options, "net.py", typed=typed, **more)


class Terminal:
    """Python in a pseudo-terminal, as a person sees it who types.  With ``with``, so that nothing stays behind."""

    def __init__(self, folder: Path, *words: str, columns: int = 80, **more: str) -> None:
        import fcntl  # Unix only, as pseudo-terminals are
        import pty
        import termios

        env = environment(**{"TERM": "xterm", **more})
        with interruptible():
            self.process, self.terminal = pty.fork()
            if not self.process:
                os.chdir(folder)
                os.execvpe(sys.executable, [sys.executable, *words], env)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.printed = b""
        self.read = 0  # so much of what was seen has been waited for
        self.code: int | None = None

    @property
    def seen(self) -> str:
        """All that was printed, with colours, but without what else tells a terminal something."""
        return re.sub(r"\x1b\[[?\d;]*[A-Za-ln-z]|\x1b[=>]|\r|\x07", "", self.printed.decode("utf-8", "ignore"))

    def more(self, end: float) -> bool:
        """Take in what is printed next; False, if that is nothing."""
        ready = select.select([self.terminal], [], [], max(0.0, end - time.monotonic()))[0]
        try:
            new = os.read(self.terminal, 65536) if ready else b""
        except OSError:  # how a terminal says that it is closed
            new = b""
        self.printed += new
        return bool(new)

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self.terminal, keys.encode("utf-8"))

    def until(self, pattern: str) -> str:
        """Wait until this is printed, and give what was printed before it."""
        end = time.monotonic() + PATIENCE
        while (found := re.compile(pattern).search(seen := self.seen, self.read)) is None:
            assert self.more(end), f"{pattern!r} was never printed, but\n{seen[self.read :]}"
        before, self.read = seen[self.read : found.start()], found.end()
        return before

    def ask(self, line: str) -> str:
        """Type a line, and give what is printed up to the next prompt."""
        self.type(f"{line}\n")
        self.until(r"\n")  # the terminal says what was typed
        return self.until(PROMPT)

    def end(self) -> str:
        """Wait for the program's end, and give what it printed."""
        end = time.monotonic() + PATIENCE
        while self.more(end):
            pass
        assert time.monotonic() < end, f"the program did not end, but printed\n{self.seen[self.read :]}"
        self.code = os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])
        return self.seen[self.read :]

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.code is None:
            os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
        os.close(self.terminal)
