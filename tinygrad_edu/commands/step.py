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

from ..console.shell import INTRODUCTION, Console, Queued
from ..console.stepper import variables_of
from ..format import locations, text
from ..output.progress import Progress
from ..output.terminal import Screen, is_interactive
from ..stepping import Moment, Stepper
from ..stepping.breakpoints import Breakpoint
from .run_script import Call, Calls, Quit, WantedCall, add_script, explain_no_call, refuse_script, run_script

NAME, HELP = "step", "run a program and step through its backward(): a debugger for gradients"
EPILOG = """\
The program runs as "python SCRIPT ARGS" would run it, and stops where it calls backward(), before the sweep.  In the
console, h lists the commands.  Commands can also come from the options -c and --commands, or from a pipe:
    tinygrad-edu step net.py
    tinygrad-edu step --at loss --nth 3 net.py --epochs 5
    tinygrad-edu step -c "b if isnan" -c go net.py
    tinygrad-edu step --commands lecture.txt net.py"""


def add_arguments(p: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    p.formatter_class, p.epilog = argparse.RawDescriptionHelpFormatter, EPILOG
    p.add_argument(
        "-c",
        action="append",
        default=[],
        dest="typed",
        metavar="COMMAND",
        help="do this command first; can be given several times",
    )
    p.add_argument("--commands", type=Path, metavar="FILE", help="do the commands in this file, one on each line")
    add_script(
        p,
        "stop at the call of backward() in this line, or of this tensor",
        "stop only at the Nth such call (default: at every one)",
    )
    p.add_argument("rest", nargs=argparse.REMAINDER, metavar="ARGS", help="the arguments of the program")


def run(options: argparse.Namespace) -> int:
    """Run the program, and open the console where it calls ``backward``; the program's exit code.

    Raises ValueError if the program cannot be run, or never calls ``backward`` as ``--at`` and ``--nth`` ask.
    """
    refuse_script(options.script, options.at, options.nth)
    commands = [Queued(line) for line in options.typed]
    if options.commands is not None:
        try:
            commands += map(Queued, options.commands.read_text(encoding="utf-8").splitlines())
        except UnicodeDecodeError:
            raise ValueError(f"{options.commands} is not text in UTF-8") from None
    stops = StopAtBackward(WantedCall(options.at, options.nth), commands)
    done = run_script(options.script, [*options.rest, *options.args], stops)
    say = stops.screen.say
    if stops.ended:
        say("The program was ended here.", "dim")
    elif not stops.stopped and done.code:
        say(f"{options.script.name} failed before a backward() to stop at: the console was not opened.")
    elif not stops.stopped:
        if done.calls:
            raise ValueError(explain_no_call(done.calls, done.matching, options.at, options.nth))
        name = options.script.name
        raise ValueError(
            f"{name} never called backward(): call it on the loss, or put step_here(loss) where you want to stop"
        )
    else:
        never = stops.breakpoints and not any(each.hits for each in stops.breakpoints)
        met = ", and no breakpoint was met" if never else ""
        say(f"The program has ended; backward() was called {text.plural(done.calls, 'time')}{met}.", "dim")
    return done.code


HOW_TO_GO_ON = "c goes on with the program, to its next backward(); go lets it run; q ends it."


class StopAtBackward(Calls):
    """Opens the console before each call of ``backward`` that is wanted."""

    def __init__(self, wanted: WantedCall, commands: list[Queued]) -> None:
        super().__init__(wanted)
        self.screen = Screen(sys.stdout)  # taken now, because the program may put another stream in its place
        self.stdin: Any = sys.stdin
        if commands and not is_interactive(sys.stdin):
            self.stdin = io.StringIO()  # what is piped in is left to the program
        self.commands = commands
        self.breakpoints: list[Breakpoint] = []
        self.watches: list[str] = []
        self.stopped = 0  # at how many calls the console was opened
        self.steppers: dict[int, Stepper] = {}  # by the thread whose backward() runs next
        # After "go N": the number of calls until the next stop; 0: no stop but at breakpoints; None: stop at each call.
        self.calls_to_stop: int | None = None
        self.progress: Progress | None = None

    def before(self, call: Call, free: bool) -> Call | None:
        """Open the console, if this call is wanted and the program was not let run past it."""
        if not self.wants(call) or self.ended or not call.tensor.requires_grad:
            return None
        passes_by = self.calls_to_stop not in (None, 1)
        if passes_by and self.calls_to_stop:
            self.calls_to_stop -= 1
        if passes_by and not self.breakpoints:
            return None
        try:
            stepper = Stepper(call.tensor, call.seed)
            self.steppers[threading.get_ident()] = stepper
            if passes_by and not self.run_to_breakpoint(stepper, call):
                return None
        except Exception:  # backward itself fails in the same way, and its error says what is wrong
            return None
        self.stopped += 1
        self.open_console(stepper, call)
        return None

    def during(self) -> AbstractContextManager[None]:
        """While ``backward`` runs, hooks that were called when it was stepped through are not called a second time."""
        stepper = self.steppers.pop(threading.get_ident(), None)
        return nullcontext() if stepper is None else stepper.hooks_replayed()

    def run_to_breakpoint(self, stepper: Stepper, call: Call) -> bool:
        """Run a computation that is passed by as far as its first breakpoint; False, if it meets none."""
        self.progress = self.progress or Progress("backward() number", after=1.0, hint="Ctrl-C stops here")
        self.progress.at(self.number)
        variables = variables_of(call.frame)

        def is_breakpoint(moment: Moment) -> bool:
            return any(holds_or_fails(each, stepper, moment, variables) for each in self.breakpoints)

        stepper.jump(0)
        try:
            if stepper.run(is_breakpoint) is None:
                return False
        except KeyboardInterrupt:
            stepper.jump(stepper.start)
            return True
        stepper.back()  # the console then goes on to the breakpoint itself, and says which it is
        return True

    def open_console(self, stepper: Stepper, call: Call) -> None:
        """Step through one call in the console, and then go on, run, or end the program, as the last command says."""
        if self.progress is not None:
            self.progress.end()
        nth = f", call number {self.matching + 1}" if self.matching else ""
        console = Console(
            stepper,
            self.screen,
            self.stdin,
            self.commands,
            variables=variables_of(call.frame),
            program=HOW_TO_GO_ON,
            breakpoints=self.breakpoints,
            watches=self.watches,
        )
        name = console.printer.format_name(stepper.root)
        of_name = "" if name.startswith("#") else f" of {name}"  # too long a formula is only a number
        head = f"backward(){of_name} in line {call.line} of {locations.file_title(call.file)}{nth}"
        where = locations.locate(call.frame.f_code, call.frame.f_lasti)
        self.calls_to_stop = None
        try:
            console.open(head, where, INTRODUCTION if self.stopped == 1 else "")
            if stepper.at != stepper.start:
                console.do_continue("")
            end = console.interact()
        except BrokenPipeError:  # the reader has seen enough, as with | head
            end = "quit"
        if end == "go":
            self.calls_to_stop, self.progress = console.calls, None
        if end == "quit":
            self.ended = True
            if threading.current_thread() is not threading.main_thread():
                _thread.interrupt_main()
                raise SystemExit
            raise Quit


def holds_or_fails(breakpoint: Breakpoint, stepper: Stepper, moment: Moment, variables: dict[str, Any]) -> bool:
    """Does the program stop at this step?  It also stops if the condition fails, and the console says why."""
    try:
        return breakpoint.holds(stepper, moment, variables)
    except Exception:
        return True
