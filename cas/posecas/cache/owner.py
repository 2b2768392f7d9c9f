"""Whose a cache's folder is: two stores in one would each evict by a limit of their own.

The file ``owner`` says ``posecas-cache 1 <store id>``. It is not synced: after a power cut it may
hold anything, and then the folder is nobody's.
"""

import errno
import os
from pathlib import Path
from typing import Final

from posecas.cache.entries import FOLDERS
from posecas.cache.fills import FOLDER as FILLING
from posecas.cache.locks import locked
from posecas.cache.room import EVICTING, USE
from posecas.errors import ForeignStore
from posecas.index.filesystems import NETWORK, filesystem_type

OWNER: Final = "owner"

_START: Final = "posecas-cache 1 "
_LONGEST: Final = 256
_SECONDS: Final = 5.0


def claim(folder: Path, store: str) -> None:
    """Make the folder, which exists, this store's cache, which it may be already.

    Raises ``ForeignStore`` if it is another store's, holds something else, or lies where file locks
    do not hold between hosts; ``OSError`` where it cannot be looked at or written.
    """
    path = folder / OWNER
    if _read(path) == store:
        return
    _refuse_others(folder)
    with locked(path, seconds=_SECONDS) as descriptor:
        if descriptor is None:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(path))
        found = _read(path)
        if found == store:
            return
        if found is not None:
            raise ForeignStore(
                f"{folder}: it is the cache of the store {found}, this is {store}; "
                "name another folder: cache.folder"
            )
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{_START}{store}\n".encode("ascii"), 0)


def _read(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            content = file.read(_LONGEST).decode("ascii", "replace")
    except FileNotFoundError:
        return None
    if not content.startswith(_START) or not content.endswith("\n"):
        return None
    return content.removeprefix(_START).rstrip("\n")


def _refuse_others(folder: Path) -> None:
    names = {name for name in os.listdir(folder) if not name.startswith(".")}  # noqa: PTH208
    if others := names - {OWNER, USE, EVICTING, FILLING, *FOLDERS}:
        raise ForeignStore(
            f"{folder}: it holds {min(others)!r} and is no cache; "
            "name a new or empty folder: cache.folder"
        )
    kind = filesystem_type(folder)
    if kind.partition(".")[0] in NETWORK:
        raise ForeignStore(
            f"{folder}: a cache cannot lie on a network or FUSE filesystem ({kind}), where other "
            "hosts do not see its locks; name a folder on a local disk: cache.folder"
        )
