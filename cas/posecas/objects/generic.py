"""Objects at any filesystem that fsspec reaches."""

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final, Self

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs

from posecas.errors import (
    KeyTaken,
    ListingIncomplete,
    LocationUnavailable,
    ObjectMissing,
    WriteRefused,
)
from posecas.objects.keys import check_key, check_prefix, is_key
from posecas.objects.oserrors import raise_if_away, reading, write_failure, writing
from posecas.objects.protocol import ObjectInfo

_TEMPORARY: Final = ".tmp"
_TIMES: Final = ("mtime", "modified", "LastModified", "last_modified", "updated", "created")
_LOCKS: Final = 64


class FilesystemObjects:
    """The objects under ``prefix`` of a synchronous fsspec filesystem.

    What it promises is what fsspec can: an object is uploaded under a temporary name, its size is
    checked, and it is then moved, so it is seen whole wherever moving one file is one step. It is
    as durable as the filesystem's own acknowledgement; ``file://`` acknowledges before anything is
    on the disk, so local disks have ``LocalObjects``. A key is guarded against other threads that
    use this instance, not against other processes: fresh keys have one writer, and only its repeat
    meets its object. Media type and metadata are not kept, since fsspec has no common call for
    them; a truncated read is found by the digest alone.

    The filesystem must be built with ``use_listings_cache=False``, as ``at`` does: a cached listing
    denies what others have written. ``prefix`` is made by the first write; until then, and when it
    is gone, reads raise ``LocationUnavailable``.
    """

    def __init__(self, filesystem: AbstractFileSystem, prefix: str) -> None:
        self._filesystem = filesystem
        self._root = prefix.rstrip("/")
        self._folders: set[str] = set()
        self._locks = tuple(threading.Lock() for _ in range(_LOCKS))

    @classmethod
    def at(cls, url: str, **options: Any) -> Self:
        """Open an fsspec URL such as ``sftp://host/poses``; ``options`` go to its filesystem."""
        filesystem, prefix = url_to_fs(
            url, use_listings_cache=False, skip_instance_cache=True, **options
        )
        return cls(filesystem, prefix)

    def write(self, key: str, data: bytes, *, media_type: str, metadata: Mapping[str, str]) -> None:
        """See ``Objects.write``; how far the promises go, see the class."""
        del media_type, metadata
        target = self._path(check_key(key))
        with writing(target), self._locks[hash(key) % _LOCKS]:
            if self._is_there(target, len(data)):
                return
            temporary = self._path(f"{_TEMPORARY}/{os.urandom(16).hex()}")
            try:
                self._upload(temporary, data)
                self._make_folder_of(target)
                self._filesystem.mv(temporary, target)
            except BaseException:
                self._folders.clear()
                with suppress(OSError):
                    self._filesystem.rm_file(temporary)
                raise

    def read(self, key: str) -> bytes:
        """See ``Objects.read``. One request; never raises ``ShortRead``."""
        path = self._path(check_key(key))
        try:
            with reading(path):
                return bytes(self._filesystem.cat_file(path))
        except ObjectMissing:
            self._require_root()
            raise

    def stat(self, key: str) -> ObjectInfo:
        """See ``Objects.stat``. The metadata is always empty."""
        path = self._path(check_key(key))
        try:
            with reading(path):
                found = self._info(path)
        except ObjectMissing:
            self._require_root()
            raise
        return ObjectInfo(key, found["size"], _modified(found))

    def delete(self, keys: Sequence[str]) -> Mapping[str, Exception]:
        """See ``Objects.delete``. One request a key."""
        failed: dict[str, Exception] = {}
        for key in dict.fromkeys(map(check_key, keys)):
            try:
                self._remove(self._path(key))
            except OSError as error:
                failed[key] = write_failure(error, self._path(key))
            except LocationUnavailable as error:
                failed[key] = error
        raise_if_away(failed, keys)
        return failed

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """See ``Objects.list``. Holds one folder's names at a time."""
        folder = check_prefix(prefix).rpartition("/")[0]
        return self._listed(folder, prefix)

    def close(self) -> None:
        """Do nothing: fsspec filesystems close with their process."""

    def _path(self, key: str) -> str:
        return f"{self._root}/{key}"

    def _info(self, path: str) -> dict[str, Any]:
        found: dict[str, Any] = self._filesystem.info(path)
        if found["type"] != "file":
            raise FileNotFoundError(path)
        return found

    def _is_there(self, path: str, size: int) -> bool:
        try:
            found = self._info(path)
        except FileNotFoundError:
            return False
        if found["size"] != size:
            raise KeyTaken(
                f"{path}: the key holds {found['size']} bytes, not the {size} to be written; "
                "a key is never used twice"
            )
        return True

    def _upload(self, path: str, data: bytes) -> None:
        self._make_folder_of(path)
        self._filesystem.pipe_file(path, data)
        arrived = self._info(path)["size"]
        if arrived != len(data):
            raise WriteRefused(f"{path}: {arrived} of {len(data)} bytes arrived; try again")

    def _make_folder_of(self, path: str) -> None:
        folder = path.rpartition("/")[0]
        if folder not in self._folders:
            self._filesystem.makedirs(folder, exist_ok=True)
            self._folders.add(folder)

    def _remove(self, path: str) -> None:
        try:
            self._filesystem.rm_file(path)
        except FileNotFoundError:
            self._require_root()

    def _require_root(self) -> None:
        with reading(self._root):
            if self._filesystem.exists(self._root):
                return
        raise LocationUnavailable(
            f"{self._root}: there is nothing at this location; is it mounted, and named rightly?"
        )

    def _listed(self, folder: str, prefix: str) -> Iterator[ObjectInfo]:
        top = f"{self._root}/{folder}".rstrip("/")
        self._require_root()
        with reading(top):
            if not self._filesystem.exists(top):
                return
        try:
            yield from self._walk(top, folder, prefix)
        except OSError as error:
            raise ListingIncomplete(
                f"{top}: the listing ended early: {error or type(error).__name__}; try again"
            ) from error

    def _walk(self, top: str, base: str, prefix: str) -> Iterator[ObjectInfo]:
        # fsspec's walk() leaves out, in silence, the subfolders that it cannot list.
        for found in self._filesystem.ls(top, detail=True):
            name = found["name"].rstrip("/").rpartition("/")[2]
            key = f"{base}/{name}".lstrip("/")
            if not is_key(key) or not key.startswith(prefix):
                continue
            if found["type"] == "directory":
                yield from self._walk(f"{top}/{name}", key, prefix)
            elif found["type"] == "file":
                yield ObjectInfo(key, found["size"], _modified(found))


def _modified(info: Mapping[str, Any]) -> float:
    """Return when the object was written. Unknown is now, so that nothing counts as old by it."""
    for name in _TIMES:
        value = info.get(name)
        if isinstance(value, datetime):
            return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
        if isinstance(value, int | float):
            return float(value)
        if isinstance(value, str):
            with suppress(ValueError):
                return _modified({name: datetime.fromisoformat(value)})
    return datetime.now(UTC).timestamp()
