"""Repair and expire die at every named point; nothing is lost, and the next one finishes."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import posecas
from kit.checks import check
from kit.damage import by_hand, file_of, flip, replica_of
from kit.soundness import unsound
from kit.tiles import tile
from kit.victims import SIGKILLED, run_until
from posecas.digest import digest_of
from posecas.names import object_key
from posecas.put import PutItem

REPAIR = """
import posecas
from posecas.check import CheckPlan
with posecas.open_store(sys.argv[1]) as store:
    list(store.check(CheckPlan(data=True, orphans=True, repair=True)))
"""
EXPIRE = """
import datetime
import posecas
from posecas.expire import ExpiryPlan
with posecas.open_store(sys.argv[1], settings={"expire.truth": "store"}) as store:
    for pose in store.expire(ExpiryPlan(datetime.datetime.now(datetime.UTC))):
        print(pose.name, flush=True)
"""
COUNT = 6


def spoil(store: posecas.Store) -> Path:
    """Wrong counts, a rotten thumbnail, one that is made otherwise by now, and an orphan."""
    flip(file_of(store, "g/p0", "thumb-400"))
    store.rendition("g/p1", "thumb-300")
    older = replica_of(store, "g/p1", "thumb-300").digest
    target, source = (
        f"(SELECT id FROM blobs WHERE lower(hex(digest)) = '{digest}')"
        for digest in (older, store.pose("g/p2").digest)
    )
    flip(file_of(store, "g/p1", "thumb-300"))
    by_hand(
        store,
        f"DELETE FROM renditions WHERE source_id = {source}",
        f"INSERT INTO renditions SELECT {source}, id, {target}, 0 FROM recipes"
        " WHERE name = 'thumb-400'",
        f"DELETE FROM renditions WHERE blob_id = {target} AND source_id <> {source}",
        "UPDATE users SET used = used + 1",
        "UPDATE blobs SET refs = refs + 1 WHERE id = 1",
    )
    orphan = store.path / object_key(digest_of(tile(90)), b"nonce!", "image/png")
    orphan.parent.mkdir(parents=True, exist_ok=True)
    orphan.write_bytes(tile(90))
    os.utime(orphan, (1, 1))
    return orphan


@pytest.mark.parametrize(
    "point",
    [
        "check.recounted",
        "check.marked",
        "check.marked:2",
        "put.begun",
        "put.written",
        "put.published",
        "check.unmade",
        "check.claimed",
    ],
)
def test_a_repair_dies_and_the_next_one_finishes(folder: Path, point: str) -> None:
    with posecas.create_store(folder) as store:
        list(store.put_many(PutItem(tile(n), "g", f"p{n}") for n in range(COUNT)))
        orphan = spoil(store)
    assert run_until(point, REPAIR, folder).returncode == SIGKILLED
    with posecas.open_store(folder) as store:
        for number in range(COUNT):
            assert store.get(f"g/p{number}") == tile(number)
        check(store, data=True, orphans=True, repair=True)
        assert check(store, data=True, orphans=True).findings == []
        for number in range(COUNT):
            store.rendition(f"g/p{number}", "thumb-400")
        assert unsound(store) == []
        by_hand(store, "UPDATE replicas SET lease_until = 0 WHERE state = 'pending'")
        list(store.collect(grace=0, delay=0))
        assert not orphan.exists()
        assert check(store, data=True, orphans=True).findings == []
        kept = list(store.location.objects.list("objects/"))
        assert len(kept) == store.stats().blobs == 2 * COUNT


def test_an_expiry_dies_and_has_expired_whole_batches(folder: Path) -> None:
    old = datetime.now(UTC) - timedelta(days=1)
    attributes = posecas.Attributes(created_at=old)
    with posecas.create_store(folder) as store:
        items = [PutItem(tile(n % 3), "g", f"p{n}", attributes=attributes) for n in range(700)]
        list(store.put_many(items))
    first = run_until("expire.dropped", EXPIRE, folder)
    assert (first.returncode, first.stdout) == (SIGKILLED, "")
    with posecas.open_store(folder) as store:
        assert unsound(store) == []
        assert len(list(store.poses())) == 200
    second = run_until("never", EXPIRE, folder)
    assert second.returncode == 0
    assert len(second.stdout.split()) == 200
    with posecas.open_store(folder) as store:
        assert list(store.poses()) == []
        assert check(store, data=True).findings == []
