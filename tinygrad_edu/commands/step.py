"""``tinygrad-edu step SCRIPT``: a program runs, and stops where it calls ``backward``."""

from __future__ import annotations

import _thread
import argparse
import io
import sys
import threading
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from ..console.console import Console, of_frame
from ..console.reading import INTRODUCTION, Queued
from ..format import locations, text
from ..output.progress import Progress
from ..output.terminal import Screen, is_interactive
from ..stepping import Moment, Stepper
from ..stepping.stops import Stop
from .run_script import Call, Calls, Quit, Wanted, program, run

EPILOG = """\
The program runs as "python SCRIPT ARGS" would run it, and stops before its backward() is done; what stands after SCRIPT
is its own.  In the console h lists the commands.  They can also come from a pipe or a file:
    tinygrad-edu step net.py
    tinygrad-edu step --at loss --nth 3 net.py --epochs 5
    tinygrad-edu step -c "b if isnan" -c go net.py
    tinygrad-edu step --commands lecture.txt net.py"""


def add_arguments(p: argparse.ArgumentParser) -> None:
    """The options of the command."""
    p.formatter_class, p.epilog = argparse.RawDescriptionHelpFormatter, EPILOG
    p.add_argument("--at", metavar="LINE|NAME", help="stop at the call of backward() in this line, or of this tensor")
    p.add_argument(
        "--nth", type=int, metavar="N", help="stop at the N-th such call alone (default: at each, from the first)"
    )
    p.add_argument(
        "-c",
        action="append",
        default=[],
        dest="typed",
        metavar="COMMAND",
        help="do this command first; may come several times",
    )
    p.add_argument("--commands", type=Path, metavar="FILE", help="do the commands in this file, one a line")
    p.add_argument("script", type=Path, metavar="SCRIPT", help="a Python program")
    p.add_argument("rest", nargs=argparse.REMAINDER, metavar="ARGS", help="its own arguments")


def command(options: argparse.Namespace) -> int:
    """Run the program, and step where it is wanted."""
    program(options.script, options.nth)
    commands = [Queued(line) for line in options.typed]
    if options.commands is not None:
        try:
            commands += map(Queued, options.commands.read_text(encoding="utf-8").splitlines())
        except UnicodeDecodeError:
            raise ValueError(f"{options.commands} is not text in UTF-8") from None
    stops = Stops(Wanted(options.at, options.nth), commands)
    done = run(options.script, [*options.rest, *options.args], stops)
    say = stops.screen.say
    if stops.ended:
        say("The program was ended here.", "dim")
    elif not stops.stopped and done.code:
        say(f"{options.script.name} failed before a backward() that is wanted: nothing was stepped through.")
    elif not stops.stopped:
        raise ValueError(missed(options, done.calls, done.matching))
    else:
        never = stops.breakpoints and not any(found.hits for found in stops.breakpoints)
        met = ", and no breakpoint was met" if never else ""
        say(f"The program has ended; backward() was called {text.plural(done.calls, 'time')}{met}.", "dim")
    return done.code


def missed(options: argparse.Namespace, calls: int, matching: int) -> str:
    """Why nothing was stopped at, and what to try."""
    name = options.script.name
    if not calls:
        return f"{name} never called backward(): call it on the loss, or put step_here(loss) where you want to stop"
    if matching:
        return f"backward() was called {text.plural(matching, 'time')} there, so there is no call number {options.nth}"
    where = f"line {options.at}" if options.at.isdecimal() else f"a tensor called {options.at}"
    return f"of {text.plural(calls, 'call')} of backward() none was of {where}"


ON = "c goes on with the program, to its next backward(); go lets it run; q ends it."


class Stops(Calls):
    """Opens the console before a call of ``backward`` that is wanted."""

    def __init__(self, wanted: Wanted, commands: list[Queued]) -> None:
        super().__init__(wanted)
        self.screen = Screen(sys.stdout)  # of now: the program may put another in its place
        self.stdin: Any = sys.stdin
        if commands and not is_interactive(sys.stdin):
            self.stdin = io.StringIO()  # what is piped in is the program's
        self.commands = commands
        self.breakpoints: list[Stop] = []
        self.watches: list[str] = []
        self.stopped = 0
        self.stepped: dict[int, Stepper] = {}  # by the thread whose backward() comes next
        self.running: int | None = None  # it is let run to its how-manieth next call; 0: to its end
        self.progress: Progress | None = None

    def before(self, call: Call, free: bool) -> Call | None:
        """Step through it, if it is wanted."""
        if not self.wants(call) or self.ended or not call.tensor.requires_grad:
            return None
        running = self.running not in (None, 1)
        self.running = self.running - 1 if running and self.running else self.running
        if running and not self.breakpoints:
            return None
        try:
            stepper = Stepper(call.tensor, call.seed)
            self.stepped[threading.get_ident()] = stepper
            if running and not self.meets(stepper, call):
                return None
        except Exception:  # backward itself will say what is wrong
            return None
        self.stopped += 1
        self.step(stepper, call)
        return None

    def during(self) -> AbstractContextManager[None]:
        """Hooks were called when it was stepped through, and are not called twice."""
        stepper = self.stepped.pop(threading.get_ident(), None)
        return nullcontext() if stepper is None else stepper.answered()

    def meets(self, stepper: Stepper, call: Call) -> bool:
        """Does a program that is let run meet a breakpoint in this call?"""
        self.progress = self.progress or Progress("backward() number", after=1.0, hint="Ctrl-C stops here")
        self.progress.at(self.number)
        variables = of_frame(call.frame)
        stepper.jump(0)
        try:
            if stepper.run(lambda moment: any(meets(b, stepper, moment, variables) for b in self.breakpoints)) is None:
                return False
        except KeyboardInterrupt:
            stepper.jump(stepper.start)
            return True
        stepper.back()  # the console comes to the breakpoint itself, and says which it is
        return True

    def step(self, stepper: Stepper, call: Call) -> None:
        """The console, for one call."""
        if self.progress is not None:
            self.progress.end()
        nth = f", its call number {self.matching + 1}" if self.matching else ""
        called = text.shown(stepper.called(stepper.root))
        head = f"backward() of {called} in line {call.line} of {locations.title(call.file)}{nth}"
        console = Console(
            stepper, self.screen, self.stdin, self.commands, of_frame(call.frame), ON, self.breakpoints, self.watches
        )
        where = locations.resolve(call.frame.f_code, call.frame.f_lasti)
        self.running = None
        try:
            console.opened(head, where, INTRODUCTION if self.stopped == 1 else "")
            if stepper.at != stepper.start:
                console.do_continue("")
            end = console.interact()
        except BrokenPipeError:  # the reader has seen enough, as with | head
            end = "quit"
        if end == "go":
            self.running, self.progress = console.calls, None
        if end == "quit":
            self.ended = True
            if threading.current_thread() is not threading.main_thread():
                _thread.interrupt_main()
                raise SystemExit
            raise Quit


def meets(found: Stop, stepper: Stepper, moment: Moment, variables: dict[str, Any]) -> bool:
    """Is there a breakpoint at this step?  Also where its condition makes no sense: the console says why."""
    try:
        return found.holds(stepper, moment, variables)
    except Exception:
        return True
