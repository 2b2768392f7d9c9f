"""Check where one of two locations is away: the other one is checked all the same."""

from dataclasses import replace
from pathlib import Path

import pytest

import posecas
from check.conftest import COUNT
from kit.checks import check
from kit.damage import by_hand, flip
from kit.moves import replicated
from kit.tiles import tile
from posecas.check import CheckPlan, check_store
from posecas.digest import Digest
from posecas.errors import LocationUnavailable
from posecas.findings import Checked, Finding
from posecas.objects.local import LocalObjects
from posecas.objects.protocol import ObjectInfo
from posecas.places import Place


@pytest.fixture
def disk(filled: posecas.Store, tmp_path: Path) -> Path:
    """A second disk with a copy of everything; it is a location of the store."""
    path = tmp_path / "disk"
    path.mkdir()
    filled.add_location("disk", path.as_uri())
    replicated(filled, "disk")
    return path


def here(store: posecas.Store, digest: Digest) -> Path:
    """The file of a blob in the store's own folder."""
    (key,) = [one.key for one in store.index.replicas(digest) if one.location == "local"]
    return store.path / key


def test_what_is_elsewhere_is_checked_and_mended(filled: posecas.Store, disk: Path) -> None:
    flip(here(filled, filled.pose("g/p0").digest))
    by_hand(filled, "UPDATE users SET used = used + 1")
    disk.rename(disk.with_name("unplugged"))
    found = check(filled, data=True, orphans=True)
    assert found.kinds == ["user", "wrong_bytes", "unreachable"]
    assert "disk" in found.findings[-1].detail
    assert (found.summary.objects, found.summary.read) == (2 * COUNT, 2 * COUNT)
    assert found.summary.wrong == 2
    mended = check(filled, data=True, orphans=True, repair=True)
    assert [one.kind for one in mended.findings if one.repaired] == ["user"]
    disk.with_name("unplugged").rename(disk)
    assert check(filled, data=True).findings == []
    assert filled.get("g/p0") == tile(0)


def test_what_cannot_be_reached_takes_no_place_in_a_sample(
    filled: posecas.Store, disk: Path
) -> None:
    check(filled, data=True, sample=0.5)
    disk.rename(disk.with_name("unplugged"))
    found = check(filled, data=True, sample=0.25)
    assert (found.kinds, found.summary.read) == (["unreachable"], COUNT)


class Unplugged(LocalObjects):
    """A disk that is pulled out while it is asked for an object."""

    there = True

    def read(self, key: str) -> bytes:
        if not self.there:
            raise LocationUnavailable("disk: nobody is there")
        return super().read(key)

    def stat(self, key: str) -> ObjectInfo:
        self.there = False
        raise LocationUnavailable(f"disk: {key}: nobody is there")


def test_one_that_goes_away_meanwhile_is_told_once(filled: posecas.Store, disk: Path) -> None:
    backends = filled._backends
    places = {"local": backends.place("local"), "disk": Place("disk", Unplugged(disk))}
    plan = CheckPlan(data=True, orphans=True, repair=True)
    steps = list(check_store(replace(backends, places=places), filled._ingest, plan))
    findings = [step for step in steps if isinstance(step, Finding)]
    assert [(one.kind, one.detail) for one in findings] == [
        ("unreachable", "disk: nobody is there")
    ]
    done = steps[-1]
    assert isinstance(done, Checked)
    assert (done.wrong, done.read) == (0, 2 * COUNT)
