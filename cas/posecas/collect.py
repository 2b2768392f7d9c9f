"""Collecting garbage: condemn, journal, delete after the delay, forget.

Each step is one transaction or one request, and any of them may be the last of this process:
whoever comes next goes on from what the index says. Several collectors share the work. Nothing
that a writer relies on is ever deleted, with any grace and delay, since a reference is only
committed where it sees a live replica, and a condemned one never becomes live again.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Final

from posecas import faults
from posecas.backends import Backends
from posecas.digest import Digest
from posecas.errors import LocationUnavailable, PosecasError
from posecas.journal import flush
from posecas.objects.protocol import LeavesTemporaries
from posecas.places import Place
from posecas.records import Collected, Replica

_BATCH: Final = 500
"""Replicas condemned in one transaction; a writer waits for no more than that."""

_KEYS: Final = 1000
"""Replicas claimed, deleted and forgotten together: as many as a bucket takes in one request."""

_EVERYTHING: Final = 1 << 60
_TEMPORARY_SECONDS: Final = 24 * 60 * 60
"""Longer than any write takes."""


def collect_garbage(
    backends: Backends, *, grace: int, delay: int, location: str | None = None
) -> Iterator[Collected]:
    """Collect what has been garbage for ``grace`` seconds; yield what is done so far, in steps.

    Objects condemned at least ``delay`` seconds ago are deleted, at ``location`` alone if one is
    given. Zero gives up undoing a removal, and restoring the index to an earlier time; it is as
    safe against concurrent writers as any other. Raises what the index and the locations raise;
    going on later is always possible.
    """
    done = Collected()
    while condemned := backends.index.condemn(unreferenced_before=_ago(grace), limit=_BATCH):
        faults.point("gc.condemned")
        done = done.plus(condemned=condemned)
        yield done
    flush(backends)
    failure: PosecasError | None = None
    for place in _places(backends, location):
        before = done
        try:
            for step in delete_condemned(backends, place, delay=delay):
                done = before.and_deleted(step)
                yield done
            _detach(backends, place)
        except PosecasError as error:
            # A location that is away does not keep the room of the others.
            failure = failure or error
    backends.cache.sweep()
    yield done
    if failure is not None:
        raise failure


def delete_condemned(backends: Backends, place: Place, *, delay: int) -> Iterator[Collected]:
    """Delete objects of one location that were condemned ``delay`` seconds ago and are journalled.

    Yields what is done so far. Raises what index and location raise.
    """
    done = Collected()
    while claimed := backends.index.deletable(
        place.name, condemned_before=_ago(delay), limit=_BATCH
    ):
        faults.point("gc.claimed")
        deleted = _delete(backends, place, claimed)
        done = done.plus(deleted=deleted, failed=len(claimed) - len(deleted))
        yield done
    _sweep(backends, place)


def rehearse_collection(
    backends: Backends, *, grace: int, delay: int, location: str | None = None
) -> Collected:
    """Return what `collect_garbage` would do now; nothing is changed.

    The same transaction decides, and is undone; it keeps other writers waiting while it runs.
    """
    condemned = backends.index.rehearse(unreferenced_before=_ago(grace), limit=_EVERYTHING)
    due = list(backends.index.condemned(condemned_before=_ago(delay)))
    if delay == 0:
        due += condemned
    names = {place.name for place in _places(backends, location)}
    return Collected().plus(
        condemned=condemned, deleted=[replica for replica in due if replica.location in names]
    )


def _sweep(backends: Backends, place: Place) -> None:
    """Remove what writers that died left behind, where the location is there."""
    if isinstance(place.objects, LeavesTemporaries):
        with suppress(LocationUnavailable):
            backends.check_place(place)
            place.objects.sweep_temporaries(_TEMPORARY_SECONDS)
            faults.point("gc.swept")


def _detach(backends: Backends, place: Place) -> None:
    """Finish a drop that waited for the delay."""
    states = {one.name: one.state for one in backends.index.locations()}
    if states.get(place.name) == "draining":
        backends.index.detach(place.name)


def _ago(seconds: int) -> int:
    """A moment in milliseconds since 1970; none is too recent for zero seconds."""
    return time.time_ns() // 1_000_000 - seconds * 1000 if seconds else _EVERYTHING


def _places(backends: Backends, location: str | None) -> Sequence[Place]:
    if location is not None:
        return [backends.place(location)]
    return list(backends.places.values())


def _delete(backends: Backends, place: Place, claimed: Sequence[Replica]) -> Sequence[Replica]:
    backends.check_place(place)
    failed = place.objects.delete([replica.key for replica in claimed])
    faults.point("gc.deleted")
    deleted = [replica for replica in claimed if replica.key not in failed]
    backends.index.forget([replica.id for replica in deleted])
    faults.point("gc.forgotten")
    _drop_copies(backends, {replica.digest for replica in deleted})
    return deleted


def _drop_copies(backends: Backends, digests: Iterable[Digest]) -> None:
    """Forget here what has no live replica any more; on other hosts it is never asked for again."""
    for digest in digests:
        if backends.cache.has(digest) and not backends.index.replicas(digest):
            backends.cache.drop(digest)
