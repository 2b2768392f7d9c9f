"""Users, generations and locations: the verbs, and how the other verbs look them up."""

from collections.abc import Sequence
from typing import TypeVar

from posecas.errors import (
    Failed,
    ForeignStore,
    LocationNotFound,
    NotEmpty,
    NotFound,
    OtherUser,
    OverQuota,
)
from posecas.index import rows
from posecas.index.engine import Cursor, Engine
from posecas.records import Generation, Location, LocationState, User
from posecas.units import format_size

T = TypeVar("T")


class OwnersVerbs:
    """The verbs of `owners_protocol.Owners`."""

    def __init__(self, engine: Engine) -> None:
        """Run over ``engine``."""
        self._engine = engine

    def add_user(self, name: str, *, quota: int | None = None) -> User:
        """Make a user, or return the one there is, unchanged."""
        with self._engine.writing() as cursor:
            found = user_named(cursor, name)
            if found is not None:
                return found
            insert_user(cursor, name, self._engine.clock(), quota)
            return must(user_named(cursor, name))

    def set_quota(self, name: str, quota: int | None) -> User:
        """Set or lift a quota, making the user if need be. Below what is used is allowed."""
        with self._engine.writing() as cursor:
            if cursor.run("UPDATE users SET quota = ? WHERE name = ?", quota, name) == 0:
                insert_user(cursor, name, self._engine.clock(), quota)
            return must(user_named(cursor, name))

    def add_generation(self, name: str, user: str) -> Generation:
        """Make an empty generation. Raises ``OtherUser`` if it is somebody else's."""
        with self._engine.writing() as cursor:
            found = generation_named(cursor, name)
            if found is None:
                insert_generation(cursor, name, user, self._engine.clock())
                found = must(generation_named(cursor, name))
            if found.user != user:
                raise other_user(found)
            return found

    def move_generation(self, name: str, user: str) -> Generation:
        """Give a generation with its poses to a user, who is made if need be."""
        with self._engine.writing() as cursor:
            now = self._engine.clock()
            cursor.run("DELETE FROM reservations WHERE lease_until < ?", now)
            names = {_existing_generation(cursor, name).user, user}
            self._engine.lock(cursor, "users", "name", sorted(names))
            moved = _existing_generation(cursor, name)
            if moved.user == user:
                return moved
            owner = user_named(cursor, user)
            if owner is None:
                insert_user(cursor, user, now)
                owner = must(user_named(cursor, user))
            check_quota(owner, _size(cursor, moved))
            # The poses follow by their foreign key, and the use of both by triggers.
            cursor.run("UPDATE generations SET user_id = ? WHERE id = ?", owner.id, moved.id)
            return must(generation_named(cursor, name))

    def remove_generation(self, name: str) -> None:
        """Remove a generation without poses."""
        with self._engine.writing() as cursor:
            found = _existing_generation(cursor, name)
            self._engine.lock(cursor, "users", "name", [found.user])
            if cursor.one("SELECT 1 FROM poses WHERE generation_id = ? LIMIT 1", found.id):
                raise NotEmpty(f"generation {name}: it has poses; remove them first")
            cursor.run("DELETE FROM generations WHERE id = ?", found.id)

    def user_leaving(self, name: str) -> Sequence[Generation]:
        """What ``remove_user`` would remove."""
        with self._engine.reading() as cursor:
            return _empty_generations(cursor, _without_poses(cursor, name))

    def remove_user(self, name: str) -> Sequence[Generation]:
        """Remove a user without poses, with their empty generations, which are returned."""
        with self._engine.writing() as cursor:
            self._engine.lock(cursor, "users", "name", [name])
            user = _without_poses(cursor, name)
            removed = _empty_generations(cursor, user)
            # A put that is under way loses its reservation and begins again, with a new user.
            cursor.run("DELETE FROM reservations WHERE user_id = ?", user.id)
            cursor.run("DELETE FROM generations WHERE user_id = ?", user.id)
            cursor.run("DELETE FROM users WHERE id = ?", user.id)
            return removed

    def add_location(self, name: str, url: str, *, host: str | None) -> Location:
        """Record a location, or return the one there is. Raises ``ForeignStore`` on another url."""
        with self._engine.writing() as cursor:
            cursor.run(
                "INSERT INTO locations (name, url, host, created_at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                *(name, url, host, self._engine.clock()),
            )
            found = location_named(cursor, name)
            if found.url != url:
                raise ForeignStore(
                    f"location {name}: it is {found.url} in this store, not {url}; "
                    "give the other one another name"
                )
            return found

    def set_location_state(self, name: str, state: LocationState) -> Location:
        """Let a location take new objects, or not."""
        with self._engine.writing() as cursor:
            cursor.run("UPDATE locations SET state = ? WHERE name = ?", state, name)
            if state != "active":
                cursor.run("UPDATE replicas SET bound_for = NULL WHERE bound_for = ?", name)
            return location_named(cursor, name)


