"""Locations: several places of one store, whose they are, and what settings say of them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import posecas
from kit.checks import check
from kit.damage import by_hand
from kit.moves import writing_to
from kit.tiles import tile
from posecas.config import load_config
from posecas.errors import ConfigError, ForeignStore, LocationUnavailable
from posecas.put import PutItem
from posecas.recovering import restore_index

R2 = {
    "R2_ACCOUNT_ID": "abc123",
    "R2_ACCESS_KEY_ID": "the-key-id",
    "R2_SECRET_ACCESS_KEY": "the-secret",
    "R2_BUCKET_NAME": "poses",
}


def settings_of(folder: Path, **environ: str) -> dict[str, tuple[object, str, str]]:
    config = load_config(folder, None, environ)
    return {one.name: (one.value, one.source, one.variable) for one in config.settings}


def test_each_write_location_takes_what_is_new_and_all_is_read(on_disk: Path, disk: Path) -> None:
    with writing_to(on_disk, "local") as store:
        store.put(tile(1), generation="g", pose="here")
    with writing_to(on_disk, "disk") as store:
        store.put(tile(2), generation="g", pose="there")
        store.put(tile(1), generation="g", pose="both")
    assert len(list((disk / "objects").rglob("*.png"))) == 2
    for location in ("local", "disk"):
        with writing_to(on_disk, location) as store:
            assert [store.get(f"g/{name}") for name in ("here", "there", "both")] == [
                tile(1),
                tile(2),
                tile(1),
            ]
            assert check(store, data=True, orphans=True).findings == []


def test_a_disk_that_is_not_mounted_takes_nothing(on_disk: Path, disk: Path) -> None:
    disk.rename(disk.with_name("unplugged"))
    disk.mkdir()
    with writing_to(on_disk, "disk") as store:
        with pytest.raises(LocationUnavailable, match="is the disk mounted"):
            store.put(tile(1), generation="g", pose="p")
        assert list(disk.iterdir()) == []


def test_a_place_that_holds_something_else_is_refused_untouched(store: posecas.Store) -> None:
    other = store.path.parent / "photos"
    other.mkdir()
    (other / "holiday.jpg").write_bytes(b"sea")
    with pytest.raises(ForeignStore, match=r"holiday\.jpg"):
        store.add_location("disk", other.as_uri())
    assert [path.name for path in other.iterdir()] == ["holiday.jpg"]
    assert [use.location.name for use in store.locations()] == ["local"]


def test_two_stores_never_share_a_place(on_disk: Path, disk: Path, tmp_path: Path) -> None:
    with posecas.create_store(tmp_path / "other") as other:
        with pytest.raises(ForeignStore, match="belongs to the store"):
            other.add_location("mine", disk.as_uri())
        with pytest.raises(ForeignStore, match="belongs to the store"):
            other.add_location("mine", on_disk.as_uri())


def test_a_place_is_one_location(on_disk: Path, disk: Path) -> None:
    with posecas.open_store(on_disk) as store:
        assert store.add_location("disk", disk.as_uri()).name == "disk"
        with pytest.raises(ForeignStore, match="location disk already"):
            store.add_location("again", disk.as_uri())
        with pytest.raises(ForeignStore, match="another name"):
            store.add_location("disk", (disk / "deeper").as_uri())
        with pytest.raises(ForeignStore, match="outside of it"):
            store.add_location("inside", (on_disk / "objects").as_uri())
        assert len(store.locations()) == 2


def test_another_process_adds_a_location_while_this_one_reads(
    store: posecas.Store, disk: Path
) -> None:
    with posecas.open_store(store.path) as other:
        other.add_location("disk", disk.as_uri())
    with writing_to(store.path, "disk") as other:
        other.put(tile(1), generation="g", pose="p")
    assert store.get("g/p") == tile(1)


def test_a_folder_is_of_this_host_unless_it_is_shared(on_disk: Path, tmp_path: Path) -> None:
    (tmp_path / "nfs").mkdir()
    with posecas.open_store(on_disk) as store:
        store.add_location("nfs", (tmp_path / "nfs").as_uri(), shared=True)
        hosts = {use.location.name: use.location.host for use in store.locations()}
    assert hosts["nfs"] is None
    assert hosts["disk"]


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("s3:/bucket", "like s3://bucket"),
        ("bucket", "like s3://bucket"),
        ("s3://", "no name of a bucket"),
        ("s3://a", "no name of a bucket"),
        ("s3://bucket/../up", "prefix"),
        ("s3://bucket/objects", "choose another"),
        ("file://host/path", "absolute path"),
        ("file:///a/../b", "absolute path"),
        ("sftp://me:secret@host/poses", "must not hold a password"),
    ],
)
def test_an_address_without_sense_is_refused(store: posecas.Store, url: str, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        store.add_location("archive", url)


def test_the_products_variables_describe_r2(folder: Path) -> None:
    posecas.create_store(folder).close()
    public = {"R2_PUBLIC_URL": "https://images.example.com/"}
    r2 = load_config(folder, None, {**R2, **public}).location("r2")
    assert (r2.url, r2.region) == ("s3://poses", "auto")
    assert r2.endpoint == "https://abc123.r2.cloudflarestorage.com"
    assert r2.public_url == "https://images.example.com"
    key_id, secret, token = r2.credentials(R2)
    assert (key_id.reveal(), secret.reveal(), token) == ("the-key-id", "the-secret", None)


def test_a_jurisdiction_is_part_of_the_endpoint(folder: Path) -> None:
    posecas.create_store(folder).close()

    def endpoint(**more: str) -> str:
        return load_config(folder, None, {**R2, **more}).location("r2").endpoint

    assert endpoint(R2_JURISDICTION="eu") == "https://abc123.eu.r2.cloudflarestorage.com"
    assert endpoint(R2_JURISDICTION="default") == "https://abc123.r2.cloudflarestorage.com"
    given = "https://abc123.fedramp.r2.cloudflarestorage.com"
    assert endpoint(R2_ENDPOINT_URL=given) == given
    with pytest.raises(ConfigError, match="R2_JURISDICTION is 'mars'"):
        endpoint(R2_JURISDICTION="mars")
    with pytest.raises(ConfigError, match="leave out /poses"):
        endpoint(R2_ENDPOINT_URL=f"{given}/poses")


def test_secrets_are_masked_and_their_variables_named(folder: Path) -> None:
    posecas.create_store(folder).close()
    told = settings_of(folder, **R2)
    assert told["location.r2.url"] == ("s3://poses", "environment", "R2_BUCKET_NAME")
    masked = ("********", "environment", "R2_SECRET_ACCESS_KEY")
    assert told["location.r2.secret_access_key"] == masked
    assert "the-secret" not in str(load_config(folder, None, R2))
    assert "the-key-id" not in str(load_config(folder, None, R2))


def test_a_table_describes_any_location(folder: Path) -> None:
    posecas.create_store(folder).close()
    with (folder / "posecas.toml").open("a") as file:
        file.write('[location.archive]\nurl = "s3://a-bucket/x/"\nsecret_access_key_env = "MINE"\n')
    told = settings_of(folder, MINE="the-secret", POSECAS_LOCATION_ARCHIVE_REGION="eu-west-1")
    assert told["location.archive.url"] == ("s3://a-bucket/x", "posecas.toml", "")
    assert told["location.archive.region"][:2] == ("eu-west-1", "environment")
    assert told["location.archive.secret_access_key"] == ("********", "environment", "MINE")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[location.a]\nsecret_access_key = 'x'\n", "belongs in the environment"),
        ("[location.a]\nsecret_access_key_env = 'k3y/with+signs'\n", "name of the variable"),
        ("[location.a]\ncolour = 'x'\n", "no such setting"),
        ("[location]\nurl = 's3://bucket'\n", "table"),
        ("[location.a]\nendpoint = 'https://me:pass@host'\n", "must not hold a user"),
        ("[location.a]\npublic_url = 'images.example.com'\n", "like https://"),
    ],
)
def test_a_wrong_table_is_named(folder: Path, text: str, named: str) -> None:
    posecas.create_store(folder).close()
    with (folder / "posecas.toml").open("a") as file:
        file.write(text)
    with pytest.raises(ConfigError, match=named) as refused:
        posecas.open_store(folder)
    assert "pass@" not in str(refused.value)
    assert "k3y" not in str(refused.value)


def test_variables_that_are_missing_are_named_on_use_and_others_work(
    store: posecas.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put(tile(1), generation="g", pose="p")
    monkeypatch.setenv("STORAGE_MODE", "r2")
    monkeypatch.setenv("R2_ACCOUNT_ID", "abc123")
    monkeypatch.setenv("R2_ACCESS_KEY_ID", "the-key-id")
    with posecas.open_store(store.path) as other:
        assert other.get("g/p") == tile(1)
        missing = "R2_SECRET_ACCESS_KEY and R2_BUCKET_NAME are not set"
        with pytest.raises(ConfigError, match=missing):
            other.put(tile(2), generation="g", pose="q")
        with pytest.raises(ConfigError, match=missing):
            other.add_location("r2")
        assert [use.location.name for use in other.locations()] == ["local"]


def test_a_table_is_added_by_itself_on_first_use(folder: Path, disk: Path) -> None:
    posecas.create_store(folder).close()
    with (folder / "posecas.toml").open("a") as file:
        file.write(f"[location.disk]\nurl = '{disk.as_uri()}'\n")
    with writing_to(folder, "disk") as store:
        assert len(store.locations()) == 1
        results = list(store.put_many(PutItem(tile(n), "g", f"p{n}") for n in range(3)))
        assert [one.status for one in results] == ["stored"] * 3
        assert [use.live.count for use in store.locations()] == [0, 6]
    assert (disk / "posecas.json").exists()


def test_settings_that_name_another_place_stop_the_put(on_disk: Path, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    with (on_disk / "posecas.toml").open("a") as file:
        file.write(f"[location.disk]\nurl = '{(tmp_path / 'new').as_uri()}'\n")
    with (
        writing_to(on_disk, "disk") as store,
        pytest.raises(ConfigError, match="set it back"),
    ):
        store.put(tile(1), generation="g", pose="p")
    assert list((tmp_path / "new").iterdir()) == []


def test_options_of_a_location_are_kept_in_the_settings(store: posecas.Store, disk: Path) -> None:
    said = {"public_url": "https://images.example.com"}
    store.add_location("disk", disk.as_uri(), settings=said)
    store.add_location("disk", disk.as_uri(), settings=said)
    assert load_config(store.path, None, {}).location("disk").public_url == said["public_url"]
    with pytest.raises(ConfigError, match="says otherwise"):
        store.add_location("disk", disk.as_uri(), settings={"region": "auto"})


def test_opening_with_a_remote_location_asks_nothing_and_loads_nothing(folder: Path) -> None:
    with posecas.create_store(folder) as store:
        store.put(tile(1), generation="g", pose="p")
        store.index.add_location("away", "memory://poses", host=None)
    script = (
        f"import sys; sys.path[:0] = {sys.path!r}\nimport posecas\n"
        "with posecas.open_store(sys.argv[1]) as store: store.get('g/p')\n"
        "assert not {'s3fs', 'aiobotocore', 'fsspec'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **dict.fromkeys(R2, "")},
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_disk_that_was_away_is_no_damage(on_disk: Path, disk: Path) -> None:
    with writing_to(on_disk, "disk") as store:
        store.put(tile(1), generation="g", pose="p")
    with posecas.open_store(on_disk) as store:
        disk.rename(disk.with_name("unplugged"))
        with pytest.raises(LocationUnavailable):
            store.get("g/p")
        disk.with_name("unplugged").rename(disk)
        assert store.get("g/p") == tile(1)


def test_a_journal_that_goes_elsewhere_begins_there_with_a_snapshot(on_disk: Path) -> None:
    with posecas.open_store(on_disk) as store:
        store.put(tile(1), generation="g", pose="p")
        assert list(store.snapshots()) == []
    for location in ("disk", "disk", "local"):
        with writing_to(on_disk, location) as store:
            store.put(tile(2), generation="g", pose="q", replace=True)
            store.annotate("g/p", prompt=f"at {location}, {os.urandom(2).hex()}")
    with writing_to(on_disk, "disk") as store:
        # Going to and fro within the hour does not make one each time.
        assert len(list(store.snapshots())) == 1
    with posecas.open_store(on_disk) as store:
        assert list(store.snapshots()) == []


def test_after_a_switch_the_index_comes_back_from_the_new_place_alone(
    on_disk: Path, disk: Path, tmp_path: Path
) -> None:
    with posecas.open_store(on_disk) as store:
        store.put(tile(1), generation="g", pose="p")
    with writing_to(on_disk, "disk") as store:
        list(store.replicate("disk"))
        store.put(tile(2), generation="g", pose="q")
    shutil.rmtree(on_disk)
    settings = {"write_location": "disk", "location.disk.url": disk.as_uri()}
    restore_index(tmp_path / "new", take_over=True, settings=settings)
    with posecas.open_store(tmp_path / "new", settings=settings) as store:
        assert [store.get(f"g/{name}") for name in "pq"] == [tile(1), tile(2)]


def test_a_copy_of_the_store_may_not_touch_its_locations(
    on_disk: Path, disk: Path, tmp_path: Path
) -> None:
    with posecas.open_store(on_disk) as store:
        store.put(tile(1), generation="g", pose="p")
        list(store.replicate("disk"))
        store.remove(["g/p"])
    shutil.copytree(on_disk, tmp_path / "copy")
    before = sorted(disk.rglob("*.*"))
    with posecas.open_store(tmp_path / "copy") as copy:
        copy.put(tile(2), generation="g", pose="q")
        for work in (copy.replicate("disk"), copy.check(), copy.collect(grace=0, delay=0)):
            with pytest.raises(ForeignStore, match="location add disk --take-over"):
                list(work)
        with pytest.raises(ForeignStore, match="of which this one is a copy"):
            copy.add_location("disk", disk.as_uri())
        assert sorted(disk.rglob("*.*")) == before
        assert copy.get("g/q") == tile(2)
    with posecas.open_store(on_disk) as store:
        assert check(store).findings == []


def test_a_copy_takes_over_when_the_other_one_is_gone(
    on_disk: Path, disk: Path, tmp_path: Path
) -> None:
    shutil.copytree(on_disk, tmp_path / "copy")
    with posecas.open_store(tmp_path / "copy") as copy:
        copy.add_location("disk", disk.as_uri(), take_over=True)
        copy.put(tile(1), generation="g", pose="p")
        list(copy.replicate("disk"))
    with posecas.open_store(on_disk) as store, pytest.raises(ForeignStore, match="copy"):
        list(store.replicate("disk"))


def test_what_is_only_at_a_location_without_credentials_says_what_is_missing(
    store: posecas.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    here = store.put(tile(1), generation="g", pose="here")
    there = store.put(tile(2), generation="g", pose="there")
    store.index.add_location("away", "s3://bucket/poses", host=None)
    copy = "INSERT INTO replicas (blob_id, location_id, nonce, state, lease_until, since)"
    copy += " SELECT b.id, l.id, x'0123456789ab', 'pending', 1, 1 FROM blobs b, locations l"
    by_hand(
        store,
        *(
            f"{copy} WHERE l.name = 'away' AND hex(b.digest) = '{one.digest.upper()}'"
            for one in (here, there)
        ),
        "UPDATE replicas SET state = 'live', lease_until = NULL WHERE state = 'pending'",
    )
    (gone,) = [one for one in store.index.replicas(there.digest) if one.location == "local"]
    store.index.checked(gone.id, intact=False)
    assert store.get("g/here") == tile(1)
    with pytest.raises(ConfigError, match="AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not"):
        store.get("g/there")
