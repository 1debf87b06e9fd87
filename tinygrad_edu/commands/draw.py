"""``tinygrad-edu draw SCRIPT``: a picture of what a program computed."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..format import locations
from ..output.terminal import Screen
from .run_script import (
    Calls,
    ProgramRun,
    WantedCall,
    add_script,
    explain_no_call,
    refuse_script,
    run_script,
    tensor_named,
)
from .shared import complain, refuse_output

NAME, HELP = "draw", "run a program and draw the graph of its loss, with values and gradients"
ENDING = ".svg"
EPILOG = """\
The program runs as "python SCRIPT" would run it.  Its own arguments follow after --:
    tinygrad-edu draw train.py -o net.svg -- --epochs 3
The picture shows the graph of the tensor on which the program called backward() last.  Choose another call by its line
(--at 12), by the tensor's name (--at loss), or by its number (--nth 3).  With --at NAME it also shows a tensor on which
the program never called backward()."""


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
        "show the Nth such call, counted from 1 (default: the last)",
    )
    what = f"the file to write, {formats} (default: SCRIPT{ending} in the working directory)"
    p.add_argument("-o", "--output", type=Path, metavar="FILE", help=what)
    p.add_argument(
        "--direction",
        choices=["right", "down", "left", "up"],
        default="right",
        help="where the computation goes (default: %(default)s)",
    )
    words = "what the boxes show: some of formulas,shapes,values,gradients"
    p.add_argument(
        "--detail", default="formulas,values,gradients", metavar="LIST", help=f"{words} (default: %(default)s)"
    )
    p.add_argument(
        "--depth", type=int, metavar="N", help="open so many levels of the model's parts, and fold the deeper ones"
    )
    p.add_argument("--no-constants", action="store_true", help="leave plain arrays out")
    p.add_argument("--theme", choices=["light", "dark"], help="the colours")
    p.add_argument(
        "--digits", type=int, default=3, metavar="N", help="significant digits of numbers (default: %(default)s)"
    )


def run(options: argparse.Namespace) -> int:
    """Run the program, draw the graph, and give the program's exit code.  ValueError if there is nothing to draw."""
    from ..render import draw

    def make(what: Any, shared: dict[str, Any]) -> Any:
        return draw(what, flows=options.flows, highlight=options.highlight, **shared)

    return run_and_save(options, ENDING, make)


def run_and_save(
    options: argparse.Namespace, ending: str, make: Callable[[Any, dict[str, Any]], Any], at: int | None = None
) -> int:
    """Run the program, save the picture or page that ``make`` gives for the wanted call, and name its file.

    Gives the program's exit code.  Everything that can be refused is refused before the program runs.
    """
    from ..render import check_options
    from ..render.layout import require
    from ..render.picture import FORMATS

    refuse_script(options.script, options.at, options.nth)
    check_options(options.direction, options.detail, options.depth, options.digits)
    output = options.output or Path(options.script.with_suffix(ending).name)
    refuse_output(output, endings=[*FORMATS])
    require(output.suffix)
    done = run_script(options.script, options.args, Calls(WantedCall(options.at, options.nth)))
    if done.code and done.call is None:
        complain("nothing was drawn, because the program failed before a backward() was done")
        return done.code
    what, seed = what_to_draw(done, options)
    shared: dict[str, Any] = {
        "direction": options.direction, "detail": options.detail, "depth": options.depth, "seed": seed,
        "constants": not options.no_constants, "theme": options.theme, "digits": options.digits,
    }  # fmt: skip
    picture = make(what, shared)
    saved = picture.save(output, at=at)
    if picture.view.remark:
        complain(picture.view.remark)
    Screen().write(f"{describe_call(done)}: {saved}")
    return done.code


def what_to_draw(done: ProgramRun, options: argparse.Namespace) -> tuple[Any, Any]:
    """The tensor or trace to draw, and its seed.  ValueError, saying what to try, if there is none."""
    if done.call is not None:
        from ..tracing import traced

        call = done.call
        return call.trace or traced(call.tensor, call.seed, sweep=True, frame=call.frame), None
    if options.at and not options.nth and (found := tensor_named(done.names, options.at)) is not None:
        return found, None
    if done.calls:
        raise ValueError(explain_no_call(done.calls, done.matching, options.at, options.nth))
    name = options.script.name
    raise ValueError(f"{name} never called backward(): call it on the loss, or name the tensor to draw, --at NAME")


def describe_call(done: ProgramRun) -> str:
    """Words that say which call the picture shows."""
    if done.call is None:
        return "without backward(), which was not called on it"
    number = f", one of {done.matching} such calls" if done.matching > 1 else ""
    return f"backward() in line {done.call.line} of {locations.file_title(done.call.file)}{number}"
