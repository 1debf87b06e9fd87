"""A recorded computation, gone through one step at a time, forward and backward, and back again.

At step 0 only the leaves are there.  Then comes a step for each operation, from the oldest to the youngest.  Then comes
the seed, the gradient of the result with respect to itself.  Then comes a step for each operand to which an operation
passes a gradient on, in the order of the sweep.  The page that ``walk`` makes counts in the same way.

Everything that a step did is kept.  To go back is therefore only to look at fewer steps, and it finds the same arrays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np

from ..context import within
from ..engine.sparse_rows import SparseGradient
from ..engine.unchosen import Dependence, has_nan
from ..errors import coerce
from ..errors import messages as errors
from ..format import text
from ..graph import Node, Value
from ..sweep import accumulate, steps, topological_order
from .breakpoints import parse_breakpoint
from .choices import Choices
from .expressions import parse_once
from .moment import Moment as Moment
from .record import Record


class Swept(NamedTuple):
    """A node that the sweep has visited."""

    node: Node
    g: Any  # its gradient, complete
    passed: tuple[Any, ...]
    before: int  # how many steps were done before


SWEEP_STATE = "sweep swept visited uses received totals failed changes changed".split()  # what a new sweep replaces


class Stepper(Record):
    """``Stepper(loss)`` stands where ``backward`` is called: every value is there, and no gradient.

    It changes no ``.grad``, and calls each hook once.  ``seed``: as for ``backward``.  ``limit``: of more nodes the
    oldest are left out.  ``sweep=False``: forward steps only, as also where no gradient flows.  Raises TypeError for
    what is no tensor, and what ``backward`` would raise.
    """

    def __init__(self, result: Any, seed: Any = None, *, limit: int | None = None, sweep: bool = True) -> None:
        if not isinstance(result, Value):
            raise TypeError(f"only a tensor can be stepped through, and this is a {type(result).__name__}")
        super().__init__(result, limit)
        self.at = self.start = len(self.computed)
        self.last = self.start
        self.ours: list[Node] = []  # the nodes that the sweep visits, the last one first
        self.seed: Any = None
        self.watches: list[str] = []  # expressions that are displayed after every step
        self.chosen: Dependence | None = None  # what the result depends on; found when the sweep meets NaN
        self.changes: dict[Node, Callable[[Any], Any]] = {}  # the gradients that were changed by hand: see change
        self.changed: set[Node] = set()  # the nodes whose gradients follow from those changes
        if sweep and self.root.active:
            self.seed = coerce.seed(result, seed)
            plain = not self.left_out and all(node.active for node in self.computed)
            self.ours = [node for node in self.nodes if node.active] if plain else topological_order(self.root)
            self.last += 1 + sum([a is not None and a.active for node in self.ours for a in node.args])
        self.restart_sweep()

    def restart_sweep(self) -> None:
        """Put the sweep before its first node, and forget what it has done."""
        self.sweep = steps(self.root, self.seed, False, self.chosen and self.chosen.vjps)
        self.swept: list[Swept] = []
        self.visited: dict[Node, int] = {}
        self.uses: list[tuple[int, int]] = []  # of each backward step: the place in swept, the operand
        self.received: dict[Node, list[tuple[int, Any]]] = {}  # contributions with the numbers of their steps
        self.totals: dict[Node, tuple[int, Any]] = {}  # how many of them were summed, and the sum
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
        self.run_sweep_to(number)
        self.at = number
        return self.moment

    def run(self, to: str | Callable[[Moment], Any], *, back: bool = False) -> Moment | None:
        """Go on, or back, to the next step that is wanted.  None: there is none, and all steps are done, or undone.

        ``to``: a function that says whether it wants a step, or words for one, as "W", "sigmoid", "net.py:12",
        "step 17", "if abs(grad).max() > 1e3" or "W if isnan": see breakpoints.py.  Raises ValueError for words that
        mean nothing here.
        """
        if isinstance(to, str):
            to = partial(parse_breakpoint(to, self).holds, self)
        while (moment := self.back() if back else self.next()) is not None:
            if to(moment):
                return moment
        return None

    @property
    def moment(self) -> Moment:
        """The step that was done last."""
        return self.moment_at(self.at)

    def moment_at(self, number: int) -> Moment:
        """The step of this number, which must have been done once."""
        if number == 0:
            return Moment(0, "given", self.root)
        if number <= self.start:
            return Moment(number, "forward", self.computed[number - 1])
        if number == self.start + 1:
            return Moment(number, "seed", self.root)
        i, operand = self.uses[number - self.start - 2]
        return Moment(number, "backward", self.swept[i].node, operand)

    def moments(self) -> Iterator[Moment]:
        """Do all steps from here on, and give each when it is done."""
        while (moment := self.next()) is not None:
            yield moment

    # The sweep, run as far as it is looked at.

    def run_sweep_to(self, number: int) -> None:
        """Run the sweep until the step of this number is done; for the last step, to its end."""
        if self.broken and self.failed is None:
            self.rerun(len(self.swept))
        with within(watch=None), np.errstate(all="ignore"):
            while len(self.swept) < len(self.ours) and (
                number == self.last or number > self.start + 1 + len(self.uses)
            ):
                self.visit_next()

    def visit_next(self) -> None:
        """Run the sweep over its next node.  Raises what the node's rule raises, now and at every later try."""
        if self.failed is not None:
            raise self.failed
        node, self.broken = self.ours[-1 - len(self.swept)], True
        change = self.changes.get(node)
        try:
            g, passed = self.advance(node, node.hooks if change is None else (*node.hooks, change))
            if self.chosen is None and has_nan(c for c in passed if c is not None):
                self.chosen = Dependence(self.root, self.seed)
                self.rerun(len(self.swept))
                g, passed = self.advance(node, (lambda _, known=g: known,))
        except Exception as error:
            self.failed = error
            raise
        self.keep(Swept(node, g, passed, self.start + 1 + len(self.uses)))
        self.broken = False

    def advance(self, node: Node, hooks: Any) -> tuple[Any, tuple[Any, ...]]:
        """Run the sweep over this node, which is its next one, with these hooks in the place of the node's own.

        The node's gradient, and what it passes to each operand.
        """
        own = node.hooks
        try:
            node.hooks = hooks
            _, g, passed = next(self.sweep)
        finally:
            node.hooks = own
        return g, tuple(c.dense() if type(c) is SparseGradient else c for c in passed)

    def pass_on(self, node: Node, g: Any, k: int) -> Any:
        """What a node would pass to its operand ``k``, if its gradient were ``g``."""
        if self.chosen is not None:
            return self.chosen.vjps(node, g, node.result, node.values)[k]
        return node.op.vjp(k, node.args, g, node.result, node.values)

    def keep(self, swept: Swept) -> None:
        """Keep what the sweep did at a node."""
        self.swept.append(swept)  # first, so that an interrupt at any line leaves no index that points nowhere
        i = self.visited[swept.node] = len(self.swept) - 1
        for k, (a, c) in enumerate(zip(swept.node.args, swept.passed)):
            if a is not None and c is not None:
                self.uses.append((i, k))
                self.received.setdefault(a, []).append((self.start + 1 + len(self.uses), c))

    # What there is at this step.

    def is_computed(self, node: Node) -> bool:
        """Is the value of a node there at this step?"""
        return node.op is None or self.at >= self.start or self.numbers[node] <= self.at

    def gradient(self, what: Any) -> Any:
        """The gradient of a node, tensor or name as far as it has come at this step; None, if nothing of it has."""
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
        """How many contributions to the gradient of a node have come at this step."""
        return sum(number <= self.at for number, _ in self.received.get(node, ()))

    @cached_property
    def flows(self) -> Counter[Node]:
        """For each node, the number of contributions of which its gradient is the sum in the end."""
        return Counter([a for node in self.ours for a in node.args if a is not None and a.active])

    def total(self, node: Node, number: int) -> Any:
        """The sum of the first ``number`` contributions to a node, in the sweep's order and with its own addition.

        So it is equal, to the bit, to what the sweep had at that step.
        """
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
        """The upstream gradient g of a backward step: that of the node which passes it on, complete.  Forward: None."""
        if moment.phase == "seed":
            return self.seed
        return coerce.dense(self.swept[self.visited[moment.node]].g) if moment.phase == "backward" else None

    def passed(self, moment: Moment) -> Any:
        """What a backward step passes on; for the step of the seed, the seed.  Forward: None."""
        if moment.operand is None:
            return self.seed if moment.phase == "seed" else None
        return coerce.dense(self.swept[self.visited[moment.node]].passed[moment.operand])

    @cached_property
    def choices(self) -> Choices:
        """Which elements the sweep left out.  Only once it has met NaN."""
        assert self.chosen is not None
        return Choices(self, self.ours, self.seed, self.chosen)

    def not_chosen(self, moment: Moment) -> str:
        """A sentence about a backward step that passes on 0 in the place of NaN or infinity; of others nothing."""
        if self.chosen is None or moment.operand is None:
            return ""
        return self.choices.explain(moment.node, moment.operand, self.upstream(moment))

    # Questions.

    def ask(self, words: str, variables: Mapping[str, Any] | None = None) -> Any:
        """The value of an expression at this step, as "W.grad", "abs(v).max()" or "delta2": see expressions.py.

        ``variables``: those of the program, by their names.  Raises ValueError or LookupError, with what is wrong.
        """
        return parse_once(words).value(self, self.moment, variables)

    def watch_values(self, variables: Mapping[str, Any] | None = None) -> Iterator[tuple[str, Any]]:
        """Each expression in ``watches`` with its value at this step, or with the error that it raises."""
        for words in self.watches:
            try:
                yield words, self.ask(words, variables)
            except Exception as error:
                yield words, error

    # What if a gradient were another?

    def change(self, what: Any, to: Any) -> None:
        """Try another gradient of a node, tensor or name.  ``to``: numbers of its shape, a number, or a function of it.

        The rest of the sweep follows from the change.  The program and its ``.grad`` are not changed.  Raises
        LookupError for what is not in the computation, TypeError or ValueError for what cannot be its gradient.
        """
        node = self.find(what)
        if node not in self.ours:
            raise ValueError(f"no gradient flows to {text.describe(node)}")

        def changed(g: Any) -> Any:
            new = np.asarray(to(coerce.copy_for_user(g)) if callable(to) else to)
            try:
                return np.array(np.broadcast_to(coerce.require_numeric(new).astype(g.dtype), node.shape))[()]
            except ValueError:
                raise errors.wrong_hook_result(node, new) from None

        if not callable(to):
            changed(np.zeros(node.shape))  # is it a gradient at all?
        with self.restored_on_failure():
            self.changes, self.changed = {**self.changes, node: changed}, self.changed.union(topological_order(node))
            self.rerun_from(node)

    def undo(self) -> None:
        """Take back all changes."""
        with self.restored_on_failure():
            changed, self.changes, self.changed = self.changes, {}, set()
            self.rerun_from(*changed)

    @contextmanager
    def hooks_replayed(self) -> Iterator[None]:
        """In this block hooks that were called by this sweep are not called again: they give what they gave.

        Hooks below a change were given gradients that are not the program's, and so they are called again.
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

    def rerun_from(self, *nodes: Node) -> None:
        """Run the sweep again from the first of these nodes on, as far as it had been run."""
        self.rerun(min((self.visited.get(node, len(self.swept)) for node in nodes), default=len(self.swept)))
        self.run_sweep_to(self.at)

    def rerun(self, number: int) -> None:
        """Run the sweep again over its first ``number`` nodes, without calling their hooks a second time."""
        kept = self.swept[:number]
        with self.restored_on_failure(), within(watch=None), np.errstate(all="ignore"):
            self.restart_sweep()
            for swept in kept:
                self.advance(swept.node, (lambda g, known=swept.g: known,))
                self.keep(swept)

    @contextmanager
    def restored_on_failure(self) -> Iterator[None]:
        """In this block the sweep is run anew.  If that fails, or is interrupted, everything is as it was before."""
        before = {name: self.__dict__[name] for name in SWEEP_STATE}
        try:
            yield
        except BaseException:
            self.__dict__.update(before, broken=True)
            raise
