"""Files are written whole or not at all: what was there stays until the new one is complete."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

NEW = 0o666  # the mode of a file that was not there, from which the system takes away the umask


@contextmanager
def whole(file: str | os.PathLike[str]) -> Iterator[Any]:
    """A stream of bytes that becomes the file when the block is done, and is nothing if it fails or is interrupted.

    The bytes go to a partial file beside the target, which takes the target's place in one step.  A file that was
    there keeps its mode.  The partial file has a name of its own, so that threads and processes may save the same file
    at the same time: the last one to finish wins.

    Where a link stands, the file that it leads to is written.  A pipe or a terminal holds nothing that could be lost,
    and is written to directly.  Raises OSError, naming the file, where it cannot be written.
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
            raise  # it is about another file, which the block has read
        raise type(error)(error.errno, error.strerror, str(target)) from None
    finally:
        if partial is not None:
            with suppress(OSError):
                partial.unlink(missing_ok=True)


def kept_mode(target: Path) -> int | None:
    """The mode of a file that is there already, None for a new one.

    Raises PermissionError for a file that may not be written: to replace it, the rights of its folder would be enough.
    """
    if not target.exists():
        return None
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))
    return stat.S_IMODE(target.stat().st_mode)


def save_picture(
    file: str | os.PathLike[str], what: str, made: Mapping[str, Callable[[], str | bytes]], scale: float
) -> Path:
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
