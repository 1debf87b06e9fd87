"""What things look like: colours by their role, for paper and for the dark.

The colours are those of Okabe and Ito (2008), told apart by the colour-blind too; and colour is never the only sign.
"""

from __future__ import annotations

from typing import Any

ROLES = (
    "paper ink faint line frame parameter parameter-fill data data-fill constant constant-fill result result-fill "
    "gradient highlight"
).split()

LIGHT = dict(
    zip(
        ROLES,
        "#ffffff #1a1a1a #5f6368 #6b7075 #c3c8ce #b36b00 #fff3d9 #0068a8 #e6f2fb #6b7075 #f3f4f5 #3c4043 #ffffff "
        "#b8420b #d55e00".split(),
    )
)
DARK = dict(
    zip(
        ROLES,
        "#15181c #f1f3f4 #a5abb2 #9aa0a6 #4a5058 #f0b040 #3a2f17 #6bb8ee #16303f #9aa0a6 #24282d #d4d7da #1f2328 "
        "#ff9a66 #ff8a3c".split(),
    )
)
VARIABLES = {role: f"var(--{role})" for role in ROLES}  # for the page, whose style sheet says what they are
THEMES = {"light": LIGHT, "dark": DARK}


def theme(name: Any) -> dict[str, str]:
    """The colours of a theme by its name.  ValueError if there is none of that name."""
    if name not in THEMES:
        raise ValueError(f"there is no theme {name!r}; there are {' and '.join(map(repr, THEMES))}")
    return THEMES[name]
