"""The index is lost, and restored from its journal.

Poses 0 and 1 are the writers', 2 is there from the beginning where one is.
"""

from collections.abc import Sequence
from typing import Final

from model.explorer import Part, Scenario
from model.journal import Journal, Loss, Recover
from model.nature import copied
from model.references import Item, Put, Remover
from model.scenarios.first import ONE, SWEEP, first, stored


def lost_index(*, follows: bool) -> tuple[Sequence[Part], Sequence[Part]]:
    """The parts of a restore to now, or to the beginning; and those that go on for ever."""
    journal = Journal(follows=follows)
    recover = Recover(Put(1, [Item("s", 1)], room=4), Item("s", 1))
    acting = (
        Put(0, [Item("s", 0)], room=4),
        recover,
        Remover((0, 2)),
        journal,
        Loss(),
    )
    return (*acting, *SWEEP), (journal, *SWEEP)


RESTORE_NOW: Final = Scenario(
    "restore now",
    "the index is lost and restored to now; orphans recovered; old processes go on",
    copied(first(2, [stored("s")], poses=ONE, phase="journalled")),
    *lost_index(follows=True),
    happens=(
        "the index is lost and restored",
        "an orphan is read",
        "the index is reconciled",
        "a writer is fenced",
    ),
    floor=15000,
)
RESTORE_EARLIER: Final = Scenario(
    "restore earlier",
    "the index is lost and restored to an earlier point",
    copied(first(2, [stored("s")], poses=ONE, phase="journalled")),
    *lost_index(follows=False),
    happens=(
        "the index is lost and restored",
        "an orphan is read",
        "the index is reconciled",
    ),
    floor=10000,
)
