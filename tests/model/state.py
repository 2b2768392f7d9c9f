"""What a state of the modelled world is: rows, objects, requests under way, and who is at what.

A replica stands for its key, and keys have no names: what is needed of one is who holds it, so the
record says that, and a state keeps its records sorted. Worlds that differ only in which random
digits were drawn are therefore one state, and a writer may draw as many as it likes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Final, Literal, NamedTuple, TypedDict, Unpack

Row = Literal["none", "pending", "live", "damaged", "condemned"]
Object = Literal["absent", "right", "rotten"]
Place = Literal["active", "draining", "detached"]
Phase = Literal["open", "journalled", "reconciling", "restored"]
Work = Literal["start", "reading", "writing", "draining", "over"]

NOBODY: Final = 0


@dataclass(frozen=True, slots=True, eq=False)
class Replica:
    """One key: the index's row of it, the object under it, and what may still happen to it.

    Made by `replica` and `become` alone, which give equal ones the same identity: comparing and
    hashing states is what an exploration does most.
    """

    blob: str
    place: int
    row: Row = "none"
    object: Object = "absent"
    owner: int = NOBODY
    """The writer whose key it is, until that publishes, gives up or dies."""
    put: bool = False
    """A PUT of it may still land, however late and whoever lives."""
    written: bool = False
    """The owner's PUT was acknowledged."""
    delete: bool = False
    """A collector may have read that it is to be deleted: from now on a DELETE may land."""
    deleted: bool = False
    """A DELETE was acknowledged."""
    doomed: bool = False
    """It was condemned once; what a correct index never makes undone."""
    told: bool = False
    """A journal segment with its condemnation is acknowledged."""
    reading: bool = False
    """A reader resolved to it and has not read yet."""
    kept: Row = "none"
    """The row as a copy of the index has it: its journal, or what is synced of it."""
    lease: int = 0
    """Ticks of the clock until the lease ends, where a clock is modelled."""
    renewed: bool = False
    """The owner renewed the lease since the clock's last tick."""
    punctual: bool = False
    """Its owner renews before each of the clock's ticks, as long as it lives."""
    lasting: bool = False
    """The key is the digest, and will come again."""
    again: bool = False
    """The key was used before."""
    serial: int = 0
    gone: bool = field(init=False)
    """Nothing is left of it that can ever matter again."""

    def __post_init__(self) -> None:
        gone = (
            self.row == self.kept == "none"
            and self.object == "absent"
            and not (self.put or self.owner or self.reading)
            and not (self.lasting and self.delete)
        )
        object.__setattr__(self, "gone", gone)

    def become(self, **changes: Unpack["Changes"]) -> "Replica":
        """The same key, with these fields changed."""
        change = (self, tuple(changes.items()))
        found = _became.get(change)
        if found is None:
            values = {name: getattr(self, name) for name in _FIELDS} | dict(changes)
            found = _became[change] = _interned(tuple(values[name] for name in _FIELDS))
        return found


class Changes(TypedDict, total=False):
    """What can change in a replica."""

    row: Row
    object: Object
    owner: int
    put: bool
    written: bool
    delete: bool
    deleted: bool
    doomed: bool
    told: bool
    reading: bool
    kept: Row
    lease: int
    renewed: bool
    punctual: bool
    lasting: bool
    again: bool


_FIELDS: Final = tuple(one.name for one in fields(Replica) if one.name not in {"serial", "gone"})
_known: dict[tuple[object, ...], Replica] = {}
_became: dict[tuple[Replica, tuple[object, ...]], Replica] = {}
_serial = attrgetter("serial")


def _interned(values: tuple[object, ...]) -> Replica:
    found = _known.get(values)
    if found is None:
        # The fields are in order and typed by whoever made them.
        found = _known[values] = Replica(*values, serial=len(_known))  # type: ignore[arg-type, misc]
    return found


def replica(blob: str, place: int, **values: Unpack[Changes]) -> Replica:
    """A key of its own for this blob at this place."""
    blank = tuple(one.default for one in fields(Replica) if one.name in _FIELDS[2:])
    return _interned((blob, place, *blank)).become(**values)


class Tables(NamedTuple):
    """What the index holds beside its replicas."""

    poses: tuple[str, ...]
    """The blob that each pose names; empty: there is no such pose."""
    renditions: frozenset[tuple[str, str]] = frozenset()
    """Pairs of source and target, of one recipe."""
    places: tuple[Place, ...] = ("active", "active")
    reserved: frozenset[int] = frozenset()
    """The writers for which quota is reserved, one pose each."""
    quota: int = 99
    """How many poses the modelled user may have."""


class Actor(NamedTuple):
    """What somebody is at. Who finished, gave up or died is the same: over."""

    work: Work = "start"
    todo: frozenset[int] = frozenset()
    """The positions of a batch that are not stored yet."""
    tries: int = 0


OVER: Final = Actor("over")


class Promise(NamedTuple):
    """What was reported as stored under a pose, and not removed or replaced since."""

    blob: str = ""
    thumbnail: str = ""


class State(NamedTuple):
    """One state of everything. ``fault`` names a promise that the last step broke by itself."""

    replicas: tuple[Replica, ...]
    tables: Tables
    actors: tuple[Actor, ...]
    promised: tuple[Promise, ...]
    kept: Tables | None = None
    """The tables as a copy of the index has them."""
    phase: Phase = "open"
    luck: int = 0
    """How many more accidents (rot, power failures) happen."""
    bereft: frozenset[str] = frozenset()
    """Blobs whose last good object nature took: nobody can read them until they are put again."""
    fault: str = ""


def ordered(replicas: Iterable[Replica]) -> tuple[Replica, ...]:
    """The records in the order of a state, without those that are gone."""
    return tuple(sorted([one for one in replicas if not one.gone], key=_serial))


def swap(state: State, old: Replica, new: Replica) -> State:
    """The state with one record changed."""
    rest = list(state.replicas)
    rest.remove(old)
    return with_replicas(state, [*rest, new])


def with_replicas(state: State, replicas: Iterable[Replica]) -> State:
    """The state with these records, of which some may be gone."""
    # What `_replace` does, in a third of the time: most steps end here.
    return State(ordered(replicas), *state[1:])


def at_work(state: State, who: int, actor: Actor) -> State:
    """The state with one actor's work changed."""
    actors = state.actors
    changed = (*actors[:who], actor, *actors[who + 1 :])
    return State(state.replicas, state.tables, changed, *state[3:])


def posed(tables: Tables, blob: str) -> bool:
    """Whether a pose names the blob."""
    return blob in tables.poses


def referenced(tables: Tables, blob: str) -> bool:
    """Whether a pose or a rendition points at the blob."""
    return blob in tables.poses or any(target == blob for _, target in tables.renditions)


def references(tables: Tables) -> set[str]:
    """All blobs that something points at."""
    return {blob for blob in tables.poses if blob} | {target for _, target in tables.renditions}


def live(state: State, blob: str, place: int | None = None) -> list[Replica]:
    """The live replicas of a blob, at one place or at all."""
    return [
        one
        for one in state.replicas
        if one.row == "live" and one.blob == blob and place in {None, one.place}
    ]
