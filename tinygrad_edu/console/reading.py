"""How the console reads what is typed, piped or kept in a file, and says what it could not do."""

from __future__ import annotations

import cmd
import contextlib
import inspect
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..format import locations, text
from ..output.terminal import Screen
from ..stepping import Stepper
from ..stepping.expressions import FUNCTIONS
from .views import Views, underlined

INTRODUCTION = "n and s go a step on, back goes back, p W.grad prints, why explains, h lists the commands."
GROUPS = {
    "Go": "next step continue until return back rc jump go",
    "Stop": "break tbreak clear",
    "Look": "print pp args display undisplay tensors list where up down",
    "Understand": "rule jac why explain whatif",
    "Keep": "save",
    "Leave": "quit help",
}
ONE = threading.RLock()  # one console at a time, whatever threads call backward


class Queued(str):
    """A command that nobody typed."""


class Reading(cmd.Cmd):
    """Reads commands until one ends it.  Its kinds say what the commands do."""

    stepper: Stepper
    screen: Screen
    views: Views
    variables: Mapping[str, Any]  # of the program
    interactive: bool  # does a person type?
    end: str  # how it ended

    def opened(self, head: str, where: locations.Place | None = None, introduction: str = "") -> None:
        """Say where one is."""
        stepper, number = self.stepper, len(self.stepper.computed)
        leaves = len(stepper.nodes) - number
        self.screen.say(head, "bold")
        if where is not None and where.text:
            self.screen.write(underlined(where, self.screen.width))
        self.screen.say(
            f"{text.plural(number, 'operation')} on {text.plural(leaves, 'leaf', 'leaves')}.  The values are there; "
            f"steps {stepper.start + 1} to {stepper.last} are the sweep."
        )
        if introduction:
            self.screen.say(introduction, "dim")

    def interact(self) -> str:
        """Read commands until one ends it, and say how."""
        with ONE, self.streams():
            while not self.end:
                try:
                    self.cmdloop()
                except KeyboardInterrupt:
                    self.screen.write()
                    self.screen.say(f"interrupted, at step {self.stepper.at}; q leaves", "dim")
        return self.end

    @contextlib.contextmanager
    def streams(self) -> Iterator[None]:
        """The console's own streams, wherever the program's output goes."""
        saved = sys.stdin, sys.stdout
        try:
            if self.interactive:
                sys.stdin, sys.stdout = self.stdin, self.screen.stream
            yield
        finally:
            sys.stdin, sys.stdout = saved

    @property
    def prompt(self) -> str:  # type: ignore[override]
        """Where one is, and whether it is real."""
        return f"({'what if' if self.stepper.changes else 'step'} {self.stepper.at}) "

    def preloop(self) -> None:
        """Completion knows names with brackets."""
        with contextlib.suppress(ImportError, AttributeError):
            import readline  # not everywhere

            readline.set_completer_delims(" \t\n,*+-/@=<>[")

    def precmd(self, line: str) -> str:
        """A line that nobody has typed here is shown, so that what is printed can be read as a whole."""
        if line == "EOF":
            self.screen.write()
        elif isinstance(line, Queued):
            self.screen.write(self.prompt + line)
        elif not self.interactive:
            self.screen.write(line.rstrip("\r\n"))
        return line.strip()

    def onecmd(self, line: str) -> bool:
        """Do a command; whatever is wrong with it is said in a sentence."""
        try:
            return bool(super().onecmd(line))
        except Exception as error:
            self.complain(error)
            return False

    def complain(self, error: Exception) -> None:
        """An error in words."""
        self.screen.say(f"*** {text.told(error) or type(error).__name__}", "bad")
        for note in getattr(error, "__notes__", []):
            self.screen.say(note)

    def do_help(self, words: str) -> None:
        """h(elp) [COMMAND]: the commands, or what one of them does"""
        if words.strip():
            method = getattr(self, f"do_{words.strip()}", None)
            if method is None:
                raise ValueError(f"{text.shown(words.strip())} is no command")
            for line in inspect.cleandoc(method.__doc__ or "").splitlines():
                self.screen.say(line, indent=15 if "  " in line else 0)
            return
        for title, names in GROUPS.items():
            self.screen.write(title, "bold")
            for name in names.split():
                first, _, rest = (getattr(self, f"do_{name}").__doc__ or "").splitlines()[0].partition(":")
                if self.screen.width < 60:
                    self.screen.say(f"{first}:{rest}", indent=2)
                else:
                    self.screen.say(f"  {first:<26}{rest.strip()}", indent=28)
        self.screen.say("An empty line repeats the last command; anything else is printed as an expression.", "dim")

    do_h = do_help

    # Completion: commands, then names, operations and what an expression may hold.

    def completenames(self, text: str, *ignored: Any) -> list[str]:
        """The commands that begin so."""
        return sorted(name for group in GROUPS.values() for name in group.split() if name.startswith(text))

    def completedefault(self, word: str, line: str, begin: int, end: int) -> list[str]:
        """The names that begin so."""
        command = line.split()[0] if line.split() else ""
        known: Iterable[str] = self.stepper.names
        if command in ("h", "help"):
            known = self.completenames("")
        elif command in ("b", "break", "tbreak", "until"):
            scopes = {node.scope for node in self.stepper.computed if node.scope}
            known = {*known, *(node.op.name for node in self.stepper.computed), *scopes, "if", "step", "line"}
        elif "." in word:
            known = [f"{name}.{part}" for name in known for part in ("grad", "shape", "T")]
        else:
            known = {*known, *FUNCTIONS, "grad", "value", "passed"}
        return sorted(name for name in known if name.startswith(word))
