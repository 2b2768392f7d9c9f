"""The put protocol's transactions, and the other verbs that make and drop references.

Transaction A (`begin`) references what is already live and inserts pending replicas for the rest.
Transaction B (`publish`) makes them live and commits the references. Each intake has a savepoint,
so that one refusal leaves its neighbours alone.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final

from posecas.digest import Digest
from posecas.errors import (
    ConfigError,
    Fenced,
    NotFound,
    OverQuota,
    PoseNotFound,
    Refused,
    UsageError,
    WriteRefused,
)
from posecas.index import rows
from posecas.index.annotating import absent, say
from posecas.index.engine import Cursor, Engine
from posecas.index.intake import Annotated, Begun, Fence, Intake, Outcome, Settled
from posecas.index.owners import location_named, must, user_named
from posecas.index.protocol import Alias
from posecas.index.sending import bind
from posecas.index.settle import admit, blob_row, lead_alias, settle
from posecas.names import object_key
from posecas.records import Annotation, BlobFacts, Location, Pose, Replica

_NONCE_BYTES: Final = 6
_OUTCOMES: Final = (Refused, OverQuota, UsageError, NotFound, ConfigError)


@dataclass(frozen=True, slots=True)
class _Batch:
    """What one transaction A has made so far. Only intakes that succeed add to it."""

    location: Location
    now: int
    lease_until: int
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    to_write: dict[Digest, Replica] = field(default_factory=dict)
    reservations: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Written:
    """The replicas whose bytes are durable, by digest, for one transaction B."""

    location: Location
    now: int
    mine: Mapping[Digest, int]


class ReferencesVerbs:
    """The verbs of `protocol.References`."""

    def __init__(self, engine: Engine) -> None:
        """Run over ``engine``."""
        self._engine = engine

    def begin(
        self,
        intakes: Sequence[Intake],
        location: str,
        *,
        lease_seconds: int,
        bound_for: str | None = None,
    ) -> Begun:
        """Transaction A."""
        with self._engine.writing() as cursor:
            now = self._engine.clock()
            place = _taking_new(cursor, location)
            batch = _Batch(place, now, now + lease_seconds * 1000)
            cursor.run("DELETE FROM reservations WHERE lease_until < ?", now)
            self._lock(cursor, intakes)
            for position, intake in enumerate(intakes):
                outcome = _attempt(cursor, partial(_begin_one, cursor, batch, position, intake))
                if outcome is not None:
                    batch.outcomes[position] = outcome
            bind(cursor, _not_refused(intakes, batch.outcomes), place.id, bound_for)
        replicas = tuple(batch.to_write.values())
        return Begun(location, batch.outcomes, replicas, batch.reservations, bound_for)

    def renew(self, begun: Begun, *, lease_seconds: int) -> None:
        """Move the leases' end; what is no longer pending stays as it is."""
        with self._engine.writing() as cursor:
            until = self._engine.clock() + lease_seconds * 1000
            for replica in begun.to_write:
                cursor.run(
                    "UPDATE replicas SET lease_until = ? WHERE id = ? AND state = 'pending'",
                    *(until, replica.id),
                )
            for reservation in begun.reservations.values():
                cursor.run(
                    "UPDATE reservations SET lease_until = ? WHERE id = ?", until, reservation
                )

    def publish(self, intakes: Sequence[Intake], begun: Begun) -> Mapping[int, Outcome]:
        """Transaction B."""
        outcomes: dict[int, Outcome] = {}
        with self._engine.writing() as cursor:
            now = self._engine.clock()
            place = location_named(cursor, begun.location)
            self._lock(cursor, intakes)
            batch = _Written(place, now, {replica.digest: replica.id for replica in begun.to_write})
            for position, intake in enumerate(intakes):
                if position not in begun.outcomes:
                    reservation = begun.reservations.get(position)
                    step = partial(_publish_one, cursor, batch, intake, reservation)
                    outcome = _attempt(cursor, step)
                    if outcome is not None:
                        outcomes[position] = outcome
            bind(cursor, _not_refused(intakes, outcomes), place.id, begun.bound_for)
            _end(cursor, begun, now)
        return outcomes

    def abandon(self, begun: Begun) -> None:
        """End the lease now: pending becomes condemned, the quota is freed."""
        with self._engine.writing() as cursor:
            _end(cursor, begun, self._engine.clock())

    def remove(
        self, poses: Sequence[int], *, expired_before: datetime | None = None
    ) -> Sequence[Pose]:
        """Drop these references."""
        condition, values = "p.id = ?", list[int]()
        if expired_before is not None:
            condition += " AND p.favourite = 0 AND p.downloads = 0 AND p.created_at < ?"
            values = [rows.milliseconds(expired_before)]
        dropped = []
        with self._engine.writing() as cursor:
            for pose in poses:
                row = cursor.one(f"{rows.POSE} WHERE {condition}", pose, *values)
                if row is not None:
                    cursor.run("DELETE FROM poses WHERE id = ?", pose)
                    dropped.append(rows.pose(row))
        return dropped

    def annotate(self, notes: Sequence[tuple[int, Annotation]]) -> Annotated:
        """Say this of these poses: all of it, or nothing if one pose is not there."""
        poses = [pose for pose, _ in notes]
        with self._engine.writing() as cursor:
            self._engine.lock(cursor, "poses", "id", sorted(set(poses)))
            if missing := absent(cursor, poses):
                return Annotated(0, missing)
            now = self._engine.clock()
            return Annotated(sum(say(cursor, pose, note, now) for pose, note in notes))

    def add_alias(self, pose: int, path: str, recipe: str | None) -> None:
        """Make an old path lead to a pose or to a rendition of it."""
        with self._engine.writing() as cursor:
            row = cursor.one(f"{rows.POSE} WHERE p.id = ?", pose)
            if row is None:
                raise PoseNotFound("the pose was removed meanwhile; look it up again")
            found = rows.pose(row)
            led_to = f"{found.generation}/{found.name}"
            lead_alias(cursor, Alias(0, path, pose, recipe, led_to), self._engine.clock())

    def _lock(self, cursor: Cursor, intakes: Sequence[Intake]) -> None:
        # The order that keeps two writers from waiting for each other: users, then blobs by digest.
        names = {new.user or new.default_user for intake in intakes if (new := intake.pose)}
        self._engine.lock(cursor, "users", "name", sorted(names))
        digests = {blob.digest for intake in intakes for blob in intake.blobs}
        self._engine.lock(cursor, "blobs", "digest", [rows.stored(d) for d in sorted(digests)])


