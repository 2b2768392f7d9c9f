"""The protocol with one decision made wrong: each a shortcut that somebody would take."""

from typing import ClassVar

from model.nature import from_copy
from model.rules import Rules
from model.state import Replica, Row, State, live, referenced, swap


class KeyIsDigest(Rules):
    """Who puts a blob again waits for its row to be forgotten, and then writes to the same key."""

    lasting = True

    def draw(self, state: State, fresh: Replica) -> State | None:
        for one in state.replicas:
            if (one.blob, one.place) == (fresh.blob, fresh.place):
                if one.row != "none" or one.owner:
                    return None
                again = one.become(
                    row=fresh.row, owner=fresh.owner, put=fresh.put, doomed=False, again=True
                )
                return swap(state, one, again)
        return super().draw(state, fresh.become(lasting=True))


class Rescue(Rules):
    """A put of what was condemned and is still there takes it back."""

    def hit(self, state: State, blob: str, place: int) -> State | None:
        for one in state.replicas:
            if (one.blob, one.place, one.row) == (blob, place, "condemned"):
                return super().hit(state, blob, place) or swap(state, one, one.become(row="live"))
        return super().hit(state, blob, place)


class NoCondemn(Rules):
    """A collector reads that nothing points at a blob, deletes its object, then drops its row."""

    def sweep(self, state: State, blob: str) -> State:
        after = super().sweep(state, blob)
        if referenced(after.tables, blob):
            return after
        state = state._replace(tables=after.tables)
        for one in live(state, blob):
            state = swap(state, one, one.become(delete=True))
        return state

    def may_forget(self, one: Replica) -> bool:
        return one.row in {"live", "condemned"} and one.deleted


class NoFence(Rules):
    """Publishing makes the writer's row live, whatever it has become."""

    def still_mine(self, mine: Replica) -> bool:
        _ = mine
        return True


class NoPendingRow(Rules):
    """The row is inserted when the object is there: an object without a row may be somebody's."""

    first_row: ClassVar[Row] = "none"


class SyncsLater(Rules):
    """``synchronous=NORMAL``: commits are durable some time after they are reported."""

    syncs_later = True

    def synced(self, state: State) -> State:
        return from_copy(state)


class AnotherAnywhere(Rules):
    """At publication, another live replica at any location makes the writer's needless."""

    def beaten(self, state: State, blob: str, place: int) -> bool:
        _ = place
        return bool(live(state, blob))


class DeleteBeforeJournal(Rules):
    """What is condemned is deleted, whether or not a segment says so."""

    def condemned(self, one: Replica, state: State) -> Replica:
        return super().condemned(one, state).become(delete=True)


class AdoptAsLive(Rules):
    """After a restore, an orphan is taken in as it lies."""

    adopts = True


class ThumbnailNotRechecked(Rules):
    """What `begin` found live is taken for live at publication."""

    def gone_is_fenced(self) -> bool:
        return False


class RenditionsAtForget(Rules):
    """Renditions are deleted when their source's row is forgotten, not when it is condemned."""

    def sweep(self, state: State, blob: str) -> State:
        if referenced(state.tables, blob):
            return state
        return super().sweep(state, blob)._replace(tables=state.tables)

    def forget(self, state: State, one: Replica) -> State:
        left = frozenset(pair for pair in state.tables.renditions if pair[0] != one.blob)
        return super().forget(state._replace(tables=state.tables._replace(renditions=left)), one)


class RenditionsAtCountZero(Rules):
    """Transaction C deletes renditions of what nothing points at, not of what no pose names."""

    def sweep(self, state: State, blob: str) -> State:
        return state if referenced(state.tables, blob) else super().sweep(state, blob)


class KnownIsEnough(Rules):
    """A put refers to a blob that the index knows, whatever has become of its replica."""

    def hit(self, state: State, blob: str, place: int) -> State | None:
        rows = [one for one in state.replicas if one.row != "none"]
        return state if any((one.blob, one.place) == (blob, place) for one in rows) else None


class PublishBeforeAcknowledged(Rules):
    """The writer publishes without waiting for its PUTs."""

    def acknowledged(self, mine: Replica) -> bool:
        _ = mine
        return True


class DamagedIsHit(Rules):
    """A put is deduplicated onto a replica that is known to be damaged."""

    def hit(self, state: State, blob: str, place: int) -> State | None:
        rows = [one for one in state.replicas if one.row in {"live", "damaged"}]
        return state if any((one.blob, one.place) == (blob, place) for one in rows) else None


class DamagedIsACopy(Rules):
    """A location is dropped where the other copy is known to be damaged."""

    def another(self, state: State, one: Replica) -> bool:
        return any(
            other is not one and other.blob == one.blob and other.row in {"live", "damaged"}
            for other in state.replicas
        )


class DropUnchecked(Rules):
    """A location is dropped without looking for other copies."""

    def may_drop(self, state: State, one: Replica) -> bool:
        _ = state, one
        return True


class LocationNotRead(Rules):
    """Writers do not look whether the location still takes anything."""

    def takes_new(self, state: State, place: int) -> bool:
        _ = state, place
        return True


class RenewalIgnored(Rules):
    """Collectors go by when a pending row was made, not by when its lease ends."""

    def renewed(self, mine: Replica) -> Replica:
        return mine.become(renewed=True)


class RetireUnreplicated(Rules):
    """``--commit local`` lets the local replica go before the copy is there."""

    def may_retire(self, state: State, one: Replica) -> bool:
        _ = state, one
        return True


class BesideAnother(Rules):
    """Publishing does not look for another live replica at the location."""

    def beaten(self, state: State, blob: str, place: int) -> bool:
        _ = state, blob, place
        return False


class ReservationsStay(Rules):
    """What a writer that died had reserved stays reserved."""

    def reservation_lapses(self) -> bool:
        return False


class ReservationNotFenced(Rules):
    """A put whose reservation was released is published all the same."""

    def keeps_reservation(self, state: State, owner: int) -> bool:
        _ = state, owner
        return True


class RestoredAsItWas(Rules):
    """A restore to an earlier point makes live again what was condemned after it."""

    def restored(self, one: Replica) -> Row:
        return one.kept
