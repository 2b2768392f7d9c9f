"""Breadth-first over every interleaving, and the shortest way to a state that breaks a promise."""

from collections import Counter, deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from model.promises import ENDS, PROMISES, broken, rubbish
from model.references import Step, removed
from model.rules import Rules
from model.state import Actor, State, ordered

T = TypeVar("T")

_ENOUGH = 500


class Part(Protocol):
    """Somebody, or something, that makes steps."""

    def steps(self, state: State, rules: Rules) -> Iterator[Step]:
        """Every step that it may do next, and where it leads."""
        ...


@dataclass(frozen=True, slots=True)
class Scenario:
    """A first state and who acts from there.

    ``unending`` parts go on for ever; what they leave when all others have stopped is what `ENDS`
    is about. ``twins`` are two actors that differ only in the pose they write, at the same
    position: states that differ only in which of them is which are one.
    """

    name: str
    about: str
    first: State
    parts: Sequence[Part]
    unending: Sequence[Part]
    twins: tuple[int, int] | None = None
    happens: Sequence[str] = ()
    """Steps that must occur, or the scenario shows nothing."""
    floor: int = 1000
    """The least number of states."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise, and the shortest way to break it."""

    promise: str
    trace: Sequence[str]


@dataclass(frozen=True, slots=True)
class Exploration:
    """What was seen."""

    states: int
    steps: Counter[str]
    violation: Violation | None


@dataclass(slots=True)
class _Search:
    scenario: Scenario
    rules: Rules
    watch: Collection[str]
    seen: dict[State, tuple[State, str] | None] = field(default_factory=dict)
    clean: set[State] = field(default_factory=set)
    steps: Counter[str] = field(default_factory=Counter)

    def run(self) -> Violation | None:
        first = self.scenario.first
        self.seen[first] = None
        if (promise := self._broken(first)) is not None:
            return Violation(promise, ())
        waiting = deque([first])
        while waiting:
            state = waiting.popleft()
            for part in self.scenario.parts:
                for label, reached in part.steps(state, self.rules):
                    self.steps[label] += 1
                    after = self._merged(reached)
                    if after in self.seen:
                        continue
                    self.seen[after] = (state, label)
                    if (promise := self._broken(after)) is not None:
                        return Violation(promise, self._trace(after))
                    waiting.append(after)
        return None

    def _merged(self, state: State) -> State:
        if self.scenario.twins is None:
            return state
        one, other = self.scenario.twins
        mine, theirs = ((state.actors[who], state.tables.poses[who]) for who in (one, other))
        return _exchanged(state, one, other) if _key(mine) > _key(theirs) else state

    def _broken(self, state: State) -> str | None:
        for promise in broken(state):
            if promise in self.watch:
                return promise
        stopped = all(actor.work in {"start", "over"} for actor in state.actors)
        return ENDS if ENDS in self.watch and stopped and self._leaves_rubbish(state) else None

    def _leaves_rubbish(self, state: State) -> bool:
        """Let the unending parts run out; then remove every pose, and let them run out again."""
        settled = self._settled(state)
        if settled is None:
            return False
        if rubbish(settled):
            return True
        for pose in range(len(settled.tables.poses)):
            settled = removed(settled, pose)
        emptied = self._settled(settled)
        return emptied is not None and rubbish(emptied)

    def _settled(self, state: State) -> State | None:
        """Where the unending parts come to rest; None if they were seen to do so from here."""
        for _ in range(_ENOUGH):
            if state in self.clean:
                return None
            self.clean.add(state)
            after = next(self._unending(state), None)
            if after is None:
                return state
            state = after
        raise AssertionError(f"{self.scenario.name}: what should end goes on for ever")

    def _unending(self, state: State) -> Iterator[State]:
        for part in self.scenario.unending:
            for _, after in part.steps(state, self.rules):
                yield after

    def _trace(self, state: State) -> Sequence[str]:
        labels = []
        while (came := self.seen[state]) is not None:
            state, label = came
            labels.append(label)
        return labels[::-1]


def explore(scenario: Scenario, rules: Rules, watch: Collection[str] = PROMISES) -> Exploration:
    """Go through every state of a scenario, or up to the first that breaks a watched promise."""
    search = _Search(scenario, rules, watch)
    violation = search.run()
    return Exploration(len(search.seen), search.steps, violation)


def _key(side: tuple[Actor, str]) -> tuple[str, list[int], int, str]:
    actor, pose = side
    return actor.work, sorted(actor.todo), actor.tries, pose


def _exchanged(state: State, one: int, other: int) -> State:
    def pair(values: Sequence[T]) -> tuple[T, ...]:
        changed = list(values)
        changed[one], changed[other] = changed[other], changed[one]
        return tuple(changed)

    owners = {one + 1: other + 1, other + 1: one + 1}
    tables = state.tables
    return state._replace(
        replicas=ordered(
            replica.become(owner=owners.get(replica.owner, replica.owner))
            for replica in state.replicas
        ),
        tables=tables._replace(
            poses=pair(tables.poses),
            reserved=frozenset(owners.get(owner, owner) for owner in tables.reserved),
        ),
        actors=pair(state.actors),
        promised=pair(state.promised),
        kept=state.kept and state.kept._replace(poses=pair(state.kept.poses)),
    )
