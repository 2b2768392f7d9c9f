"""A collector dies at every named point; nothing named is lost and the next one finishes."""

from pathlib import Path

import pytest

import posecas
from kit.soundness import unsound
from kit.tiles import tile
from kit.victims import SIGKILLED, run_until
from posecas.put import PutItem

COLLECT = """
import posecas
with posecas.open_store(sys.argv[1]) as store:
    list(store.collect(grace=0, delay=0))
"""


@pytest.mark.parametrize(
    "point",
    [
        "gc.condemned",
        "journal.written",
        "journal.acknowledged",
        "gc.claimed",
        "objects.unlinked",
        "gc.deleted",
        "gc.forgotten",
        "gc.swept",
    ],
)
def test_a_collector_dies_and_the_next_one_finishes(folder: Path, point: str) -> None:
    with posecas.create_store(folder) as store:
        list(store.put_many(PutItem(tile(n), "g", f"p{n}") for n in range(12)))
        store.remove([f"g/p{n}" for n in range(6)])
    assert run_until(point, COLLECT, folder).returncode == SIGKILLED
    with posecas.open_store(folder) as store:
        assert unsound(store) == []
        store.put(tile(0), generation="g", pose="p0")
        with_claims_over(store)
        list(store.collect(grace=0, delay=0))
        assert unsound(store) == []
        assert store.get("g/p0") == tile(0)
        kept = {info.key for info in store.location.objects.list("objects/")}
        assert len(kept) == store.stats().blobs == 14


def with_claims_over(store: posecas.Store) -> None:
    """Let the dead collector's ten minutes pass."""
    engine = store.index._engine  # type: ignore[attr-defined]
    with engine.writing() as cursor:
        cursor.run("UPDATE replicas SET claimed_until = 0 WHERE claimed_until IS NOT NULL")
