"""Two locations, and damage, which a copy at another one heals.

Poses 0 and 1 are the writers', 2 is there from the beginning where one is.
"""

from typing import Final

from model.explorer import Scenario
from model.moving import Copy, Drop, Retire
from model.nature import Rot
from model.reading import Reader
from model.references import Item, Put, Remover
from model.scenarios.first import ONE, SWEEP, first, stored

REPLICATE: Final = Scenario(
    "replicate",
    "two locations: put here, put there, replicate; remover",
    first(3, [stored("s")], poses=ONE),
    (
        Put(0, [Item("s", 0)], room=4, tries=1),
        Put(1, [Item("s", 1)], place=1, room=4, tries=1),
        Copy(2, "s", 1, tries=1),
        Remover((2,)),
        *SWEEP,
    ),
    SWEEP,
    happens=(
        "a copier publishes",
        "a copier is fenced",
        "a copier is not needed",
        "a copier dies",
    ),
    floor=36000,
)
DROP: Final = Scenario(
    "drop",
    "both locations are dropped at once; put, replicate back",
    first(4, [stored("s", 0), stored("s", 1)], poses=ONE),
    (
        Put(0, [Item("s", 0)], room=4),
        Copy(1, "s", 1),
        Drop(2, 0),
        Drop(3, 1),
        Remover((2,)),
        *SWEEP,
    ),
    SWEEP,
    happens=(
        "a replica is retired",
        "the only copy is kept",
        "a location is detached",
        "a writer is refused",
        "the operator wipes the place",
    ),
    floor=20000,
)
COMMIT_LOCAL: Final = Scenario(
    "commit local",
    "commit local: put here, replicate, let the local replica go; reader",
    first(3),
    (
        Put(0, [Item("s", 0)], room=4),
        Copy(1, "s", 1, tries=3),
        Retire(0),
        Reader(2, 0),
        Remover((0,)),
        *SWEEP,
    ),
    SWEEP,
    happens=(
        "a local replica is retired",
        "the reader looks again",
        "the reader reads",
    ),
    floor=20000,
)
DAMAGE: Final = Scenario(
    "damage",
    "an object rots, is noticed, and is put again; reader, remover",
    first(3, [stored("s")], poses=ONE, luck=2),
    (
        *(Put(me, [Item("s", me)], tries=1) for me in (0, 1)),
        Rot(),
        Reader(2, 2),
        Remover((2,)),
        *SWEEP,
    ),
    SWEEP,
    twins=(0, 1),
    happens=(
        "an object rots",
        "check finds rot",
        "the reader marks damage",
        "the reader is told: damaged",
    ),
    floor=9100,
)
DAMAGE_AWAY: Final = Scenario(
    "damage away",
    "one of two copies rots; drop of the other, replicate, put",
    first(3, [stored("s", 0), stored("s", 1)], poses=ONE, luck=1),
    (
        Put(0, [Item("s", 0)], tries=1),
        Copy(1, "s", 0, room=3, tries=1),
        Drop(2, 1),
        Rot(silent=False),
        Remover((2,)),
        *SWEEP,
    ),
    SWEEP,
    happens=(
        "an object rots",
        "the only copy is kept",
        "a replica is retired",
        "a copier publishes",
    ),
    floor=16700,
)
