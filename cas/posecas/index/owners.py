"""Users, generations and locations: the verbs, and how the other verbs look them up."""

from typing import TypeVar

from posecas.errors import Failed, ForeignStore, LocationNotFound, OtherUser
from posecas.index import rows
from posecas.index.engine import Cursor, Engine
from posecas.records import Generation, Location, LocationState, User

T = TypeVar("T")


class OwnersVerbs:
    """The verbs of `protocol.Owners`."""

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
        raise LocationNotFound(f"location {name!r}: this store has none of this name")
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
