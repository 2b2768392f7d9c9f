"""What lies in the spools of a store, for people: looked at from outside, while mounts go on."""

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from posecas.index.sqlite_module import sqlite3
from posecas.machine import Json
from posecas_fuse.naming import is_to_be_stored
from posecas_fuse.spool.place import ClaimedSpool, abandoned_spools, is_claimed, mount_of, spools
from posecas_fuse.spool.rows import COLUMNS, Spooled, row_of_spooled
from posecas_fuse.spool.table import DATABASE, FILES, Spool

State = Literal["open", "waiting", "failed", "temporary"]


@dataclass(frozen=True, slots=True)
class SpooledFile:
    """A file in a spool. ``path`` is where the mount shows it; ``bytes_at`` holds its bytes.

    ``open``: a program has it open. ``waiting``: to be stored, and tried again. ``failed``: not to
    be stored as it is, for the reason in ``message``. ``temporary``: no image's name.
    """

    mountpoint: str
    user: str | None
    path: str
    size: int
    state: State
    message: str | None
    bytes_at: Path
    mounted: bool

    def json(self) -> Json:
        """Return it in its stable shape."""
        return {
            "mountpoint": self.mountpoint,
            "mounted": self.mounted,
            "user": self.user,
            "path": self.path,
            "size": self.size,
            "state": self.state,
            "error": self.message,
            "file": str(self.bytes_at),
        }


def survey(store: Path) -> Iterator[SpooledFile]:
    """Yield every file in the spools of a store, but for those without a name."""
    for folder in spools(store):
        mounted, mount = is_claimed(folder), mount_of(folder)
        rows = _rows(folder)
        for row in rows.values():
            if row.folder or not row.attached:
                continue
            bytes_at = folder / FILES / str(row.id)
            yield SpooledFile(
                mount.mountpoint,
                mount.user,
                _path(rows, row),
                bytes_at.stat().st_size if bytes_at.exists() else 0,
                _state(row, mounted=mounted),
                row.message,
                bytes_at,
                mounted,
            )


def clear(store: Path) -> Iterator[ClaimedSpool]:
    """Yield each spool whose mount is gone, and delete all that it holds when asked to go on."""
    for claimed in abandoned_spools(store):
        with claimed:
            yield claimed
            with closing(Spool(claimed.folder)) as spool:
                for row in spool.everything():
                    spool.delete(row.id)


def _rows(folder: Path) -> dict[int, Spooled]:
    path = folder / DATABASE
    if not path.exists():
        return {}
    with closing(sqlite3.connect(str(path), timeout=10)) as db:
        found = db.execute(f"SELECT {COLUMNS} FROM files ORDER BY id").fetchall()  # noqa: S608
    return {row.id: row for row in map(row_of_spooled, found)}


def _path(rows: dict[int, Spooled], row: Spooled) -> str:
    name = os.fsdecode(row.name).encode("utf-8", "replace").decode()
    if row.generation is not None:
        return f"{row.generation}/{name}"
    names = [name]
    while (folder := int(row.place.partition(":")[2])) in rows:
        row = rows[folder]
        names.append(os.fsdecode(row.name).encode("utf-8", "replace").decode())
    return "/".join([".scratch", *reversed(names)])


def _state(row: Spooled, *, mounted: bool) -> State:
    if row.opens and mounted:
        return "open"
    if row.error is not None:
        return "waiting" if row.retried else "failed"
    return "waiting" if row.dirty and is_to_be_stored(row) else "temporary"
