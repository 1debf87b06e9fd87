"""Files are written whole or not at all: what was there stays until the new one is complete."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def whole(file: str | os.PathLike[str]) -> Iterator[Any]:
    """A stream of bytes that becomes the file when the block is done, and is nothing if it fails or is interrupted.

    Where a link stands, the file that it leads to is written.  What is no file, as a pipe or a terminal, holds nothing
    that could be lost, and is written to as it is.  Raises OSError, naming the file, where it cannot be written.
    """
    target = Path(file)
    if target.exists() and not (target.is_file() or target.is_dir()):
        with target.open("wb") as stream:
            yield stream
        return
    target = target.resolve() if target.is_symlink() else target
    partial = target.with_name(f".{target.name[:100]}.{os.getpid()}.part")
    try:
        with partial.open("xb") as stream:
            yield stream
        os.replace(partial, target)
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(target)) from None
    finally:
        partial.unlink(missing_ok=True)


def saved(file: str | os.PathLike[str], what: str, made: Mapping[str, Callable[[], str | bytes]], scale: float) -> Path:
    """Write a picture in the format that the file's ending names: by each ending, what makes it.  Gives the path.

    Raises ValueError for other endings and for a scale that is none, and OSError where the file cannot be written.
    """
    target = Path(file)
    if target.suffix.lower() not in made:
        known = ", ".join(name.removeprefix(".") for name in made)
        raise ValueError(f"{target.name[:60]} ends in none of the formats that a {what} can be saved in: {known}")
    if not 0 < scale < 100:
        raise ValueError(f"scale is the number of pixels to a point, above 0 and below 100, not {scale!r}")
    written = made[target.suffix.lower()]()
    with whole(target) as stream:
        stream.write(written if isinstance(written, bytes) else written.encode("utf-8"))
    return target
