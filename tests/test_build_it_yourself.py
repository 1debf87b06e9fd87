"""The engine in docs/build_it_yourself.md, which is also that of lesson 17, finds what the real one finds."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from in_process import ROOT

import tinygrad_edu as tg

sys.path.insert(0, str(ROOT / "docs"))  # for the program that reads the pages
import replay

PAGE = ROOT / "docs" / "build_it_yourself.md"
LESSON = ROOT / "lessons" / "17_build_it_yourself.py"
PIECES = [b.text.strip() for b in replay.blocks(PAGE) if b.kind == "python" and ">>> " not in b.text]


@pytest.fixture(scope="module")
def ours() -> SimpleNamespace:
    """The engine that a student has when all pieces are typed."""
    names: dict[str, Any] = {"__name__": "build_it_yourself"}
    exec(compile("\n\n\n".join(PIECES), str(PAGE), "exec"), names)
    return SimpleNamespace(**names)


def test_it_is_typed_in_an_hour() -> None:
    assert len([line for piece in PIECES for line in piece.splitlines() if line.strip()]) <= 70


def test_the_lesson_has_the_same_pieces() -> None:
    lesson = LESSON.read_text(encoding="utf-8")
    assert [piece for piece in PIECES if f"\n{piece}\n" not in lesson] == []


def test_the_page_names_files_and_functions_that_the_real_engine_has() -> None:
    parts = re.split(r"^\*\*`(\w+)(\.py|/)`", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    named = dict(zip(parts[1::3], zip(parts[2::3], parts[3::3])))
    assert {"graph", "op", "sweep", "tensor", "context", "ops", "derivatives", "engine"} <= {*named}
    for name, (ending, text) in named.items():
        path = ROOT / "tinygrad_edu" / f"{name}{ending}"
        assert path.exists()
        if ending == ".py":
            source = path.read_text(encoding="utf-8")
            for word in re.findall(r"`\.?(\w+)`", text):
                assert re.search(rf"\b{word}\b", source), f"{path.name} has no {word}"


def matrix(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=shape)


def used_twice(e: Any, x: Any, y: Any) -> Any:
    return (x * y + x).sum()


def used_by_itself(e: Any, x: Any, y: Any) -> Any:
    return (x * x * x + y * y).sum()


def diamonds(e: Any, x: Any, y: Any) -> Any:
    for _ in range(20):  # 2 ** 20 paths, which no sweep may go one by one
        x = x + x * y
        y = e.tanh(y - x)
    return (x * y).sum()


def with_numbers(e: Any, x: Any, y: Any) -> Any:
    return (2 * x - 1 + np.ones(3) * y).sum()


def product(e: Any, x: Any, y: Any) -> Any:
    return e.tanh(x @ y).sum()


def network(e: Any, W: Any, b: Any, V: Any) -> Any:
    error = e.tanh(e.Tensor(matrix(5, 2, seed=9)) @ W + b) @ V - matrix(5, 1, seed=8)
    return (error * error).sum() * (1 / 5)


def a_sum_of_sums(e: Any, x: Any, y: Any) -> Any:
    return (x.sum() * y + x * y.sum()).sum()


PROGRAMS: list[tuple[Callable[..., Any], list[tuple[int, ...]]]] = [
    (used_twice, [(), ()]),
    (used_twice, [(2, 3), (2, 3)]),
    (used_twice, [(2, 3), (3,)]),
    (used_twice, [(2, 1), (3,)]),
    (used_twice, [(1, 3), (4, 2, 3)]),
    (used_twice, [(4, 1, 3), (2, 1)]),
    (used_twice, [(2, 3), ()]),
    (used_twice, [(1, 1), (1,)]),
    (used_by_itself, [(3,), (2, 3)]),
    (diamonds, [(2,), (3, 1)]),
    (with_numbers, [(3,), (2, 3)]),
    (product, [(2, 3), (3, 4)]),
    (network, [(2, 4), (4,), (4, 1)]),
    (a_sum_of_sums, [(2, 3), (3,)]),
]


@pytest.mark.parametrize(
    "program, shapes", PROGRAMS, ids=[f"{p.__name__}-{'-'.join('x'.join(map(str, s)) for s in z)}" for p, z in PROGRAMS]
)
def test_it_finds_what_the_real_engine_finds(
    ours: SimpleNamespace, program: Callable[..., Any], shapes: list[tuple[int, ...]]
) -> None:
    found = []
    for engine in (ours, tg):
        leaves = [engine.Tensor(matrix(*shape, seed=k)) for k, shape in enumerate(shapes)]
        result = program(engine, *leaves)
        result.backward()
        found.append([np.asarray(result.data), *(leaf.grad for leaf in leaves)])
    for mine, real in zip(*found):
        assert mine.shape == real.shape
        np.testing.assert_allclose(mine, real, rtol=1e-9, atol=1e-12)


def test_gradients_add_up_from_sweep_to_sweep(ours: SimpleNamespace) -> None:
    for engine in (ours, tg):
        x = engine.Tensor([1.0, 2.0])
        for _ in range(2):
            (x * x).sum().backward()
        assert [*x.grad] == [4, 8]
