"""A reader that looks a pose up, is stopped for as long as one likes, and then reads."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from model.references import Step
from model.rules import Rules
from model.state import OVER, Actor, Replica, State, at_work, live, swap

READ: Final = "a reader gets the right bytes, or is told that the pose is gone, or looks again"


@dataclass(frozen=True, slots=True)
class Reader:
    """`read.py: read_blob` for one pose."""

    me: int
    pose: int

    def steps(self, state: State, rules: Rules) -> Iterator[Step]:
        """Resolve, then read."""
        if state.actors[self.me].work == "start":
            yield from self._resolve(state)
        for one in state.replicas:
            if one.reading:
                yield self._read(state, rules, one)

    def _resolve(self, state: State) -> Iterator[Step]:
        blob = state.tables.poses[self.pose]
        found = live(state, blob)
        if not blob:
            yield "the reader is told: not found", at_work(state, self.me, OVER)
        elif not found and blob in state.bereft:
            yield "the reader is told: damaged", at_work(state, self.me, OVER)
        elif not found:
            yield "the reader finds nothing", state._replace(fault=READ)
        for one in found:
            resolved = swap(state, one, one.become(reading=True))
            yield "the reader resolves", at_work(resolved, self.me, Actor("reading"))

    def _read(self, state: State, rules: Rules, one: Replica) -> Step:
        if one.object == "right":
            return "the reader reads", at_work(_released(state, one), self.me, OVER)
        if one.row != "live":
            return "the reader looks again", at_work(_released(state, one), self.me, Actor())
        if one.object == "absent":
            return "the reader takes it for damage", state._replace(fault=READ)
        marked = one.become(reading=False)
        damaged = rules.marked(swap(state, one, marked), marked)
        return "the reader marks damage", at_work(damaged, self.me, Actor())


def _released(state: State, one: Replica) -> State:
    return swap(state, one, one.become(reading=False))
