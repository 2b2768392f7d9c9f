"""Objects that fail on purpose: to see what an application does when a location does.

No setting enables it; wrap a location's objects by hand::

    objects = faulty(LocalObjects(folder), Listed({"write": [None, Fault.AFTER]}))
    objects.write(…)   # as it should be
    objects.write(…)   # written, and reported as failed
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from posecas.errors import ListingIncomplete, LocationUnavailable, PosecasError, ShortRead
from posecas.objects.fault_schedules import Fault, Schedule
from posecas.objects.protocol import HasPaths, ObjectInfo, Objects, Presigns

T = TypeVar("T")

_OUTRIGHT: Final = frozenset({Fault.BEFORE, Fault.AFTER, Fault.LATE})


@dataclass(frozen=True, slots=True)
class Injected:
    """A fault that happened: in the ``number``-th call, from 0, of a method."""

    method: str
    number: int
    fault: Fault


class FaultyObjects:
    """Any ``Objects``, with the faults of a schedule; `faulty` also keeps its optional powers.

    Calls are numbered by method, in the order in which they begin, so with one thread the same
    schedule always gives the same faults. Only calls that name a key under ``prefix`` are numbered
    and fail. ``seconds`` is how long `Fault.SLOW` takes; ``late`` after how many further calls, of
    any method, a `Fault.LATE` change is made. Thread-safe.
    """

    def __init__(
        self,
        inner: Objects,
        schedule: Schedule,
        *,
        prefix: str = "",
        seconds: float = 0.01,
        late: int = 1,
    ) -> None:
        self._inner = inner
        self._schedule = schedule
        self._prefix = prefix
        self._seconds = seconds
        self._late = late
        self._lock = threading.Lock()
        self._numbers: dict[str, int] = {}
        self._injected: list[Injected] = []
        self._waiting: list[tuple[int, Callable[[], object]]] = []
        self._calls = 0
        self._calm = False

    @property
    def injected(self) -> Sequence[Injected]:
        """The faults until now, in order."""
        with self._lock:
            return tuple(self._injected)

    def calm(self) -> None:
        """Make all late changes now, and let nothing fail any more."""
        with self._lock:
            self._calm = True
            landing, self._waiting = self._waiting, []
        _land([change for _, change in landing])

    def write(self, key: str, data: bytes, *, media_type: str, metadata: Mapping[str, str]) -> None:
        """See ``Objects.write``."""
        self._change(
            "write",
            [key],
            lambda: self._inner.write(key, data, media_type=media_type, metadata=metadata),
        )

    def read(self, key: str) -> bytes:
        """See ``Objects.read``."""
        fault = self._fault("read", [key])
        if fault in _OUTRIGHT:
            raise _away("read", key)
        data = self._inner.read(key)
        if fault is Fault.SHORT:
            raise ShortRead(f"{key}: {len(data) // 2} of {len(data)} bytes came; try again")
        return data[: len(data) // 2] if fault is Fault.TRUNCATED else data

    def stat(self, key: str) -> ObjectInfo:
        """See ``Objects.stat``."""
        if self._fault("stat", [key]) in _OUTRIGHT:
            raise _away("stat", key)
        return self._inner.stat(key)

    def delete(self, keys: Sequence[str]) -> Mapping[str, Exception]:
        """See ``Objects.delete``. `Fault.SHORT` deletes the first half of them."""
        return self._change(
            "delete", keys, lambda: self._inner.delete(keys), lambda: self._delete_half(keys)
        )

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """See ``Objects.list``. `Fault.AFTER` fails where it would have ended."""
        fault = self._fault("list", [prefix])
        if fault in {Fault.BEFORE, Fault.LATE}:
            raise _away("list", prefix)
        return self._listed(prefix, fault)

    def close(self) -> None:
        """See ``Objects.close``; it never fails. Late changes are lost, unless `calm` was first."""
        self._inner.close()

    def _listed(self, prefix: str, fault: Fault | None) -> Iterator[ObjectInfo]:
        if fault is Fault.EMPTY:
            return
        if fault in {Fault.SHORT, Fault.TRUNCATED}:
            # Services list keys in their order, so that the last ones are missing.
            whole = sorted(self._inner.list(prefix), key=lambda info: info.key)
            yield from whole[: len(whole) // 2]
        else:
            yield from self._inner.list(prefix)
        if fault in {Fault.SHORT, Fault.AFTER}:
            raise ListingIncomplete(f"{prefix}: the listing ended early; try again")

    def _delete_half(self, keys: Sequence[str]) -> Mapping[str, Exception]:
        half = len(keys) // 2
        failed = {key: _away("delete", key) for key in keys[half:]}
        return {**self._inner.delete(keys[:half]), **failed}

    def _change(
        self,
        method: str,
        keys: Sequence[str],
        change: Callable[[], T],
        shorter: Callable[[], T] | None = None,
    ) -> T:
        fault = self._fault(method, keys)
        if fault is Fault.LATE:
            with self._lock:
                self._waiting.append((self._calls + self._late, change))
        if fault is Fault.AFTER:
            change()
        if fault in _OUTRIGHT:
            raise _away(method, keys[0])
        return shorter() if shorter is not None and fault is Fault.SHORT else change()

    def _fault(self, method: str, keys: Sequence[str]) -> Fault | None:
        """Count the call, make what is due, and return what is to go wrong in it."""
        with self._lock:
            self._calls += 1
            due = [change for at, change in self._waiting if at <= self._calls]
            self._waiting = [one for one in self._waiting if one[0] > self._calls]
            fault = self._next(method, keys)
        _land(due)
        if fault is Fault.SLOW:
            time.sleep(self._seconds)
        return fault

    def _next(self, method: str, keys: Sequence[str]) -> Fault | None:
        if self._calm or not any(key.startswith(self._prefix) for key in keys):
            return None
        number = self._numbers.get(method, 0)
        self._numbers[method] = number + 1
        fault = self._schedule.fault(method, number)
        if fault is not None:
            self._injected.append(Injected(method, number, fault))
        return fault


class FaultyPaths(FaultyObjects):
    """The same for a location on a local disk; what is read through a file never fails."""

    def path(self, key: str) -> Path:
        """See ``HasPaths.path``."""
        assert isinstance(self._inner, HasPaths)  # noqa: S101 - `faulty` looked
        return self._inner.path(key)

    def open(self, key: str) -> int:
        """See ``HasPaths.open``."""
        assert isinstance(self._inner, HasPaths)  # noqa: S101 - `faulty` looked
        if self._fault("open", [key]) in _OUTRIGHT:
            raise _away("open", key)
        return self._inner.open(key)


class FaultyAddresses(FaultyObjects):
    """The same for a location that presigns; what goes through an address never fails."""

    def url(self, key: str, *, seconds: int, download_name: str | None = None) -> str:
        """See ``Presigns.url``."""
        assert isinstance(self._inner, Presigns)  # noqa: S101 - `faulty` looked
        return self._inner.url(key, seconds=seconds, download_name=download_name)

    def upload_url(self, key: str, *, size: int, media_type: str, seconds: int) -> str:
        """See ``Presigns.upload_url``."""
        assert isinstance(self._inner, Presigns)  # noqa: S101 - `faulty` looked
        return self._inner.upload_url(key, size=size, media_type=media_type, seconds=seconds)


def faulty(
    inner: Objects,
    schedule: Schedule,
    *,
    prefix: str = "",
    seconds: float = 0.01,
    late: int = 1,
) -> FaultyObjects:
    """Let ``inner`` fail as the schedule says, and have paths, or addresses, if it has them."""
    kind: type[FaultyObjects] = FaultyObjects
    if isinstance(inner, HasPaths):
        kind = FaultyPaths
    elif isinstance(inner, Presigns):
        kind = FaultyAddresses
    return kind(inner, schedule, prefix=prefix, seconds=seconds, late=late)


def _land(changes: Sequence[Callable[[], object]]) -> None:
    for change in changes:
        # Nobody waits for its answer any more.
        with suppress(PosecasError):
            change()


def _away(method: str, key: str) -> LocationUnavailable:
    return LocationUnavailable(f"{key}: a fault was injected into {method}; try again")
