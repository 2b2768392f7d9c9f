"""Put, through the store: what it stores, shares, refuses and survives."""

import os
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import posecas
from kit.disks import small_disk
from kit.pictures import jpeg, photo, png, webp
from kit.tiles import tile
from posecas.errors import (
    BrokenImage,
    ConfigError,
    DamagedObject,
    ForeignStore,
    InvalidName,
    LocationUnavailable,
    NotAnImage,
    ObjectMissing,
    OtherUser,
    OverQuota,
    PoseExists,
    PoseNotFound,
    RecipeNotFound,
    StorageFull,
    TooLarge,
    UsageError,
    WrongMediaType,
)
from posecas.objects.metering import metered
from posecas.put import PutItem
from posecas.records import Replica


def objects(store: posecas.Store) -> list[str]:
    return sorted(info.key for info in store.location.objects.list("objects/"))


def replica(store: posecas.Store, which: str) -> Replica:
    return store.describe(which).replicas[-1]


def object_file(store: posecas.Store, which: str) -> Path:
    return store.path / replica(store, which).key


def item(number: int, **words: Any) -> PutItem:
    return PutItem(tile(number), words.pop("generation", "g"), f"p{number}", **words)


def untouched(store: posecas.Store) -> bool:
    """Nothing was stored, no quota used, no name made."""
    users = [(user.used, user.reserved) for user in store.users()]
    return objects(store) == [] and store.stats().poses == 0 and all(u == (0, 0) for u in users)


def test_the_bytes_come_back_as_they_were_put(store: posecas.Store) -> None:
    for number, data in enumerate((tile(1), jpeg(photo(40, 30)), webp(photo(40, 30)))):
        pose = store.put(data, generation="g", pose=f"p{number}", user="ada")
        assert store.get(f"g/p{number}") == data
        assert store.get(pose) == data
        assert store.get(pose.digest) == data
        assert store.get(pose.digest[:8].upper()) == data
        with store.open(pose) as file:
            assert file.read() == data
        assert (pose.user, pose.generation, pose.name, pose.size) == (
            "ada",
            "g",
            f"p{number}",
            len(data),
        )
        assert pose.extension == ("png", "jpg", "webp")[number]


def test_a_pose_has_its_thumbnail_when_put_returns(store: posecas.Store) -> None:
    pose = store.put(png(photo(300, 200)), generation="g", pose="p")
    assert pose.thumbnail is not None
    assert pose.thumbnail.recipe == "thumb-400"
    data = store.get(pose.thumbnail.facts.digest)
    assert store.rendition(pose, "thumb-400") == data
    assert len(objects(store)) == 2


def test_an_avatar_has_its_own_limits_and_thumbnail(store: posecas.Store) -> None:
    pose = store.put(png(photo(300, 200)), generation="g", pose="p", profile="avatar")
    assert pose.thumbnail is not None
    assert (pose.thumbnail.recipe, pose.thumbnail.facts.width) == ("thumb-300", 300)
    with pytest.raises(ConfigError, match="profile"):
        store.put(tile(1), generation="g", pose="q", profile="banner")


def test_no_thumbnail_is_made_where_none_is_wanted(folder: Path) -> None:
    with posecas.create_store(folder, settings={"profile.pose.thumbnail": ""}) as store:
        pose = store.put(tile(1), generation="g", pose="p")
        assert pose.thumbnail is None
        assert len(objects(store)) == 1
        made = store.rendition("g/p", "thumb-400")
        thumbnail = store.pose("g/p").thumbnail
        assert thumbnail is not None
        assert store.get(thumbnail.facts.digest) == made


