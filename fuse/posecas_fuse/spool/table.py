"""The spool's database: which names there are, and what became of each file.

Every call is one transaction that survives the process. That the disk survives losing its power is
asked for by `sync`, since a temporary file must not cost what an image costs.
"""

import errno
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from posecas import faults
from posecas.errors import NotFound, PosecasError, StorageFull, Temporary, WriteRefused
from posecas.index.sqlite_module import sqlite3
from posecas.objects.durable import sync
from posecas_fuse.spool.rows import COLUMNS, SCHEMA, Spooled, row_of_spooled

DATABASE: Final = "spool.sqlite"
FILES: Final = "files"
"""The folder of the bytes."""

_PRIMARY: Final = 0xFF
_PASSING: Final = {5, 6, 15}
"""SQLITE_BUSY, SQLITE_LOCKED and SQLITE_PROTOCOL: nothing is wrong with the disk."""

Value = str | int | bytes | None


class Spool:
    """The spool in a folder, for any number of threads of the one process that has claimed it."""

    def __init__(self, folder: Path) -> None:
        """Open it, and make it if need be. Raises ``WriteRefused``, ``StorageFull``."""
        self.folder = folder
        self._files = folder / FILES
        self._guard = threading.RLock()
        self._unnamed: list[int] = []
        with self._errors():
            self._files.mkdir(mode=0o700, exist_ok=True)
            self._db: Any = sqlite3.connect(
                str(folder / DATABASE), isolation_level=None, check_same_thread=False
            )
            for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "busy_timeout = 10000"):
                self._db.execute(f"PRAGMA {pragma}")
            self._db.executescript(SCHEMA)
        self._make_whole()

    @property
    def revision(self) -> int:
        """What is greater after every change of a row."""
        return int(self._db.total_changes)

    def path(self, row: int) -> Path:
        """Return where a file's bytes are, or the empty folder that keeps a folder's times."""
        return Path(f"{self._files}/{row}")

    def size(self, row: int) -> int:
        """Return how many bytes a file has."""
        with suppress(FileNotFoundError), self._errors():
            return self.path(row).stat().st_size
        return 0

    def get(self, row: int) -> Spooled:
        """Return a row. Raises ``NotFound``."""
        found = self.find(row)
        if found is None:
            raise NotFound("what was spooled here is gone; look it up again")
        return found

    def find(self, row: int) -> Spooled | None:
        """Return a row, if it is there."""
        return next(iter(self._select("id = ?", row)), None)

    def listed(self, place: str, name: bytes) -> Spooled | None:
        """Return what a name leads to."""
        found = self._select("place = ? AND name = ? AND listed", place, name)
        return next(iter(found), None)

    def named(self, place: str, name: bytes) -> Sequence[Spooled]:
        """Return everything that is to be stored under a name, listed or not."""
        return self._select("place = ? AND name = ? AND attached", place, name)

    def children(self, place: str, *, after: int, limit: int) -> Sequence[Spooled]:
        """Return the listed rows of a place behind the row ``after``, in the order of making."""
        return self._select(
            "place = ? AND id > ? AND listed ORDER BY id LIMIT ? + 0", place, after, limit
        )

    def writer(self, place: str, names: Sequence[bytes]) -> Spooled | None:
        """Return the newest of these names that is open and holds bytes that are not stored."""
        marks = ", ".join("?" * len(names))
        where = f"place = ? AND name IN ({marks}) AND attached AND dirty AND opens"
        return next(iter(self._select(f"{where} ORDER BY id DESC LIMIT 1", place, *names)), None)

    def failed(self, place: str, names: Sequence[bytes]) -> Spooled | None:
        """Return the newest of these names whose commit failed."""
        marks = ", ".join("?" * len(names))
        where = f"place = ? AND name IN ({marks}) AND attached AND error IS NOT NULL"
        return next(iter(self._select(f"{where} ORDER BY id DESC LIMIT 1", place, *names)), None)

    def all_failed(self, place: str) -> Sequence[Spooled]:
        """Return everything whose commit failed in a place."""
        return self._select("place = ? AND attached AND error IS NOT NULL", place)

    def last_failed(self) -> Spooled | None:
        """Return the newest file whose commit failed and was not made up for. Cheap."""
        return next(iter(self._select("error IS NOT NULL ORDER BY id DESC LIMIT 1")), None)

    def counts(self) -> tuple[int, int]:
        """Return how many files are to be stored and are not, and how many files there are."""
        with self._guard, self._errors():
            found = self._db.execute(
                "SELECT coalesce(sum(dirty AND attached AND place GLOB 'generation:*'), 0),"
                " coalesce(sum(NOT folder), 0) FROM files"
            ).fetchone()
        return int(found[0]), int(found[1])

    def everything(self) -> Sequence[Spooled]:
        """Return every row."""
        return self._select("1 ORDER BY id")

    def add(self, place: str, name: bytes, **columns: Value) -> Spooled:
        """Insert a row and make its file, or folder. Raises ``IntegrityError`` if it is listed."""
        values: dict[str, Value] = {"place": place, "name": name, **columns}
        marks = ", ".join("?" * len(values))
        with self.together(), self._errors():
            cursor = self._db.execute(
                f"INSERT INTO files ({', '.join(values)}) VALUES ({marks})",  # noqa: S608
                tuple(values.values()),
            )
            row = int(cursor.lastrowid)
            faults.point("spool.named")
            make = _make_folder if columns.get("folder") else _make_file
            try:
                make(self.path(row))
            except FileExistsError:
                # It is left over from an attempt that a full disk ended.
                _remove_bytes(self.path(row))
                make(self.path(row))
        return self.get(row)

    def change(self, row: int, **columns: Value) -> None:
        """Set columns of a row; nothing if it is gone."""
        sets = ", ".join(f"{name} = ?" for name in columns)
        self._run(f"UPDATE files SET {sets} WHERE id = ?", *columns.values(), row)  # noqa: S608

    def opened(self, row: int, by: int) -> int:
        """Count handles: ``by`` is 1 or -1. Returns how many there are then; at least 0."""
        with self._guard:
            self._run("UPDATE files SET opens = max(0, opens + ?) WHERE id = ?", by, row)
            found = self.find(row)
        return 0 if found is None else found.opens

    def changed(self, place: str) -> None:
        """Set the time at which a scratch folder was last changed to now."""
        kind, _, folder = place.partition(":")
        if kind == "scratch":
            with suppress(OSError):
                os.utime(self.path(int(folder)) if int(folder) else self.folder)

    def delete(self, row: int) -> None:
        """Remove a row, and its bytes after it: within `together`, once all of it is certain.

        So a process that dies leaves no name without bytes. It may leave bytes without a name:
        they are removed when the spool is opened again.
        """
        with self._guard:
            try:
                self._run("DELETE FROM files WHERE id = ?", row)
            except StorageFull:
                # Its own bytes make the room that the log needs.
                with suppress(OSError):
                    os.truncate(self.path(row), 0)
                self._run("DELETE FROM files WHERE id = ?", row)
            self._unnamed.append(row)
            faults.point("spool.deleting")
            if not self._db.in_transaction:
                self._remove_unnamed()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make several changes of names one transaction, while no other thread changes any."""
        with self._guard:
            if self._db.in_transaction:
                yield
                return
            with self._errors():
                self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                with self._errors():
                    self._db.execute("COMMIT")
            except BaseException:
                self._unnamed.clear()
                # A disk that is full may have ended it already.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
            self._remove_unnamed()

    def sync(self, row: int) -> None:
        """Return when a file's bytes and its name survive losing the power."""
        with self._errors():
            for path in (self.path(row), self._files):
                descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                try:
                    sync(descriptor)
                finally:
                    os.close(descriptor)
        with self._guard, self._errors():
            # A commit that is synced takes everything with it that stands before it in the log.
            self._db.execute("PRAGMA synchronous = FULL")
            try:
                self._db.execute("UPDATE synced SET times = times + 1")
            finally:
                self._db.execute("PRAGMA synchronous = NORMAL")

    def close(self) -> None:
        """Close the database. Calling it twice is allowed."""
        with self._guard:
            self._db.close()

    def _remove_unnamed(self) -> None:
        while self._unnamed:
            faults.point("spool.deleted")
            _remove_bytes(self.path(self._unnamed.pop()))

    def _make_whole(self) -> None:
        """Remove bytes that a process which died took the name of, or had given none yet.

        A machine that lost its power may have kept a name and not its bytes, if nobody had asked
        for their safety: the name goes, too.
        """
        there = {path.name for path in self._files.iterdir()}
        rows = self.everything()
        for row in rows:
            if str(row.id) not in there:
                self._give_up(row)
        for name in there - {str(row.id) for row in rows}:
            _remove_bytes(self._files / name)

    def _give_up(self, row: Spooled) -> None:
        if row.folder:
            # What lies in it may have been synced, and it has no bytes of its own.
            self.path(row.id).mkdir(mode=0o700)
            return
        # On a full disk it stays, and is no more than a name that cannot be read.
        with suppress(StorageFull):
            self._run("DELETE FROM files WHERE id = ?", row.id)

    def _select(self, where: str, *values: Value) -> list[Spooled]:
        query = f"SELECT {COLUMNS} FROM files WHERE {where}"  # noqa: S608
        with self._guard, self._errors():
            return [row_of_spooled(row) for row in self._db.execute(query, values).fetchall()]

    def _run(self, statement: str, *values: Value) -> None:
        with self._guard, self._errors():
            self._db.execute(statement, values)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.IntegrityError, FileNotFoundError):
            raise
        except (OSError, sqlite3.Error) as error:
            raise _failure(error, self.folder) from error


def _make_folder(path: Path) -> None:
    path.mkdir(mode=0o700)


def _make_file(path: Path) -> None:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _remove_bytes(path: Path) -> None:
    # What cannot be removed is tried again when the spool is opened.
    with suppress(OSError):
        path.rmdir() if path.is_dir() else path.unlink()


def _failure(error: Exception, folder: Path) -> PosecasError:
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
    if code in _PASSING or isinstance(error, sqlite3.ProgrammingError):
        return Temporary(f"{folder}: the spool is busy, or being closed ({error}); try again")
    full = "disk is full" in str(error) or getattr(error, "errno", None) == errno.ENOSPC
    kind = StorageFull if full else WriteRefused
    reason = getattr(error, "strerror", None) or error
    return kind(f"{folder}: the spool cannot be written ({reason}); check the disk and the rights")
