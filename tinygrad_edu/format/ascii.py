"""Spells mathematics in ASCII, for streams and terminals without other characters: ``δ⁽¹⁾`` becomes ``delta(1)``."""

from __future__ import annotations

import re
import unicodedata


def pairs(words: str) -> dict[str, str]:
    """Make a table from words with spaces between: each first word of a pair is replaced by the second."""
    return dict(zip(words.split()[::2], words.split()[1::2]))


# Raised and lowered characters.  language/ writes them from the same tables, so that the two directions agree.
NORMAL = "0123456789+-()*′⊤TabcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRUVW"
RAISED = dict(zip(NORMAL, "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾*′ᵀᵀᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵁⱽᵂ"))
LOWERED = dict(zip("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
FLAT = str.maketrans({raised: c for c, raised in (*RAISED.items(), *LOWERED.items())})
RUN = re.compile(rf"⁽([^⁽⁾]*)⁾|[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+|[⁺⁻]?[{''.join(RAISED[c] for c in NORMAL if c.isalpha())}ᵀ]|[⁺⁻]")

SIGNS = pairs(
    """⊙ * ⊘ / ∧ and ∨ or · * × * ⊗ kron ∘ o ∗ * • * − - – - — - ± +- ∓ -+ ⊕ (+) ∂ d ∑ sum ∏ prod ∫ integral ∞ inf … ...
    ⋯ ... ′ ' ″ '' ‘ ' ’ ' “ " ” " ≤ <= ≥ >= ≪ << ≫ >> ≠ != ≈ ~ ∼ ~ ∝ ~ ≡ == → -> ← <- ↦ -> ⇒ => ∈ in ‖ | ⟨ < ⟩ >
    ⌊ [ ⌋ ] ⌈ [ ⌉ ] ⊤ T ℒ L ℓ l ℝ R 𝔼 E √ sqrt ∇ grad ✓ + ✗ x █ #"""
)
GREEK = {
    c: words[-1].lower() if words[1] == "SMALL" else words[-1].capitalize()
    for c in "αβγδεζηθικλμνξοπρστυφχψωΓΔΘΛΞΠΣΦΨΩ"
    for words in [unicodedata.name(c).replace("LAMDA", "LAMBDA").split()]
} | pairs("ϕ phi ϵ epsilon ϑ theta ϱ rho ς sigma")
# Where a name that is spelled out follows a letter, a space keeps the two apart.
APART = re.compile(rf"(?<=[A-Za-z{''.join(GREEK)}])(?=[{''.join(GREEK)}])")
SPELLED = str.maketrans({**SIGNS, **GREEK})
ACCENTS = {"\u0302": "hat", "\u0304": "bar", "\u0303": "tilde", "\u0307": "dot", "\u20d7": "vec"}
LONE = re.compile(rf"(?<![^\W\d_])[^\W\d_][{''.join(ACCENTS)}]*(?![^\W\d_])")


def ascii(text: str) -> str:
    """Spell a text in ASCII.  A character without an ASCII form becomes a question mark.

    >>> ascii("δ⁽¹⁾ = σ′(v⁽¹⁾) ⊙ W⁽²⁾ᵀ δ⁽²⁾"), ascii("∂ŷ/∂x₁ = √(10⁻⁷ x²)")
    ("delta(1) = sigma'(v(1)) * W(2)^T delta(2)", 'dy_hat/dx_1 = sqrt(10^-7 x^2)')
    """
    text = RUN.sub(lambda m: f"({m[1].translate(FLAT)})" if m[1] is not None else f"^{m[0].translate(FLAT)}", text)
    text = re.sub("[₀-₉]+", lambda m: f"_{m[0].translate(FLAT)}", text)
    text = re.sub(r"√(?!\()", "√ ", text).replace("∇", "∇ ")
    # Only letters that stand alone are changed, so that no word of a language is cut in two.
    text = LONE.sub(lambda m: spell_accent(m[0]), text)
    text = APART.sub(" ", text).translate(SPELLED)
    return "".join(c if c.isascii() and (c.isprintable() or c == "\n") else "?" for c in text)


def spell_accent(letter: str) -> str:
    """Spell the accents of a letter, as ``y_hat``; a letter with another accent, or none, stays as it is."""
    parts = unicodedata.normalize("NFD", letter)
    if not all(c in ACCENTS for c in parts[1:]):
        return letter
    return parts[0] + "".join(f"_{ACCENTS[c]}" for c in parts[1:])


def encodable(text: str, encoding: str | None) -> str:
    """Write a text with the characters of an encoding: its letters stay, as Cyrillic in cp1251; others are spelled.

    >>> encodable("неверно: δ⁽¹⁾", "cp1251"), encodable("∂R/∂W ✓", "ascii")
    ('неверно: delta(1)', 'dR/dW +')
    """
    if is_encodable(text, encoding):
        return text
    own = "".join(
        {c for c in text if not c.isascii() and c.isalpha() and is_encodable(c, encoding)} - {*RAISED.values()}
    )
    parts = re.split(f"([{re.escape(own)}]+)", text) if own else [text]
    return "".join(part if i % 2 else ascii(part) for i, part in enumerate(parts))


def is_encodable(text: str, encoding: str | None) -> bool:
    """Does an encoding have all these characters?  None stands for a stream that takes any."""
    try:
        text.encode(encoding or "utf-8")
    except (UnicodeError, LookupError):
        return False
    return True
