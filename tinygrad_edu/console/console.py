"""The console: pdb's habits, for a computation instead of a program."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable, Mapping
from typing import Any, TextIO

import numpy as np

from ..format import locations, text
from ..output.progress import Progress
from ..output.terminal import Screen, is_interactive
from ..stepping import Moment, Stepper
from ..stepping.expressions import Expression, NotYet
from ..stepping.stops import Stop, stop
from .looking import count
from .reading import Queued
from .understanding import Understanding
from .views import Views


class Console(Understanding):
    """Steps through a computation as one types.

    ``commands`` are done before anybody is asked.  ``variables``: names of the program that expressions may use.
    ``program``: if there is one that goes on when the sweep has ended, words that say how.  ``breakpoints`` and
    ``watches`` are kept from one computation to the next.  How it ended is told by ``end``: "quit", "continue", or
    "go" and ``calls``.
    """

    def __init__(
        self,
        stepper: Stepper,
        screen: Screen | None = None,
        stdin: TextIO | None = None,
        commands: list[Queued] | None = None,
        variables: Mapping[str, Any] | None = None,
        program: str = "",
        breakpoints: list[Stop] | None = None,
        watches: list[str] | None = None,
    ) -> None:
        self.screen = screen or Screen()
        super().__init__(stdin=stdin or sys.stdin or io.StringIO(), stdout=self.screen.stream)
        self.interactive = is_interactive(self.stdin)
        self.use_rawinput = self.interactive
        self.stepper, self.views = stepper, Views(stepper, self.screen)
        self.variables: Mapping[str, Any] = variables or {}
        self.program = program
        self.breakpoints = [] if breakpoints is None else breakpoints
        if watches is not None:
            stepper.watches = watches
        self.cmdqueue: list[Any] = [] if commands is None else commands
        self.chosen, self.end, self.calls = 0, "", 0
        self.done = False  # is it said that the sweep is done?

    # Going.

    def moved(self, moment: Moment | None, end: str = "") -> None:
        """Show the step that was gone to."""
        self.chosen, self.done = 0, False
        if moment is None:
            self.ended() if end == "last" else self.screen.say("This is the start: nothing is computed yet.")
            return
        self.views.step(moment)
        self.watched()

    def ended(self) -> None:
        """The sweep is done: its results."""
        stepper, self.done = self.stepper, True
        what = "the sweep is done" if stepper.last > stepper.start else "all is computed; no gradient flows"
        self.screen.say(f"step {stepper.at}/{stepper.last}  {what}", "bold")
        shown = [leaf for leaf in stepper.leaves if stepper.gradient(leaf) is not None]
        for leaf in shown[-12:]:
            self.views.value(stepper.called(leaf), stepper.gradient(leaf), f"= {self.views.gradient(leaf)}")
        if len(shown) > 12:
            self.screen.say(f"  and {len(shown) - 12} others: tensors", "dim")
        if stepper.changes:
            self.screen.say("What if: these follow from changed gradients; the program's own are not touched.", "mark")
        if self.program:
            self.screen.say(self.program, "dim")
        self.watched()

    def do_next(self, words: str) -> None:
        """n(ext) [N]: to the next operation: forward it is computed, backward it has passed on all that it does

        Backward these are several steps, one for each operand; s stops at each.
        """
        for left in reversed(range(count(words, least=1))):
            moment = self.stepper.next()
            while moment is not None and self.has_more(moment):
                if not left:  # each as it is at its own step
                    self.views.step(moment, source=False)
                moment = self.stepper.next()
            if moment is None or not left:
                return self.moved(moment, "last")

    def has_more(self, moment: Moment) -> bool:
        """Does the operation of this step pass on to another operand after it?"""
        uses, number = self.stepper.uses, moment.number - self.stepper.start - 1
        return moment.phase == "backward" and number < len(uses) and uses[number][0] == uses[number - 1][0]

    def do_step(self, words: str) -> None:
        """s(tep) [N]: one step; backward that is what one operand receives"""
        moment: Moment | None = None
        for _ in range(count(words, least=1)):
            if (moment := self.stepper.next()) is None:
                break
        self.moved(moment, "last")

    def do_back(self, words: str) -> None:
        """back [N]: undo a step; all is again as it was then"""
        moment: Moment | None = None
        for _ in range(count(words, least=1)):
            if (moment := self.stepper.back()) is None:
                break
        self.moved(moment)

    def do_jump(self, words: str) -> None:
        """j(ump) N: to step N, forward or back; also j start, j loss (before the sweep) and j end"""
        known = {"start": 0, "loss": self.stepper.start, "end": self.stepper.last}
        self.moved(
            self.stepper.jump(known[words.strip()] if words.strip() in known else count(words, self.stepper.start))
        )

    def do_return(self, words: str) -> None:
        """r(eturn): on until this part of the model (its scope) is left"""
        scope = self.stepper.moment.node.scope
        self.run(lambda moment: moment.node.scope != scope and moment.phase != "seed")

    def do_continue(self, words: str) -> Any:
        """c(ontinue): to the next breakpoint, or to the end of the sweep; there, on with the program"""
        if not self.done:
            return self.run(self.stops if self.breakpoints else None)
        if self.program:
            self.end = "continue"
            return True
        return self.screen.say("The sweep is done; back and j go back in it, q leaves.")

    def do_rc(self, words: str) -> None:
        """rc: back to the breakpoint before, or to the start"""
        self.run(self.stops, back=True)

    def do_until(self, words: str) -> None:
        """until WHERE: on to there, as if a breakpoint were there: until W, until sigmoid, until if isnan"""
        wanted = stop(words, self.stepper)
        self.run(lambda moment: wanted.holds(self.stepper, moment, self.variables) or self.stops(moment))

    def to_what_is_not_finite(self) -> None:
        """Go to the first step that made NaN or infinity; if none did, stay."""
        stepper, at = self.stepper, self.stepper.at
        stepper.jump(0)
        while (moment := stepper.next()) is not None:
            made = stepper.value(moment.node) if moment.phase == "forward" else stepper.passed(moment)
            if not np.isfinite(made).all():
                return self.moved(moment)
        stepper.jump(at)
        return None

    do_n, do_s, do_j, do_r, do_c, do_cont = do_next, do_step, do_jump, do_return, do_continue, do_continue

    def run(self, wanted: Callable[[Moment], bool] | None, back: bool = False) -> None:
        """On, or back, to where it is wanted; None: to the end, which takes half the time."""
        stepper, progress = self.stepper, Progress("step", self.stepper.last, after=1.0, hint="Ctrl-C stops here")

        def here(moment: Moment) -> bool:
            progress.at(moment.number)
            return wanted is not None and wanted(moment)

        try:
            while wanted is None and stepper.at < stepper.last:
                progress.at(stepper.jump(min(stepper.last, stepper.at // 256 * 256 + 256)).number)
            moment = stepper.run(here, back=back)
        finally:
            progress.end()
            self.chosen, self.done = 0, self.stepper.failed is not None  # then c goes on, and the program fails as well
        self.moved(moment, "" if back else "last")

    def stops(self, moment: Moment) -> bool:
        """Is there a breakpoint at this step?  It is said which."""
        for number, found in enumerate(self.breakpoints, 1):
            wrong = ""
            try:
                holds = found.holds(self.stepper, moment, self.variables)
            except Exception as error:
                holds, wrong = True, f"  *** {error}"
            if holds:
                found.hits += 1
                self.screen.say(f"breakpoint {number}: {found.words}{wrong}", "bad" if wrong else "mark")
                if found.once:
                    self.breakpoints.remove(found)
                return True
        return False

    def do_go(self, words: str) -> bool:
        """go [N]: let the program run; it stops at breakpoints of yours, or at its N-th next backward()"""
        if not self.program:
            raise ValueError("there is no program to go on with: c runs to the end of the sweep")
        self.calls = count(words, 0)
        self.end = "go"
        return True

    # Breakpoints.

    def do_break(self, words: str) -> None:
        """b(reak) [WHERE] [if EXPR]: stop there; without words, the list of breakpoints

        b W            where W is computed, and where a gradient comes to it; also b #7, the result of step 7
        b sigmoid      where an operation of that name is at work
        b layer1       in a part of the model (its scope)
        b 12           at what line 12 of the program computed; also b net.py:12
        b step 17      at a step
        b if EXPR      where it holds: b if abs(grad).max() > 1e3, b if isnan, b if shape == (3,)
        b W if isnan   both.  b name W, b op W, b scope W and b line 12 say which is meant.
        """
        self.placed(words, once=False)

    def do_tbreak(self, words: str) -> None:
        """tbreak WHERE: the same, once"""
        self.placed(words, once=True)

    def placed(self, words: str, once: bool) -> None:
        """A new breakpoint, or the list."""
        if not words.strip():
            for number, found in enumerate(self.breakpoints, 1):
                often = f", stopped {text.plural(found.hits, 'time')}" if found.hits else ""
                self.screen.say(f"{number}: {found.words}{' (once)' if found.once else ''}{often}")
            if not self.breakpoints:
                self.screen.say("There are no breakpoints; h b says how to make one.")
            return
        found = stop(words, self.stepper, once)
        if found.condition is not None:
            with contextlib.suppress(LookupError, ArithmeticError):
                found.condition.holds(self.stepper, self.stepper.moment, self.variables)
        self.breakpoints.append(found)
        self.screen.say(f"breakpoint {len(self.breakpoints)}: {found.words}{f' ({found.kind})' if found.kind else ''}")

    def do_clear(self, words: str) -> None:
        """cl(ear) [N]: take breakpoint N away; all, without N"""
        if not words.strip():
            self.breakpoints.clear()
            self.screen.say("no breakpoints")
            return
        number = count(words)
        if not 1 <= number <= len(self.breakpoints):
            raise ValueError(f"there is no breakpoint {number}")
        self.screen.say(f"taken away: {self.breakpoints.pop(number - 1).words}")

    do_b, do_cl = do_break, do_clear

    # What if.

    def do_whatif(self, words: str) -> None:
        """whatif NAME = EXPR: what if its gradient were another?  whatif h = 2*grad; whatif off undoes it

        grad is the gradient that comes to it.  What follows in the sweep follows from the other one, and is marked; the
        program and its .grad never see it.
        """
        stepper, words = self.stepper, words.strip()
        if words in ("off", "undo"):
            stepper.undo()
            self.screen.say("The gradients are the program's own again.")
        elif words:
            name, is_there, expression = words.partition("=")
            if not is_there:
                raise ValueError("what if it were what?  whatif h = 2*grad")
            node = self.the(name)
            called, changed = stepper.called(node), self.changed(Expression(expression))
            with contextlib.suppress(NotYet):  # is it a gradient at all?
                if (shape := np.shape(changed(np.ones(node.shape)))) not in ((), node.shape):
                    raise ValueError(f"the gradient of {called} has shape {node.shape}, and this {shape}")
            stepper.change(node, changed)
            self.screen.say(
                f"What if the gradient of {called} were {expression.strip()}?  What follows is marked.", "mark"
            )
        for node in stepper.changes:
            self.screen.say(f"  {self.views.gradient(node)} is changed", "mark")
        if words:
            self.moved(stepper.moment)

    def changed(self, expression: Expression) -> Callable[[Any], Any]:
        """The function that an expression in grad means, with all else as it is now."""
        moment = self.stepper.moment
        return lambda g: expression.value(self.stepper, moment, self.variables, known={"grad": g})

    # Leaving, and what is no command.

    def do_quit(self, words: str) -> bool:
        """q(uit): leave; a program that is being stepped through ends"""
        self.end = "quit"
        return True

    do_q = do_exit = do_EOF = do_quit

    def default(self, line: str) -> None:
        """What is no command is an expression to print."""
        if line.startswith("#"):
            if line[1:2].isdecimal():
                self.do_print(line)
            return  # a comment in a file of commands
        word = line.split()[0]
        try:
            found = self.ask(line)
        except (ValueError, LookupError) as error:
            if isinstance(error, NotYet) or word in self.stepper.names or not word.isidentifier():
                raise
            raise ValueError(f"{text.shown(word)} is no command (h lists them), and no name: {error}") from None
        self.result(found, short=True)


def caller() -> Any:
    """The frame of the program that called us."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(locations.OURS):
        frame = frame.f_back
    return frame


def of_frame(frame: Any) -> dict[str, Any]:
    """The variables of the program at a place of it."""
    return {**frame.f_globals, **frame.f_locals}
