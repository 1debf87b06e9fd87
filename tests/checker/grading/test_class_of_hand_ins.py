"""The class that the benchmark makes up: other names change no verdict, mistakes do, and no two hand-ins are alike."""

import random
import sys
from pathlib import Path

import pytest

from tinygrad_edu.checker.check import draw_points
from tinygrad_edu.checker.grading.remembered import key_of
from tinygrad_edu.checker.handin import handin
from tinygrad_edu.checker.judge import Question, Uncheckable, compare

sys.path.insert(0, str(Path(__file__).parents[3]))

from bench.handins import mistaken, originals, renamed, sections, varied

ORIGINALS = originals()


def verdicts(text):
    """What is said of each step, but not why."""
    found = []
    for claim in handin(text).claims:
        question = Question(claim.left.tree, draw_points(claim.problem))
        for step in claim.steps:
            try:
                found.append(compare(question, step.tree).verdict)
            except (AttributeError, Uncheckable):
                found.append("uncheckable")
    return found


@pytest.mark.parametrize("text", ORIGINALS, ids=range(5))
def test_other_names_change_no_verdict(text):
    assert len(ORIGINALS) == 5 and "".join(sections(text)) == text
    again = renamed(text, random.Random(1))
    assert again != text and verdicts(again) == verdicts(text)


def test_mistakes_are_mistakes():
    draw = random.Random(2)
    text = ORIGINALS[1]
    before, after = verdicts(text), verdicts(mistaken(text, draw, 12))
    assert len(after) == len(before) and after.count("right") < before.count("right") - 6


@pytest.mark.slow
def test_no_two_hand_ins_have_a_claim_in_common():
    keys = [key_of(claim) for seed in range(12) for claim in handin(varied(seed)).claims]
    assert len(keys) > 200 and len(set(keys)) == len(keys)
