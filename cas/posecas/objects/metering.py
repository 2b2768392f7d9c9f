"""Counting what goes to a location and comes from it."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from posecas.objects.protocol import HasPaths, ObjectInfo, Objects, Presigns


@dataclass(frozen=True, slots=True)
class Tally:
    """What one method did. ``calls`` includes ``failures``, calls that raised.

    ``objects`` are those named, or listed; ``bytes`` those written, or read.
    """

    calls: int = 0
    failures: int = 0
    objects: int = 0
    bytes: int = 0


class Metered:
    """Any ``Objects``, counted by method; ``metered`` also keeps its optional powers."""

    def __init__(self, inner: Objects) -> None:
        self._inner = inner
        self._lock = threading.Lock()
        self._tallies: dict[str, Tally] = {}

    def tally(self, method: str) -> Tally:
        """Return what ``method`` did until now: all zero if it was never called."""
        with self._lock:
            return self._tallies.get(method, Tally())

    def tallies(self) -> Mapping[str, Tally]:
        """Return a copy: each method called until now, and what it did."""
        with self._lock:
            return dict(self._tallies)

    def write(self, key: str, data: bytes, *, media_type: str, metadata: Mapping[str, str]) -> None:
        """See ``Objects.write``."""
        with self._counted("write"):
            self._inner.write(key, data, media_type=media_type, metadata=metadata)
        self._add("write", objects=1, size=len(data))

    def read(self, key: str) -> bytes:
        """See ``Objects.read``."""
        with self._counted("read"):
            data = self._inner.read(key)
        self._add("read", objects=1, size=len(data))
        return data

    def stat(self, key: str) -> ObjectInfo:
        """See ``Objects.stat``."""
        with self._counted("stat"):
            found = self._inner.stat(key)
        self._add("stat", objects=1)
        return found

    def delete(self, keys: Sequence[str]) -> Mapping[str, Exception]:
        """See ``Objects.delete``. Counts the objects deleted, not those that failed."""
        with self._counted("delete"):
            failed = self._inner.delete(keys)
        self._add("delete", objects=len(keys) - len(failed))
        return failed

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """See ``Objects.list``. An object counts when it is handed out."""
        with self._counted("list"):
            for found in self._inner.list(prefix):
                self._add("list", objects=1)
                yield found

    def close(self) -> None:
        """See ``Objects.close``."""
        with self._counted("close"):
            self._inner.close()

    @contextmanager
    def _counted(self, method: str) -> Iterator[None]:
        self._add(method, calls=1)
        try:
            yield
        except Exception:
            self._add(method, failures=1)
            raise

    def _add(
        self, method: str, *, calls: int = 0, failures: int = 0, objects: int = 0, size: int = 0
    ) -> None:
        with self._lock:
            old = self._tallies.get(method, Tally())
            self._tallies[method] = Tally(
                old.calls + calls,
                old.failures + failures,
                old.objects + objects,
                old.bytes + size,
            )


class MeteredPaths(Metered):
    """The same for a location on a local disk; what is read through a file is not counted."""

    def __init__(self, inner: Objects, paths: HasPaths) -> None:
        super().__init__(inner)
        self._paths = paths

    def path(self, key: str) -> Path:
        """See ``HasPaths.path``."""
        with self._counted("path"):
            return self._paths.path(key)

    def open(self, key: str) -> int:
        """See ``HasPaths.open``."""
        with self._counted("open"):
            return self._paths.open(key)


class MeteredAddresses(Metered):
    """The same for a location that presigns; what goes through an address is not counted."""

    def __init__(self, inner: Objects, addresses: Presigns) -> None:
        super().__init__(inner)
        self._addresses = addresses

    def url(self, key: str, *, seconds: int, download_name: str | None = None) -> str:
        """See ``Presigns.url``."""
        with self._counted("url"):
            return self._addresses.url(key, seconds=seconds, download_name=download_name)

    def upload_url(self, key: str, *, size: int, media_type: str, seconds: int) -> str:
        """See ``Presigns.upload_url``."""
        with self._counted("upload_url"):
            return self._addresses.upload_url(
                key, size=size, media_type=media_type, seconds=seconds
            )


def metered(inner: Objects) -> Metered:
    """Count what ``inner`` does, and have paths, or addresses, if it has them."""
    if isinstance(inner, HasPaths):
        return MeteredPaths(inner, inner)
    return MeteredAddresses(inner, inner) if isinstance(inner, Presigns) else Metered(inner)