def test_a_duplicate_writes_and_decodes_nothing(
    store: posecas.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put(tile(1), generation="g", pose="p", user="ada")
    before = objects(store)
    for work in ("probe", "decode", "render"):
        monkeypatch.setattr(f"posecas.put.{work}", None)
    results = store.put_many(
        [PutItem(tile(1), "h", f"p{number}", user="bob") for number in range(20)]
    )
    assert {result.status for result in results} == {"deduplicated"}
    assert objects(store) == before
    assert store.stats().dedupe_ratio == pytest.approx(21)
    pose = store.pose("h/p3")
    assert pose.thumbnail == store.pose("g/p").thumbnail


def test_equal_pixels_share_one_thumbnail_and_keep_their_own_bytes(
    store: posecas.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = store.put(tile(1, "prompt one"), generation="g", pose="a")
    monkeypatch.setattr("posecas.put.render", None)
    second = store.put(tile(1, "prompt two"), generation="g", pose="b")
    assert first.digest != second.digest
    assert first.thumbnail is not None
    assert second.thumbnail is not None
    assert first.thumbnail.facts == second.thumbnail.facts
    assert store.get("g/b") == tile(1, "prompt two")
    assert len(objects(store)) == 3


def test_a_batch_makes_each_picture_once(store: posecas.Store) -> None:
    items = [PutItem(tile(number % 5), "g", f"p{number}") for number in range(100)]
    results = list(store.put_many(items))
    assert [result.item for result in results] == items
    assert [result.error for result in results] == [None] * 100
    assert sum(result.status == "stored" for result in results) == 5
    assert len(objects(store)) == 10
    assert len(list(store.poses(generation="g"))) == 100


def test_the_same_put_again_is_a_success_and_changes_nothing(store: posecas.Store) -> None:
    first = store.put(tile(1), generation="g", pose="p", prompt="a heron")
    change = store.index.last_change()
    assert store.put(tile(1), generation="g", pose="p", prompt="a stork") == first
    assert store.index.last_change() == change


def test_other_bytes_are_refused_or_replace(store: posecas.Store) -> None:
    store.put(tile(1), generation="g", pose="p", favourite=True)
    with pytest.raises(PoseExists, match="g/p: it exists"):
        store.put(tile(2), generation="g", pose="p")
    assert store.get("g/p") == tile(1)
    assert store.put(tile(2), generation="g", pose="p", replace=True).favourite
    assert store.get("g/p") == tile(2)
    assert store.get(posecas.digest.digest_of(tile(1))) == tile(1)


def test_users_do_not_write_into_each_others_generations(store: posecas.Store) -> None:
    store.put(tile(1), generation="g", pose="p", user="ada")
    with pytest.raises(OtherUser) as caught:
        store.put(tile(2), generation="g", pose="q", user="bob")
    assert "ada" not in str(caught.value)
    assert store.put(tile(2), generation="h", pose="p", user="bob").user == "bob"
    assert [pose.user for pose in store.poses(user="bob")] == ["bob"]


def test_over_quota_nothing_is_stored(store: posecas.Store) -> None:
    store.set_quota("ada", len(tile(1)) - 1)
    with pytest.raises(OverQuota, match="quota"):
        store.put(tile(1), generation="g", pose="p", user="ada")
    assert untouched(store)
    assert list(store.generations()) == []


def test_removing_keeps_bytes_that_others_name(store: posecas.Store) -> None:
    store.put(tile(1), generation="g", pose="p", user="ada")
    store.put(tile(1), generation="h", pose="p", user="bob")
    assert [str(pose.generation) for pose in store.remove(["g/p"])] == ["g"]
    assert store.get("h/p") == tile(1)
    with pytest.raises(PoseNotFound):
        store.get("g/p")
    with pytest.raises(PoseNotFound, match="g/p"):
        store.remove(["h/p", "g/p"])
    assert store.pose("h/p")


# What is refused


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", NotAnImage),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", NotAnImage),
        (tile(1)[:-20], BrokenImage),
        (tile(1) + b"PK\x03\x04 and more", BrokenImage),
    ],
)
def test_what_is_no_whole_image_is_refused_and_leaves_nothing(
    store: posecas.Store, tmp_path: Path, data: bytes, error: type[Exception]
) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(data)
    with pytest.raises(error, match=r"picture\.png: "):
        store.put(path, generation="g", pose="p", user="ada")
    assert untouched(store)
    assert list(store.users()) == []


