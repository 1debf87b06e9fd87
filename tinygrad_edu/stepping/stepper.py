"""A recorded computation, gone through one step at a time, forward and backward, and back again.

Step 0 stands before everything: only the leaves are there.  Then comes a step for each operation, from the oldest to
the youngest; then the seed, the gradient of the result with respect to itself; then one for each use through which a
gradient is passed on, in the order of the sweep.  The page that ``walk`` makes counts in the same way.

What a step did is kept.  So to go back is only to look at fewer steps, and finds the same arrays again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np

from ..context import within
from ..engine.sparse_rows import Placed
from ..engine.unchosen import Chosen, any_nan
from ..errors import coerce
from ..errors import messages as errors
from ..format import text
from ..graph import Node, Value
from ..sweep import accumulate, steps, topological_order
from .choices import Choices
from .record import Record


class Moment(NamedTuple):
    """One step."""

    number: int
    phase: str  # "given", "forward", "seed" or "backward"
    node: Node  # what is computed; or whose rule passes a gradient on; or the result
    operand: int | None = None  # backward: to which of its operands

    @property
    def receiver(self) -> Node:
        """Who has a value, or more of its gradient, after this step."""
        return self.node if self.operand is None else self.node.args[self.operand]


class Swept(NamedTuple):
    """A node that the sweep has visited."""

    node: Node
    g: Any  # its gradient, complete
    passed: tuple[Any, ...]
    before: int  # how many steps were done before


NEW = "sweep swept visited uses received totals failed changes changed".split()  # what a new sweep replaces


class Stepper(Record):
    """``Stepper(loss)`` stands where ``backward`` is called: every value is there, and no gradient.

    ``seed``: as for ``backward``; it changes no ``.grad``, but calls hooks, once.  ``limit``: of more nodes the oldest
    are left out.  ``sweep=False``: forward only.  Where no gradient flows there are forward steps only as well.
    """

    def __init__(self, result: Any, seed: Any = None, *, limit: int | None = None, sweep: bool = True) -> None:
        if not isinstance(result, Value):
            raise TypeError(f"what is stepped through is a tensor, not {type(result).__name__}")
        super().__init__(result, limit)
        self.at = self.start = len(self.computed)
        self.last = self.start
        self.ours: list[Node] = []  # whom the sweep visits, the last one first
        self.seed: Any = None
        self.watches: list[str] = []  # expressions to look at after every step
        self.chosen: Chosen | None = None  # what the result depends on; found when the sweep meets NaN
        self.changes: dict[Node, Callable[[Any], Any]] = {}  # what if a gradient were another: see change
        self.changed: set[Node] = set()  # the nodes whose gradients follow from that
        if sweep and self.root.active:
            self.seed = coerce.seed(result, seed)
            plain = not self.left_out and all(node.active for node in self.computed)
            self.ours = [node for node in self.nodes if node.active] if plain else topological_order(self.root)
            self.last += 1 + sum([a is not None and a.active for node in self.ours for a in node.args])
        self.begin()

    def begin(self) -> None:
        """The sweep, before its first step."""
        self.sweep = steps(self.root, self.seed, False, self.chosen)
        self.swept: list[Swept] = []
        self.visited: dict[Node, int] = {}
        self.uses: list[tuple[int, int]] = []  # of each backward step: who passes on, by its place in swept; to which
        self.received: dict[Node, list[tuple[int, Any]]] = {}  # contributions with the numbers of their steps
        self.totals: dict[Node, tuple[int, Any]] = {}  # the sum of the first so many of them
        self.failed: Exception | None = None
        self.broken = False  # was the sweep interrupted in the middle of a step?

    # Going.

    def next(self) -> Moment | None:
        """Do one step; None, if all are done.  Raises what a rule of the sweep raises, and stays."""
        return self.jump(self.at + 1) if self.at < self.last else None

    def back(self) -> Moment | None:
        """Undo one step; None, if none is done."""
        return self.jump(self.at - 1) if self.at else None

    def jump(self, number: int) -> Moment:
        """Go to a step, by its number.  IndexError if there is none."""
        if not 0 <= number <= self.last:
            raise IndexError(f"there is no step {number}: there are steps 0 to {self.last}")
        self.reach(number)
        self.at = number
        return self.moment

    def run(self, to: str | Callable[[Moment], Any], *, back: bool = False) -> Moment | None:
        """Go on (or back) to the next step ``to`` which one wants to go; None, if there is none: all are done then.

        ``to``: a function of the step, or words, as "W", "sigmoid", "net.py:12", "step 17", "if abs(grad).max() > 1e3",
        "W if isnan": see stops.py.  ValueError for words that mean nothing here.
        """
        if isinstance(to, str):
            from .stops import stop  # which stands on this

            to = partial(stop(to, self).holds, self)
        while (moment := self.back() if back else self.next()) is not None:
            if to(moment):
                return moment
        return None

    @property
    def moment(self) -> Moment:
        """The step that was done last."""
        return self.what(self.at)

    def what(self, number: int) -> Moment:
        """What a step is that has been done once."""
        if number == 0:
            return Moment(0, "given", self.root)
        if number <= self.start:
            return Moment(number, "forward", self.computed[number - 1])
        if number == self.start + 1:
            return Moment(number, "seed", self.root)
        i, operand = self.uses[number - self.start - 2]
        return Moment(number, "backward", self.swept[i].node, operand)

    def moments(self) -> Iterator[Moment]:
        """All steps from here on, one after the other."""
        while (moment := self.next()) is not None:
            yield moment

    # The sweep, run as far as it is looked at.

    def reach(self, number: int) -> None:
        """Run the sweep until a step is done; all of it, for the last."""
        if self.broken and self.failed is None:
            self.again(len(self.swept))
        with within(watch=None), np.errstate(all="ignore"):
            while len(self.swept) < len(self.ours) and (
                number == self.last or number > self.start + 1 + len(self.uses)
            ):
                self.visit()

    def visit(self) -> None:
        """Run the sweep to its next node."""
        if self.failed is not None:
            raise self.failed
        node, self.broken = self.ours[-1 - len(self.swept)], True
        change = self.changes.get(node)
        try:
            g, passed = self.pull(node, node.hooks if change is None else (*node.hooks, change))
            if self.chosen is None and any_nan(c for c in passed if c is not None):
                self.chosen = Chosen(self.root, self.seed)
                self.again(len(self.swept))
                g, passed = self.pull(node, (lambda _, known=g: known,))
        except Exception as error:
            self.failed = error
            raise
        self.note(Swept(node, g, passed, self.start + 1 + len(self.uses)))
        self.broken = False

    def pull(self, node: Node, hooks: Any) -> tuple[Any, tuple[Any, ...]]:
        """The next step of the sweep, which is at this node, with these hooks in the place of its own."""
        own = node.hooks
        try:
            node.hooks = hooks
            _, g, passed = next(self.sweep)
        finally:
            node.hooks = own
        return g, tuple(c.dense() if type(c) is Placed else c for c in passed)

    def pulled(self, node: Node, g: Any, k: int) -> Any:
        """What a node would pass to its operand ``k`` of a gradient ``g``."""
        if self.chosen is not None:
            return self.chosen.vjps(node, g, node.result, node.values)[k]
        return node.op.vjp(k, node.args, g, node.result, node.values)

    def note(self, swept: Swept) -> None:
        """Keep what the sweep did at a node."""
        self.swept.append(swept)  # first, so that nothing below leads nowhere, whenever one is interrupted
        i = self.visited[swept.node] = len(self.swept) - 1
        for k, (a, c) in enumerate(zip(swept.node.args, swept.passed)):
            if a is not None and c is not None:
                self.uses.append((i, k))
                self.received.setdefault(a, []).append((self.start + 1 + len(self.uses), c))

    # What there is at this step.

    def is_computed(self, node: Node) -> bool:
        """Is its value there already?"""
        return node.op is None or self.at >= self.start or self.numbers[node] <= self.at

    def gradient(self, what: Any) -> Any:
        """The gradient of a node, or of a tensor or name, as far as it has come; None, if nothing has."""
        node = what if isinstance(what, Node) else self.find(what)
        if self.at <= self.start or not node.active:
            return None
        i = self.visited.get(node)
        if i is not None and (self.swept[i].before < self.at or self.at == self.last):
            return coerce.dense(self.swept[i].g)  # complete, as hooks have left it
        if node is self.root:
            return self.seed
        number = self.contributions(node)
        return coerce.dense(self.total(node, number)) if number else None

    def contributions(self, node: Node) -> int:
        """How many contributions to the gradient of a node have come."""
        return sum(number <= self.at for number, _ in self.received.get(node, ()))

    @cached_property
    def flows(self) -> Counter[Node]:
        """Of how many contributions the gradient of each node is the sum."""
        return Counter([a for node in self.ours for a in node.args if a is not None and a.active])

    def total(self, node: Node, number: int) -> Any:
        """The sum of the first contributions, in the order of the sweep, and with its own addition."""
        done, total = self.totals.get(node, (0, None))
        if done > number:
            done, total = 0, None
        for _, c in self.received[node][done:number]:
            again = done > 1  # then the sum is added to in place, so this is done to a copy
            sums = {node: total.copy() if again and isinstance(total, np.ndarray) else total} if done else {}
            accumulate(sums, node, c, {node} if again else set())
            total, done = sums[node], done + 1
        self.totals[node] = done, total
        return total

    def upstream(self, moment: Moment) -> Any:
        """g: the complete gradient of the node that passes it on; of the result, for the seed."""
        if moment.phase == "seed":
            return self.seed
        return coerce.dense(self.swept[self.visited[moment.node]].g) if moment.phase == "backward" else None

    def passed(self, moment: Moment) -> Any:
        """What is passed on in a backward step."""
        if moment.operand is None:
            return self.seed if moment.phase == "seed" else None
        return coerce.dense(self.swept[self.visited[moment.node]].passed[moment.operand])

    @cached_property
    def choices(self) -> Choices:
        """What the sweep left out, if it has met NaN."""
        assert self.chosen is not None
        return Choices(self, self.chosen)

    def not_chosen(self, moment: Moment) -> str:
        """What is said of a backward step that passes 0 in the place of NaN or infinity; nothing of any other."""
        if self.chosen is None or moment.operand is None:
            return ""
        return self.choices.words(moment.node, moment.operand, self.upstream(moment))

    def console(self) -> None:
        """Step through it in the terminal or the notebook; ``h`` lists the commands, ``q`` leaves."""
        from ..console.console import Console, caller, of_frame  # which stands on this
        from ..console.reading import INTRODUCTION

        console = Console(self, variables=of_frame(caller()))
        console.opened(f"the computation of {self.called(self.root)}", introduction=INTRODUCTION)
        console.interact()

    # Questions.

    def ask(self, words: str, variables: Mapping[str, Any] | None = None) -> Any:
        """What an expression gives at this step, as "W.grad", "abs(v).max()", "delta2": see expressions.py.

        ``variables``: of the program, by their names.  Raises ValueError and LookupError, saying what is wrong.
        """
        from .expressions import parsed  # which stands on this

        return parsed(words).value(self, self.moment, variables)

    def watched(self, variables: Mapping[str, Any] | None = None) -> Iterator[tuple[str, Any]]:
        """The expressions in ``watches`` with what they give at this step, or with the error that says why nothing."""
        for words in self.watches:
            try:
                yield words, self.ask(words, variables)
            except Exception as error:
                yield words, error

    # What if a gradient were another?

    def change(self, what: Any, to: Any) -> None:
        """What if the gradient of a node were another?  ``to``: numbers of its shape, a number, or a function of it.

        What follows in the sweep follows from that; the program and its ``.grad`` never see it.  Raises LookupError
        for what is not in the computation, TypeError and ValueError for what is no gradient.
        """
        node = self.find(what)
        if node not in self.ours:
            raise ValueError(f"no gradient flows to {text.described(node)}")

        def changed(g: Any) -> Any:
            new = np.asarray(to(coerce.own(g)) if callable(to) else to)
            try:
                return np.array(np.broadcast_to(coerce.numeric(new).astype(g.dtype), node.shape))[()]
            except ValueError:
                raise errors.hook_gave(node, new) from None

        if not callable(to):
            changed(np.zeros(node.shape))  # is it a gradient at all?
        with self.whole():
            self.changes, self.changed = {**self.changes, node: changed}, self.changed.union(topological_order(node))
            self.follow(node)

    def undo(self) -> None:
        """Forget all changes."""
        with self.whole():
            changed, self.changes, self.changed = self.changes, {}, set()
            self.follow(*changed)

    @contextmanager
    def answered(self) -> Iterator[None]:
        """In this block the hooks of the nodes that were visited are not called, but answer what they answered.

        Those below a change were asked about gradients that are not the program's, and so are asked again.
        """
        theirs = {s.node: s.node.hooks for s in self.swept if s.node.hooks and s.node not in self.changed}
        try:
            for node in theirs:
                answer: Any = lambda g, known=self.swept[self.visited[node]].g: known  # noqa: E731
                node.hooks = (answer,)
            yield
        finally:
            for node, hooks in theirs.items():
                node.hooks = hooks

    def follow(self, *nodes: Node) -> None:
        """Run the sweep again from these nodes on, as far as it has been looked at."""
        self.again(min((self.visited.get(node, len(self.swept)) for node in nodes), default=len(self.swept)))
        self.reach(self.at)

    def again(self, number: int) -> None:
        """Run the sweep again as far as its first nodes, without calling their hooks a second time."""
        kept = self.swept[:number]
        with self.whole(), within(watch=None), np.errstate(all="ignore"):
            self.begin()
            for swept in kept:
                self.pull(swept.node, (lambda g, known=swept.g: known,))
                self.note(swept)

    @contextmanager
    def whole(self) -> Iterator[None]:
        """In this block the sweep is begun anew; where that fails, or is interrupted, all is as it was."""
        before = {name: self.__dict__[name] for name in NEW}
        try:
            yield
        except BaseException:
            self.__dict__.update(before, broken=True)
            raise
