"""``tinygrad-edu draw SCRIPT`` and ``tinygrad-edu walk SCRIPT``: pictures of what a program computed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from ..format import locations, text
from .run_script import Calls, Run, Wanted, program, run, tensor_named

ENDINGS = {"draw": ".svg", "walk": ".html"}
EPILOG = """\
The program runs as "python SCRIPT" would run it; what stands after -- are its own arguments:
    tinygrad-edu draw train.py -o net.svg -- --epochs 3
What is shown is what its last call of backward() saw: --at 12 for the call in line 12, --at loss for a tensor of that
name, --nth 3 for the third such call.  A tensor on which backward() was never called is shown by --at NAME."""


def add_arguments(p: argparse.ArgumentParser, command: str) -> None:
    """The options of a command."""
    p.formatter_class, p.epilog = argparse.RawDescriptionHelpFormatter, EPILOG
    p.add_argument("script", type=Path, metavar="SCRIPT", help="a Python program")
    formats = "svg, pdf, png, tex, dot, json, html or gif" if command == "draw" else "html, or gif for an animation"
    what = f"the file to write, {formats} by its ending (default: SCRIPT{ENDINGS[command]} in the working directory)"
    p.add_argument("-o", "--output", type=Path, metavar="FILE", help=what)
    p.add_argument("--at", metavar="LINE|NAME", help="the call of backward() in this line, or of this tensor")
    p.add_argument("--nth", type=int, metavar="N", help="the how-manieth such call, from 1 (default: the last)")
    p.add_argument("--direction", choices=["right", "down", "left", "up"], default="right", help="where it goes")
    words = "what stands in the boxes: some of formulas,shapes,values,gradients"
    p.add_argument(
        "--detail", default="formulas,values,gradients", metavar="LIST", help=f"{words} (default: %(default)s)"
    )
    p.add_argument(
        "--depth", type=int, metavar="N", help="how many parts of the model that stand in each other are open"
    )
    p.add_argument("--no-constants", action="store_true", help="leave plain arrays out")
    p.add_argument("--theme", choices=["light", "dark"], help="the colours")
    p.add_argument("--digits", type=int, default=3, metavar="N", help="of numbers (default: %(default)s)")
    if command == "draw":
        p.add_argument("--flows", action="store_true", help="write on the links what flowed back along them")
        p.add_argument("--highlight", metavar="NAME", help="mark the paths from this tensor to the result")
    else:
        p.add_argument("--step", type=int, metavar="K", help="open the page at this step")


def command(options: argparse.Namespace) -> int:
    """Run the program, draw what is wanted, say where it is."""
    from ..render import draw, looked_like, walk
    from ..render.packages import require
    from ..render.picture import FORMATS

    program(options.script, options.at, options.nth)
    looked_like(options.direction, options.detail, options.depth, options.digits)
    output = options.output or Path(options.script.with_suffix(ENDINGS[options.command]).name)
    if output.suffix.lower() not in FORMATS:
        known = ", ".join(name.removeprefix(".") for name in FORMATS)
        near = text.meant(output.suffix.lower(), FORMATS)
        raise ValueError(f"{output}: the file's ending is none of {known}{near}")
    if output.is_dir():
        raise ValueError(f"{output} is a folder, not a file")
    if options.command == "walk" and options.step is not None and options.step < 0:
        raise ValueError(f"--step counts from 0, and {options.step} is below")
    if not output.absolute().parent.is_dir():
        raise ValueError(f"{output}: there is no folder {output.absolute().parent}")
    require(output.suffix)
    done = run(options.script, options.args, Calls(Wanted(options.at, options.nth)))
    if done.code and done.call is None:
        print("tinygrad-edu: nothing is drawn, since the program failed before a backward() was done", file=sys.stderr)
        return done.code
    what, seed = chosen(done, options)
    shared: dict[str, Any] = {
        "direction": options.direction, "detail": options.detail, "depth": options.depth, "seed": seed,
        "constants": not options.no_constants, "theme": options.theme, "digits": options.digits,
    }  # fmt: skip
    if options.command == "draw":
        picture = draw(what, flows=options.flows, highlight=options.highlight, **shared)
        at = None
    else:
        picture, at = walk(what, **shared), options.step
    saved = picture.save(output, at=at)
    if picture.view.remark:
        print(f"tinygrad-edu: {picture.view.remark}", file=sys.stderr)
    print(f"{said(done)}: {saved}")
    return done.code


def chosen(done: Run, options: argparse.Namespace) -> tuple[Any, Any]:
    """What to draw, and with which seed.  ValueError, saying what to try, if there is nothing."""
    if done.call is not None:
        from ..tracing import traced

        call = done.call
        return call.trace or traced(call.tensor, call.seed, sweep=True, frame=call.frame), None
    if options.at and not options.nth and (found := tensor_named(done.names, options.at)) is not None:
        return found, None
    if done.matching:
        raise ValueError(f"backward() was called {done.matching} times there, so there is no call number {options.nth}")
    if done.calls and options.at:
        where = f"line {options.at}" if options.at.isdecimal() else f"a tensor called {options.at}"
        raise ValueError(f"of the {done.calls} calls of backward() none was of {where}")
    name = options.script.name
    raise ValueError(f"{name} never called backward(): call it on the loss, or name the tensor to draw, --at NAME")


def said(done: Run) -> str:
    """Which call it is."""
    if done.call is None:
        return "without backward(), which was not called on it"
    number = f", one of {done.matching} such calls" if done.matching > 1 else ""
    return f"backward() in line {done.call.line} of {locations.title(done.call.file)}{number}"
