import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import posecas
from kit.tiles import tile
from posecas.filesystem import PosecasFileSystem

THERE = "/users/ada/g1/p1.png"
NEW = "/users/ada/g1/p2.png"
HERE = str(Path(__file__))

WRITES: dict[str, Callable[[PosecasFileSystem], Any]] = {
    "open-wb": lambda fs: fs.open(NEW, "wb"),
    "open-w": lambda fs: fs.open(NEW, "w"),
    "open-xb": lambda fs: fs.open(THERE, "xb"),
    "open-ab": lambda fs: fs.open(THERE, "ab"),
    "open-r+b": lambda fs: fs.open(THERE, "r+b"),
    "mkdir": lambda fs: fs.mkdir("/users/eve"),
    "mkdirs": lambda fs: fs.mkdirs("/users/eve", exist_ok=True),
    "makedir": lambda fs: fs.makedir("/users/eve"),
    "makedirs": lambda fs: fs.makedirs("/users/eve", exist_ok=True),
    "rmdir": lambda fs: fs.rmdir("/users/ada"),
    "touch": lambda fs: fs.touch(THERE, truncate=False),
    "pipe": lambda fs: fs.pipe({}),
    "pipe_file": lambda fs: fs.pipe_file(NEW, tile(2)),
    "write_bytes": lambda fs: fs.write_bytes(NEW, tile(2)),
    "write_text": lambda fs: fs.write_text(NEW, "text"),
    "put": lambda fs: fs.put(HERE, NEW),
    "put_file": lambda fs: fs.put_file(lpath=HERE, rpath=NEW),
    "upload": lambda fs: fs.upload(HERE, NEW),
    "copy": lambda fs: fs.copy(THERE, NEW, recursive=True),
    "cp": lambda fs: fs.cp(THERE, NEW),
    "cp_file": lambda fs: fs.cp_file(THERE, NEW),
    "mv": lambda fs: fs.mv(THERE, THERE),
    "move": lambda fs: fs.move(THERE, NEW),
    "rename": lambda fs: fs.rename(THERE, NEW),
    "rm": lambda fs: fs.rm("/nothing", recursive=True),
    "rm_file": lambda fs: fs.rm_file(THERE),
    "delete": lambda fs: fs.delete(THERE),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=list(WRITES))
def test_everything_that_would_write_is_refused_and_changes_nothing(
    store: posecas.Store, fs: PosecasFileSystem, write: Callable[[PosecasFileSystem], Any]
) -> None:
    store.put(tile(1), user="ada", generation="g1", pose="p1")
    before = fs.find("/", withdirs=True, detail=True)
    with pytest.raises(OSError, match="read-only") as refused:
        write(fs)
    assert refused.value.errno == errno.EROFS
    assert fs.find("/", withdirs=True, detail=True) == before


def test_addresses_are_not_signed(fs: PosecasFileSystem) -> None:
    with pytest.raises(NotImplementedError):
        fs.sign(THERE)