def _not_refused(intakes: Sequence[Intake], outcomes: Mapping[int, Outcome]) -> Iterator[Intake]:
    for position, intake in enumerate(intakes):
        if isinstance(outcomes.get(position, Fence()), Settled | Fence):
            yield intake


def _attempt(cursor: Cursor, step: Callable[[], Settled | None]) -> Outcome | None:
    try:
        with cursor.savepoint():
            return step()
    except Fenced:
        return Fence()
    except _OUTCOMES as refusal:
        return refusal


def _taking_new(cursor: Cursor, name: str) -> Location:
    location = location_named(cursor, name)
    if location.state != "active":
        raise WriteRefused(
            f"location {name}: it is {location.state} and takes nothing new; "
            "choose another write location"
        )
    return location


def _begin_one(cursor: Cursor, batch: _Batch, position: int, intake: Intake) -> Settled | None:
    if intake.pose is not None and intake.pose.reservation is not None:
        cursor.run("DELETE FROM reservations WHERE id = ?", intake.pose.reservation)
    missing = [blob for blob in intake.blobs if not _is_live(cursor, blob.digest, batch.location)]
    if not missing:
        return settle(cursor, intake, wrote=False, now=batch.now)
    if intake.pose is not None:
        admission = admit(cursor, intake.pose, intake.source)
        owner, charge = user_named(cursor, admission.owner), admission.charge
        if charge and owner is not None and owner.quota is not None:
            batch.reservations[position] = _reserve(cursor, owner.id, charge, batch.lease_until)
    for blob in missing:
        if blob.digest not in batch.to_write:
            batch.to_write[blob.digest] = _pend(cursor, batch, blob)
    return None


