"""``tinygrad-edu draw SCRIPT``: a picture of what a program computed."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..format import locations
from ..output.terminal import Screen
from .run_script import Calls, Run, Wanted, add_script, refuse_script, run_script, tensor_named
from .shared import complain, refuse_output

NAME, HELP = "draw", "run a program and draw the graph of what its backward() saw"
ENDING = ".svg"
EPILOG = """\
The program runs as "python SCRIPT" would run it; what stands after -- are its own arguments:
    tinygrad-edu draw train.py -o net.svg -- --epochs 3
What is shown is what its last call of backward() saw: --at 12 for the call in line 12, --at loss for a tensor of that
name, --nth 3 for the third such call.  A tensor on which backward() was never called is shown by --at NAME."""


def add_arguments(p: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    add_shared_arguments(p, ENDING, "svg, pdf, png, tex, dot, json, html or gif")
    p.add_argument("--flows", action="store_true", help="write on the links what flowed back along them")
    p.add_argument("--highlight", metavar="NAME", help="mark the paths from this tensor to the result")


def add_shared_arguments(p: argparse.ArgumentParser, ending: str, formats: str) -> None:
    """Declare the options of ``draw`` and ``walk``, which write a file of one of the formats."""
    p.formatter_class, p.epilog = argparse.RawDescriptionHelpFormatter, EPILOG
    add_script(
        p,
        "show the call of backward() in this line, or of this tensor",
        "show the Nth such call, from 1 (default: the last)",
    )
    what = f"the file to write, {formats} by its ending (default: SCRIPT{ending} in the working directory)"
    p.add_argument("-o", "--output", type=Path, metavar="FILE", help=what)
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


def run(options: argparse.Namespace) -> int:
    """Run the program, and draw the graph; the program's exit code.  ValueError if there is nothing to draw."""
    from ..render import draw

    def drawn(what: Any, shared: dict[str, Any]) -> Any:
        return draw(what, flows=options.flows, highlight=options.highlight, **shared)

    return run_and_save(options, ENDING, drawn)


def run_and_save(
    options: argparse.Namespace, ending: str, drawn: Callable[[Any, dict[str, Any]], Any], at: int | None = None
) -> int:
    """Run the program, save what ``drawn`` makes of the call that is wanted, and say where it is.  The exit code."""
    from ..render import check_options
    from ..render.layout import require
    from ..render.picture import FORMATS

    refuse_script(options.script, options.at, options.nth)
    check_options(options.direction, options.detail, options.depth, options.digits)
    output = options.output or Path(options.script.with_suffix(ending).name)
    refuse_output(output, endings=[*FORMATS])
    require(output.suffix)
    done = run_script(options.script, options.args, Calls(Wanted(options.at, options.nth)))
    if done.code and done.call is None:
        complain("nothing is drawn, since the program failed before a backward() was done")
        return done.code
    what, seed = chosen(done, options)
    shared: dict[str, Any] = {
        "direction": options.direction, "detail": options.detail, "depth": options.depth, "seed": seed,
        "constants": not options.no_constants, "theme": options.theme, "digits": options.digits,
    }  # fmt: skip
    picture = drawn(what, shared)
    saved = picture.save(output, at=at)
    if picture.view.remark:
        complain(picture.view.remark)
    Screen().write(f"{said(done)}: {saved}")
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
    return f"backward() in line {done.call.line} of {locations.file_title(done.call.file)}{number}"
