"""The journal, the loss of the index, and what a restore does before gc may run again."""

from collections.abc import Iterator
from dataclasses import dataclass

from model.nature import copied
from model.references import Item, Put, Step
from model.rules import Rules
from model.state import (
    OVER,
    Actor,
    Promise,
    Replica,
    State,
    at_work,
    live,
    ordered,
    references,
    replica,
    swap,
    with_replicas,
)


@dataclass(frozen=True, slots=True)
class Journal:
    """Segments, flushed whenever somebody gets to it. ``follows``: a restore is to now.

    Otherwise the copy stays what it was at first, and a restore is to that earlier point; of what
    came later the journal then only tells what was condemned.
    """

    follows: bool = True

    def steps(self, state: State, rules: Rules) -> Iterator[Step]:
        """A segment is acknowledged; or, after a restore, everything is reconciled."""
        _ = rules
        if state.phase == "journalled":
            told = _told(state)
            flushed = copied(told) if self.follows else told
            if flushed != state:
                yield "a segment is acknowledged", flushed
        elif state.phase == "reconciling":
            yield "the index is reconciled", _told(state)._replace(phase="restored")


@dataclass(frozen=True, slots=True)
class Loss:
    """The index is lost, once, and restored. Processes that knew the old one go on with it."""

    def steps(self, state: State, rules: Rules) -> Iterator[Step]:
        """`index restore`: the copy, and fresh keys for what was condemned after it."""
        if state.phase == "journalled" and state.kept is not None:
            yield "the index is lost and restored", _restored(state, rules)


@dataclass(frozen=True, slots=True)
class Recover:
    """Recovery of an orphan under the name in its metadata: an ordinary put of its bytes."""

    put: Put
    item: Item

    def steps(self, state: State, rules: Rules) -> Iterator[Step]:
        """Read an orphan, verify it, and put it under a fresh key; then as any writer."""
        if state.actors[self.put.me].work != "start":
            yield from self.put.steps(state, rules)
        elif state.phase == "reconciling" and not state.tables.poses[self.item.pose or 0]:
            for one in state.replicas:
                if (one.row, one.object, one.blob) == ("none", "right", self.item.source):
                    yield from self._take(state, rules, one)

    def _take(self, state: State, rules: Rules, orphan: Replica) -> Iterator[Step]:
        if rules.adopts:
            adopted = self.put.refer(
                swap(state, orphan, orphan.become(row="live")), rules, self.item
            )
            yield "an orphan is adopted", at_work(adopted, self.put.me, OVER)
        else:
            for _, begun in self.put.begin(state, rules, Actor()):
                yield "an orphan is read", begun


def _told(state: State) -> State:
    """Everything condemned is in the journal: from now on collectors may delete it."""
    for one in state.replicas:
        if one.row == "condemned":
            state = swap(state, one, one.become(told=True, delete=True))
    return state


def _restored(state: State, rules: Rules) -> State:
    replicas = ordered(_from_copy(one, rules) for one in state.replicas)
    tables = state.kept or state.tables
    state = state._replace(replicas=replicas, tables=tables, kept=None, phase="reconciling")
    for blob in sorted(references(tables)):
        if not live(state, blob):
            state = _copied_to_fresh_key(state, blob)
    return state._replace(promised=tuple(map(Promise, state.tables.poses)))


def _from_copy(one: Replica, rules: Rules) -> Replica:
    row = rules.restored(one)
    deleted = one.deleted and row == "condemned"
    return one.become(row=row, kept="none", doomed=one.told, deleted=deleted)


def _copied_to_fresh_key(state: State, blob: str) -> State:
    """Bring a blob back whose replicas are condemned, if an object of it is left; else let it go.

    One step: nothing that is under way knows the fresh key.
    """
    if any(one.blob == blob and one.object == "right" for one in state.replicas):
        fresh = replica(blob, 0, row="live", object="right")
        return with_replicas(state, [*state.replicas, fresh])
    tables = state.tables
    poses = tuple("" if pose == blob else pose for pose in tables.poses)
    kept = frozenset(pair for pair in tables.renditions if blob not in pair)
    return state._replace(tables=tables._replace(poses=poses, renditions=kept))
