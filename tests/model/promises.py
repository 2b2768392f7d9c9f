"""What must hold in every state, and what must be left when everybody has stopped."""

from collections.abc import Iterator
from typing import Final

from model.reading import READ
from model.references import STORED
from model.state import Replica, State, referenced, references

READABLE: Final = "every reference has a live replica with its object"
KEPT: Final = "what was reported as stored stays referenced until it is removed"
FORWARD: Final = "a replica that was condemned stays so"
ONCE: Final = "a key is used once"
ONE_LIVE: Final = "at most one live replica of a blob at a location"
DELETES: Final = "a DELETE names a key that is condemned and journalled"
LAST: Final = "the last live replica of what is referenced is not condemned"
THERE: Final = "a live replica has its object"
PUNCTUAL: Final = "who renews in time keeps the replica"
QUOTA: Final = "use and reservations stay within the quota"
ENDS: Final = "what nothing points at is gone in the end, and so are reservations"

PROMISES: Final = (
    *(READABLE, KEPT, STORED, FORWARD, ONCE, ONE_LIVE, DELETES, LAST, THERE, READ, PUNCTUAL),
    *(QUOTA, ENDS),
)


def broken(state: State) -> Iterator[str]:
    """The promises that this state breaks, beside `ENDS`."""
    if state.fault:
        yield state.fault
    yield from _references(state)
    yield from _reported(state)
    places = set[tuple[str, int]]()
    for one in state.replicas:
        if one.row == "live":
            if (one.blob, one.place) in places:
                yield ONE_LIVE
            places.add((one.blob, one.place))
        yield from _replica(one)


def _references(state: State) -> Iterator[str]:
    for blob in references(state.tables):
        rows = [
            one for one in state.replicas if one.blob == blob and one.row in {"live", "damaged"}
        ]
        bereft = blob in state.bereft
        if not any(one.row == "live" or bereft for one in rows):
            yield LAST
        if not bereft and not any(one.row == "live" and one.object == "right" for one in rows):
            yield READABLE


def _reported(state: State) -> Iterator[str]:
    tables = state.tables
    for pose, (blob, thumbnail) in enumerate(state.promised):
        named = not blob or tables.poses[pose] == blob
        shown = not thumbnail or (blob, thumbnail) in tables.renditions
        if not (named and shown):
            yield KEPT
    if sum(map(bool, tables.poses)) + len(tables.reserved) > tables.quota:
        yield QUOTA


def _replica(one: Replica) -> Iterator[str]:
    if one.row == "live" and one.object == "absent":
        yield THERE
    if one.doomed and one.row in {"pending", "live", "damaged"}:
        yield FORWARD
    if one.again:
        yield ONCE
    if one.delete and not (one.told and one.row in {"condemned", "none"}):
        yield DELETES
    if one.punctual and one.owner and one.row == "condemned":
        yield PUNCTUAL


def rubbish(state: State) -> bool:
    """Whether something is left that should not be, when nothing more happens by itself."""
    tables = state.tables
    of_no_pose = any(source not in tables.poses for source, _ in tables.renditions)
    return (
        of_no_pose
        or bool(tables.reserved)
        or any(
            one.row in {"pending", "condemned"}
            or (one.row == "none" and one.object != "absent")
            or (one.row != "none" and not referenced(tables, one.blob))
            for one in state.replicas
            if tables.places[one.place] != "detached"
        )
    )
