"""Requests under way to a location: they land late, twice, and long after their sender died."""

from collections.abc import Iterator
from dataclasses import dataclass

from model.references import Step
from model.rules import Rules
from model.state import State, swap


@dataclass(frozen=True, slots=True)
class Requests:
    """The locations. ``duplicates``: a PUT may also land once more than it was acknowledged."""

    duplicates: bool = False

    def steps(self, state: State, rules: Rules) -> Iterator[Step]:
        """Every request that may land now. What is never acknowledged just does not land."""
        _ = rules
        for one in state.replicas:
            if one.put:
                # If-None-Match: on a key that is there, the sizes are compared and nothing is done.
                there = one.become(
                    object="right" if one.object == "absent" else one.object,
                    written=one.owner != 0,
                    put=False,
                )
                yield "a PUT lands", swap(state, one, there)
                if self.duplicates and one.object == "absent":
                    yield "a PUT lands, and lands again", swap(state, one, there.become(put=True))
            if one.delete and (
                one.object != "absent" or (one.row == "condemned" and not one.deleted)
            ):
                # Missing counts as deleted. Only who still has the row can make use of the answer.
                gone = one.become(object="absent", deleted=one.row != "none")
                yield "a DELETE lands", swap(state, one, gone)
