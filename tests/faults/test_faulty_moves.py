"""Moving between two locations of which one fails: nothing is lost, and it can be gone on with.

Faults come by chance; ``POSECAS_FAULTS=all`` tries many more.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

import posecas
from kit.checks import check
from kit.damage import by_hand
from kit.faulty_stores import open_faulty
from kit.moves import dropped, objects_at, replicated
from kit.soundness import unsound
from kit.tiles import tile
from posecas.errors import PosecasError
from posecas.objects.fault_schedules import Seeded
from posecas.put import PutItem

SEEDS = range(100 if os.environ.get("POSECAS_FAULTS") == "all" else 2)
COUNT = 6
KNOWN = {f"g/p{n}": tile(n) for n in range(COUNT)}


@pytest.fixture
def two(folder: Path, tmp_path: Path) -> Path:
    """A store with poses, garbage, what was put elsewhere, and a second location."""
    disk = tmp_path / "disk"
    disk.mkdir()
    with posecas.create_store(folder) as store:
        store.add_location("disk", disk.as_uri())
        list(store.put_many(PutItem(tile(n), "g", f"p{n}") for n in range(COUNT - 1)))
        store.put(tile(9), generation="g", pose="gone")
        store.remove(["g/gone"])
    with posecas.open_store(folder, settings={"write_location": "disk"}) as store:
        store.put(tile(COUNT - 1), generation="g", pose=f"p{COUNT - 1}")
    return folder


def there(store: posecas.Store) -> None:
    assert replicated(store, "disk")[1] == []


def there_and_gone_here(store: posecas.Store) -> None:
    there(store)
    dropped(store, "local")


def committed_here_and_sent(store: posecas.Store) -> None:
    """Put what is there already, so that it is the same whether it is done once or twice."""
    store.put(tile(0), generation="g", pose="p0")
    there(store)
    list(store.collect(grace=0, delay=0))


MOVES: dict[Callable[[posecas.Store], None], dict[str, str]] = {
    there: {},
    there_and_gone_here: {"write_location": "disk", "backup_location": "disk"},
    committed_here_and_sent: {
        "write_location": "disk",
        "commit": "local",
        "backup_location": "local",
    },
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("failing", ["local", "disk"])
@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.__name__)
def test_it_moves_or_says_so_and_nothing_is_lost(
    two: Path, move: Callable[[posecas.Store], None], failing: str, seed: int
) -> None:
    settings = MOVES[move]
    schedule = Seeded(seed, 0.3)
    store, objects = open_faulty(two, schedule, location=failing, settings=settings)
    with store:
        # What could not be copied is a finding of the move, which asserts that there is none.
        with suppress(PosecasError, AssertionError):
            move(store)
        objects.calm()
        check(store, data=True, repair=True)
        assert_readable(store)
        # The claims of collectors that failed.
        by_hand(store, "UPDATE replicas SET claimed_until = 0 WHERE claimed_until IS NOT NULL")
        move(store)
        assert_readable(store)
        list(store.collect(grace=0, delay=0))
        assert check(store, data=True).findings == []
        assert objects_at(store, "disk") >= 2 * COUNT


def assert_readable(store: posecas.Store) -> None:
    for name, data in KNOWN.items():
        assert store.get(name) == data
    assert [one for one in unsound(store) if "named by no row" not in one] == []
