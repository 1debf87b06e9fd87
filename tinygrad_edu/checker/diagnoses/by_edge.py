"""Diagnoses an answer that the reverse sweep would give if one edge of the graph passed something else.

Everything that a student may have passed along an edge replaces the vjp there.  The sweep then goes on, and the
gradient that arrives is compared with the claim.
"""

from __future__ import annotations

import itertools
from typing import Any

from .candidate import Candidate, Candidates, WrongAnswer, equal
from .graph_edits import EditedSweep, evaluate_with, is_shared_parameter

LARGEST = 120  # edges of a graph that are tried


def candidates(wrong: WrongAnswer) -> Candidates:
    """Yields the edits of single edges that explain the answer, and then those of several edges together."""
    if not wrong.claimed or wrong.is_zero():
        return
    listing = EditedSweep(wrong.points[0])
    evaluate_with(wrong, 0, listing)
    # At the other points the edges are listed only when an edit has passed at the first.
    every = [EditedSweep(point) for point in wrong.points[1:]]
    for number in range(min(len(listing.edges), LARGEST)):
        for edit in listing.edits(number):
            if wrong.out_of_budget():
                return
            if edge_explains(wrong, 0, listing, number, edit.candidate):
                for i, other in enumerate(every, 1):
                    if not other.edges:
                        evaluate_with(wrong, i, other)
                if all(edge_explains(wrong, i, other, number, edit.candidate) for i, other in enumerate(every, 1)):
                    yield edit.candidate
    yield from edits_of_several_edges(wrong, listing)


def edge_explains(wrong: WrongAnswer, i: int, listing: EditedSweep, number: int, candidate: Candidate) -> bool:
    """Does the edited edge give the answer at point ``i``?  ``listing`` has the edges of the graph there."""
    if number >= len(listing.edges):
        return False  # a sum that was written out has fewer terms at this point
    instead = []
    for sweep in range(len(listing.edges[number])):
        edits = listing.edits(number, sweep)
        same = [e for e in edits if (e.candidate.key, e.candidate.fields) == (candidate.key, candidate.fields)]
        if not same:
            return False
        instead.append(same[0].passed)
    return equal(evaluate_with(wrong, i, EditedSweep(wrong.points[i], {number: instead})), wrong.claimed[i])


def edits_of_several_edges(wrong: WrongAnswer, listing: EditedSweep) -> Candidates:
    """Yields edits of several edges.

    All edges to a value pass nothing, if the student took it as constant; or all but one, if she saw only one use of a
    parameter; or one passes twice its vjp and the other nothing, if she took one of two paths twice.
    """
    edges = [each[0] for each in listing.edges if each]
    receivers: dict[int, list[int]] = {}
    for number, e in enumerate(edges):
        receivers.setdefault(e.operand.serial, []).append(number)
    named = {s: numbers for s, numbers in receivers.items() if s in edges[0].name_of.names} if edges else {}
    target = edges[-1].operand.serial if edges else 0
    choices: list[tuple[list[int], Candidate]] = []
    for serial, numbers in named.items():
        word = edges[0].name_of.names[serial]
        if serial != target:
            choices.append((numbers, Candidate("MISSING_PATH", "is-constant", 1.65, {"name": word}, word)))
        elif len(numbers) > 2:
            for kept in numbers:
                shared = is_shared_parameter(edges[kept])
                fields = {"name": word, "of": edges[kept].name_of(edges[kept].node)}
                candidate = Candidate("SHARED" if shared else "MISSING_PATH", "is-one-use", 1.6, fields, word)
                choices.append(([n for n in numbers if n != kept], candidate))
    if target and len(receivers[target]) == 2 and len({edges[n].passed.shape for n in receivers[target]}) == 1:
        for kept, other in itertools.permutations(receivers[target]):
            e = edges[kept]
            code = "SHARED" if is_shared_parameter(e) else "MISSING_PATH"
            twice = Candidate(code, "is-path-twice", 2.2, {"name": e.name_of(e.operand), "of": e.name_of(e.node)})
            if all(doubling_explains(wrong, i, kept, other) for i in range(len(wrong.points))):
                yield twice
    others = [s for s in named if s != target]
    for first, second in itertools.combinations(others[:12], 2):
        words = " and ".join(edges[0].name_of.names[s] for s in (first, second))
        constant = Candidate("MISSING_PATH", "is-constant", 2.0, {"name": words}, "")
        choices.append((named[first] + named[second], constant))
    for numbers, candidate in choices:
        if wrong.out_of_budget():
            return
        if all(dropping_explains(wrong, i, numbers) for i in range(len(wrong.points))):
            yield candidate


def doubling_explains(wrong: WrongAnswer, i: int, kept: int, other: int) -> bool:
    """Does the answer come out at point ``i`` if one edge passes twice its vjp and the other nothing?"""
    listing = EditedSweep(wrong.points[i])
    evaluate_with(wrong, i, listing)
    instead: dict[int, Any] = {kept: [2 * e.passed for e in listing.edges[kept]], other: 0.0}
    return equal(evaluate_with(wrong, i, EditedSweep(wrong.points[i], instead)), wrong.claimed[i])


def dropping_explains(wrong: WrongAnswer, i: int, numbers: list[int]) -> bool:
    """Does the answer come out at point ``i`` if these edges pass nothing?"""
    return equal(evaluate_with(wrong, i, EditedSweep(wrong.points[i], dict.fromkeys(numbers, 0.0))), wrong.claimed[i])
