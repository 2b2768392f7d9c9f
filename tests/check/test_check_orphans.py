"""Objects that no row names: found, claimed, and when nothing is believed."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import posecas
from kit.checks import check
from kit.damage import by_hand, file_of, flip
from kit.tiles import tile
from posecas.backends import Backends
from posecas.check.orphans import find_orphans
from posecas.check.reach import Reach
from posecas.digest import digest_of
from posecas.errors import Failed, ListingIncomplete
from posecas.findings import Finding
from posecas.names import object_key
from posecas.objects.local import LocalObjects
from posecas.objects.protocol import ObjectInfo
from posecas.places import Place

HOUR = 3600


def orphan(store: posecas.Store, data: bytes, *, age: float = 2 * HOUR, nonce: int = 1) -> Path:
    """An object as another store, or a restored index, would leave it."""
    key = object_key(digest_of(data), nonce.to_bytes(6, "big"), "image/png")
    path = store.path / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    moment = time.time() - age
    os.utime(path, (moment, moment))
    return path


def test_an_orphan_is_told_and_left_alone(filled: posecas.Store) -> None:
    path = orphan(filled, tile(50))
    for _ in range(2):
        (found,) = check(filled, orphans=True).findings
        assert (found.kind, found.digest) == ("orphan", digest_of(tile(50)))
        assert f"posecas put {path}" in found.detail
    assert check(filled).findings == []
    list(filled.collect(grace=0, delay=0))
    assert path.exists()


def test_a_claimed_orphan_waits_for_gc_and_its_delay(filled: posecas.Store) -> None:
    path = orphan(filled, tile(50))
    (found,) = check(filled, orphans=True, repair=True).findings
    assert found.repaired
    assert check(filled, orphans=True).findings == []
    list(filled.collect(grace=0, delay=HOUR))
    assert path.exists()
    list(filled.collect(grace=0, delay=0))
    assert not path.exists()
    assert filled.stats().blobs == 12
    assert check(filled, data=True, orphans=True).findings == []


def test_an_orphan_can_be_put_before_and_after_it_is_claimed(filled: posecas.Store) -> None:
    path = orphan(filled, tile(50))
    filled.put(path, generation="back", pose="a")
    check(filled, orphans=True, repair=True)
    filled.put(path, generation="back", pose="b")
    list(filled.collect(grace=0, delay=0))
    assert not path.exists()
    assert filled.get("back/a") == filled.get("back/b") == tile(50)
    assert check(filled, data=True, orphans=True).findings == []


def test_an_orphan_of_a_blob_that_is_stored_is_claimed_without_harm(filled: posecas.Store) -> None:
    path = orphan(filled, tile(0))
    assert check(filled, orphans=True, repair=True).summary.repaired == 1
    list(filled.collect(grace=0, delay=0))
    assert not path.exists()
    assert filled.get("g/p0") == tile(0)


def test_a_young_object_is_no_orphan_yet(filled: posecas.Store) -> None:
    orphan(filled, tile(50), age=HOUR - 60)
    assert check(filled, orphans=True, repair=True).findings == []


def test_an_object_that_is_being_written_or_waits_for_gc_is_none(filled: posecas.Store) -> None:
    filled.remove(["g/p0"])
    list(filled.collect(grace=0, delay=HOUR))
    by_hand(filled, "DROP TRIGGER replicas_begin")
    by_hand(
        filled,
        "INSERT INTO replicas (blob_id, location_id, nonce, state, lease_until, since)"
        " SELECT id, 1, x'000000000001', 'pending', 1, 1 FROM blobs"
        f" WHERE lower(hex(digest)) = '{digest_of(tile(1))}'",
    )
    orphan(filled, tile(1))
    for path in (filled.path / "objects").rglob("*.*"):
        os.utime(path, (1, 1))
    assert check(filled, orphans=True).kinds == ["schema"]


@pytest.mark.parametrize("data", [b"no image", tile(51)[:-30]])
def test_what_is_no_image_is_never_claimed(filled: posecas.Store, data: bytes) -> None:
    path = orphan(filled, data)
    rotten = orphan(filled, tile(50))
    flip(rotten)
    ran = check(filled, orphans=True, repair=True)
    assert ran.kinds == ["orphan", "orphan"]
    assert ran.summary.repaired == 0
    assert all("move it away yourself" in one.detail for one in ran.findings)
    list(filled.collect(grace=0, delay=0))
    assert path.exists()
    assert rotten.exists()


def test_a_file_that_somebody_left_there_is_told(filled: posecas.Store) -> None:
    path = filled.path / "objects" / "notes.txt"
    path.write_text("mine")
    os.utime(path, (1, 1))
    (found,) = check(filled, orphans=True, repair=True).findings
    assert (found.kind, found.digest, found.repaired) == ("orphan", None, False)
    assert path.exists()


def test_backups_and_the_marker_are_no_orphans(filled: posecas.Store) -> None:
    filled.remove(["g/p0"])
    list(filled.collect(grace=0, delay=0))
    for path in filled.path.rglob("*"):
        os.utime(path, (1, 1))
    assert list((filled.path / "backups").rglob("*.zst"))
    assert check(filled, orphans=True).findings == []


def test_an_index_that_knows_too_little_claims_nothing(filled: posecas.Store) -> None:
    paths = [orphan(filled, tile(100 + number)) for number in range(21)]
    (found,) = check(filled, orphans=True, repair=True).findings
    assert (found.kind, found.repaired) == ("listing", False)
    assert "21 of 33" in found.detail
    list(filled.collect(grace=0, delay=0))
    assert all(path.exists() for path in paths)


def test_a_listing_that_is_much_too_short_claims_nothing(filled: posecas.Store) -> None:
    path = orphan(filled, tile(50))
    items = [posecas.PutItem(tile(number), "h", f"p{number}") for number in range(10, 20)]
    list(filled.put_many(items))
    for number in range(10, 20):
        file_of(filled, f"h/p{number}").unlink()
        file_of(filled, f"h/p{number}", "thumb-400").unlink()
    file_of(filled, "g/p0").unlink()
    file_of(filled, "g/p1").unlink()
    (found,) = orphans_of(filled._backends)
    assert found.kind == "listing"
    list(filled.collect(grace=0, delay=0))
    assert path.exists()


class Faulty(LocalObjects):
    """A location whose listing ends early, after all but one of its objects."""

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        *most, _ = super().list(prefix)
        yield from most
        raise ListingIncomplete("the listing ended early")


class Named(LocalObjects):
    """A location whose objects carry the name of the pose that they were put as."""

    def stat(self, key: str) -> ObjectInfo:
        named = {"user": "ada", "generation": "g", "pose": "p9"}
        return replace(super().stat(key), metadata=named)


def test_an_object_that_names_a_pose_is_none_to_keep_once_its_image_is_there(
    filled: posecas.Store,
) -> None:
    orphan(filled, tile(50))
    filled.put(tile(50), generation="g", pose="p50")
    backends = elsewhere(filled, Named)
    (finding,) = orphans_of(backends)
    assert (finding.kind, finding.repaired) == ("orphan", True)


def orphans_of(backends: Backends) -> Iterator[Finding]:
    return find_orphans(backends, Reach(backends), backends.index.census(), claim=True)


def elsewhere(store: posecas.Store, kind: type[LocalObjects]) -> Backends:
    return replace(store._backends, places={"local": Place("local", kind(store.path))})


def test_a_listing_that_ends_early_claims_nothing(filled: posecas.Store) -> None:
    path = orphan(filled, tile(50))
    with pytest.raises(ListingIncomplete):
        list(orphans_of(elsewhere(filled, Faulty)))
    list(filled.collect(grace=0, delay=0))
    assert path.exists()


def test_a_restored_index_claims_nothing_before_it_was_compared(filled: posecas.Store) -> None:
    orphan(filled, tile(50))
    by_hand(filled, "UPDATE store SET unreconciled = 1")
    assert check(filled, orphans=True).kinds == ["orphan"]
    with pytest.raises(Failed, match="index reconcile"):
        check(filled, orphans=True, repair=True)
    by_hand(filled, "UPDATE store SET unreconciled = 0")
    assert check(filled, orphans=True, repair=True).summary.repaired == 1


def test_an_orphan_that_carries_a_name_is_told_and_not_claimed(filled: posecas.Store) -> None:
    path = orphan(filled, tile(50))
    backends = elsewhere(filled, Named)
    (found,) = orphans_of(backends)
    assert found.kind == "recoverable"
    assert "generation g, pose p9, user ada" in found.detail
    list(filled.collect(grace=0, delay=0))
    assert path.exists()
