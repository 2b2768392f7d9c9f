"""Begin, write, publish: the only way bytes enter a store.

The index decides before and after; in between the objects are written in parallel. Whatever was
relied on and went away meanwhile begins again, so success is reported only for what is durable,
live and referenced.
"""

import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from posecas import faults
from posecas.backends import Backends
from posecas.digest import Digest
from posecas.errors import IndexBusy, PosecasError, StorageFull, WriteRefused
from posecas.index.intake import Begun, Fence, Intake, Settled
from posecas.object_metadata import Metadata, metadata_of
from posecas.objects.marker import MARKER_KEY
from posecas.objects.protocol import HasPaths
from posecas.places import Place
from posecas.records import Replica
from posecas.units import format_size

BATCH: Final = 64
"""Images in one transaction at the most."""

_LEASE_SECONDS: Final = 600
_ATTEMPTS: Final = 8


@dataclass(frozen=True, slots=True)
class Prepared:
    """An intake and the bytes of its new blobs. Bytes of blobs known to be live may be absent."""

    intake: Intake
    data: Mapping[Digest, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """Where images are to be taken in.

    ``reads_back``: each object is read again and compared before it counts. ``bound_for`` names
    the location that they are to be copied to later, and that their objects here then make way for.
    """

    place: Place
    reads_back: bool = False
    bound_for: str | None = None


@dataclass(frozen=True, slots=True)
class Stale:
    """A blob that was live is not any more, and its bytes are not at hand: prepare it anew."""


Result = Settled | PosecasError | Stale
Write = Callable[[Replica, bytes], None]


class Ingest:
    """Takes prepared images in. Thread-safe."""

    def __init__(self, backends: Backends) -> None:
        """Start no thread until something is written."""
        self._backends = backends
        self._lock = threading.Lock()
        self._writers: dict[int, ThreadPoolExecutor] = {}

    def close(self) -> None:
        """Wait for what is being written."""
        for writers in self._writers.values():
            writers.shutdown()

    def run(self, batch: Sequence[Prepared], target: Target | None = None) -> Sequence[Result]:
        """Take up to `BATCH` images in; return what became of each, in order.

        At the write location unless a target is given; it is added now if settings alone describe
        it. A remote one is not asked whose it is: a put sends no request beside its objects.

        One image's refusal is its result. Raises what concerns the location or the index:
        ``StorageFull``, ``WriteRefused``, ``LocationUnavailable``, ``CredentialsRefused``,
        ``ConfigError``, ``ForeignStore``, ``Locked``; then some of the batch may be stored, and
        running it again finishes.
        """
        target = target or self._target()
        if not target.place.remote:
            # It may be a disk that is not mounted.
            self._backends.check_place(target.place)
        results: dict[int, Result] = {}
        for _ in range(_ATTEMPTS):
            todo = [position for position in range(len(batch)) if position not in results]
            if not todo:
                return [results[position] for position in range(len(batch))]
            found = self._attempt([batch[position] for position in todo], target)
            results |= {todo[position]: result for position, result in found.items()}
        raise IndexBusy(
            f"location {target.place.name}: what was written was taken away {_ATTEMPTS} times; "
            "try again"
        )

    def _attempt(self, batch: Sequence[Prepared], target: Target) -> Mapping[int, Result]:
        index, place = self._backends.index, target.place
        intakes = [prepared.intake for prepared in batch]
        begun = index.begin(
            intakes, place.name, lease_seconds=_LEASE_SECONDS, bound_for=target.bound_for
        )
        faults.point("put.begun")
        if len(begun.outcomes) == len(intakes):
            return _known(begun.outcomes)
        try:
            data = {digest: item for one in batch for digest, item in one.data.items()}
            if lacking := {one.digest for one in begun.to_write} - set(data):
                index.abandon(begun)
                return _known(begun.outcomes) | _stale(intakes, begun, lacking)
            self._check_room(place, sum(replica.size for replica in begun.to_write))
            self._write(begun, data, self._writers_at(place), self._writer(target, intakes))
        except BaseException:
            # The lease ends by itself if the index cannot be written either.
            with suppress(PosecasError):
                index.abandon(begun)
            faults.point("put.abandoned")
            raise
        faults.point("put.written")
        outcomes = index.publish(intakes, begun)
        faults.point("put.published")
        return _known(begun.outcomes) | _known(outcomes)

    def _target(self) -> Target:
        config = self._backends.config
        later = config.commit_location != config.write_location
        return Target(
            self._backends.join_write_place(), bound_for=config.write_location if later else None
        )

    def _check_room(self, place: Place, needed: int) -> None:
        if not isinstance(place.objects, HasPaths):
            return
        folder = place.objects.path(MARKER_KEY).parent
        if (lacking := self._lacking(folder, needed)) > 0:
            self._backends.cache.give_way(folder, lacking)
        if self._lacking(folder, needed) > 0:
            total, _, free = shutil.disk_usage(folder)
            kept = self._backends.config.kept_free(total)
            raise StorageFull(
                f"{folder}: {format_size(free)} of room are left and {format_size(kept)} are kept "
                "for removing and for the index (min_free); free some room, or lower min_free"
            )

    def _lacking(self, folder: Path, needed: int) -> int:
        total, _, free = shutil.disk_usage(folder)
        return needed + self._backends.config.kept_free(total) - free

    def _writers_at(self, place: Place) -> ThreadPoolExecutor:
        with self._lock:
            if place.width not in self._writers:
                self._writers[place.width] = ThreadPoolExecutor(
                    place.width, thread_name_prefix="posecas-write"
                )
            return self._writers[place.width]

    def _writer(self, target: Target, intakes: Sequence[Intake]) -> Write:
        place, cache = target.place, self._backends.cache
        said = metadata_of(self._backends.index, intakes) if place.remote else {}
        # Whoever has put an image looks at it next; at a copy of what is elsewhere, nobody.
        kept = not isinstance(place.objects, HasPaths) and not any(one.copies for one in intakes)

        def write(replica: Replica, data: bytes) -> None:
            _write_one(target, replica, data, said.get(replica.digest, {}))
            if kept:
                cache.keep(replica.digest, data)

        return write

    def _write(
        self,
        begun: Begun,
        data: Mapping[Digest, bytes],
        writers: ThreadPoolExecutor,
        write: Write,
    ) -> None:
        pending: set[Future[None]] = {
            writers.submit(write, replica, data[replica.digest]) for replica in begun.to_write
        }
        try:
            while pending:
                done, pending = wait(pending, _LEASE_SECONDS / 3, FIRST_EXCEPTION)
                for future in done:
                    future.result()
                if pending:
                    self._backends.index.renew(begun, lease_seconds=_LEASE_SECONDS)
        finally:
            for future in pending:
                future.cancel()
            wait(pending)


def _write_one(target: Target, replica: Replica, data: bytes, said: Metadata) -> None:
    objects = target.place.objects
    objects.write(replica.key, data, media_type=replica.media_type, metadata=said)
    if target.reads_back and objects.read(replica.key) != data:
        raise WriteRefused(
            f"{target.place.name}: {replica.key} has other bytes than those that were written; "
            "nothing of it counts: try again"
        )


def _known(outcomes: Mapping[int, Settled | PosecasError | Fence]) -> dict[int, Result]:
    return {
        position: outcome
        for position, outcome in outcomes.items()
        if not isinstance(outcome, Fence)
    }


def _stale(intakes: Sequence[Intake], begun: Begun, lacking: set[Digest]) -> dict[int, Result]:
    return {
        position: Stale()
        for position, intake in enumerate(intakes)
        if position not in begun.outcomes
        and lacking.intersection(blob.digest for blob in intake.blobs)
    }
