"""Collectors, as a crowd: any number of them, each of which may die or freeze at any moment.

What a collector knows is what it read from the index, and that is written on the record it read it
of: a key that was condemned and journalled may be in somebody's hands for ever. So a DELETE may
land at any time from then on, any number of times, and no step says who sent it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from model.references import Step
from model.rules import Rules
from model.state import State, swap


@dataclass(frozen=True, slots=True)
class Collectors:
    """`posecas gc` and `check --orphans`, by anybody at any time, with no grace and no delay."""

    blobs: Sequence[str]

    def steps(self, state: State, rules: Rules) -> Iterator[Step]:
        """The transactions of all collectors; none while a restored index is reconciled."""
        if state.phase == "reconciling":
            return
        for blob in self.blobs:
            after = rules.sweep(state, blob)
            if after != state:
                yield f"{blob} is swept", after
        yield from _lapse(state, rules)
        yield from _forget(state, rules)
        yield from _claim(state, rules)


def _lapse(state: State, rules: Rules) -> Iterator[Step]:
    """`index/collection.py: condemn`: pending past the end of its lease, and what it reserved.

    Where no clock is modelled, every lease may end at every moment.
    """
    for one in state.replicas:
        if one.row == "pending" and not one.lease:
            yield "a lease ends", swap(state, one, rules.condemned(one, state))
    if rules.reservation_lapses():
        for owner in state.tables.reserved:
            left = state.tables._replace(reserved=state.tables.reserved - {owner})
            yield "a reservation ends", state._replace(tables=left)


def _forget(state: State, rules: Rules) -> Iterator[Step]:
    """`index/collection.py: forget`, after `deletable` and an acknowledged DELETE."""
    for one in state.replicas:
        if rules.may_forget(one):
            yield "a row is forgotten", rules.forget(state, one)


def _claim(state: State, rules: Rules) -> Iterator[Step]:
    """`index/mending.py: claim_orphans`: an object that no row names becomes condemned.

    List first, then look up: a key without a row at that moment never gets one again, so it does
    not matter how long ago it was listed, and one step does for both.
    """
    for one in state.replicas:
        if one.row == "none" and one.object != "absent":
            yield "an orphan is claimed", swap(state, one, rules.condemned(one, state))
