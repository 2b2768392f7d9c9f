"""What nobody does: rot, power failures, and the clock."""

from collections.abc import Iterator
from dataclasses import dataclass

from model.references import Step, let_go
from model.rules import Rules
from model.state import OVER, Replica, State, live, ordered, swap


@dataclass(frozen=True, slots=True)
class Rot:
    """Objects rot; `check --data` and readers notice. ``silent``: only after a while.

    Whether rot that nobody noticed yet counts as a copy is not the protocol's business, so where
    copies are dropped it is noticed at once.
    """

    silent: bool = True

    def steps(self, state: State, rules: Rules) -> Iterator[Step]:
        """Rot, while there is luck for it, and the check that finds it."""
        for one in state.replicas:
            if one.row == "live" and one.object == "right" and state.luck:
                yield "an object rots", self._rotten(state, rules, one)
            elif one.row == "live" and one.object == "rotten":
                yield "check finds rot", rules.marked(state, one)

    def _rotten(self, state: State, rules: Rules, one: Replica) -> State:
        bad = one.become(object="rotten")
        state = swap(state, one, bad)._replace(luck=state.luck - 1)
        if not any(other.object == "right" for other in live(state, one.blob)):
            state = state._replace(bereft=state.bereft | {one.blob})
        return state if self.silent else rules.marked(state, bad)


@dataclass(frozen=True, slots=True)
class Power:
    """The host loses power: every process dies; requests to a location may still land."""

    def steps(self, state: State, rules: Rules) -> Iterator[Step]:
        """A power failure, while there is luck for one, and what is synced late."""
        if state.luck:
            dark = state._replace(actors=(OVER,) * len(state.actors), luck=state.luck - 1)
            for owner in range(1, len(state.actors) + 1):
                dark = let_go(dark, owner)
            yield "power fails", rules.synced(dark)
        if rules.syncs_later and (synced := copied(state)) != state:
            yield "commits are synced", synced


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock, and writers that renew their leases before each of its ticks while they live."""

    def steps(self, state: State, rules: Rules) -> Iterator[Step]:
        """`index/references.py: renew`, and a tick once everybody alive has renewed."""
        late = [
            one for one in state.replicas if one.owner and one.row == "pending" and not one.renewed
        ]
        for one in late:
            yield "a lease is renewed", swap(state, one, rules.renewed(one))
        if not late and any(one.lease for one in state.replicas):
            ticked = ordered(
                one.become(lease=max(0, one.lease - 1), renewed=False) for one in state.replicas
            )
            yield "the clock ticks", state._replace(replicas=ticked)


def copied(state: State) -> State:
    """The state, and a copy of its index in it."""
    replicas = ordered(one.become(kept=one.row) for one in state.replicas)
    return state._replace(replicas=replicas, kept=state.tables)


def from_copy(state: State) -> State:
    """The state whose index is the copy again."""
    replicas = ordered(one.become(row=one.kept, doomed=False) for one in state.replicas)
    return state._replace(replicas=replicas, tables=state.kept or state.tables)
