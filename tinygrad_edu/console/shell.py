"""The console: a person, a pipe or a file of commands steps through a computation, with the commands of pdb.

A command is a method ``do_NAME``.  Its docstring is its help, and the first line of that is its row in the overview.
What a command prints is made in format_step.py.
"""

from __future__ import annotations

import cmd
import contextlib
import inspect
import io
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from ..findings import explain, findings_about
from ..format import locations, numbers, text
from ..graph import Node
from ..numeric.norms import norm
from ..output.progress import Progress
from ..output.terminal import Screen, is_interactive
from ..stepping import Moment, Stepper
from ..stepping.breakpoints import Breakpoint, parse_breakpoint
from ..stepping.expressions import FUNCTIONS, Expression, NotYet
from ..stepping.paths import passed, uses_of
from ..tracing.build import trace_and_step
from .format_step import StepPrinter, underline
from .pager import by_pages

INTRODUCTION = "n and s go on, back goes back, p W.grad prints a value, h lists the commands."
GROUPS = {
    "Go": "next step continue until return back rc jump go",
    "Stop": "break tbreak clear",
    "Look": "print pp args display undisplay tensors list ll where up down",
    "Understand": "rule jac why explain whatif",
    "Keep": "save",
    "Leave": "quit help",
}
GOING_ON = "next n step s continue c cont until return r".split()
ONE_CONSOLE = threading.RLock()  # threads may call backward at the same time, but share one terminal
MANY_VALUES = 50_000  # in so many values faults are not found at once, and the console says that it takes a while


class Queued(str):
    """A command that nobody typed: it comes from a file or from the command line."""


