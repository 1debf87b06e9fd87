"""Files are written whole or not at all, links are followed, and what is no file is never replaced by one."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from tinygrad_edu.output.atomic_write import whole


def written(file: Path, text: bytes = b"new") -> None:
    with whole(file) as stream:
        stream.write(text)


def test_what_was_there_stays_if_the_writing_fails(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    written(file, b"old")
    with pytest.raises(ZeroDivisionError), whole(file) as stream:
        stream.write(b"half")
        raise ZeroDivisionError
    assert file.read_bytes() == b"old" and [*tmp_path.iterdir()] == [file]
    written(file)
    assert file.read_bytes() == b"new" and [*tmp_path.iterdir()] == [file]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        written(tmp_path / "nowhere" / "a.txt")


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_stays_one(tmp_path: Path) -> None:
    file, link = tmp_path / "real.txt", tmp_path / "link.txt"
    file.write_bytes(b"old")
    link.symlink_to(file)
    written(link)
    assert link.is_symlink() and file.read_bytes() == b"new"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_is_written_to_and_stays_one(tmp_path: Path) -> None:
    pipe, found = tmp_path / "pipe", list[bytes]()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: found.append(pipe.read_bytes()), daemon=True)
    reader.start()
    written(pipe)
    reader.join(10)
    assert found == [b"new"] and stat.S_ISFIFO(pipe.stat().st_mode)