def test_limits_are_the_settings_and_named(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "big.png"
    path.write_bytes(png(photo(200, 100)))
    for name, value in (("max_bytes", "1kB"), ("max_pixels", "19999"), ("max_side", "199")):
        setting = f"profile.pose.{name}"
        with (
            posecas.create_store(folder, settings={setting: value}) as store,
            pytest.raises(TooLarge, match=rf"big\.png: .*{setting}"),
        ):
            store.put(path, generation="g", pose="p")


def test_lower_limits_hold_for_what_is_known_too(folder: Path) -> None:
    data = png(photo(200, 100))
    with posecas.create_store(folder) as store:
        store.put(data, generation="g", pose="p")
    for name, value in (("max_bytes", "1kB"), ("max_pixels", "19999")):
        settings = {f"profile.pose.{name}": value}
        with (
            posecas.open_store(folder, settings=settings) as store,
            pytest.raises(TooLarge),
        ):
            store.put(data, generation="g", pose="q")


def test_a_name_that_lies_about_its_type_is_refused_or_put_right(
    store: posecas.Store, tmp_path: Path
) -> None:
    path = tmp_path / "really.png"
    path.write_bytes(jpeg(photo(30, 30)))
    with pytest.raises(WrongMediaType, match=r"rename it to \.jpg"):
        store.put(path, generation="g", pose="p")
    assert untouched(store)
    lying = PutItem(path, "g", "p", extension_mismatch="fix")
    (result,) = store.put_many([lying])
    assert (result.status, result.mismatch) == ("stored", True)
    assert result.pose is not None
    assert result.pose.media_type == "image/jpeg"
    (again,) = store.put_many([lying])
    assert (again.status, again.mismatch) == ("unchanged", True)
    path.with_suffix(".jpeg").write_bytes(path.read_bytes())
    assert store.put(path.with_suffix(".jpeg"), generation="g", pose="q")


@pytest.mark.parametrize("name", ["", ".", "..", "../../etc", "a b", "ü", "🐦", "x" * 129, "a\n"])
def test_names_that_are_none_are_refused(store: posecas.Store, name: str) -> None:
    with pytest.raises(InvalidName):
        store.put(tile(1), generation=name, pose="p")
    with pytest.raises(InvalidName):
        store.put(tile(1), generation="g", pose=name)
    with pytest.raises(InvalidName):
        store.put(tile(1), generation="g", pose="p", user=name)
    with pytest.raises(InvalidName):
        store.set_quota(name, 1)
    assert untouched(store)


def test_files_that_cannot_be_read_are_named(store: posecas.Store, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    for path in (tmp_path / "missing.png", tmp_path, tmp_path / "pipe.png"):
        with pytest.raises(UsageError, match=str(path)):
            store.put(path, generation="g", pose="p")


@pytest.mark.parametrize(
    "words",
    [
        {"seed": 2**64},
        {"downloads": -1},
        {"controlnet_weight": float("nan")},
        {"generation_time": -1.0},
        {"status": "lost"},
        {"prompt": "a\0b"},
        {"colour": "red"},
    ],
)
def test_attributes_without_sense_are_named(store: posecas.Store, words: Any) -> None:
    with pytest.raises(UsageError, match=next(iter(words))):
        store.put(tile(1), generation="g", pose="p", **words)
    assert untouched(store)


def test_one_bad_image_among_many_is_its_own_matter(store: posecas.Store) -> None:
    items = [item(1), PutItem(b"no image", "g", "bad"), item(2), item(1)]
    results = list(store.put_many(items))
    assert [result.status for result in results] == ["stored", "refused", "stored", "unchanged"]
    assert isinstance(results[1].error, NotAnImage)


def test_an_unknown_recipe_lists_what_there_is(store: posecas.Store) -> None:
    store.put(tile(1), generation="g", pose="p")
    with pytest.raises(RecipeNotFound, match="thumb-400-png"):
        store.rendition("g/p", "thumb-9000")


# Renditions


def test_a_rendition_is_made_once(store: posecas.Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put(tile(1), generation="g", pose="p")
    first = store.rendition("g/p", "thumb-400-png")
    monkeypatch.setattr("posecas.renditions.render", None)
    assert store.rendition("g/p", "thumb-400-png") == first
    assert [one.recipe for one in store.describe("g/p").renditions] == [
        "thumb-400",
        "thumb-400-png",
    ]


def test_a_rendition_of_what_no_pose_names_is_served_and_not_kept(store: posecas.Store) -> None:
    pose = store.put(tile(1), generation="g", pose="p")
    store.remove([pose])
    data = store.rendition(pose.digest, "thumb-400-png")
    assert data
    assert [one.recipe for one in store.describe(pose.digest).renditions] == ["thumb-400"]


def test_a_damaged_rendition_is_made_again(store: posecas.Store) -> None:
    pose = store.put(tile(1), generation="g", pose="p")
    assert pose.thumbnail is not None
    good = store.rendition("g/p", "thumb-400")
    object_file(store, pose.thumbnail.facts.digest).write_bytes(b"rot" * 100)
    assert store.rendition("g/p", "thumb-400") == good
    states = [one.state for one in store.describe(pose.thumbnail.facts.digest).replicas]
    assert states == ["condemned", "live"]
    assert store.get(pose.thumbnail.facts.digest) == good


# Damage


def test_wrong_bytes_are_never_served_and_the_next_put_heals_them(store: posecas.Store) -> None:
    store.put(tile(1), generation="g", pose="p")
    file = object_file(store, "g/p")
    data = bytearray(file.read_bytes())
    data[40] ^= 1
    file.write_bytes(data)
    with pytest.raises(DamagedObject, match="digest"):
        store.get("g/p")
    assert replica(store, "g/p").state == "damaged"
    with pytest.raises(DamagedObject, match="only copy is damaged"):
        store.get("g/p")
    store.put(tile(1), generation="h", pose="q")
    assert store.get("g/p") == tile(1)


def test_a_file_of_the_wrong_size_is_not_opened(store: posecas.Store) -> None:
    store.put(tile(1), generation="g", pose="p")
    os.truncate(object_file(store, "g/p"), 10)
    with pytest.raises(DamagedObject, match="bytes"):
        store.open("g/p")


def test_a_missing_object_is_damage_and_not_a_missing_pose(store: posecas.Store) -> None:
    store.put(tile(1), generation="g", pose="p")
    object_file(store, "g/p").unlink()
    with pytest.raises(ObjectMissing):
        store.get("g/p")
    assert replica(store, "g/p").state == "damaged"
    assert store.pose("g/p")


def test_a_disk_that_is_away_is_not_damage(store: posecas.Store) -> None:
    store.put(tile(1), generation="g", pose="p")
    aside = store.path.with_name("aside")
    aside.mkdir()
    for name in ("posecas.json", "objects"):
        shutil.move(store.path / name, aside / name)
    with pytest.raises(LocationUnavailable, match="mounted"):
        store.get("g/p")
    with pytest.raises(LocationUnavailable, match="mounted"):
        store.put(tile(2), generation="g", pose="q")
    assert replica(store, "g/p").state == "live"
    for name in ("posecas.json", "objects"):
        shutil.move(aside / name, store.path / name)
    assert store.get("g/p") == tile(1)


def test_a_location_of_another_store_is_not_written(store: posecas.Store, tmp_path: Path) -> None:
    with posecas.create_store(tmp_path / "other") as other:
        shutil.copy(other.path / "posecas.json", store.path / "posecas.json")
    with pytest.raises(ForeignStore, match="belongs to the store"):
        store.put(tile(1), generation="g", pose="p")
    assert objects(store) == []


# Many at once, and room


def test_stores_that_put_the_same_images_at_once_keep_one_object_each(
    store: posecas.Store, folder: Path
) -> None:
    failures: list[object] = []

    def work(number: int) -> None:
        with posecas.open_store(folder) as mine:
            items = [PutItem(tile(one), f"g{number}", f"p{one}") for one in range(12)]
            failures.extend(result.error for result in mine.put_many(items) if result.error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert store.stats().poses == 48
    assert store.stats().blobs == 24
    for number in range(12):
        assert store.get(f"g{number % 4}/p{number}") == tile(number)


def test_a_store_may_be_used_from_many_threads(store: posecas.Store) -> None:
    failures: list[object] = []

    def work(thread: int) -> None:
        for number in range(10):
            store.put(tile(number), generation=f"g{thread}", pose=f"p{number}")
            if store.get(f"g{thread}/p{number}") != tile(number):
                failures.append((thread, number))

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert (store.stats().poses, store.stats().blobs) == (60, 20)


def test_on_a_full_disk_what_was_reported_is_stored_and_the_rest_comes_later() -> None:
    items = [PutItem(png(photo(400, 400, seed=number)), "g", f"p{number}") for number in range(60)]
    with small_disk(8_000_000) as disk:
        with posecas.create_store(disk.path / "store") as store:
            stored: list[PutItem] = []
            with pytest.raises(StorageFull, match="room are left"):
                stored.extend(result.item for result in store.put_many(items))
            assert 0 < len(stored) < len(items)
            for one in stored:
                assert store.get(f"g/{one.pose}") == one.image
            assert {pose.name for pose in store.poses()} == {one.pose for one in stored}
            assert store.remove([f"g/{stored[0].pose}"])
        with (
            small_disk(60_000_000) as larger,
            posecas.open_store(shutil.copytree(disk.path / "store", larger.path / "s")) as store,
        ):
            results = list(store.put_many(items))
            assert {result.status for result in results} == {"stored", "unchanged", "deduplicated"}
            assert len(list(store.poses())) == len(items)


def test_a_new_image_is_one_write_an_object_and_a_duplicate_none(folder: Path) -> None:
    with posecas.create_store(folder) as store:
        counted = metered(store.location.objects)
        object.__setattr__(store.location, "objects", counted)
        store.put(tile(1), generation="g", pose="p")
        assert counted.tally("write").calls == 2
        store.put(tile(1), generation="g", pose="q")
        assert counted.tally("write").calls == 2


def test_memory_stays_bounded_in_a_long_run(store: posecas.Store) -> None:
    ahead = 0

    def images() -> Any:
        nonlocal ahead
        for number in range(200):
            ahead += 1
            yield PutItem(tile(number % 3), "g", f"p{number}")

    for _ in store.put_many(images()):
        ahead -= 1
        assert ahead < 64


def test_stopping_early_stores_no_more_than_was_under_way(store: posecas.Store) -> None:
    results = store.put_many([item(number) for number in range(100)])
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert 1 <= store.stats().poses < 100


def test_a_store_of_copied_pixels_without_a_profile_renders_alike(store: posecas.Store) -> None:
    grey = Image.linear_gradient("L")
    first = store.put(png(grey), generation="g", pose="l")
    second = store.put(png(grey.convert("RGB")), generation="g", pose="rgb")
    assert first.digest != second.digest
    assert store.rendition(first, "thumb-400") == store.rendition(second, "thumb-400")
