"""Quota that is held while something is written whose size is not known yet."""

from posecas.errors import OverQuota
from posecas.index.engine import Cursor, Engine
from posecas.index.owners import check_quota, must, user_named
from posecas.index.protocol import Reservation


class ReservingVerbs:
    """The verbs of `protocol.Reserving`."""

    def __init__(self, engine: Engine) -> None:
        """Run over ``engine``."""
        self._engine = engine

    def reserve(
        self, user: str, *, at_least: int, up_to: int, replaces: int | None, lease_seconds: int
    ) -> Reservation:
        """Hold as much as there is room for, in place of the reservation ``replaces``."""
        with self._engine.writing() as cursor:
            now = self._engine.clock()
            cursor.run("DELETE FROM reservations WHERE lease_until < ?", now)
            self._engine.lock(cursor, "users", "name", [user])
            with cursor.savepoint():
                cursor.run("DELETE FROM reservations WHERE id = ?", replaces)
                return _reserve(cursor, user, at_least, up_to, now + lease_seconds * 1000)

    def give_back(self, reservation: int) -> None:
        """Hold it no longer."""
        with self._engine.writing() as cursor:
            cursor.run("DELETE FROM reservations WHERE id = ?", reservation)


def _reserve(cursor: Cursor, name: str, at_least: int, up_to: int, until: int) -> Reservation:
    user = user_named(cursor, name)
    if user is None or user.quota is None:
        return Reservation(0, up_to)
    check_quota(user, at_least)
    room = min(up_to, user.quota - user.used - user.reserved)
    if room <= 0:
        raise OverQuota(f"user {name}: the quota is used up; remove poses or raise the quota")
    row = cursor.one(
        "INSERT INTO reservations (user_id, bytes, lease_until) VALUES (?, ?, ?) RETURNING id",
        *(user.id, room, until),
    )
    return Reservation(int(must(row)[0]), room)