def _is_live(cursor: Cursor, digest: Digest, location: Location) -> bool:
    row = cursor.one(
        "SELECT 1 FROM replicas r JOIN blobs b ON b.id = r.blob_id"
        " WHERE b.digest = ? AND r.location_id = ? AND r.state = 'live'",
        *(rows.stored(digest), location.id),
    )
    return row is not None


def _reserve(cursor: Cursor, user: int, size: int, lease_until: int) -> int:
    row = cursor.one(
        "INSERT INTO reservations (user_id, bytes, lease_until) VALUES (?, ?, ?) RETURNING id",
        *(user, size, lease_until),
    )
    return int(must(row)[0])


def _pend(cursor: Cursor, batch: _Batch, blob: BlobFacts) -> Replica:
    cursor.run(
        "INSERT INTO blobs (digest, size, media_type, width, height, pixels, since, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        *(rows.stored(blob.digest), blob.size, blob.media_type, blob.width, blob.height),
        *(rows.stored(blob.pixels) if blob.pixels else None, batch.now, batch.now),
    )
    nonce = os.urandom(_NONCE_BYTES)
    row = cursor.one(
        "INSERT INTO replicas (blob_id, location_id, nonce, state, lease_until, since)"
        " VALUES (?, ?, ?, 'pending', ?, ?) RETURNING id",
        *(blob_row(cursor, blob), batch.location.id, nonce, batch.lease_until, batch.now),
    )
    key = object_key(blob.digest, nonce, blob.media_type)
    replica = int(must(row)[0])
    name = batch.location.name
    return Replica(replica, blob.digest, blob.size, blob.media_type, name, key, "pending")


def _publish_one(
    cursor: Cursor, batch: _Written, intake: Intake, reservation: int | None
) -> Settled:
    if batch.location.state != "active":
        raise Fenced
    release = "DELETE FROM reservations WHERE id = ?"
    if reservation is not None and cursor.run(release, reservation) == 0:
        raise Fenced
    wrote, *_ = [_bring_alive(cursor, batch, blob) for blob in intake.blobs]
    return settle(cursor, intake, wrote=wrote, now=batch.now)


def _bring_alive(cursor: Cursor, batch: _Written, blob: BlobFacts) -> bool:
    """Make sure that the blob is live here; tell whether our replica made it so just now."""
    location, now, mine = batch.location, batch.now, batch.mine.get(blob.digest)
    if _is_live(cursor, blob.digest, location):
        return False
    if mine is None or _state(cursor, mine) != "pending":
        raise Fenced
    _move(cursor, mine, "live", now)
    # What was put again heals what was found damaged here: its object may go now.
    cursor.run(
        "UPDATE replicas SET state = 'condemned', since = ? WHERE state = 'damaged'"
        " AND location_id = ? AND blob_id = ?",
        *(now, location.id, blob_row(cursor, blob)),
    )
    return True


def _state(cursor: Cursor, replica: int | None) -> str | None:
    row = cursor.one("SELECT state FROM replicas WHERE id = ?", replica)
    return None if row is None else str(row[0])


def _move(cursor: Cursor, replica: int, state: str, now: int) -> None:
    cursor.run(
        "UPDATE replicas SET state = ?, since = ?, lease_until = NULL WHERE id = ?",
        *(state, now, replica),
    )


def _end(cursor: Cursor, begun: Begun, now: int) -> None:
    for replica in begun.to_write:
        if _state(cursor, replica.id) == "pending":
            _move(cursor, replica.id, "condemned", now)
    for reservation in begun.reservations.values():
        cursor.run("DELETE FROM reservations WHERE id = ?", reservation)
