"""Files are written whole or not at all: what was there stays until the new one is complete."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def whole(file: str | os.PathLike[str]) -> Iterator[Any]:
    """A stream of bytes that becomes the file when the block is done, and is nothing if it fails or is interrupted.

    Raises OSError, naming the file, where it cannot be written.
    """
    target = Path(file)
    partial = target.with_name(f".{target.name[:100]}.{os.getpid()}.part")
    try:
        with partial.open("xb") as stream:
            yield stream
        os.replace(partial, target)
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(target)) from None
    finally:
        partial.unlink(missing_ok=True)
