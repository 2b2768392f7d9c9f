"""The host is gone and the bucket is left: what comes back from it."""

import shutil
from pathlib import Path

import pytest

import posecas
from kit.checks import check
from kit.losses import reconciled
from kit.remote import r2_variables
from kit.servers import Bucket
from kit.tiles import tile
from posecas.errors import ConfigError
from posecas.recovering import rebuild_index, rehearse_restore, restore_index

COUNT = 6
NAMES = {(f"u{n % 2}", f"g{n % 2}", f"p{n}"): n for n in range(COUNT)}


@pytest.fixture
def r2(whole_s3_bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    for name, value in r2_variables(whole_s3_bucket).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("STORAGE_MODE", "r2")
    return whole_s3_bucket


@pytest.fixture
def filled(folder: Path, r2: Bucket) -> Bucket:
    """A bucket whose store had poses with prompts; its folder is gone."""
    with posecas.create_store(folder) as store:
        for (user, generation, pose), n in NAMES.items():
            store.put(tile(n), user=user, generation=generation, pose=pose, prompt="a secret")
        store.back_up()
        store.put(tile(1), user="u2", generation="again", pose="p1")
    shutil.rmtree(folder)
    return r2


def named(store: posecas.Store) -> dict[tuple[str, str, str], bytes]:
    return {(one.user, one.generation, one.name): store.get(one) for one in store.poses()}


def test_the_index_comes_back_from_the_bucket_alone(folder: Path, filled: Bucket) -> None:
    assert rehearse_restore(folder).changes == 3
    restore_index(folder, take_over=True)
    with posecas.open_store(folder) as store:
        reconciled(store)
        expected = {name: tile(n) for name, n in NAMES.items()}
        assert named(store) == {**expected, ("u2", "again", "p1"): tile(1)}
        assert {one.prompt for one in store.poses(user="u1")} == {"a secret"}
        assert check(store, data=True, orphans=True).findings == []
        assert {use.location.url for use in store.locations()} == {".", filled.url}
        store.put(tile(COUNT), generation="new", pose="p", user="u0")


def test_without_any_backup_the_first_names_come_back_from_the_objects(
    folder: Path, filled: Bucket
) -> None:
    objects = filled.objects()
    objects.delete([info.key for info in objects.list("backups/")])
    rebuild_index(folder, take_over=True)
    with posecas.open_store(folder) as store:
        done = reconciled(store, recover=True)
        assert (done.orphans, done.recovered) == (2 * COUNT, COUNT)
        assert named(store) == {name: tile(n) for name, n in NAMES.items()}
        assert store.pose("recovered/g1/p1").name == "p1"
        assert {one.prompt for one in store.poses()} == {None}
        assert check(store, data=True).findings == []
    objects.close()


def test_an_object_says_where_it_belongs_and_no_more(filled: Bucket) -> None:
    objects = filled.objects()
    infos = [objects.stat(one.key) for one in objects.list("objects/")]
    said = [dict(one.metadata) for one in infos]
    poses = {(one["user"], one["generation"], one["pose"]) for one in said if "pose" in one}
    assert poses == set(NAMES)
    made = [one for one in said if one["kind"] == "rendition"]
    assert {(one["recipe"], one["version"]) for one in made} == {("thumb-400", "1")}
    assert {one["source"] for one in made} == {one["digest"] for one in said if "pose" in one}
    assert all(info.key[11:75] == one["digest"] for info, one in zip(infos, said, strict=True))
    assert "secret" not in str(said)
    objects.close()


def test_a_copy_says_the_same(folder: Path, r2: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_MODE", "local")
    with posecas.create_store(folder) as store:
        store.put(tile(1), generation="g", pose="p", user="ada")
        list(store.replicate("r2"))
    objects = r2.objects()
    kinds = {
        info.metadata["kind"]: dict(info.metadata)
        for one in objects.list("objects/")
        for info in [objects.stat(one.key)]
    }
    assert (kinds["pose"]["user"], kinds["pose"]["pose"]) == ("ada", "p")
    assert kinds["rendition"]["source"] == kinds["pose"]["digest"]
    objects.close()


def test_a_location_that_nothing_describes_must_be_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORAGE_MODE", "archive")
    with pytest.raises(ConfigError, match=r"--backups, or describe it in \[location.archive\]"):
        restore_index(folder, take_over=True)
    assert not folder.exists()
