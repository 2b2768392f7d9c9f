"""First states, and what goes on for ever in each scenario."""

from collections.abc import Sequence
from typing import Final

from model.collection import Collectors
from model.requests import Requests
from model.state import Actor, Phase, Promise, Replica, State, Tables, ordered, replica

Pair = tuple[str, str]


def stored(blob: str, place: int = 0) -> Replica:
    """A live replica with its object."""
    return replica(blob, place, row="live", object="right")


def first(
    actors: int,
    replicas: Sequence[Replica] = (),
    *,
    poses: Sequence[str] = ("", "", ""),
    renditions: Sequence[Pair] = (),
    quota: int = 99,
    phase: Phase = "open",
    luck: int = 0,
) -> State:
    """A first state, in which what is there was reported as stored."""
    tables = Tables(tuple(poses), frozenset(renditions), quota=quota)
    made = dict(renditions)
    promised = tuple(Promise(pose, made.get(pose, "")) for pose in poses)
    return State(ordered(replicas), tables, (Actor(),) * actors, promised, phase=phase, luck=luck)


ONE: Final = ("", "", "s")

SWEEP: Final = (Collectors(("s",)), Requests())
SWEEP_BOTH: Final = (Collectors(("s", "t")), Requests())
