"""Objects as files of a local disk: durable when a call returns."""

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from posecas import faults
from posecas.errors import (
    KeyTaken,
    ListingIncomplete,
    LocationUnavailable,
    ObjectMissing,
    ShortRead,
)
from posecas.objects.durable import Entry, place, sync
from posecas.objects.keys import check_key, check_prefix
from posecas.objects.oserrors import (
    raise_if_away,
    read_failure,
    reading,
    write_failure,
    writing,
)
from posecas.objects.protocol import ObjectInfo
from posecas.objects.staging import staged, sweep
from posecas.objects.tree import Tree
from posecas.objects.walk import walk

_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN: Final = _READ | os.O_NONBLOCK
"""Opening what is no regular file, but a pipe, waits for nobody."""


class LocalObjects:
    """The objects below ``root``: the file ``root/<key>`` each, mode 0600, in folders of mode 0700.

    ``root`` must exist, and its own name be durable; a root that is away is never made anew but
    raises ``LocationUnavailable``. It may hold other files: each regular file whose path is a key
    counts as an object, so list what you own by its prefix. Links below it are not followed.
    Files carry neither media type nor metadata. New objects are written in ``root/.tmp`` and then
    linked under their key, or, where there are no hard links, renamed without replacing.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._above = f"{root}/"
        self._tree = Tree(root)
        self._entered: set[str] = set()
        self._seen: set[str] = set()

    def path(self, key: str) -> Path:
        """Return where the object lies, whether or not it exists."""
        return self._root / check_key(key)

    def open(self, key: str) -> int:
        """See ``HasPaths.open``. Whether a folder is a link is looked at once."""
        where = self._where(check_key(key))
        folder, _, name = key.rpartition("/")
        if folder in self._entered:
            try:
                return os.open(where, _OPEN)
            except OSError:
                # What is missing, object or root, is told apart below.
                self._entered.discard(folder)
        with reading(where):
            self._look_beside(folder)
            with self._tree.opened(folder.split("/") if folder else []) as directory:
                descriptor = os.open(name, _OPEN, dir_fd=directory)
        self._entered.add(folder)
        return descriptor

    def _look_beside(self, folder: str) -> None:
        """See once which folders beside one are no links: all at once cost little more than one."""
        above = folder.rpartition("/")[0]
        if above and above not in self._seen:
            with self._tree.opened(above.split("/")) as directory, os.scandir(directory) as found:
                self._entered.update(
                    f"{above}/{one.name}" for one in found if one.is_dir(follow_symlinks=False)
                )
            self._seen.add(above)

    def write(self, key: str, data: bytes, *, media_type: str, metadata: Mapping[str, str]) -> None:
        """See ``Objects.write``. The bytes are on the medium before the key can be seen."""
        del media_type, metadata
        folders, name = _split(check_key(key))
        with writing(self._where(key)), staged(self._tree, data) as file:
            faults.point("objects.staged")
            with self._tree.made(folders) as directory:
                self._publish(file, Entry(directory, name), key, len(data))

    def read(self, key: str) -> bytes:
        """See ``Objects.read``."""
        folders, name = _split(check_key(key))
        with reading(self._where(key)), self._tree.opened(folders) as directory:
            descriptor = os.open(name, _READ, dir_fd=directory)
            try:
                size = os.fstat(descriptor).st_size
                data = _read_all(descriptor, size)
            finally:
                os.close(descriptor)
        if len(data) < size:
            raise ShortRead(
                f"{self._where(key)}: {len(data)} of {size} bytes could be read; try again"
            )
        return data

    def stat(self, key: str) -> ObjectInfo:
        """See ``Objects.stat``. The metadata is always empty."""
        folders, name = _split(check_key(key))
        with reading(self._where(key)), self._tree.opened(folders) as directory:
            found = os.stat(name, dir_fd=directory, follow_symlinks=False)
        if not stat.S_ISREG(found.st_mode):
            raise ObjectMissing(f"{self._where(key)}: this is no regular file; move it away")
        return ObjectInfo(key, found.st_size, found.st_mtime)

    def delete(self, keys: Sequence[str]) -> Mapping[str, Exception]:
        """See ``Objects.delete``. Each folder is synced once, whatever was found in it."""
        by_folder: dict[str, set[str]] = {}
        for key in keys:
            by_folder.setdefault(check_key(key).rpartition("/")[0], set()).add(key)
        failed: dict[str, Exception] = {}
        for folder, inside in by_folder.items():
            failed.update(self._delete_in(folder, inside))
        raise_if_away(failed, keys)
        return failed

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """See ``Objects.list``. What is deleted meanwhile may be missing."""
        folder, slash, start = check_prefix(prefix).rpartition("/")
        return self._listed(folder.split("/") if folder else [], folder + slash, start)

    def sweep_temporaries(self, older_than_seconds: float) -> int:
        """Remove what writers that died left in ``.tmp``. Returns how many files that were.

        Allow for the longest write: a temporary file taken from a living writer fails its write.
        """
        with writing(self._where(".tmp")):
            return sweep(self._tree, older_than_seconds=older_than_seconds)

    def close(self) -> None:
        """Do nothing: between calls no file is open."""

    def _where(self, key: str) -> str:
        return self._above + key

    def _publish(self, file: Entry, target: Entry, key: str, size: int) -> None:
        try:
            place(file, target)
        except FileExistsError:
            # It may come from an attempt that died before the sync below.
            self._check_same_size(target, key, size)
            sync(target.directory)
            return
        faults.point("objects.placed")
        try:
            sync(target.directory)
        except OSError:
            # A later sync may succeed without having written what this one lost, so a repeat
            # must not find the name and take it for durable.
            with suppress(OSError):
                os.unlink(target.name, dir_fd=target.directory)
            raise

    def _check_same_size(self, target: Entry, key: str, size: int) -> None:
        found = os.stat(target.name, dir_fd=target.directory, follow_symlinks=False)
        if not stat.S_ISREG(found.st_mode) or found.st_size != size:
            raise KeyTaken(
                f"{self._where(key)}: the key holds {found.st_size} bytes that are not the "
                f"{size} to be written; a key is never used twice"
            )

    def _delete_in(self, folder: str, keys: set[str]) -> dict[str, Exception]:
        failed: dict[str, Exception] = {}
        try:
            with self._tree.opened(folder.split("/") if folder else []) as directory:
                failed.update(self._unlink(directory, keys))
                faults.point("objects.unlinked")
                sync(directory)
        except FileNotFoundError:
            return {}
        except LocationUnavailable as error:
            return dict.fromkeys(keys, error)
        except OSError as error:
            return {key: write_failure(error, self._where(key)) for key in keys}
        return failed

    def _unlink(self, directory: int, keys: set[str]) -> Iterator[tuple[str, Exception]]:
        for key in keys:
            try:
                os.unlink(_split(key)[1], dir_fd=directory)
            except FileNotFoundError:
                continue
            except OSError as error:
                yield key, write_failure(error, self._where(key))

    def _listed(self, folders: Sequence[str], base: str, start: str) -> Iterator[ObjectInfo]:
        with ExitStack() as stack:
            try:
                directory = stack.enter_context(self._tree.opened(folders))
            except FileNotFoundError:
                return
            except OSError as error:
                raise read_failure(error, self._where(base)) from error
            try:
                yield from walk(directory, base, start)
            except OSError as error:
                raise ListingIncomplete(
                    f"{self._where(base)}: the listing ended early: {error}; try again"
                ) from error


def _split(key: str) -> tuple[Sequence[str], str]:
    *folders, name = key.split("/")
    return folders, name


def _read_all(descriptor: int, size: int) -> bytes:
    left, pieces = size, []
    while left and (piece := os.read(descriptor, left)):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)
