"""The objects of live replicas: are they there, as long as they should be, and the same bytes."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from posecas.backends import Backends
from posecas.check.reach import UNREACHED, Reach
from posecas.check.repair import Repair
from posecas.digest import Digest
from posecas.errors import DamagedObject, ObjectMissing
from posecas.findings import Finding, FindingKind
from posecas.places import Place
from posecas.read import read_replica
from posecas.records import Replica

if TYPE_CHECKING:
    from posecas.index.audit_protocol import LastChecked

WORKERS: Final = 8
"""Objects asked for at once; each holds one image in memory at the most."""

_PAGE: Final = 500
_SELECTED: Final = 10_000
"""Choosing the oldest looks at every replica: 0.16 s of 280,000 (measured), against minutes of
reading so many."""


@dataclass(frozen=True, slots=True)
class LookedAt:
    """Work done since the last one."""

    objects: int = 0
    read: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class _Bad:
    replica: Replica
    kind: FindingKind
    detail: str


Look = Callable[[Place, Replica], _Bad | None]
Step = Finding | LookedAt


def look(backends: Backends, reach: Reach, repair: Repair | None, told: set[int]) -> Iterator[Step]:
    """Ask every location that answers for the size of every object; add bad ones to ``told``."""
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="posecas-check") as pool:
        after: int | None = 0
        while after is not None:
            page = backends.index.live_replicas(after=after, limit=_PAGE)
            intact, bad = _look_at(backends, reach, pool, page.items, _size)
            yield from _findings(backends, reach, repair, bad, told)
            yield LookedAt(objects=len(intact) + len(bad))
            after = page.next


def read(
    backends: Backends,
    reach: Reach,
    repair: Repair | None,
    told: set[int],
    *,
    older_than: int,
    most: int,
) -> Iterator[Step]:
    """Read and hash ``most`` objects, those first whose last check is oldest.

    Those in ``told`` are not told again. What was found intact is remembered every few hundred
    objects, so that a run that is interrupted is gone on with by the next.
    """
    before = time.time_ns() // 1_000_000 - older_than * 1000
    after: LastChecked | None = None
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="posecas-check") as pool:
        while most > 0:
            chosen = backends.index.least_checked(
                before=before, after=after, limit=min(most, _SELECTED)
            )
            if not chosen:
                return
            after = chosen[-1]
            for start in range(0, len(chosen), _PAGE):
                page = [one.replica for one in chosen[start : start + _PAGE]]
                intact, bad = _look_at(backends, reach, pool, page, _bytes)
                # What cannot be reached takes no turn of what can.
                most -= len(intact) + len(bad)
                backends.index.intact([replica.id for replica in intact])
                yield from _findings(backends, reach, repair, bad, told)
                yield LookedAt(
                    read=len(intact) + len(bad), bytes=sum(replica.size for replica in intact)
                )


def _look_at(
    backends: Backends, reach: Reach, pool: ThreadPoolExecutor, page: Sequence[Replica], how: Look
) -> tuple[Sequence[Replica], Sequence[_Bad]]:
    """Sort those of a page that are reached into those that are intact and those that are not."""
    known = {one.location for one in page if one.location in backends.places}
    answering = {name for name in known if reach.answers(backends.place(name))}
    reached = [one for one in page if one.location in answering]
    found = pool.map(lambda one: how(backends.place(one.location), one), reached)
    judged = list(zip(reached, found, strict=True))
    return [one for one, bad in judged if bad is None], [bad for _, bad in judged if bad]


def _size(place: Place, replica: Replica) -> _Bad | None:
    try:
        size = place.objects.stat(replica.key).size
    except ObjectMissing:
        return _Bad(replica, "missing", f"{place.name}: {replica.key} is not there")
    except UNREACHED as error:
        return _Bad(replica, "unreadable", str(error))
    if size == replica.size:
        return None
    detail = f"{place.name}: {replica.key} has {size} bytes, the index says {replica.size}"
    return _Bad(replica, "wrong_size", detail)


def _bytes(place: Place, replica: Replica) -> _Bad | None:
    try:
        read_replica(place, replica)
    except ObjectMissing:
        return _Bad(replica, "missing", f"{place.name}: {replica.key} is not there")
    except UNREACHED as error:
        return _Bad(replica, "unreadable", str(error))
    except DamagedObject:
        detail = f"{place.name}: {replica.key} has other bytes than those that were put"
        return _size(place, replica) or _Bad(replica, "wrong_bytes", detail)
    return None


def _findings(
    backends: Backends,
    reach: Reach,
    repair: Repair | None,
    bad: Sequence[_Bad],
    told: set[int],
) -> Iterator[Finding]:
    for one in bad:
        # A disk that went away, or a collector, may have taken it since.
        if not reach.answers(backends.place(one.replica.location)):
            continue
        if one.replica.id in told or not _is_live(backends, one.replica):
            continue
        told.add(one.replica.id)
        digest = one.replica.digest
        pose = _pose_of(backends, digest)
        detail = one.detail if pose else f"{one.detail}{_made_of(backends, digest)}"
        finding = Finding(one.kind, detail, digest, pose)
        if repair is None or one.kind == "unreadable":
            yield finding
        else:
            yield repair.of_replica(finding, one.replica)


def _pose_of(backends: Backends, digest: Digest) -> str | None:
    named = backends.index.poses_of(digest, limit=1).items
    return f"{named[0].generation}/{named[0].name}" if named else None


def _made_of(backends: Backends, digest: Digest) -> str:
    for made in backends.index.renditions_to(digest):
        if pose := _pose_of(backends, made.source):
            return f" ({made.recipe} of {pose})"
    return ""


def _is_live(backends: Backends, replica: Replica) -> bool:
    return any(
        one.id == replica.id and one.state == "live"
        for one in backends.index.all_replicas(replica.digest)
    )
