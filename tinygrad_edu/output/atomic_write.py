"""Writes files whole or not at all: the old file stays until the new one is complete."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

NEW = 0o666  # the mode of a new file, from which the system takes the umask away


@contextmanager
def whole(file: str | os.PathLike[str]) -> Iterator[Any]:
    """A stream of bytes that becomes the file when the block ends, and leaves no trace if it fails or is interrupted.

    The bytes go to a partial file beside the target, which takes the target's place in one step.  An existing file
    keeps its mode.  Each partial file has a name of its own, so that threads and processes may save the same file at
    the same time: the last one to finish wins.

    If the target is a link, the file that it leads to is written.  A pipe or a terminal holds nothing that could be
    lost, and is written to directly.  Raises OSError, naming the file, if it cannot be written.
    """
    target = Path(file)
    partial = None
    try:
        if target.exists() and not (target.is_file() or target.is_dir()):
            with target.open("wb") as stream:
                yield stream
            return
        target = target.resolve() if target.is_symlink() else target
        mode = kept_mode(target)
        partial = target.with_name(f".{target.name[:40]}.{os.urandom(6).hex()}.part")
        with open(
            partial, "xb", opener=lambda name, flags: os.open(name, flags, NEW if mode is None else mode)
        ) as stream:
            yield stream
        if mode is not None:
            with suppress(OSError):  # some file systems have no modes
                os.chmod(partial, mode)  # os.open has taken the umask away from it
        os.replace(partial, target)
    except OSError as error:
        if error.errno is None or error.filename not in (None, str(target), str(partial)):
            raise  # the error is about another file, one that the block reads
        raise type(error)(error.errno, error.strerror, str(target)) from None
    finally:
        if partial is not None:
            with suppress(OSError):
                partial.unlink(missing_ok=True)


def kept_mode(target: Path) -> int | None:
    """The mode of an existing file, None for a new one.

    Raises PermissionError for a file that is write-protected, because the system would let us replace it all the same.
    """
    if not target.exists():
        return None
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))
    return stat.S_IMODE(target.stat().st_mode)


def save_picture(
    file: str | os.PathLike[str], what: str, made: Mapping[str, Callable[[], str | bytes]], scale: float
) -> Path:
    """Write a picture in the format that the file's ending names.  Gives the path.

    what: the word for the picture in messages.  made: a function for each ending, which gives the contents.  Raises
    ValueError for other endings and for a scale out of range, and OSError if the file cannot be written.
    """
    target = Path(file)
    if target.suffix.lower() not in made:
        known = ", ".join(name.removeprefix(".") for name in made)
        raise ValueError(f"{target.name[:60]} does not end in a format that a {what} can be saved in: {known}")
    if not 0 < scale < 100:
        raise ValueError(f"scale is the number of pixels to a point, above 0 and below 100, not {scale!r}")
    written = made[target.suffix.lower()]()
    with whole(target) as stream:
        stream.write(written if isinstance(written, bytes) else written.encode("utf-8"))
    return target
