"""Check against the objects: missing, truncated, rotten; which are read, and in what order."""

from dataclasses import replace

import pytest

import posecas
from kit.checks import check
from kit.damage import by_hand, file_of, flip, replica_of, truncate
from kit.tiles import tile
from posecas.check import CheckPlan, check_store
from posecas.check.objects import LookedAt, look
from posecas.check.reach import Reach
from posecas.errors import Damage, ForeignStore, LocationUnavailable, UsageError
from posecas.findings import Checked, Finding
from posecas.objects.local import LocalObjects
from posecas.objects.protocol import ObjectInfo
from posecas.places import Place


def test_a_sound_store_has_no_findings(filled: posecas.Store) -> None:
    found = check(filled, data=True, orphans=True)
    assert found.findings == []
    size = filled.stats().stored_bytes
    assert found.summary == Checked(blobs=12, poses=6, objects=12, read=12, bytes=size, expected=24)


def test_an_empty_store_is_sound(store: posecas.Store) -> None:
    assert check(store, data=True, orphans=True).summary == Checked()


def test_missing_and_truncated_objects_are_found_without_reading(filled: posecas.Store) -> None:
    file_of(filled, "g/p0").unlink()
    truncate(file_of(filled, "g/p1"))
    flip(file_of(filled, "g/p2"))
    found = check(filled)
    assert found.named == {("missing", "g/p0"), ("wrong_size", "g/p1")}
    assert (found.summary.findings, found.summary.repaired) == (2, 0)
    assert all("check --repair" in one.detail for one in found.findings)
    check(filled, repair=True)
    for number in range(2):
        filled.put(tile(number), generation="g", pose=f"p{number}")
    assert check(filled).findings == []


def test_rot_is_found_by_reading_and_nothing_is_told_twice(filled: posecas.Store) -> None:
    file_of(filled, "g/p0").unlink()
    truncate(file_of(filled, "g/p1"))
    flip(file_of(filled, "g/p2"))
    flip(file_of(filled, "g/p3", "thumb-400"))
    found = check(filled, data=True)
    assert sorted(found.kinds) == ["missing", "wrong_bytes", "wrong_bytes", "wrong_size"]
    rotten = {one.digest for one in found.findings if one.kind == "wrong_bytes"}
    thumbnail = filled.pose("g/p3").thumbnail
    assert thumbnail is not None
    assert rotten == {filled.pose("g/p2").digest, thumbnail.facts.digest}
    assert any(one.detail.find("(thumb-400 of g/p3)") > 0 for one in found.findings)


def test_a_check_without_repair_changes_no_state(filled: posecas.Store) -> None:
    file_of(filled, "g/p0").unlink()
    flip(file_of(filled, "g/p1"))
    before = filled.index.last_change()
    first, second = check(filled, data=True), check(filled, data=True)
    assert first.findings == second.findings
    assert filled.index.last_change() == before


class Collecting(LocalObjects):
    """A location at which a collector comes between a check's look at the index and at it."""

    def __init__(self, store: posecas.Store) -> None:
        super().__init__(store.path)
        self._store = store

    def stat(self, key: str) -> ObjectInfo:
        list(self._store.collect(grace=0, delay=0))
        return super().stat(key)


def test_what_a_collector_took_meanwhile_is_no_damage(filled: posecas.Store) -> None:
    filled.remove(["g/p0", "g/p1"])
    backends = filled._backends
    there = replace(backends, places={"local": Place("local", Collecting(filled))})
    assert list(look(there, Reach(there), None, set())) == [LookedAt(objects=12)]
    assert filled.stats().blobs == 8


def test_a_sample_takes_turns_until_all_was_read(filled: posecas.Store) -> None:
    flip(file_of(filled, "g/p5"))
    found: list[str] = []
    for _ in range(4):
        ran = check(filled, data=True, sample=0.25)
        assert ran.summary.read == 3
        found += ran.kinds
    assert found == ["wrong_bytes"]


def test_what_was_read_lately_is_left_out(filled: posecas.Store) -> None:
    assert check(filled, data=True, older_than=3600).summary.read == 12
    assert check(filled, data=True, older_than=3600).summary.read == 0
    by_hand(filled, "UPDATE replicas SET checked_at = checked_at - 3600001 WHERE id <= 5")
    assert check(filled, data=True, older_than=3600).summary.read == 5


