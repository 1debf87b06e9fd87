"""What ``dir(tinygrad_edu)`` shows is what docs/names.md lists."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import tinygrad_edu as tg

DOCS = Path(__file__).parent.parent / "docs"


def test_dir_and_the_page_list_the_same():
    text = (DOCS / "names.md").read_text(encoding="utf-8")
    listed = re.findall(r"`(\w+)`", text.partition("\n## ")[2])
    assert sorted(listed) == sorted(set(listed)), "a name is listed twice"
    assert set(dir(tg)) == set(listed)
    assert text == runpy.run_path(str(DOCS / "names.py"))["page"](), "python docs/names.py --write"


def test_what_is_listed_is_there_and_what_is_internal_is_not_listed():
    for name in dir(tg):
        assert getattr(tg, name) is not None
    shown = "draw walk formula check explain stepper step_here Trace GradientNorms nn optim data vmap jacfwd"
    assert set(shown.split()) <= set(dir(tg))
    assert not {"Any", "np", "locked", "advice", "annotations", "math", "nan", "shape", "loss", "text"} & set(dir(tg))
    for name in ("nan", "shape", "loss", "text"):
        assert not hasattr(tg, name)


def test_a_name_that_is_listed_loads_no_more_than_it_needs():
    program = """
import sys, tinygrad_edu as tg
dir(tg); exec("from tinygrad_edu import *")
print([m for m in sys.modules if m.split(".")[-1] in ("render", "console", "checker", "formulas", "ziamath")])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
