"""Repair: damage is marked, and what can come back does."""

from pathlib import Path

import pytest

import posecas
from kit.checks import check
from kit.damage import by_hand, file_of, flip, replica_of, truncate
from kit.faulty_stores import open_faulty
from kit.soundness import unsound
from kit.tiles import tile
from posecas.errors import Damage
from posecas.objects.fault_schedules import Fault, Listed
from posecas.records import Replica


@pytest.mark.parametrize("damage", [flip, truncate, Path.unlink])
def test_a_damaged_pose_is_marked_kept_and_healed_by_the_next_put(
    filled: posecas.Store, damage: object
) -> None:
    file, replica = file_of(filled, "g/p0"), replica_of(filled, "g/p0")
    assert callable(damage)
    damage(file)
    left = file.exists()
    (found,) = check(filled, data=True, repair=True).findings
    assert (found.pose, found.repaired) == ("g/p0", False)
    assert state(filled, replica) == "damaged"
    assert file.exists() == left
    with pytest.raises(Damage):
        filled.get("g/p0")
    assert check(filled).named == {("damaged", "g/p0")}
    filled.put(tile(0), generation="g", pose="p0")
    assert state(filled, replica) == "condemned"
    assert check(filled, data=True).findings == []
    assert unsound(filled) == []


@pytest.mark.parametrize("damage", [flip, truncate, Path.unlink])
def test_a_damaged_rendition_is_made_again(filled: posecas.Store, damage: object) -> None:
    sound = filled.rendition("g/p0", "thumb-400")
    replica = replica_of(filled, "g/p0", "thumb-400")
    assert callable(damage)
    damage(file_of(filled, "g/p0", "thumb-400"))
    (found,) = check(filled, data=True, repair=True).findings
    assert found.repaired
    assert "made again" in found.detail
    assert state(filled, replica) == "condemned"
    assert replica_of(filled, "g/p0", "thumb-400").digest == replica.digest
    assert filled.rendition("g/p0", "thumb-400") == sound
    assert check(filled, data=True).findings == []
    assert unsound(filled) == []


def test_a_rendition_that_is_made_otherwise_by_now_is_replaced(filled: posecas.Store) -> None:
    """As if an older encoder had made the thumbnail of p0: here, what another recipe made of p1."""
    sound = filled.rendition("g/p0", "thumb-400")
    filled.rendition("g/p1", "thumb-300")
    file = file_of(filled, "g/p1", "thumb-300")
    older, newer = replica_of(filled, "g/p1", "thumb-300"), filled.pose("g/p0").digest
    by_hand(
        filled,
        f"DELETE FROM renditions WHERE source_id = {row(newer)}",
        f"INSERT INTO renditions SELECT {row(newer)}, id, {row(older.digest)}, 0 FROM recipes"
        " WHERE name = 'thumb-400'",
        f"DELETE FROM renditions WHERE source_id = {row(filled.pose('g/p1').digest)}"
        f" AND blob_id = {row(older.digest)}",
    )
    assert filled.rendition("g/p0", "thumb-400") != sound
    flip(file)
    (found,) = check(filled, data=True, repair=True).findings
    assert found.repaired
    (made,) = filled.index.renditions(newer)
    assert filled.get(made.facts.digest) == sound
    assert check(filled, data=True).findings == []
    list(filled.collect(grace=0, delay=0))
    assert not file.exists()


def test_a_thumbnail_whose_source_is_damaged_too_stays_so(filled: posecas.Store) -> None:
    flip(file_of(filled, "g/p0"))
    flip(file_of(filled, "g/p0", "thumb-400"))
    ran = check(filled, data=True, repair=True)
    assert sorted(ran.kinds) == ["wrong_bytes", "wrong_bytes"]
    assert ran.summary.repaired == 0
    filled.put(tile(0), generation="g", pose="p0")
    assert check(filled, data=True, repair=True).findings == []
    assert filled.get("g/p0") == tile(0)


def test_damage_that_nothing_refers_to_is_left_to_gc(filled: posecas.Store) -> None:
    file = file_of(filled, "g/p0")
    flip(file)
    filled.remove(["g/p0"])
    (found,) = check(filled, data=True, repair=True).findings
    assert found.repaired
    assert check(filled).findings == []
    list(filled.collect(grace=0, delay=0))
    assert not file.exists()


def test_another_location_gives_the_bytes_again(filled: posecas.Store) -> None:
    rotten, missing = file_of(filled, "g/p0"), file_of(filled, "g/p1")
    second = second_location(filled, "g/p0", "g/p1")
    flip(rotten)
    missing.unlink()
    ran = check(second, data=True, repair=True)
    assert {(one.pose, one.repaired) for one in ran.findings} == {("g/p0", True), ("g/p1", True)}
    assert all("from a copy that is good" in one.detail for one in ran.findings)
    for number in range(2):
        digest = second.pose(f"g/p{number}").digest
        assert {one.location for one in second.index.replicas(digest)} == {"local", "second"}
        assert second.get(f"g/p{number}") == tile(number)
    assert check(second, data=True).findings == []
    second.close()


def test_a_pose_removed_meanwhile_does_not_come_back(filled: posecas.Store) -> None:
    flip(file_of(filled, "g/p0", "thumb-400"))
    filled.remove(["g/p0"])
    ran = check(filled, data=True, repair=True)
    assert "g/p0" not in {one.pose for one in ran.findings}
    assert [f"{pose.generation}/{pose.name}" for pose in filled.poses()] == [
        f"g/p{number}" for number in range(1, 6)
    ]
    list(filled.collect(grace=0, delay=0))
    assert check(filled, data=True, orphans=True).findings == []


def test_what_was_marked_and_is_right_after_all_is_written_again(filled: posecas.Store) -> None:
    """As after a location that answered with half of an object, twice."""
    replica = replica_of(filled, "g/p0")
    filled.index.checked(replica.id, intact=False)
    with pytest.raises(Damage):
        filled.get("g/p0")
    (found,) = check(filled, repair=True).findings
    assert found.repaired
    assert state(filled, replica) == "condemned"
    assert filled.get("g/p0") == tile(0)
    list(filled.collect(grace=0, delay=0))
    assert check(filled, data=True, orphans=True).findings == []
    assert unsound(filled) == []


def test_damage_that_is_not_confirmed_marks_nothing(filled: posecas.Store) -> None:
    filled.close()
    half = Listed({"read": [Fault.TRUNCATED]})
    for use in (lambda store: store.get("g/p0"), lambda store: check(store, data=True)):
        store, objects = open_faulty(filled.path, half, prefix="objects/")
        with store:
            use(store)
            assert [one.fault for one in objects.injected] == [Fault.TRUNCATED]
            assert check(store, data=True).findings == []


def second_location(store: posecas.Store, *copied: str) -> posecas.Store:
    """The same store with another location, at which some images are put again."""
    (store.path / "second").mkdir()
    (store.path / "second" / "posecas.json").write_bytes((store.path / "posecas.json").read_bytes())
    store.index.add_location("second", "second", host=None)
    with posecas.open_store(store.path, settings={"write_location": "second"}) as other:
        for name in copied:
            pose = other.pose(name)
            other.put(other.get(pose), generation=pose.generation, pose=pose.name)
    return posecas.open_store(store.path)


def state(store: posecas.Store, replica: Replica) -> str:
    (found,) = [one for one in store.index.all_replicas(replica.digest) if one.id == replica.id]
    return found.state


def row(digest: str) -> str:
    return f"(SELECT id FROM blobs WHERE lower(hex(digest)) = '{digest}')"