def user_named(cursor: Cursor, name: str) -> User | None:
    """The user, if there is one of this name."""
    row = cursor.one(f"{rows.USER} WHERE u.name = ?", name)
    return None if row is None else rows.user(row)


def generation_named(cursor: Cursor, name: str) -> Generation | None:
    """The generation, if there is one of this name."""
    row = cursor.one(f"{rows.GENERATION} WHERE g.name = ?", name)
    return None if row is None else rows.generation(row)


def location_named(cursor: Cursor, name: str) -> Location:
    """Raises ``LocationNotFound``."""
    row = cursor.one(f"{rows.LOCATION} WHERE l.name = ?", name)
    if row is None:
        raise LocationNotFound(
            f"location {name!r}: this store has none of this name; see: posecas location ls"
        )
    return rows.location(row)


def insert_user(cursor: Cursor, name: str, now: int, quota: int | None = None) -> int:
    """Insert a user and return its id."""
    row = cursor.one(
        "INSERT INTO users (name, quota, created_at) VALUES (?, ?, ?) RETURNING id",
        *(name, quota, now),
    )
    return int(must(row)[0])


def insert_generation(cursor: Cursor, name: str, user: str, now: int) -> int:
    """Insert a generation, and its user if need be; return the generation's id."""
    owner = user_named(cursor, user)
    user_id = insert_user(cursor, user, now) if owner is None else owner.id
    row = cursor.one(
        "INSERT INTO generations (name, user_id, created_at, changed_at) VALUES (?, ?, ?, ?)"
        " RETURNING id",
        *(name, user_id, now, now),
    )
    return int(must(row)[0])


def check_quota(user: User, charge: int) -> None:
    """Raise ``OverQuota`` if so many bytes more would pass the user's quota; none never do."""
    if not charge or user.quota is None or user.used + user.reserved + charge <= user.quota:
        return
    reserved = f" and {format_size(user.reserved)} being written" if user.reserved else ""
    raise OverQuota(
        f"user {user.name}: {format_size(charge)} more would pass the quota of "
        f"{format_size(user.quota)} ({format_size(user.used)} used{reserved}); "
        "remove poses or raise the quota"
    )


def _existing_generation(cursor: Cursor, name: str) -> Generation:
    found = generation_named(cursor, name)
    if found is None:
        raise NotFound(f"generation {name}: this store has none of this name")
    return found


def _size(cursor: Cursor, generation: Generation) -> int:
    row = cursor.one(
        "SELECT coalesce(sum(b.size), 0) FROM poses p JOIN blobs b ON b.id = p.blob_id"
        " WHERE p.generation_id = ?",
        generation.id,
    )
    return int(must(row)[0])


def _without_poses(cursor: Cursor, name: str) -> User:
    user = user_named(cursor, name)
    if user is None:
        raise NotFound(f"user {name}: this store has none of this name")
    if user.poses:
        poses = "1 pose is theirs" if user.poses == 1 else f"{user.poses} poses are theirs"
        raise NotEmpty(
            f"user {name}: {poses}; remove the poses, or move their generations to another user"
        )
    return user


def _empty_generations(cursor: Cursor, user: User) -> list[Generation]:
    found = cursor.all(f"{rows.GENERATION} WHERE g.user_id = ? ORDER BY g.id", user.id)
    return [rows.generation(row) for row in found]


def other_user(generation: Generation) -> OtherUser:
    """The refusal to touch somebody else's generation; it does not say whose it is."""
    return OtherUser(
        f"generation {generation.name}: it belongs to another user; choose another generation id"
    )


def must(value: T | None) -> T:
    """A row that this transaction made or saw, so that it must be there."""
    if value is None:
        raise Failed("the index lost a row inside one transaction; run a check of the index")
    return value
