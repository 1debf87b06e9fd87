"""Files are written whole or not at all, links are followed, and what is no file is never replaced by one."""

from __future__ import annotations

import ast
import errno
import os
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import in_process
import pytest

import tinygrad_edu
from tinygrad_edu import Tensor, draw
from tinygrad_edu.output.atomic_write import whole

PACKAGE = Path(tinygrad_edu.__file__).parent
posix = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")


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


@pytest.fixture
def umask():
    """A mask that takes writing away from the group, and everything from others."""
    before = os.umask(0o027)
    yield
    os.umask(before)


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o755])
def test_a_file_keeps_its_mode(tmp_path: Path, umask: None, mode: int) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(b"old")
    file.chmod(mode)
    written(file)
    assert file.read_bytes() == b"new" and stat.S_IMODE(file.stat().st_mode) == mode


@posix
def test_a_new_file_has_the_mode_of_the_umask(tmp_path: Path, umask: None) -> None:
    written(tmp_path / "a.txt")
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o640


@posix
def test_nobody_reads_a_private_file_while_it_is_written(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.touch(0o600)
    with whole(file) as stream:
        stream.write(b"secret")
        modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {0o600}


def test_a_file_that_may_not_be_written_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(b"old")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # whoever runs the tests may be allowed everything
    with pytest.raises(PermissionError) as caught:
        written(file)
    assert caught.value.filename == str(file)
    assert file.read_bytes() == b"old" and [*tmp_path.iterdir()] == [file]


def test_threads_may_save_the_same_file(tmp_path: Path) -> None:
    file, turn = tmp_path / "a.txt", threading.Barrier(8)

    def save(letter: str) -> None:
        with whole(file) as stream:
            turn.wait(30)  # all of them are in the middle of it
            stream.write(letter.encode() * 100_000)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(save, "abcdefgh"))
    found = file.read_bytes()
    assert len(found) == 100_000 and len(set(found)) == 1 and [*tmp_path.iterdir()] == [file]


def test_processes_may_save_the_same_file(tmp_path: Path) -> None:
    """Also those that have the same number, each in a container of its own."""
    program = f"""
import os, sys
os.getpid = lambda: 1
from tinygrad_edu.output.atomic_write import whole
with whole({str(tmp_path / "a.txt")!r}) as stream:
    print("open", flush=True)
    sys.stdin.readline()
    stream.write(b"new")
"""
    start = [sys.executable, "-c", program]
    pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    both = [subprocess.Popen(start, env=in_process.environment(), **pipes) for _ in range(2)]
    assert [process.stdout.readline() for process in both] == ["open\n"] * 2
    assert [process.communicate("\n", timeout=60)[1] for process in both] == ["", ""]
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(), MemoryError(), OSError(errno.ENOSPC, "full")])
def test_nothing_is_left_behind(tmp_path: Path, error: BaseException) -> None:
    with pytest.raises(type(error)), whole(tmp_path / "a.txt") as stream:
        stream.write(b"half")
        raise error
    assert not [*tmp_path.iterdir()]


def test_a_long_name_can_be_saved(tmp_path: Path) -> None:
    file = tmp_path / ("я" * 125 + ".txt")  # 254 bytes, and a name has at most 255
    written(file)
    assert [*tmp_path.iterdir()] == [file]


def test_an_error_about_another_file_keeps_its_name(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught, whole(tmp_path / "a.txt"):
        (tmp_path / "other.txt").read_bytes()
    assert caught.value.filename == str(tmp_path / "other.txt")
    with pytest.raises(OSError, match="no number"), whole(tmp_path / "a.txt"):
        raise OSError("no number")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_a_device_that_is_full_is_named() -> None:
    with pytest.raises(OSError, match="No space left") as caught:
        written(Path("/dev/full"))
    assert caught.value.filename == "/dev/full"


def test_a_picture_that_cannot_be_made_leaves_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "net.svg"
    file.write_bytes(b"old")
    with pytest.raises(ValueError):
        draw(Tensor([1.0], name="x").sum()).save(file, scale=-1)
    assert file.read_bytes() == b"old" and [*tmp_path.iterdir()] == [file]


def writes(call: ast.Call) -> bool:
    """Does a call write to a file by itself?"""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    texts = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    opens = name == "open" and any(set(words) <= set("wxabt+") and set(words) & set("wxa") for words in texts)
    return opens or name in ("write_text", "write_bytes", "tofile", "savetxt")


def test_the_package_writes_files_whole() -> None:
    found = []
    for file in PACKAGE.rglob("*.py"):
        calls = [x for x in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(x, ast.Call)]
        found += [
            (file.name, ast.unparse(call)) for call in calls if writes(call) and "os.devnull" not in ast.unparse(call)
        ]
    assert {name for name, _ in found} == {"atomic_write.py"}, found
