"""Locations: replicate, drop, and what ``--commit local`` does once its copy is there."""

from collections.abc import Iterator
from dataclasses import dataclass

from model.references import Step, abandon, heal, let_go, owned, published
from model.rules import Rules
from model.state import OVER, Actor, Place, State, at_work, live, referenced, replica, swap


@dataclass(frozen=True, slots=True)
class Copy:
    """`replicate` of one blob: a put whose bytes come from another live replica."""

    me: int
    blob: str
    place: int
    room: int = 4
    tries: int = 2

    @property
    def owner(self) -> int:
        """What its replicas carry."""
        return self.me + 1

    def steps(self, state: State, rules: Rules) -> Iterator[Step]:
        """What this copier may do next."""
        actor = state.actors[self.me]
        if actor.work == "start":
            yield from self._begin(state, rules, actor)
        elif actor.work in {"reading", "writing"}:
            yield "a copier dies", let_go(at_work(state, self.me, OVER), self.owner)
            yield from self._go_on(state, rules, actor)

    def _begin(self, state: State, rules: Rules, actor: Actor) -> Iterator[Step]:
        """Transaction A, `begin` without references."""
        wanted = referenced(state.tables, self.blob) and rules.takes_new(state, self.place)
        if not wanted or live(state, self.blob, self.place):
            yield "a copier finds nothing to do", at_work(state, self.me, OVER)
        elif len(state.replicas) < self.room:
            drawn = rules.draw(
                state, replica(self.blob, self.place, row=rules.first_row, owner=self.owner)
            )
            if drawn is not None:
                begun = Actor("reading", tries=actor.tries or self.tries)
                yield "a copier begins", at_work(drawn, self.me, begun)

    def _go_on(self, state: State, rules: Rules, actor: Actor) -> Iterator[Step]:
        (mine,) = owned(state, self.owner)
        if actor.work == "writing":
            if rules.acknowledged(mine):
                yield from self._publish(state, rules, actor)
        elif any(one.object == "right" for one in live(state, self.blob) if one is not mine):
            sent = swap(state, mine, mine.become(put=True))
            writing = Actor("writing", tries=actor.tries)
            yield "a copier reads", at_work(sent, self.me, writing)
        else:
            # Not there, or not what its digest says: resolve again.
            given_up = abandon(state, rules, self.owner)
            yield "a copier finds no source", self._again(given_up, actor)

    def _publish(self, state: State, rules: Rules, actor: Actor) -> Iterator[Step]:
        """Transaction B, `publish`: a copy of what nothing points at any more is condemned."""
        (mine,) = owned(state, self.owner)
        wanted = rules.copy_is_wanted(state, self.blob)
        if not (rules.takes_new(state, self.place) and rules.still_mine(mine)):
            fenced = self._again(abandon(state, rules, self.owner), actor)
            yield "a copier is fenced", fenced
        elif rules.beaten(state, self.blob, self.place) or not wanted:
            given_up = abandon(state, rules, self.owner)
            yield "a copier is not needed", at_work(given_up, self.me, OVER)
        else:
            copied = heal(swap(state, mine, published(mine)), rules, self.blob, self.place)
            yield "a copier publishes", at_work(copied, self.me, OVER)

    def _again(self, state: State, actor: Actor) -> State:
        left = actor.tries - 1
        return at_work(state, self.me, Actor("start", tries=left) if left else OVER)


@dataclass(frozen=True, slots=True)
class Drop:
    """`location drop`: it may die, and stays draining until somebody goes on."""

    me: int
    place: int

    def steps(self, state: State, rules: Rules) -> Iterator[Step]:
        """What the drop may do next."""
        work, now = state.actors[self.me].work, state.tables.places[self.place]
        if work == "start" and now == "active":
            draining = _placed(state, self.place, "draining")
            yield "a location drains", at_work(draining, self.me, Actor("draining"))
        elif work == "draining":
            yield from self._drain(state, rules)
        if now == "detached" and any(_lies_at(state, self.place)):
            yield "the operator wipes the place", _wiped(state, self.place)

    def _drain(self, state: State, rules: Rules) -> Iterator[Step]:
        """`index/moving.py: retire`, one transaction a blob, then `detach` when no row is left."""
        for one in state.replicas:
            if one.place == self.place and one.row in {"live", "damaged"}:
                if rules.may_drop(state, one):
                    yield "a replica is retired", swap(state, one, rules.condemned(one, state))
                else:
                    active = _placed(state, self.place, "active")
                    yield "the only copy is kept", at_work(active, self.me, OVER)
        if not any(one.row != "none" for one in state.replicas if one.place == self.place):
            detached = _placed(state, self.place, "detached")
            yield "a location is detached", at_work(detached, self.me, OVER)


@dataclass(frozen=True, slots=True)
class Retire:
    """The last step of ``--commit local``: the local replica goes when the copy is there."""

    place: int

    def steps(self, state: State, rules: Rules) -> Iterator[Step]:
        """`index/sending.py: retire_sent`, whenever somebody runs it."""
        for one in state.replicas:
            here = (one.row, one.place) == ("live", self.place)
            if here and referenced(state.tables, one.blob) and rules.may_retire(state, one):
                yield "a local replica is retired", swap(state, one, rules.condemned(one, state))


def _placed(state: State, place: int, now: Place) -> State:
    places = state.tables.places
    changed = (*places[:place], now, *places[place + 1 :])
    return state._replace(tables=state.tables._replace(places=changed))


def _lies_at(state: State, place: int) -> Iterator[bool]:
    return (one.object != "absent" for one in state.replicas if one.place == place)


def _wiped(state: State, place: int) -> State:
    for one in state.replicas:
        if one.place == place:
            state = swap(state, one, one.become(object="absent"))
    return state