class Console(cmd.Cmd):
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
        breakpoints: list[Breakpoint] | None = None,
        watches: list[str] | None = None,
    ) -> None:
        self.screen = screen or Screen()
        super().__init__(stdin=stdin or sys.stdin or io.StringIO(), stdout=self.screen.stream)
        self.interactive = is_interactive(self.stdin)  # does a person type?
        self.use_rawinput = self.interactive
        self.stepper, self.printer = stepper, StepPrinter(stepper, self.screen)
        self.variables: Mapping[str, Any] = variables or {}
        self.program = program
        self.breakpoints = [] if breakpoints is None else breakpoints
        if watches is not None:
            stepper.watches = watches
        self.cmdqueue: list[Any] = [] if commands is None else commands
        self.chosen = 0  # how many nodes u has gone up on the path from the step to the loss
        self.at_end = False  # was the end of the sweep shown, so that c goes on with the program?
        self.end_was_said = False  # did an empty line say that the sweep is done?
        self.is_typed = False  # was the command that is being done typed by a person, and not piped or queued?
        self.end, self.calls = "", 0

    # The loop: read a command, do it, until one ends it.

    def open(self, head: str, where: locations.Location | None = None, introduction: str = "") -> None:
        """Print where the program stands, how large the computation is, and how one begins."""
        stepper, number = self.stepper, len(self.stepper.computed)
        leaves = len(stepper.nodes) - number
        self.screen.say(head, "bold")
        if where is not None and where.text:
            self.screen.write(underline(where, self.screen.width))
        self.screen.say(
            f"{text.plural(number, 'operation')} on {text.plural(leaves, 'leaf', 'leaves')}.  The values are there; "
            f"steps {stepper.start + 1} to {stepper.last} are the sweep."
        )
        if introduction:
            self.screen.say(introduction, "dim")

    def interact(self) -> str:
        """Read commands until one ends it; how it ended."""
        with ONE_CONSOLE, self.own_streams():
            while not self.end:
                try:
                    self.cmdloop()
                except KeyboardInterrupt:
                    self.screen.write()
                    self.screen.say(f"interrupted, at step {self.stepper.at}; q leaves", "dim")
        return self.end

    @contextlib.contextmanager
    def own_streams(self) -> Iterator[None]:
        """In this block a person types to the console, wherever the program has put its input and output."""
        saved = sys.stdin, sys.stdout
        try:
            if self.interactive:
                sys.stdin, sys.stdout = self.stdin, self.screen.stream
            yield
        finally:
            sys.stdin, sys.stdout = saved

    @property
    def prompt(self) -> str:  # type: ignore[override]
        """The number of the step; "what if" where a gradient was changed by hand."""
        return f"({'what if' if self.stepper.changes else 'step'} {self.stepper.at}) "

    def preloop(self) -> None:
        """Let the tab key complete names with dots and parentheses, as W.grad and v(2)."""
        with contextlib.suppress(ImportError, AttributeError):
            import readline  # Windows has none

            readline.set_completer_delims(" \t\n,*+-/@=<>[")

    def precmd(self, line: str) -> str:
        """Print a command that nobody typed here, so that the whole session can be read from what is printed."""
        self.is_typed = self.interactive and not isinstance(line, Queued)
        if line == "EOF":
            self.screen.write()
        elif isinstance(line, Queued):
            self.screen.write(self.prompt + line)
        elif not self.interactive:
            self.screen.write(line.rstrip("\r\n"))
        return line.strip()

    def onecmd(self, line: str) -> bool:
        """Do a command; True ends the console.  An error becomes a sentence."""
        try:
            return bool(super().onecmd(line))
        except Exception as error:
            self.show_error(error)
            return False

    def show_error(self, error: Exception) -> None:
        """Print what an error says."""
        self.screen.say(f"*** {text.error_text(error) or type(error).__name__}", "bad")
        for note in getattr(error, "__notes__", []):
            self.screen.say(note)

    def emptyline(self) -> bool:
        """Repeat the last command; but at the end of the sweep nothing goes on, and that is said once."""
        if not self.at_end or self.lastcmd.split()[:1][0] not in GOING_ON:
            return super().emptyline()
        if not self.end_was_said:
            self.end_was_said = True
            self.screen.say(self.end_of_sweep(), "dim")
        return False

    def end_of_sweep(self) -> str:
        """What one can do at the end of the sweep."""
        on = "c goes on with the program, " if self.program else ""
        return f"The sweep is done: {on}back and j go back in it, q leaves."

    def default(self, line: str) -> None:
        """Print a line that is no command as an expression, as also what follows !; a comment does nothing."""
        if line.startswith("!"):
            self.lastcmd = line
            return self.do_print(line[1:])
        if line.startswith("#"):
            if line[1:2].isdecimal():  # #7 is the result of step 7
                self.do_print(line)
            return None
        word = line.split()[0]
        try:
            found = self.ask(line)
        except (ValueError, LookupError) as error:
            if isinstance(error, NotYet) or word in self.stepper.names or not word.isidentifier():
                raise
            raise ValueError(self.explain_unknown(word, error)) from None
        return self.printer.show_result(found, short=True)

    def explain_unknown(self, word: str, error: Exception | None = None) -> str:
        """That a word is no command and, where an ``error`` says why, no expression; with the nearest word there is."""
        said, names = (
            f"{text.safe_name(word)} is no command",
            [] if error is None else map(text.safe_name, self.stepper.names),
        )
        if near := text.suggest(word, [*self.completenames(""), *names]):
            return f"{said}{'' if error is None else ' and no name'}{near}"
        return f"{said} (h lists them){'' if error is None else f', and no name: {error}'}"

    def paged(self) -> contextlib.AbstractContextManager[None]:
        """In this block what is printed is shown page by page, if a person typed the command and reads the answer."""
        return by_pages(self.screen, self.stdin) if self.is_typed and self.screen.terminal else contextlib.nullcontext()

    # Going.

    def do_next(self, words: str) -> None:
        """n(ext) [N]: go on by one operation, or by N

        Forward, the operation is computed.  Backward, it passes its gradient on to all of its operands: that is one
        step for each operand, and s stops at each of them.
        """
        for left in reversed(range(count(words, least=1))):
            moment = self.stepper.next()
            while moment is not None and self.passes_on_more(moment):
                if not left:  # all steps of the last operation are printed, each as it was then
                    self.printer.show_step(moment, source=False)
                moment = self.stepper.next()
            if moment is None or not left:
                return self.show_step(moment)

    def passes_on_more(self, moment: Moment) -> bool:
        """Does the operation of this backward step pass on to another operand after it?"""
        uses, number = self.stepper.uses, moment.number - self.stepper.start - 1
        return moment.phase == "backward" and number < len(uses) and uses[number][0] == uses[number - 1][0]

    def do_step(self, words: str) -> None:
        """s(tep) [N]: go on by one step, or by N

        Forward, a step computes one operation.  Backward, a step passes a gradient on to one operand.
        """
        moment: Moment | None = None
        for _ in range(count(words, least=1)):
            if (moment := self.stepper.next()) is None:
                break
        self.show_step(moment)

    def do_back(self, words: str) -> None:
        """back [N]: undo one step, or N

        Every value and gradient is again as it was then, to the bit.
        """
        moment: Moment | None = None
        for _ in range(count(words, least=1)):
            if (moment := self.stepper.back()) is None:
                break
        self.show_step(moment, back=True)

    def do_jump(self, words: str) -> None:
        """j(ump) N: go to step N; also j start, j loss and j end

        It goes forward or back.  j loss goes to the step where all values are computed, before the sweep begins.
        """
        named = {"start": 0, "loss": self.stepper.start, "end": self.stepper.last}
        number = named[words.strip()] if words.strip() in named else count(words, self.stepper.start)
        self.show_step(self.stepper.jump(number))

    def do_return(self, words: str) -> None:
        """r(eturn): go on until this part of the model (scope) is left"""
        scope = self.stepper.moment.node.scope
        self.run_to(lambda moment: moment.node.scope != scope and moment.phase != "seed")

    def do_continue(self, words: str) -> Any:
        """c(ontinue): go on to a breakpoint, or to the end of the sweep

        At the end of the sweep, c goes on with the program, to its next backward().
        """
        if not self.at_end:
            return self.run_to(self.meets_breakpoint if self.breakpoints else None)
        if self.program:
            self.end = "continue"
            return True
        return self.screen.say(self.end_of_sweep())

    def do_rc(self, words: str) -> None:
        """rc: go back to a breakpoint, or to the start"""
        self.run_to(self.meets_breakpoint, back=True)

    def do_until(self, words: str) -> None:
        """until WHERE: go on to a place: until W, until if isnan

        It also stops at breakpoints on the way.  h b lists what WHERE can be.
        """
        wanted = parse_breakpoint(words, self.stepper)
        self.run_to(lambda moment: wanted.holds(self.stepper, moment, self.variables) or self.meets_breakpoint(moment))

    def do_go(self, words: str) -> bool:
        """go [N]: let the program run on, to a breakpoint of yours

        go N also stops at the Nth backward() from here, whether it meets a breakpoint or not.
        """
        if not self.program:
            raise ValueError("there is no program to go on with: c runs to the end of the sweep")
        self.calls = count(words, 0)
        self.end = "go"
        return True

    do_n, do_s, do_j, do_r, do_c, do_cont = do_next, do_step, do_jump, do_return, do_continue, do_continue

    def run_to(self, wanted: Callable[[Moment], bool] | None, back: bool = False) -> None:
        """Go on, or back, to the next step that is wanted, and show it; None: to the end, in half the time."""
        stepper, progress = self.stepper, Progress("step", self.stepper.last, after=1.0, hint="Ctrl-C stops here")

        def is_here(moment: Moment) -> bool:
            progress.at(moment.number)
            return wanted is not None and wanted(moment)

        try:
            while wanted is None and stepper.at < stepper.last:
                progress.at(stepper.jump(min(stepper.last, stepper.at // 256 * 256 + 256)).number)
            moment = stepper.run(is_here, back=back)
        finally:
            progress.end()
            # Where a rule fails the sweep cannot go on: then c goes on with the program, which fails as well.
            self.chosen, self.at_end = 0, self.stepper.failed is not None
        self.show_step(moment, back)

    def jump_to_not_finite(self) -> None:
        """Go to the first step that made NaN or infinity; if none did, stay."""
        stepper, at = self.stepper, self.stepper.at
        stepper.jump(0)
        while (moment := stepper.next()) is not None:
            made = stepper.value(moment.node) if moment.phase == "forward" else stepper.passed(moment)
            if not np.isfinite(made).all():
                return self.show_step(moment)
        stepper.jump(at)
        return None

    def show_step(self, moment: Moment | None, back: bool = False) -> None:
        """Print the step that was gone to, and what is displayed; None: there was none left on the way, or ``back``."""
        self.chosen, self.at_end, self.end_was_said = 0, False, False
        if moment is not None:
            self.printer.show_step(moment)
        elif back:
            return self.screen.say("This is the start: nothing is computed yet.")
        else:
            self.at_end = True
            self.printer.show_end(self.program)
        self.show_watches()

    # Breakpoints.

    def do_break(self, words: str) -> None:
        """b(reak) [WHERE] [if EXPR]: set a breakpoint; without words, list them

        b W            where W is computed, and where a gradient comes to it; b #7: the same for the result of step 7
        b sigmoid      where this operation is computed, and where it passes a gradient on
        b layer1       in this part of the model (its scope)
        b 12           at what line 12 of the program computed; also b net.py:12
        b step 17      at step 17
        b if EXPR      where a condition holds: b if abs(grad).max() > 1e3, b if isnan, b if shape == (3,)
        b W if isnan   both

        If a word has several meanings, b name W, b op W, b scope W and b line 12 say which one is meant.
        """
        self.set_breakpoint(words, once=False)

    def do_tbreak(self, words: str) -> None:
        """tbreak WHERE [if EXPR]: set a breakpoint that stops only once"""
        self.set_breakpoint(words, once=True)

    def set_breakpoint(self, words: str, once: bool) -> None:
        """Make a breakpoint of the words; without words, list those that there are."""
        if not words.strip():
            return self.list_breakpoints()
        new = parse_breakpoint(words, self.stepper, once)
        if new.condition is not None:
            # Tried once, so that a condition which can never be right is refused now.  What it names, or divides by,
            # may be there only at a later step.
            with contextlib.suppress(LookupError, ArithmeticError):
                new.condition.holds(self.stepper, self.stepper.moment, self.variables)
        self.breakpoints.append(new)
        self.screen.say(f"breakpoint {len(self.breakpoints)}: {new.words}{f' ({new.kind})' if new.kind else ''}")

    def list_breakpoints(self) -> None:
        """Print the breakpoints, and how often each was met."""
        for number, each in enumerate(self.breakpoints, 1):
            often = f", stopped {text.plural(each.hits, 'time')}" if each.hits else ""
            self.screen.say(f"{number}: {each.words}{' (once)' if each.once else ''}{often}")
        if not self.breakpoints:
            self.screen.say("There are no breakpoints; h b says how to make one.")

    def meets_breakpoint(self, moment: Moment) -> bool:
        """Is there a breakpoint at this step?  Prints which, and the error of a condition that makes no sense."""
        for number, each in enumerate(self.breakpoints, 1):
            wrong = ""
            try:
                holds = each.holds(self.stepper, moment, self.variables)
            except Exception as error:
                holds, wrong = True, f"  *** {error}"
            if holds:
                each.hits += 1
                self.screen.say(f"breakpoint {number}: {each.words}{wrong}", "bad" if wrong else "mark")
                if each.once:
                    self.breakpoints.remove(each)
                return True
        return False

    def do_clear(self, words: str) -> None:
        """cl(ear) [N]: delete breakpoint N, or all breakpoints"""
        if not words.strip():
            self.breakpoints.clear()
            self.screen.say("all breakpoints deleted")
            return
        number = count(words)
        if not 1 <= number <= len(self.breakpoints):
            raise ValueError(f"there is no breakpoint {number}")
        self.screen.say(f"deleted: {self.breakpoints.pop(number - 1).words}")

    do_b, do_cl = do_break, do_clear

    # Looking at values.

    def ask(self, words: str) -> Any:
        """What an expression gives at this step."""
        return self.stepper.ask(words, self.variables)

    def find(self, words: str) -> Node:
        """The tensor that words name; without words the one that is looked at."""
        return self.stepper.find(words.strip(), until=self.stepper.at) if words.strip() else self.node

    def do_print(self, words: str) -> None:
        """p(rint) [EXPR]: print a tensor or arithmetic: p W, p W.grad

        p W.grad       the gradient of W as far as it has come at this step; also p dW
        p delta2       the gradient of v2, or of v(2)
        p abs(v[0])    arithmetic, elements of arrays, and functions: sum, mean, max, norm, isnan, where, ...
        p #7           the result of step 7
        p grad         the gradient of the tensor of this step; there are also value, passed, g and z
        p              the tensor of this step, with its gradient

        The variables of the program can be used too.  A line that is no command is printed as an expression, and so is
        a line after !, where it begins as a command does: !n prints the variable n.
        """
        self.print_value(words, short=True)

    def do_pp(self, words: str) -> None:
        """pp [EXPR]: print every element, however many there are"""
        with self.paged():
            self.print_value(words, short=False)

    do_p = do_print

    def print_value(self, words: str, short: bool) -> None:
        """Print what an expression gives; without words, the tensor that is looked at, with its gradient."""
        if words.strip():
            self.printer.show_result(self.ask(words), short)
        else:
            self.printer.show_tensor(self.node, short)

    def do_args(self, words: str) -> None:
        """a(rgs): print the operands of the operation, and its result"""
        node = self.node if self.chosen else self.stepper.moment.node
        if node.op is None:
            self.do_print("")
        else:
            self.printer.show_operands(node)

    do_a = do_args

    def do_tensors(self, words: str) -> None:
        """tensors [all]: list the tensors that have a name

        Each with its shape, its step and the norm of its gradient.  Of more than 40 the youngest are listed; tensors
        all lists every one.
        """
        with self.paged():
            self.printer.show_names(most=None if words.strip() == "all" else 40)

    do_names = do_tensors

    def do_list(self, words: str) -> None:
        """l(ist) [N]: list your program around this line

        N lines on each side, or 5.  The operation is underlined.
        """
        with self.paged():
            self.printer.show_listing(self.node if self.chosen else self.stepper.moment.node, count(words, 5))

    def do_ll(self, words: str) -> None:
        """ll: list the whole function, or the whole program

        It is the function that the line of this operation is in.
        """
        with self.paged():
            self.printer.show_listing(self.node if self.chosen else self.stepper.moment.node, around=None)

    do_l, do_longlist = do_list, do_ll

    def do_display(self, words: str) -> None:
        """display [EXPR]: print an expression after every step

        display alone prints all of them now, and undisplay ends it.
        """
        if words.strip():
            Expression(words)  # raises, if it is none
            if words.strip() not in self.stepper.watches:
                self.stepper.watches.append(words.strip())
        self.show_watches()

    do_watch = do_display

    def do_undisplay(self, words: str) -> None:
        """undisplay [EXPR]: stop displaying an expression, or all of them"""
        if words.strip() and words.strip() not in self.stepper.watches:
            raise LookupError(f"{text.safe_name(words.strip())} is not displayed")
        self.stepper.watches[:] = [w for w in self.stepper.watches if words.strip() and w != words.strip()]

    do_unwatch = do_undisplay

    def show_watches(self) -> None:
        """Print what the displayed expressions give at this step, or why they give nothing."""
        for words, found in self.stepper.watch_values(self.variables):
            if isinstance(found, NotYet):
                self.screen.say(f"  {words}  not yet", "dim")
            elif isinstance(found, Exception):
                self.screen.say(f"  {words}: {found.args[0] if found.args else found}", "dim", indent=4)
            elif isinstance(found, (np.ndarray, np.generic, float, int)):
                self.screen.array(words, found)
            else:
                self.screen.say(f"  {words} {text.safe_name(repr(found))}")

    # The way to the loss.

    @property
    def node(self) -> Node:
        """The node that is looked at: that of the step, or the one on the path to the loss that u and d have chosen."""
        return self.path[self.chosen] if self.chosen else self.stepper.moment.receiver

    @property
    def path(self) -> list[Node]:
        """The nodes from that of the step up to the loss; where there are several ways, the one that passed on most."""
        stepper, moment = self.stepper, self.stepper.moment
        found = [moment.receiver]
        if moment.phase == "backward":  # the first use is that of the step
            found.append(moment.node)
        while found[-1] is not stepper.root:
            top = found[-1]
            uses = uses_of(stepper, top) or stepper.users[top]
            if len(uses) == 1 or uses[0][0] not in stepper.visited:
                found.append(uses[0][0])
            else:
                found.append(max(uses, key=lambda use: norm(passed(stepper, *use)))[0])
        return found

    def do_where(self, words: str) -> None:
        """w(here): show the path from the loss down to this step

        u and d move up and down on this path.  Then p, a, l, rule, jac and why are about the tensor that is marked.
        """
        with self.paged():
            self.printer.show_path(self.path, self.chosen)

    do_w = do_bt = do_where

    def do_up(self, words: str) -> None:
        """u(p) [N]: move up on this path, towards the loss"""
        self.choose(min(self.chosen + count(words), len(self.path) - 1))

    def do_down(self, words: str) -> None:
        """d(own) [N]: move down on this path, towards this step"""
        self.choose(max(self.chosen - count(words), 0))

    do_u, do_d = do_up, do_down

    def choose(self, number: int) -> None:
        """Look at another node of the path, and show it."""
        self.chosen = number
        self.screen.write(self.printer.format_row(self.node, "->"), "bold")
        self.printer.show_line(self.node)

    # Understanding a gradient.

    def do_rule(self, words: str) -> None:
        """rule [NAME]: show the rule of the operation, and its numbers

        It is the rule by which the operation passes a gradient on to its operands.
        """
        moment = self.stepper.moment
        if moment.phase == "backward" and not self.chosen and not words.strip():
            return self.printer.show_rule(moment.node, moment.operand or 0)
        node = self.find(words)
        if node.op is None:
            raise ValueError(f"{self.printer.format_name(node)} was given and not computed, so it has no rule")
        for k, a in enumerate(node.args):
            if a is not None and a.active:
                self.printer.show_rule(node, k)

    def do_jac(self, words: str) -> None:
        """jac [NAME]: show its local Jacobian, checked by differences

        It is the derivative of the result with respect to one operand.  For an elementwise operation it is a diagonal
        matrix, and only the diagonal is shown.  If the rule and the differences disagree, the rule is wrong.
        """
        moment = self.stepper.moment
        node = self.find(words) if words.strip() or self.chosen else moment.node
        if node.op is None:
            raise ValueError(
                f"{self.printer.format_name(node)} was given and not computed, so it has no local Jacobian"
            )
        if moment.phase == "backward" and node is moment.node:
            return self.printer.show_jacobian(node, moment.operand or 0)
        for k, a in enumerate(node.args):
            if a is not None and a.active:
                self.printer.show_jacobian(node, k)

    def do_why(self, words: str) -> None:
        """why [NAME]: show by which paths a gradient came, and faults

        For each path from the loss: its share of the gradient, and the norm of that share.  Then what is wrong with the
        gradient, if anything is: it vanishes, it is not finite, a layer is saturated, ...
        """
        stepper, node = self.stepper, self.find(words)
        called, g = self.printer.format_name(node), stepper.gradient(node)
        if not node.active:
            raise ValueError(f"no gradient flows to {called}: it is a constant, or was computed from constants alone")
        if g is None:
            if stepper.last > stepper.start:
                self.screen.say(f"No gradient has come to {called} yet.  c runs the sweep to its end.")
        elif node is stepper.root:
            self.screen.say(f"{called} is where the sweep begins: its gradient is the seed, {numbers.array(g)}.")
        else:
            self.printer.show_paths(node, g)
        with self.hooks_answered():
            found = findings_about(self.restart(), node)
        for finding in found:
            self.screen.write()
            self.printer.show_finding(finding)

    def do_explain(self, words: str) -> None:
        """explain: look for faults: NaN, saturation, wrong rules, ..."""
        models = [x for x in self.variables.values() if hasattr(x, "named_parameters")]
        with self.hooks_answered():
            found = explain(self.restart(), *models)
        for i, finding in enumerate(found):
            if i:
                self.screen.write()
            self.printer.show_finding(finding)
        for remark in filter(None, (found.nothing, *found.skipped)):
            self.screen.say(remark)

    @contextlib.contextmanager
    def hooks_answered(self) -> Iterator[None]:
        """In this block a computation can be gone through afresh: no hook is called a second time."""
        with contextlib.suppress(Exception):  # a rule that fails is one of the things that are found
            self.stepper.run_sweep_to(self.stepper.last)
        with self.stepper.hooks_replayed():
            yield

    def restart(self) -> Stepper:
        """A new stepper of the same computation: with the program's own gradients, and the console's does not move."""
        if (number := len(self.stepper.computed)) > MANY_VALUES:
            self.screen.say(f"Looking for faults in {number:,} values takes a while; Ctrl-C ends it.", "dim")
        return Stepper(self.stepper.result, self.stepper.seed)

    def do_whatif(self, words: str) -> None:
        """whatif NAME = EXPR: try another gradient: whatif h = 2*grad

        grad is the gradient that comes to NAME.  What follows from the change in the sweep is marked.  The program and
        its .grad are not changed.  whatif off takes the changes back; whatif alone lists them.
        """
        stepper, words = self.stepper, words.strip()
        if words in ("off", "undo"):
            stepper.undo()
            self.screen.say("The gradients are the program's own again.")
        elif words:
            self.change_gradient(*words.partition("="))
        for node in stepper.changes:
            self.screen.say(f"  {self.printer.format_gradient(node)} is changed", "mark")
        if words:
            self.show_step(stepper.moment)

    def change_gradient(self, name: str, equals: str, words: str) -> None:
        """Put what an expression in grad gives in the place of the gradient of a tensor."""
        if not equals:
            raise ValueError("whatif needs a gradient to try: whatif h = 2*grad")
        node, expression, moment = self.find(name), Expression(words), self.stepper.moment

        def changed(g: Any) -> Any:  # all but grad is as it is now, at whichever step the sweep asks
            return expression.value(self.stepper, moment, self.variables, known={"grad": g})

        called = self.printer.format_name(node)
        with contextlib.suppress(NotYet):
            if (shape := np.shape(changed(np.ones(node.shape)))) not in ((), node.shape):
                raise ValueError(f"the gradient of {called} has shape {node.shape}, and this has shape {shape}")
        self.stepper.change(node, changed)
        self.screen.say(f"What if the gradient of {called} were {words.strip()}?  What follows is marked.", "mark")

    # Keeping, leaving and help.

    def do_save(self, words: str) -> None:
        """save FILE: save the page, opened at this step: save step.html

        The page walks through the computation.  Other endings save a picture: svg, pdf, png, tex, dot and gif.  json
        saves the trace, as data.
        """
        from ..render import draw, walk  # it takes longer to load than the console

        if not words.strip():
            raise ValueError("save needs the name of a file: save step.html")
        file, (trace, at) = Path(words.strip()), trace_and_step(self.stepper)
        if not file.absolute().parent.is_dir():
            raise ValueError(f"{file}: there is no folder {file.absolute().parent}")
        if file.suffix.lower() in (".html", ".htm"):
            left_out = f" ({text.plural(trace.left_out, 'older node')} left out)" if trace.left_out else ""
            self.screen.say(f"{walk(trace).save(file, at=at)}: the page, opened at step {at}{left_out}")
        else:
            self.screen.say(f"{draw(trace).save(file)}")

    def do_quit(self, words: str) -> bool:
        """q(uit): leave; a program that is stepped through ends"""
        self.end = "quit"
        return True

    do_q = do_exit = do_EOF = do_quit

    def do_help(self, words: str) -> None:
        """h(elp) [COMMAND]: list the commands, or explain one of them"""
        with self.paged():
            if words.strip():
                self.explain_command(words.strip())
            else:
                self.list_commands()

    def explain_command(self, word: str) -> None:
        """Print all that the help of a command says, and its other names."""
        method = getattr(type(self), f"do_{word}", None)
        if method is None:
            raise ValueError(self.explain_unknown(word))
        first, *paragraphs = inspect.cleandoc(method.__doc__ or "").split("\n\n")
        self.screen.say(first)
        for paragraph in paragraphs:
            rows = paragraph.splitlines()
            is_table = rows[0][13:15] == "  "  # of examples, and what each does; the rest is prose, wrapped anew
            for row in rows if is_table else [" ".join(rows)]:
                self.screen.say(row, indent=15 if is_table else 0)
        short, full = re.sub(r"\(\w+\)", "", first).split()[0], re.sub(r"[()]", "", first).split()[0]
        known = (short.rstrip(":"), full.rstrip(":"), "EOF")
        others = [name[3:] for name, x in vars(type(self)).items() if x is method and name[3:] not in known]
        if others:
            self.screen.say(f"Also: {', '.join(others)}", "dim")

    def list_commands(self) -> None:
        """Print a row for each command: how it is typed, and the first sentence of its help."""
        for title, names in GROUPS.items():
            self.screen.write(title, "bold")
            for name in names.split():
                first, _, rest = (getattr(self, f"do_{name}").__doc__ or "").splitlines()[0].partition(":")
                if self.screen.width < 60:
                    self.screen.say(f"{first}:{rest}", indent=2)
                else:
                    self.screen.say(f"  {first:<26}{rest.strip()}", indent=28)
        self.screen.say(
            "h COMMAND says more about one of them.  An empty line repeats the last command.  Any other line is "
            "printed as an expression; !n prints the variable n, though n is a command.",
            "dim",
        )

    do_h = do_help

    # Completion by the tab key.

    def completenames(self, text: str, *ignored: Any) -> list[str]:
        """The commands that begin with these letters."""
        return sorted(name for group in GROUPS.values() for name in group.split() if name.startswith(text))

    def completedefault(self, word: str, line: str, begin: int, end: int) -> list[str]:
        """The names, operations and parts of expressions that begin with these letters, as the command takes them."""
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


def count(words: str, usual: int = 1, least: int = 0) -> int:
    """The number that a command is given, ``usual`` without words.  ValueError for what is none, or too small."""
    if not words.strip():
        return usual
    if not words.strip().isdecimal():
        raise ValueError(f"{text.safe_name(words.strip())} is not a whole number from {least} up")
    if int(words) < least:
        raise ValueError(f"{int(words)} is not a whole number from {least} up")
    return int(words)
