"""Renditions: made with a put or later, shared, and of themselves.

Poses 0 and 1 are the writers', 2 is there from the beginning where one is.
"""

from typing import Final

from model.collection import Collectors
from model.explorer import Scenario
from model.references import Item, Put, Remover
from model.requests import Requests
from model.scenarios.first import SWEEP_BOTH, first, stored

THUMBNAILS: Final = Scenario(
    "thumbnails",
    "put with thumbnail again; remover; the thumbnail is there for a while",
    first(2, [stored("s"), stored("t")], poses=("", "", "s"), renditions=[("s", "t")]),
    (
        Put(0, [Item("s", 0, "t")], room=4, unsure=True),
        Remover((0, 2)),
        Collectors(("s", "t")),
        Requests(),
    ),
    SWEEP_BOTH,
    happens=(
        "a writer is fenced",
        "a writer publishes, and is not told",
    ),
    floor=8600,
)
LAZY: Final = Scenario(
    "lazy",
    "lazy rendition; its target put as a pose; remover",
    first(2, [stored("s")], poses=("", "", "s")),
    (
        Put(0, [Item("s", None, "t")]),
        Put(1, [Item("t", 1)]),
        Remover((1, 2)),
        Collectors(("s", "t")),
        Requests(),
    ),
    SWEEP_BOTH,
    happens=(
        "a writer is fenced",
        "t is swept",
    ),
    floor=10600,
)
SHARED: Final = Scenario(
    "shared",
    "a rendition shared by equal pixels; its first source removed",
    first(1, [stored("s"), stored("t")], poses=("", "", "s"), renditions=[("s", "t")]),
    (
        Put(0, [Item("u", 0, "t")], room=4),
        Remover((0, 2)),
        Collectors(("s", "t", "u")),
        Requests(),
    ),
    (Collectors(("s", "t", "u")), Requests()),
    happens=(
        "a writer is fenced",
        "t is swept",
    ),
    floor=10800,
)
LOOPS: Final = Scenario(
    "loops",
    "a thumbnail that is its source, and two that are each other's",
    first(2, [stored("s")], poses=("", "", "s"), renditions=[("s", "s")]),
    (
        Put(0, [Item("s", 0, "s")], room=4, tries=1),
        Put(1, [Item("t", 1, "s"), Item("s", None, "t")], room=4, tries=1),
        Remover((0, 1, 2)),
        Collectors(("s", "t")),
        Requests(),
    ),
    SWEEP_BOTH,
    happens=(
        "a writer publishes",
        "t is swept",
    ),
    floor=12900,
)
