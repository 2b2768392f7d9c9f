import json
import threading
from pathlib import Path

import pytest

from posecas.errors import ForeignStore, LocationUnavailable, StoreTooNew
from posecas.objects.local import LocalObjects
from posecas.objects.marker import MARKER_KEY, Owner, check_owner, claim_location

MINE = Owner("store-1", "index-1")
WHERE = "location 'local'"


@pytest.fixture
def objects(tmp_path: Path) -> LocalObjects:
    return LocalObjects(tmp_path)


def leave(objects: LocalObjects, marker: bytes) -> None:
    objects.path(MARKER_KEY).write_bytes(marker)


def test_a_claimed_location_is_its_owners(objects: LocalObjects) -> None:
    claim_location(objects, MINE, WHERE)
    check_owner(objects, MINE, WHERE)
    assert json.loads(objects.read(MARKER_KEY)) == {
        "format": 1,
        "store": "store-1",
        "index": "index-1",
        "location": WHERE,
    }


def test_one_place_is_one_location(objects: LocalObjects) -> None:
    claim_location(objects, MINE, WHERE)
    with pytest.raises(ForeignStore, match=f"{WHERE} already"):
        claim_location(objects, MINE, "another name")


def test_a_marker_without_a_locations_name_is_good_for_any(objects: LocalObjects) -> None:
    leave(objects, b'{"format": 1, "store": "store-1", "index": "index-1"}')
    claim_location(objects, MINE, WHERE)


def test_a_fresh_place_must_be_empty_or_ones_own(objects: LocalObjects) -> None:
    objects.write("thesis.txt", b"work", media_type="text/plain", metadata={})
    with pytest.raises(ForeignStore, match=r"thesis\.txt"):
        claim_location(objects, MINE, WHERE, fresh=True)
    assert [info.key for info in objects.list("")] == ["thesis.txt"]
    claim_location(objects, MINE, WHERE)
    claim_location(objects, MINE, WHERE, fresh=True)


def test_claiming_again_changes_nothing(objects: LocalObjects) -> None:
    claim_location(objects, MINE, WHERE)
    before = objects.stat(MARKER_KEY)
    claim_location(objects, MINE, WHERE)
    assert objects.stat(MARKER_KEY) == before


@pytest.mark.parametrize(
    "other",
    [
        Owner("store-2", "index-1"),
        Owner("store-1", "index-2"),
        Owner("a store with a longer name", "index-1"),
    ],
)
def test_anothers_location_is_refused_and_left_alone(objects: LocalObjects, other: Owner) -> None:
    claim_location(objects, other, WHERE)
    before = objects.read(MARKER_KEY)
    with pytest.raises(ForeignStore, match=WHERE):
        claim_location(objects, MINE, WHERE)
    with pytest.raises(ForeignStore, match=WHERE):
        check_owner(objects, MINE, WHERE)
    assert objects.read(MARKER_KEY) == before


@pytest.mark.parametrize(
    "marker",
    [
        b"",
        b"not json",
        b"\xff\xfe",
        b"[1]",
        b"null",
        b"{}",
        b'{"format": 1}',
        b'{"format": "1", "store": "store-1", "index": "index-1"}',
        b'{"format": 0, "store": "store-1", "index": "index-1"}',
        b'{"format": 1, "store": ["store-1"], "index": "index-1"}',
    ],
)
def test_a_marker_of_something_else_is_refused(objects: LocalObjects, marker: bytes) -> None:
    leave(objects, marker)
    with pytest.raises(ForeignStore):
        check_owner(objects, MINE, WHERE)
    with pytest.raises(ForeignStore):
        claim_location(objects, MINE, WHERE)
    assert objects.read(MARKER_KEY) == marker


def test_a_newer_marker_asks_for_an_upgrade(objects: LocalObjects) -> None:
    leave(objects, b'{"format": 2, "owners": []}')
    with pytest.raises(StoreTooNew, match="upgrade"):
        claim_location(objects, MINE, WHERE)


def test_a_missing_marker_means_that_the_disk_may_be_away(objects: LocalObjects) -> None:
    with pytest.raises(LocationUnavailable, match="is the disk mounted"):
        check_owner(objects, MINE, WHERE)
    assert list(objects.list("")) == []


def test_one_of_many_claims_wins(tmp_path: Path) -> None:
    owners = [Owner(f"store-{number}", "index-1") for number in range(8)]
    won: list[Owner] = []
    gate = threading.Barrier(len(owners))

    def claim(owner: Owner) -> None:
        gate.wait()
        try:
            claim_location(LocalObjects(tmp_path), owner, WHERE)
        except ForeignStore:
            return
        won.append(owner)

    threads = [threading.Thread(target=claim, args=[owner]) for owner in owners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    check_owner(LocalObjects(tmp_path), won[0], WHERE)
