"""Replicate: give every blob that something refers to a live replica at a location.

An ordinary put whose bytes come from another live replica. The source's bytes are hashed when they
are read, and the copy is read back before it is published. What was copied is in the index, so
whoever runs it again goes on from there; dying anywhere leaves what a put would leave.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Protocol

from posecas import faults
from posecas.backends import Backends
from posecas.errors import Damage, PosecasError, PoseNotFound
from posecas.index.intake import Intake, Settled
from posecas.ingest import BATCH, Ingest, Prepared, Target
from posecas.places import Place
from posecas.read import fetch_blob
from posecas.records import Blob, Page

_BATCH_BYTES: Final = 32_000_000
"""Two batches are in memory: one is read while the other is written."""

_PAGE: Final = 1000
_RETIRED: Final = 500


class Pages(Protocol):
    """Blobs to copy, a page at a time, by id."""

    def __call__(self, *, after: int) -> Page[Blob]:
        """Return the page after this one."""
        ...


Waiting = Sequence[tuple[Blob, Future[bytes]]]


@dataclass(frozen=True, slots=True)
class Replicated:
    """What was copied until now. ``skipped`` blobs were there; ``failed`` ones could not be read.

    ``expected`` is how many blobs were lacking when it began, and ``expected_bytes`` their size.
    ``retired`` replicas were to stay only until their copy was there, and were condemned.
    """

    copied: int = 0
    bytes: int = 0
    skipped: int = 0
    failed: int = 0
    expected: int = 0
    expected_bytes: int = 0
    retired: int = 0


@dataclass(frozen=True, slots=True)
class NotCopied:
    """A blob that could not be copied, and why. ``named`` is a pose that it belongs to, if any."""

    digest: str
    named: str | None
    error: PosecasError


def rehearse_replication(backends: Backends, location: str) -> Replicated:
    """Return what `replicate_to` would copy now; nothing is changed, and no location is asked.

    Raises ``LocationNotFound``, and ``ConfigError`` for one that settings describe in part.
    """
    known = location in backends.places
    if not known and location in backends.config.locations:
        backends.joining.configured_url(location)
    elif not known:
        backends.place(location)
    found = backends.index.coverage(location if known else None)
    return Replicated(
        skipped=found.there.count,
        expected=found.lacking.count,
        expected_bytes=found.lacking.bytes,
    )


def replicate_to(
    backends: Backends, ingest: Ingest, location: str, *, rate: int | None = None
) -> Iterator[Replicated | NotCopied]:
    """Copy what a location lacks; yield what failed, and after each batch what is done so far.

    At most ``rate`` bytes a second are read. The location is added first if settings alone describe
    it. Raises ``ForeignStore`` and what the locations raise; going on later is always possible.
    """
    place = backends.join(location)
    backends.check_place(place)
    pages = partial(backends.index.lacking, location, limit=_PAGE)
    copying = Copying(backends, ingest, place, rate=rate)
    done = rehearse_replication(backends, location)
    for step in copying.run(pages, done):
        done = step if isinstance(step, Replicated) else done
        yield step
    yield replace(done, retired=retire_sent(backends))


def send(
    backends: Backends, ingest: Ingest, stopped: Callable[[], bool]
) -> Iterator[Replicated | NotCopied]:
    """Copy what is to be copied, where it is to go, and let go of it here; until ``stopped``.

    Raises what `replicate_to` raises.
    """
    for location in backends.index.targets():
        place = backends.join(location)
        backends.check_place(place)
        pages = partial(backends.index.to_send, location, limit=_PAGE)
        for step in Copying(backends, ingest, place).run(pages, Replicated()):
            yield step
            if stopped():
                return
        retire_sent(backends)


def retire_sent(backends: Backends) -> int:
    """Condemn what has arrived where it was to go; return how many replicas that were."""
    total = 0
    while retired := backends.index.retire_sent(limit=_RETIRED):
        faults.point("replicate.retired")
        total += len(retired)
    return total


class Copying:
    """Copies blobs to one place, a batch read while the one before it is written."""

    def __init__(
        self, backends: Backends, ingest: Ingest, place: Place, *, rate: int | None = None
    ) -> None:
        """Read at most ``rate`` bytes a second."""
        self._backends = backends
        self._ingest = ingest
        self._place = place
        self._pace = _Pace(rate)

    def run(self, pages: Pages, done: Replicated) -> Iterator[Replicated | NotCopied]:
        """Copy what the pages hold; yield what could not be copied, and ``done`` with the rest."""
        threads = ThreadPoolExecutor(self._place.width, thread_name_prefix="posecas-replicate")
        with threads as readers:
            batches = _batches(pages)
            waiting = self._read(readers, next(batches, ()))
            while waiting:
                batch = [(blob, _outcome(future)) for blob, future in waiting]
                waiting = self._read(readers, next(batches, ()))
                faults.point("replicate.read")
                for step in self._copy(batch):
                    done = _counted(done, step)
                    if isinstance(step, NotCopied):
                        yield step
                yield done

    def _read(self, readers: ThreadPoolExecutor, batch: Sequence[Blob]) -> Waiting:
        def read(blob: Blob) -> bytes:
            self._pace.wait(blob.facts.size)
            return fetch_blob(self._backends, blob.digest)

        return [(blob, readers.submit(read, blob)) for blob in batch]

    def _copy(
        self, batch: Sequence[tuple[Blob, bytes | Damage]]
    ) -> Iterator[Blob | NotCopied | None]:
        """Yield each blob that was copied, what could not be, and None for what was there."""
        read = [(blob, data) for blob, data in batch if not isinstance(data, Damage)]
        prepared = [
            Prepared(Intake(blob.facts, None, copies=(blob.facts,)), {blob.digest: data})
            for blob, data in read
        ]
        target = Target(self._place, reads_back=True)
        results = self._ingest.run(prepared, target) if prepared else []
        faults.point("replicate.copied")
        for (blob, _), result in zip(read, results, strict=True):
            if isinstance(result, Settled):
                yield blob if result.status == "stored" else None
            elif isinstance(result, PosecasError) and not isinstance(result, PoseNotFound):
                yield self._not_copied(blob, result)
            else:
                # Nothing refers to it any more.
                yield None
        for blob, data in batch:
            if isinstance(data, Damage):
                yield self._not_copied(blob, data)

    def _not_copied(self, blob: Blob, error: PosecasError) -> NotCopied:
        named = self._backends.index.poses_of(blob.digest, limit=1).items
        name = f"{named[0].generation}/{named[0].name}" if named else None
        return NotCopied(blob.digest, name, error)


class _Pace:
    """Lets so many bytes pass in a second."""

    def __init__(self, rate: int | None) -> None:
        self._rate = rate
        self._guard = threading.Lock()
        self._free_at = time.monotonic()

    def wait(self, size: int) -> None:
        """Wait until so many bytes may be read."""
        if self._rate is None:
            return
        with self._guard:
            now = time.monotonic()
            begins = max(now, self._free_at)
            self._free_at = begins + size / self._rate
        time.sleep(max(0.0, begins - now))


def _batches(pages: Pages) -> Iterator[Sequence[Blob]]:
    batch: list[Blob] = []
    size = 0
    for blob in _all(pages):
        if batch and (len(batch) == BATCH or size + blob.facts.size > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(blob)
        size += blob.facts.size
    yield batch


def _all(pages: Pages) -> Iterator[Blob]:
    after: int | None = 0
    while after is not None:
        page = pages(after=after)
        yield from page.items
        after = page.next


def _outcome(future: Future[bytes]) -> bytes | Damage:
    try:
        return future.result()
    except Damage as error:
        return error


def _counted(done: Replicated, step: Blob | NotCopied | None) -> Replicated:
    if isinstance(step, Blob):
        return replace(done, copied=done.copied + 1, bytes=done.bytes + step.facts.size)
    if step is None:
        return replace(done, skipped=done.skipped + 1)
    return replace(done, failed=done.failed + 1)