def test_what_is_rotten_is_read_first_again(filled: posecas.Store) -> None:
    flip(file_of(filled, "g/p5"))
    check(filled, data=True)
    assert check(filled, data=True, sample=1 / 12).kinds == ["wrong_bytes"]


def test_an_interrupted_check_is_gone_on_with(filled: posecas.Store) -> None:
    steps = filled.check(CheckPlan(data=True))
    for step in steps:
        if isinstance(step, Checked) and step.read:
            break
    steps.close()  # type: ignore[attr-defined]
    assert check(filled, data=True, older_than=3600).summary.read == 0


class Flaky(LocalObjects):
    """A location whose disk reports an error at one object."""

    def __init__(self, store: posecas.Store, key: str) -> None:
        super().__init__(store.path)
        self._key = key

    def stat(self, key: str) -> ObjectInfo:
        if key == self._key:
            raise LocationUnavailable(f"{key}: the disk reports an error")
        return super().stat(key)


def test_what_cannot_be_read_just_now_is_told_and_not_marked(filled: posecas.Store) -> None:
    replica = replica_of(filled, "g/p3")
    backends = filled._backends
    flaky = replace(backends, places={"local": Place("local", Flaky(filled, replica.key))})
    plan = CheckPlan(repair=True)
    *_, finding, _, summary = check_store(flaky, filled._ingest, plan)
    assert isinstance(finding, Finding)
    assert (finding.kind, finding.pose, finding.repaired) == ("unreadable", "g/p3", False)
    assert isinstance(summary, Checked)
    assert (summary.findings, summary.objects) == (1, 12)
    assert filled.get("g/p3") == tile(3)
    assert check(filled).findings == []


def test_a_location_that_is_away_says_nothing_of_its_objects(filled: posecas.Store) -> None:
    marker = filled.path / "posecas.json"
    kept = marker.read_bytes()
    marker.unlink()
    for repair in (False, True):
        found = check(filled, data=True, orphans=True, repair=repair)
        assert found.kinds == ["unreachable"]
        assert (found.summary.objects, found.summary.read, found.summary.wrong) == (0, 0, 0)
        assert [type(error) for error in found.summary.away] == [LocationUnavailable]
    marker.write_bytes(kept.replace(b'"store": "', b'"store": "0'))
    with pytest.raises(ForeignStore):
        check(filled, repair=True)
    marker.write_bytes(kept)
    assert check(filled).findings == []


def test_a_share_that_is_none_is_refused() -> None:
    for share in (0.0, -1.0, 1.5):
        with pytest.raises(UsageError, match="share"):
            CheckPlan(sample=share)


# What is damaged is never given out


def test_get_gives_no_damaged_bytes(filled: posecas.Store) -> None:
    flip(file_of(filled, "g/p0"))
    with pytest.raises(Damage, match=replica_of(filled, "g/p0").key):
        filled.get("g/p0")
    with pytest.raises(Damage):
        filled.get("g/p0")
    assert check(filled).named == {("damaged", "g/p0")}


def test_an_export_is_not_made_of_damaged_bytes(filled: posecas.Store) -> None:
    flip(file_of(filled, "g/p0"))
    with pytest.raises(Damage):
        filled.rendition("g/p0", "thumb-300")
    assert len(filled.index.renditions(filled.pose("g/p0").digest)) == 1


def test_a_damaged_rendition_is_made_again_and_not_given_out(filled: posecas.Store) -> None:
    sound = filled.rendition("g/p0", "thumb-400")
    flip(file_of(filled, "g/p0", "thumb-400"))
    assert filled.rendition("g/p0", "thumb-400") == sound
    assert check(filled, data=True).findings == []


def test_a_truncated_file_is_not_opened(filled: posecas.Store) -> None:
    truncate(file_of(filled, "g/p0"))
    with pytest.raises(Damage):
        filled.open("g/p0")


def test_what_is_damaged_is_no_duplicate_and_a_put_heals_it(filled: posecas.Store) -> None:
    file = file_of(filled, "g/p0")
    flip(file)
    check(filled, data=True, repair=True)
    filled.put(tile(0), generation="h", pose="again")
    assert filled.get("g/p0") == tile(0)
    assert file_of(filled, "g/p0") != file
    assert check(filled, data=True).findings == []
