"""The command ``tinygrad-edu``: reads the command line and runs a command, by default ``train``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any

from .. import __version__
from ..format import text
from . import check, draw, lesson, ops, step, train, walk, word2vec
from .shared import INTERRUPTED, MISTAKE, OK, complain

COMMANDS = {module.NAME: module for module in (train, draw, walk, step, check, lesson, ops, word2vec)}

DESCRIPTION = """\
Automatic differentiation that shows its work.  Without a command it trains the network
R = logloss(softmax(B sigma(A x))) on handwritten digits, then shows one example's backward
sweep as a table, and the delta recursion beside it."""


class Parser(argparse.ArgumentParser):
    """Reads a command line, and suggests a similar word for one that it does not know."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Refuse unknown options first, with a suggestion, and then parse as ``argparse`` does."""
        words = list(sys.argv[1:] if args is None else args)
        if unknown := self.unknown(words):
            near = text.suggest(unknown, [name for name in self.options if name.startswith("--")])
            self.error(f"unrecognized arguments: {text.printable(unknown)}{near}")
        return super().parse_known_args(words, namespace)

    @property
    def options(self) -> dict[str, argparse.Action]:
        """All options by their names."""
        return {name: action for action in self._actions for name in action.option_strings}

    def unknown(self, words: Sequence[str]) -> str:
        """The first unknown option, empty if there is none.

        Words after a command, or after a program whose own arguments follow it, belong to others and are not looked at.
        """
        others = any(action.nargs in (argparse.PARSER, argparse.REMAINDER) for action in self._actions)
        takes_value = False  # is the next word the value of an option?
        for word in words:
            name = word.partition("=")[0]
            if name.startswith("--"):
                fits = [option for option in self.options if option.startswith(name)]  # argparse takes a beginning too
                if not fits:
                    return name
                takes_value = self.options[fits[0]].nargs is None and "=" not in word
            elif word in self.options:
                takes_value = self.options[word].nargs is None
            elif takes_value:
                takes_value = False
            elif others and not word.startswith("-"):
                break
        return ""

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Refuse a value that is none of the choices, with a suggestion."""
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError as error:
            error.message += text.suggest(str(value), map(str, action.choices or ()))
            raise


def make_parser() -> argparse.ArgumentParser:
    """The parser with all commands and their options."""
    p = Parser("tinygrad-edu", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--version", action="version", version=f"tinygrad_edu {__version__}")
    train.add_arguments(p)
    commands = p.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    for name, module in COMMANDS.items():
        module.add_arguments(commands.add_parser(name, help=module.HELP, description=as_sentence(module.HELP)))
    return p


def as_sentence(words: str) -> str:
    """Words with a capital letter and a full stop."""
    return f"{words[:1].upper()}{words[1:]}."


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and give the exit code: 0 done, 2 a mistake in the call, 130 interrupted."""
    for name in ("stdout", "stderr"):  # a shell may have closed them
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without σ shows a question mark
    words = list(sys.argv[1:] if argv is None else argv)
    own, _, others = (
        (words[: words.index("--")], "--", words[words.index("--") + 1 :]) if "--" in words else (words, "", [])
    )
    try:
        options = make_parser().parse_args(own, argparse.Namespace(args=others))
    except SystemExit as end:
        # For ``check``, code 2 says that a file cannot be read, so a mistake in the call has another code.
        if end.code == MISTAKE and own[:1] == [check.NAME]:
            raise SystemExit(check.USAGE) from None
        raise
    try:
        code = COMMANDS[options.command or train.NAME].run(options)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # the reader has seen enough, as with | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except KeyboardInterrupt:
        print(file=sys.stderr)
        complain("interrupted")
        return INTERRUPTED
    except (OSError, ValueError, RuntimeError) as error:
        complain(text.error_text(error))
        return MISTAKE
