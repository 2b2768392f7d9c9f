"""Writers of the same bytes, and everything that may come between them.

Poses 0 and 1 are the writers', 2 is there from the beginning where one is.
"""

from typing import Final

from model.collection import Collectors
from model.explorer import Scenario
from model.nature import Clock, Power, copied
from model.reading import Reader
from model.references import Item, Put, Remover
from model.requests import Requests
from model.scenarios.first import ONE, SWEEP, SWEEP_BOTH, first, stored

WRITERS: Final = Scenario(
    "writers",
    "two writers of one blob, told nothing of a commit; remover",
    first(2, [stored("s")], poses=ONE),
    (
        *(Put(me, [Item("s", me)], unsure=True) for me in (0, 1)),
        Remover((0, 1, 2)),
        Collectors(("s",)),
        Requests(duplicates=True),
    ),
    SWEEP,
    twins=(0, 1),
    happens=(
        "a writer deduplicates, and is not told",
        "a writer publishes, and is not told",
        "a writer is fenced",
        "a writer dies",
        "a PUT lands, and lands again",
        "an orphan is claimed",
    ),
    floor=15000,
)
BATCHES: Final = Scenario(
    "batches",
    "batches of two blobs in either order; remover",
    first(2, [stored("s")], poses=("", "", "s", "")),
    (
        Put(0, [Item("s", 0), Item("t", 1)]),
        Put(1, [Item("t", 2), Item("s", 3)]),
        Remover((2,)),
        Collectors(("s", "t")),
        Requests(),
    ),
    SWEEP_BOTH,
    happens=(
        "a writer is fenced",
        "a writer dies",
        "a lease ends",
    ),
    floor=35000,
)
REPLACE: Final = Scenario(
    "replace",
    "replace there and back by two writers; remover",
    first(2, [stored("s")], poses=("s",)),
    (
        Put(0, [Item("t", 0)], unsure=True, room=4),
        Put(1, [Item("s", 0)], unsure=True, room=4),
        Remover((0,)),
        Collectors(("s", "t")),
        Requests(),
    ),
    SWEEP_BOTH,
    happens=(
        "a writer publishes, and is not told",
        "a writer is fenced",
    ),
    floor=23000,
)
READER: Final = Scenario(
    "reader",
    "a reader that is stopped between resolving and reading; put, remover",
    first(2, [stored("s")], poses=("", "", "s")),
    (
        Put(0, [Item("s", 2)], room=4),
        Reader(1, 2),
        Remover((2,)),
        Collectors(("s",)),
        Requests(duplicates=True),
    ),
    SWEEP,
    happens=(
        "the reader reads",
        "the reader looks again",
        "the reader is told: not found",
    ),
    floor=2900,
)
QUOTA: Final = Scenario(
    "quota",
    "room for one more pose and two writers; leases of reservations",
    first(2, poses=("", ""), quota=1),
    (
        *(Put(me, [Item("s", me)], charged=True, room=4) for me in (0, 1)),
        Remover((0, 1)),
        *SWEEP,
    ),
    SWEEP,
    twins=(0, 1),
    happens=(
        "a writer is over quota",
        "a reservation ends",
        "a writer is fenced",
    ),
    floor=12000,
)
LEASES: Final = Scenario(
    "leases",
    "leases by a clock, renewed in time; death of a writer",
    first(2, poses=("", "")),
    (
        *(Put(me, [Item("s", me)], punctual=True, room=4) for me in (0, 1)),
        Clock(),
        Remover((0, 1)),
        *SWEEP,
    ),
    (*SWEEP, Clock()),
    twins=(0, 1),
    happens=(
        "a lease is renewed",
        "a lease ends",
        "a writer dies",
    ),
    floor=230,
)
POWER: Final = Scenario(
    "power",
    "a power failure; put, remover",
    copied(first(2, [stored("s")], poses=ONE, luck=1)),
    (
        *(Put(me, [Item("s", me)], room=4) for me in (0, 1)),
        Power(),
        Remover((2,)),
        *SWEEP,
    ),
    SWEEP,
    twins=(0, 1),
    happens=("power fails",),
    floor=8800,
)
