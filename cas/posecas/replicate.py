"""Replicate: give every blob that something refers to a live replica at a location.

An ordinary put whose bytes come from another live replica. The source's bytes are hashed when they
are read, and the copy is read back before it is published. What was copied is in the index, so
whoever runs it again goes on from there; dying anywhere leaves what a put would leave.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

from posecas import faults
from posecas.backends import Backends
from posecas.errors import Damage, PosecasError, PoseNotFound
from posecas.index.intake import Intake, Settled
from posecas.ingest import BATCH, Ingest, Prepared, Target
from posecas.places import Place
from posecas.read import fetch_blob
from posecas.records import Blob

_BATCH_BYTES: Final = 32_000_000
"""Two batches are in memory: one is read while the other is written."""

_PAGE: Final = 1000


@dataclass(frozen=True, slots=True)
class Replicated:
    """What was copied until now. ``skipped`` blobs were there; ``failed`` ones could not be read.

    ``expected`` is how many blobs were lacking when it began, and ``expected_bytes`` their size.
    """

    copied: int = 0
    bytes: int = 0
    skipped: int = 0
    failed: int = 0
    expected: int = 0
    expected_bytes: int = 0


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
    done, pace = rehearse_replication(backends, location), _Pace(rate)
    with ThreadPoolExecutor(place.width, thread_name_prefix="posecas-replicate") as readers:
        batches = _batches(backends, location)
        waiting = _read(backends, readers, next(batches, ()), pace)
        while waiting:
            batch = [(blob, _outcome(future)) for blob, future in waiting]
            waiting = _read(backends, readers, next(batches, ()), pace)
            faults.point("replicate.read")
            for step in _copy(backends, ingest, place, batch):
                done = _counted(done, step)
                if isinstance(step, NotCopied):
                    yield step
            yield done
    yield done


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


def _batches(backends: Backends, location: str) -> Iterator[Sequence[Blob]]:
    batch: list[Blob] = []
    size = 0
    for blob in _lacking(backends, location):
        if batch and (len(batch) == BATCH or size + blob.facts.size > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(blob)
        size += blob.facts.size
    yield batch


def _lacking(backends: Backends, location: str) -> Iterator[Blob]:
    after: int | None = 0
    while after is not None:
        page = backends.index.lacking(location, after=after, limit=_PAGE)
        yield from page.items
        after = page.next


Waiting = Sequence[tuple[Blob, Future[bytes]]]


def _read(
    backends: Backends, readers: ThreadPoolExecutor, batch: Sequence[Blob], pace: _Pace
) -> Waiting:
    def read(blob: Blob) -> bytes:
        pace.wait(blob.facts.size)
        return fetch_blob(backends, blob.digest)

    return [(blob, readers.submit(read, blob)) for blob in batch]


def _outcome(future: Future[bytes]) -> bytes | Damage:
    try:
        return future.result()
    except Damage as error:
        return error


def _copy(
    backends: Backends,
    ingest: Ingest,
    place: Place,
    batch: Sequence[tuple[Blob, bytes | Damage]],
) -> Iterator[Blob | NotCopied | None]:
    """Yield each blob that was copied, what could not be, and None for what was there by now."""
    read = [(blob, data) for blob, data in batch if not isinstance(data, Damage)]
    prepared = [
        Prepared(Intake(blob.facts, None, copies=(blob.facts,)), {blob.digest: data})
        for blob, data in read
    ]
    results = ingest.run(prepared, Target(place, reads_back=True)) if prepared else []
    faults.point("replicate.copied")
    for (blob, _), result in zip(read, results, strict=True):
        if isinstance(result, Settled):
            yield blob if result.status == "stored" else None
        elif isinstance(result, PosecasError) and not isinstance(result, PoseNotFound):
            yield _not_copied(backends, blob, result)
        else:
            # Nothing refers to it any more.
            yield None
    for blob, data in batch:
        if isinstance(data, Damage):
            yield _not_copied(backends, blob, data)


def _counted(done: Replicated, step: Blob | NotCopied | None) -> Replicated:
    if isinstance(step, Blob):
        return replace(done, copied=done.copied + 1, bytes=done.bytes + step.facts.size)
    if step is None:
        return replace(done, skipped=done.skipped + 1)
    return replace(done, failed=done.failed + 1)


def _not_copied(backends: Backends, blob: Blob, error: PosecasError) -> NotCopied:
    named = backends.index.poses_of(blob.digest, limit=1).items
    name = f"{named[0].generation}/{named[0].name}" if named else None
    return NotCopied(blob.digest, name, error)
