"""Writers and the remover: begin, write, publish, abandon, remove.

A writer takes in a batch of up to two images, each a source and what was made from it, with a
savepoint an image. It may die at every step, may be told nothing of its last commit, and then
begins again; its requests may land long after.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from model.rules import Rules
from model.state import OVER, Actor, Promise, Replica, State, at_work, live, replica, swap

Step = tuple[str, State]

STORED: Final = "what is reported as stored is live at its write location"


@dataclass(frozen=True, slots=True)
class Item:
    """One image of a batch. ``pose`` None: only the rendition is new (`renditions.py: _keep`)."""

    source: str
    pose: int | None = None
    thumbnail: str = ""

    @property
    def blobs(self) -> Sequence[str]:
        """What must be live at the write location, as `protocol.Intake.blobs` has it."""
        made = [self.thumbnail] if self.thumbnail else []
        return made if self.pose is None else list(dict.fromkeys([self.source, *made]))


@dataclass(frozen=True, slots=True)
class Put:
    """One writer. ``room``: it draws no key while so many records are there (the model's bound)."""

    me: int
    items: Sequence[Item]
    place: int = 0
    room: int = 3
    tries: int = 2
    charged: bool = False
    punctual: bool = False
    """It renews its leases in time, by a clock that the model has."""
    unsure: bool = False
    """The outcome of a commit may be unknown to it."""

    @property
    def owner(self) -> int:
        """What its replicas carry."""
        return self.me + 1

    def steps(self, state: State, rules: Rules) -> Iterator[Step]:
        """What this writer may do next."""
        actor = state.actors[self.me]
        if actor.work == "start":
            yield from self.begin(state, rules, actor)
        elif actor.work == "writing":
            yield "a writer dies", let_go(at_work(state, self.me, OVER), self.owner)
            if all(rules.acknowledged(one) for one in owned(state, self.owner)):
                yield from self.publish(state, rules, actor)

    def begin(self, state: State, rules: Rules, actor: Actor) -> Iterator[Step]:
        """Transaction A: `index/references.py: begin`. From its commit on, the PUTs may land."""
        if not rules.takes_new(state, self.place):
            yield "a writer is refused", at_work(state, self.me, OVER)
            return
        if self.charged and not _has_room(state, self.owner):
            yield "a writer is over quota", at_work(state, self.me, OVER)
            return
        if not actor.tries:
            actor = Actor("start", frozenset(range(len(self.items))), self.tries)
        state, missing = self._refer_to_live(state, rules, actor)
        todo = frozenset(missing)
        if not todo:
            yield from self._end(state, actor._replace(todo=todo), "a writer deduplicates")
        elif (drawn := self._draw(state, rules, missing)) is not None:
            if self.charged:
                drawn = _reserving(drawn, drawn.tables.reserved | {self.owner})
            writing = Actor("writing", todo, actor.tries)
            yield "a writer begins", at_work(drawn, self.me, writing)

    def _refer_to_live(
        self, state: State, rules: Rules, actor: Actor
    ) -> tuple[State, Mapping[int, Sequence[str]]]:
        """Refer to what is wholly live here; the rest, and the blobs that each of it lacks."""
        missing: dict[int, Sequence[str]] = {}
        for position in sorted(actor.todo):
            item = self.items[position]
            lacking = [blob for blob in item.blobs if rules.hit(state, blob, self.place) is None]
            if lacking:
                missing[position] = lacking
                continue
            for blob in item.blobs:
                state = rules.hit(state, blob, self.place) or state
            state = self.refer(state, rules, item)
        return state, missing

    def _draw(
        self, state: State, rules: Rules, missing: Mapping[int, Sequence[str]]
    ) -> State | None:
        """Pending replicas for all that is missing; None: no room in the model, or for the key."""
        for blob in dict.fromkeys(blob for blobs in missing.values() for blob in blobs):
            drawn = rules.draw(state, self._fresh(rules, blob))
            if drawn is None or len(state.replicas) >= self.room:
                return None
            state = drawn
        return state

    def _fresh(self, rules: Rules, blob: str) -> Replica:
        fresh = replica(blob, self.place, row=rules.first_row, owner=self.owner, put=True)
        return fresh.become(lease=2, renewed=True, punctual=True) if self.punctual else fresh

    def publish(self, state: State, rules: Rules, actor: Actor) -> Iterator[Step]:
        """Transaction B: `index/references.py: publish`, a savepoint an item."""
        todo = actor.todo
        for position in sorted(todo if rules.takes_new(state, self.place) else ()):
            after = self._publish_item(state, rules, self.items[position])
            if after is not None:
                state, todo = after, todo - {position}
        label = "a writer is fenced" if todo else "a writer publishes"
        state = abandon(state, rules, self.owner)
        yield from self._end(state, actor._replace(todo=todo), label)

    def _publish_item(self, state: State, rules: Rules, item: Item) -> State | None:
        if self.charged:
            if not rules.keeps_reservation(state, self.owner):
                return None
            state = _reserving(state, state.tables.reserved - {self.owner})
        for blob in item.blobs:
            alive = self._bring_alive(state, rules, blob)
            if alive is None:
                return None
            state = alive
        return self.refer(state, rules, item)

    def _bring_alive(self, state: State, rules: Rules, blob: str) -> State | None:
        if rules.beaten(state, blob, self.place):
            return state
        mine = next((one for one in owned(state, self.owner) if one.blob == blob), None)
        if mine is None:
            return None if rules.gone_is_fenced() else state
        if not rules.still_mine(mine):
            return None
        return heal(swap(state, mine, published(mine)), rules, blob, self.place)

    def refer(self, state: State, rules: Rules, item: Item) -> State:
        """Commit one item's references: `index/settle.py: settle`."""
        if item.pose is None and not rules.may_render(state, item.source):
            return state
        if not all(live(state, blob, self.place) for blob in item.blobs):
            state = state._replace(fault=STORED)
        tables, promised = state.tables, state.promised
        if item.pose is not None:
            tables = tables._replace(poses=_set(tables.poses, item.pose, item.source))
            told = Promise(item.source, item.thumbnail)
            promised = (*promised[: item.pose], told, *promised[item.pose + 1 :])
        if item.thumbnail:
            made = tables.renditions | {(item.source, item.thumbnail)}
            tables = tables._replace(renditions=made)
        return state._replace(tables=tables, promised=promised)

    def _end(self, state: State, actor: Actor, label: str) -> Iterator[Step]:
        """Report what is done; begin again with what is not, or with all if nothing was heard."""
        again = actor._replace(work="start", tries=actor.tries - 1)
        more = again if actor.todo and again.tries else OVER
        yield label, at_work(state, self.me, more)
        if self.unsure and again.tries:
            everything = again._replace(todo=frozenset(range(len(self.items))))
            yield f"{label}, and is not told", at_work(state, self.me, everything)


@dataclass(frozen=True, slots=True)
class Remover:
    """Removes and expires poses, whenever it likes: `index/references.py: remove`."""

    poses: Sequence[int]

    def steps(self, state: State, rules: Rules) -> Iterator[Step]:
        """One transaction a pose."""
        _ = rules
        for pose in self.poses:
            if state.tables.poses[pose]:
                yield f"pose {pose} is removed", removed(state, pose)


def removed(state: State, pose: int) -> State:
    """The state without one pose."""
    tables = state.tables._replace(poses=_set(state.tables.poses, pose, ""))
    promised = (*state.promised[:pose], Promise(), *state.promised[pose + 1 :])
    return state._replace(tables=tables, promised=promised)


def owned(state: State, owner: int) -> Sequence[Replica]:
    """The replicas that a writer drew and has not let go."""
    return [one for one in state.replicas if one.owner == owner]


def let_go(state: State, owner: int) -> State:
    """A writer that is gone owns nothing; what it sent may still land."""
    for one in owned(state, owner):
        state = swap(state, one, one.become(owner=0, written=False, renewed=False))
    return state


def abandon(state: State, rules: Rules, owner: int) -> State:
    """End the lease now: `index/references.py: abandon`, and `_end` after each publication."""
    for one in owned(state, owner):
        state = swap(state, one, rules.given_up(one, state))
    if owner in state.tables.reserved:
        state = _reserving(state, state.tables.reserved - {owner})
    return let_go(state, owner)


def published(mine: Replica) -> Replica:
    """The writer's row, made live; from here on it is nobody's."""
    return mine.become(row="live", owner=0, written=False, lease=0, renewed=False)


def heal(state: State, rules: Rules, blob: str, place: int) -> State:
    """What was put again heals what was found damaged here: its object may go."""
    for one in state.replicas:
        if (one.row, one.blob, one.place) == ("damaged", blob, place):
            state = swap(state, one, rules.condemned(one, state))
    return state._replace(bereft=state.bereft - {blob}) if blob in state.bereft else state


def _has_room(state: State, owner: int) -> bool:
    """The quota of the modelled user: one pose, what is reserved for others included."""
    used = sum(map(bool, state.tables.poses))
    return used + len(state.tables.reserved - {owner}) <= state.tables.quota - 1


def _reserving(state: State, reserved: frozenset[int]) -> State:
    return state._replace(tables=state.tables._replace(reserved=reserved))


def _set(poses: Sequence[str], pose: int, blob: str) -> tuple[str, ...]:
    return (*poses[:pose], blob, *poses[pose + 1 :])
