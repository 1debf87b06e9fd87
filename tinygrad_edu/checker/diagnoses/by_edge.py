"""One edge of the graph passed on something else: then the whole sweep comes out as the student's answer did.

Each thing that a student may have passed on is put in the place of what the rule gives, the sweep goes on, and what
arrives is compared with the claim.
"""

from __future__ import annotations

import itertools
from typing import Any

from .edges import Sweep, repeated, run
from .guess import Case, Guess, Guesses, equal

LARGEST = 120  # edges of a graph that are tried


def guesses(case: Case) -> Guesses:
    """Every change of every edge that explains the answer; then of several edges that belong together."""
    if not case.claimed or case.nothing():
        return
    listing = Sweep(case.places[0])
    run(case, 0, listing)
    every = [Sweep(place) for place in case.places[1:]]
    for number in range(min(len(listing.edges), LARGEST)):
        for change in listing.changes(number):
            if case.late():
                return
            if explains(case, 0, listing, number, change.guess):
                for i, other in enumerate(every, 1):
                    if not other.edges:
                        run(case, i, other)
                if all(explains(case, i, other, number, change.guess) for i, other in enumerate(every, 1)):
                    yield change.guess
    yield from together(case, listing)


def explains(case: Case, i: int, listing: Sweep, number: int, guess: Guess) -> bool:
    """Does the answer come out when that edge passes this on?"""
    if number >= len(listing.edges):
        return False  # a sum that was written out has another length there
    instead = []
    for sweep in range(len(listing.edges[number])):
        same = [c for c in listing.changes(number, sweep) if (c.guess.key, c.guess.fields) == (guess.key, guess.fields)]
        if not same:
            return False
        instead.append(same[0].passed)
    return equal(run(case, i, Sweep(case.places[i], {number: instead})), case.claimed[i])


def together(case: Case, listing: Sweep) -> Guesses:
    """Nothing is passed to a value that is taken as constant; or a parameter is seen at one of its uses only."""
    edges = [each[0] for each in listing.edges if each]
    receivers: dict[int, list[int]] = {}
    for number, e in enumerate(edges):
        receivers.setdefault(e.operand.serial, []).append(number)
    named = {s: numbers for s, numbers in receivers.items() if s in edges[0].called.names} if edges else {}
    target = edges[-1].operand.serial if edges else 0
    choices: list[tuple[list[int], Guess]] = []
    for serial, numbers in named.items():
        word = edges[0].called.names[serial]
        if serial != target:
            choices.append((numbers, Guess("MISSING_PATH", "is-constant", 1.65, {"name": word}, word)))
        elif len(numbers) > 2:
            for kept in numbers:
                shared = repeated(edges[kept])
                fields = {"name": word, "of": edges[kept].called(edges[kept].node)}
                guess = Guess("SHARED" if shared else "MISSING_PATH", "is-one-use", 1.6, fields, word)
                choices.append(([n for n in numbers if n != kept], guess))
    if target and len(receivers[target]) == 2 and len({edges[n].passed.shape for n in receivers[target]}) == 1:
        for kept, other in itertools.permutations(receivers[target]):
            e = edges[kept]
            code = "SHARED" if repeated(e) else "MISSING_PATH"
            twice = Guess(code, "is-path-twice", 2.2, {"name": e.called(e.operand), "of": e.called(e.node)})
            if all(
                equal(run(case, i, Sweep(p, {kept: doubled(case, i, kept), other: 0.0})), case.claimed[i])
                for i, p in enumerate(case.places)
            ):
                yield twice
    others = [s for s in named if s != target]
    for first, second in itertools.combinations(others[:12], 2):
        words = " and ".join(edges[0].called.names[s] for s in (first, second))
        choices.append((named[first] + named[second], Guess("MISSING_PATH", "is-constant", 2.0, {"name": words}, "")))
    for numbers, guess in choices:
        if case.late():
            return
        if all(nothing_passed(case, i, numbers) for i in range(len(case.places))):
            yield guess


def doubled(case: Case, i: int, number: int) -> list[Any]:
    listing = Sweep(case.places[i])
    run(case, i, listing)
    return [2 * e.passed for e in listing.edges[number]]


def nothing_passed(case: Case, i: int, numbers: list[int]) -> bool:
    """Does the answer come out when nothing goes along these edges?"""
    return equal(run(case, i, Sweep(case.places[i], dict.fromkeys(numbers, 0.0))), case.claimed[i])
