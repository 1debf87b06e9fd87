"""All colours of pictures, plots, pages and the player, by their role, in a light and in a dark theme.

The colours of pictures follow Okabe and Ito (2008), so that colour-blind readers can tell them apart too; and colour is
never the only sign.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

# role, light, dark
TABLE = """
paper           #ffffff #15181c
ink             #1a1a1a #f1f3f4
faint           #5f6368 #a5abb2
line            #6b7075 #9aa0a6
frame           #c3c8ce #4a5058
parameter       #b36b00 #f0b040
parameter-fill  #fff3d9 #3a2f17
data            #0068a8 #6bb8ee
data-fill       #e6f2fb #16303f
constant        #6b7075 #9aa0a6
constant-fill   #f3f4f5 #24282d
result          #3c4043 #d4d7da
result-fill     #ffffff #1f2328
gradient        #b8420b #ff9a66
highlight       #d55e00 #ff8a3c
good            #1a7f37 #56d364
bad             #b3261e #ff8a80
mark            #7a4f00 #f0b040
code            #f6f7f8 #1f2328
panel           #f6f7f9 #1b1f24
hover           #e9edf1 #2a3037
forward         #0068a8 #6bb8ee
chosen          #fdeee3 #3b281b
alarm           #d11920 #ff5c5c
line0           #0068a8 #6bb8ee
line1           #b35c00 #f0a040
line2           #007a5a #3ecb9e
line3           #9c3587 #ee8fd2
line4           #4a4ac0 #a9a9ff
line5           #6b5d00 #d6c94a
negative        #005a9c #5cb4f2
zero            #fafafa #23282e
positive        #cc5500 #f59b42
nothing         #3c4043 #c9ced4
"""
ROWS = [row.split() for row in TABLE.strip().split("\n")]
LIGHT = {role: light for role, light, _ in ROWS}
DARK = {role: dark for role, _, dark in ROWS}
THEMES = {"light": LIGHT, "dark": DARK}
VARIABLES = {role: f"var(--{role})" for role in LIGHT}  # for pictures in a page, whose style sheet defines them

# The roles that a kind of page uses.
PICTURE = [*LIGHT][: [*LIGHT].index("good")]
VERDICTS = ["good", "bad", "mark"]
LESSON = [*PICTURE, *VERDICTS, "code"]
PLAYER = [*PICTURE, "panel", "hover", "forward", "chosen"]


def theme(name: Any) -> dict[str, str]:
    """The colours of a theme, by their roles.  ValueError if there is no theme of that name."""
    if name not in THEMES:
        raise ValueError(f"there is no theme {name!r}; there are {' and '.join(map(repr, THEMES))}")
    return THEMES[name]


def variables(name: str, roles: Iterable[str]) -> str:
    """The colours of a theme as declarations of CSS variables, for the inside of a rule."""
    return ";".join(f"--{role}:{THEMES[name][role]}" for role in roles)


def style(roles: Iterable[str]) -> str:
    """A style sheet that gives a page the colours of these roles.

    The page follows the system's theme, unless its root has the class ``light`` or ``dark``.  Print is always light.
    """
    roles = [*roles]
    light, dark = (f"{variables(name, roles)};color-scheme:{name}" for name in ("light", "dark"))
    return (
        f":root{{{light}}}\n@media screen{{@media(prefers-color-scheme:dark){{:root:not(.light){{{dark}}}}}"
        f":root.dark{{{dark}}}}}\n"
    )
