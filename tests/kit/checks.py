"""Running a check, and what it found."""

from dataclasses import dataclass
from typing import TypedDict, Unpack

import posecas
from posecas.check import CheckPlan
from posecas.findings import Checked, Finding


class PlanWords(TypedDict, total=False):
    """The fields of a `CheckPlan`."""

    data: bool
    sample: float
    older_than: int
    orphans: bool
    repair: bool


@dataclass(frozen=True)
class Ran:
    """A check that is over."""

    findings: list[Finding]
    summary: Checked

    @property
    def kinds(self) -> list[str]:
        """The kinds of what was found, in order."""
        return [one.kind for one in self.findings]

    @property
    def named(self) -> set[tuple[str, str | None]]:
        """The kinds of what was found, with the pose."""
        return {(one.kind, one.pose) for one in self.findings}


def check(store: posecas.Store, **words: Unpack[PlanWords]) -> Ran:
    """Check, and collect what is found."""
    steps = list(store.check(CheckPlan(**words)))
    summary = steps[-1]
    assert isinstance(summary, Checked)
    return Ran([one for one in steps if isinstance(one, Finding)], summary)
