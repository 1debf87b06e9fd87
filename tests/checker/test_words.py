"""The catalogue: the same sentences in all languages, and each of them used."""

import ast
import json
import re
from pathlib import Path
from string import Formatter

import pytest

from tinygrad_edu.checker.hints import VERDICTS
from tinygrad_edu.checker.results import CODES
from tinygrad_edu.checker.sentences import LANGUAGES, catalogue, reason_patterns, sentence, translate_reason

PACKAGE = Path(__file__).parents[2] / "tinygrad_edu"
REASONS = json.loads((PACKAGE / "checker" / "words" / "reasons.json").read_text(encoding="utf-8"))
OTHERS = [language for language in LANGUAGES if language != "en"]
SOURCES = {
    p: ast.parse(p.read_text(encoding="utf-8")) for f in ("language", "checker") for p in (PACKAGE / f).rglob("*.py")
}

# What stays as it is in every language: notation, options, endings, names.
NOTATION = set(
    """LaTeX NumPy UTF md txt MB hint one hot None True False softmax sigmoid log sum for in by np if else at
    outer otherwise positive dJ du delta frac odot oslash mathbf top partial eye df dx""".split()
)


def fields(sentence):
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_languages_say_the_same(language):
    english, other = catalogue("en"), catalogue(language)
    assert set(english) == set(other)
    for key, text in english.items():
        assert fields(text) == fields(other[key]), key
        assert other[key].strip() == other[key] and other[key], key


@pytest.mark.parametrize("english", REASONS)
def test_reasons_are_the_same_in_all_languages(english):
    assert set(REASONS[english]) == set(OTHERS)
    assert all(fields(sentence) == fields(english) for sentence in REASONS[english].values())


def foreign(sentence):
    """Words in Latin letters that are no notation."""
    plain = re.sub(r"\{\w+\}", " ", sentence)
    return sorted(set(re.findall(r"[A-Za-z]{2,}", plain)) - NOTATION)


@pytest.mark.parametrize("language", OTHERS)
def test_no_english_is_left(language):
    found = {key: foreign(sentence) for key, sentence in catalogue(language).items() if foreign(sentence)}
    found |= {english: foreign(o[language]) for english, o in REASONS.items() if foreign(o[language])}
    assert not found
    same = [key for key, sentence in catalogue(language).items() if sentence == catalogue("en")[key]]
    assert not same


def strings(tree):
    """All that stands between quotation marks; with a star behind it, how an f-string begins."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
            yield f"{node.values[0].value}*"


def test_every_sentence_is_used_and_there_is_one_for_every_use():
    speaking = [tree for path, tree in SOURCES.items() if path.is_relative_to(PACKAGE / "checker")]
    command = ast.parse((PACKAGE / "commands" / "check.py").read_text(encoding="utf-8"))
    used = {text for tree in [*speaking, command] for text in strings(tree)}
    keys = catalogue("en")
    families = {text[:-1] for text in used if re.fullmatch(r"[a-z]+-\*", text)}
    unused = {key for key in keys if key not in used and not any(key.startswith(family) for family in families)}
    assert not unused
    for verdict in VERDICTS:
        assert {f"verdict-{verdict}", f"short-{verdict}"} <= set(keys)
    assert {key for key in keys if key.startswith("code-")} == {f"code-{code}" for code in [*CODES, "unnamed"]}
    for path, tree in SOURCES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "said" and "checker" in path.parts:
                key = node.args[0]
                if isinstance(key, ast.Constant):
                    assert key.value in keys, f"{path.name}: {key.value}"
                    given = {k.arg for k in node.keywords if k.arg}
                    if not any(k.arg is None for k in node.keywords):
                        assert fields(keys[key.value]) <= given, f"{path.name}: {key.value}"


# Reasons are said in English where they arise, and put in other words when they are shown.

RAISED = {"Unreadable", "Impossible", "Uncheckable", "refused", "expect", "unread"}


def templates(node):
    """A string with something in its gaps."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(p.value if isinstance(p, ast.Constant) else "7" for p in node.values)
    elif isinstance(node, ast.IfExp):
        yield from (*templates(node.body), *templates(node.orelse))


def raised():
    """All reasons in the sources: sentences that errors are made with."""
    for tree in SOURCES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in RAISED:
                yield from (t for a in node.args[:3] for t in templates(a) if re.search("[a-z]", t) and " " in t)


def test_every_reason_can_be_said_in_every_language():
    missing = sorted(
        {why for why in raised() if translate_reason(why, "ru") == why or translate_reason(why, "bg") == why}
    )
    assert not missing, f"words/reasons.json lacks: {missing}"
    assert len(list(raised())) > 50


def test_every_reason_in_the_catalogue_can_occur():
    said_somewhere = "\n".join(text for tree in SOURCES.values() for text in strings(tree))
    of_numpy = ("operands could", "shapes {a}", "axis {axis}", "cannot reshape")
    for english in REASONS:
        longest = max((words for words, *_ in Formatter().parse(english)), key=len)
        assert longest.rstrip() in said_somewhere or english.startswith(of_numpy), english


@pytest.mark.parametrize("why, russian", [
    ("x is not declared; say its size first, as in x: n", "x не объявлено: сначала укажите размер, например x: n"),
    ("the shapes on the left side do not fit: M×1 @ number", "размеры в левой части не согласуются: M×1 @ число"),
    ("a range stands in a sum: sum(t[j] for j in 1..n): 1", "диапазон стоит в сумме: sum(t[j] for j in 1..n): 1"),
    (r"how many?  Write \mathbf{1}_{n}, or \mathbf{I}_{n}, here: 1", r"сколько?  Пишите \mathbf{1}_{n} или \mathbf{I}_{n}, вот здесь: 1"),  # noqa: E501
    ("M×1 @ M×1", "M×1 @ M×1"),
])  # fmt: skip
def test_a_reason_is_found_by_its_form(why, russian):
    assert translate_reason(why, "ru") == russian and translate_reason(why, "en") == why


def test_a_language_that_there_is_not_is_said():
    with pytest.raises(ValueError, match="there is no language 'fr'; there are en, ru, bg"):
        sentence("why", "fr")


def test_reasons_are_read_once():
    assert reason_patterns() is reason_patterns() and len(reason_patterns()) == len(REASONS)
