"""Letting go of a location: drain it, and delete what it holds once everything is elsewhere.

1. From now on it takes nothing new: ``draining``.
2. Blob by blob, its replica is condemned if nothing refers to the blob, or if another live replica
   is at an active location. Otherwise the drop stops, and the location is active again.
3. The objects are collected as garbage: journalled, and deleted after the delay.
4. When no row names the location any more it is ``detached``; its mark and backups stay there.

Each step is in the index, so whoever comes next goes on from there.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from posecas import faults
from posecas.backends import Backends
from posecas.collect import delete_condemned
from posecas.errors import LastReplica, LocationNotFound, UsageError
from posecas.journal import flush
from posecas.places import Place
from posecas.records import LocationState, LocationUse
from posecas.survey import snapshots
from posecas.units import format_size

_BATCH: Final = 500
_EVERYTHING: Final = 1 << 60


@dataclass(frozen=True, slots=True)
class Dropped:
    """What was done until now, in replicas and objects. ``waiting`` objects are not deleted yet.

    Their delay is not over, or their writer's lease. ``expected`` replicas are to be retired.
    """

    state: LocationState
    retired: int = 0
    bytes_retired: int = 0
    deleted: int = 0
    bytes_freed: int = 0
    failed: int = 0
    waiting: int = 0
    expected: int = 0
    expected_bytes: int = 0


def drop_location(
    backends: Backends, name: str, *, delay: int, lost: bool = False
) -> Iterator[Dropped]:
    """Let go of a location; yield what is done so far.

    Objects condemned at least ``delay`` seconds ago are deleted; run again, it goes on. ``lost``:
    the location is gone for good and is not asked; its rows alone are forgotten. Raises
    ``UsageError`` if it is written to still, ``LastReplica`` if it holds the only copy of anything,
    ``ForeignStore`` and what the location raises.
    """
    done = _begin(backends, name, lost=lost)
    if done.state == "detached":
        yield done
        return
    for step in _retired(backends, name, done):
        done = step
        yield done
    if lost:
        _forget(backends, name)
    for collected in () if lost else delete_condemned(backends, backends.place(name), delay=delay):
        done = replace(
            done,
            deleted=collected.deleted,
            bytes_freed=collected.bytes_freed,
            failed=collected.failed,
        )
        yield done
    if backends.index.detach(name):
        done = replace(done, state="detached")
    faults.point("drop.detached")
    use = _use(backends, name)
    yield replace(done, waiting=use.condemned.count + use.pending.count)


def rehearse_drop(backends: Backends, name: str, *, lost: bool = False) -> Dropped:
    """Return what a drop would do, or raise what it would refuse; nothing is changed."""
    use = _use(backends, name)
    if use.location.state == "detached":
        return Dropped("detached")
    _refuse_used(backends, name)
    if not lost:
        backends.check_place(backends.place(name))
    only = backends.index.only_at(name)
    if only.count:
        way_out = f"copy them first: posecas replicate {_elsewhere(backends, name)}"
        if lost:
            way_out = "bring it back, or remove their poses, which a query of the runbook lists"
        raise LastReplica(
            f"location {name}: some images or thumbnails are nowhere else ({only.count:,}, "
            f"{format_size(only.bytes)}); {way_out}"
        )
    if not lost:
        _refuse_only_backups(backends, backends.place(name))
    return Dropped(
        use.location.state,
        waiting=use.condemned.count + use.pending.count,
        expected=use.live.count + use.damaged.count,
        expected_bytes=use.live.bytes + use.damaged.bytes,
    )


def _begin(backends: Backends, name: str, *, lost: bool) -> Dropped:
    try:
        done = rehearse_drop(backends, name, lost=lost)
    except LastReplica:
        _keep(backends, name)
        raise
    if done.state == "active":
        backends.index.set_location_state(name, "draining")
        faults.point("drop.draining")
        return replace(done, state="draining")
    return done


def _forget(backends: Backends, name: str) -> None:
    """Forget the rows of a place that is no more; their keys are never used again."""
    while gone := backends.index.deletable(name, condemned_before=_EVERYTHING, limit=_BATCH):
        backends.index.forget([replica.id for replica in gone])
        faults.point("drop.forgotten")


def _keep(backends: Backends, name: str) -> None:
    """Undo a drop that was begun."""
    if _use(backends, name).location.state == "draining":
        backends.index.set_location_state(name, "active")


def _retired(backends: Backends, name: str, done: Dropped) -> Iterator[Dropped]:
    try:
        while retired := backends.index.retire(name, limit=_BATCH):
            faults.point("drop.retired")
            size = sum(replica.size for replica in retired)
            done = replace(
                done,
                retired=done.retired + len(retired),
                bytes_retired=done.bytes_retired + size,
            )
            yield done
    except LastReplica:
        # Its other copy was lost, or is being dropped too, since it was looked for.
        _keep(backends, name)
        raise
    flush(backends)
    yield done


def _use(backends: Backends, name: str) -> LocationUse:
    for one in backends.index.use_of_locations():
        if one.location.name == name:
            return one
    raise LocationNotFound(
        f"location {name!r}: this store has none of this name; see: posecas location ls"
    )


def _refuse_used(backends: Backends, name: str) -> None:
    config = backends.config
    if name in {config.write_location, config.commit_location}:
        raise UsageError(
            f"location {name}: new objects go there; choose another one first "
            "(write_location, or STORAGE_MODE in the environment)"
        )
    if name == backends.backup_place.name:
        raise UsageError(
            f"location {name}: the journal of the index goes there; "
            "choose another one first (backup_location)"
        )


def _refuse_only_backups(backends: Backends, place: Place) -> None:
    # There first: a location of which the index does not know the backups would be listed.
    if not any(snapshots(backends, backends.backup_place)) and any(snapshots(backends, place)):
        raise UsageError(
            f"location {place.name}: it holds the only snapshots of the index; make one at "
            f"{backends.backup_place.name} first: posecas index backup"
        )


def _elsewhere(backends: Backends, name: str) -> str:
    """Where to copy to: where new objects go, which is not the location that is to be dropped."""
    return next(one for one in (backends.config.write_location, *backends.places) if one != name)
