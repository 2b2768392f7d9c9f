"""What is written through a mount, by the calls that any engine makes."""

import json
import logging
from dataclasses import replace

import pytest

import posecas
from kit.hands import at, close, exists, names, opened, read, split, writable, write
from kit.tiles import tile
from posecas.errnos import IsFolder, NameTaken, NotAllowed, OtherPlace, ReadOnly
from posecas.errors import (
    BrokenImage,
    InvalidName,
    NotAnImage,
    NotEmpty,
    NotFound,
    PosecasError,
    PoseExists,
    StorageFull,
    TooLarge,
    UsageError,
)
from posecas.view import Node
from posecas_fuse.files import Files, Handle, Rules

PNG = "generations/g1/p1.png"
LARGE = tile(1, text="x" * 40_000)


def spooled(files: Files) -> tuple[int, int]:
    return files.spooled()


def test_when_commit_returns_the_pose_is_there_with_its_thumbnail(
    store: posecas.Store, files: Files
) -> None:
    handle = opened(files, PNG)
    files.write(handle, 0, memoryview(tile(1)))
    assert list(store.poses()) == []
    files.commit(handle)
    pose = store.pose("g1/p1")
    assert store.get(pose) == tile(1)
    assert pose.user == "ada"
    assert pose.thumbnail is not None
    assert read(files, "thumbnails/users/ada/g1/p1.jpg") == store.get(pose.thumbnail.facts.digest)
    files.release(handle)
    assert spooled(files) == (0, 0)


def test_a_file_is_its_own_until_it_is_committed_and_the_pose_then(files: Files) -> None:
    handle = opened(files, PNG)
    files.write(handle, 0, memoryview(tile(1)[:100]))
    assert (at(files, PNG).size, names(files, "generations/g1")) == (100, ["p1.png"])
    assert read(files, PNG) == tile(1)[:100]
    files.write(handle, 100, memoryview(tile(1)[100:]))
    close(files, handle)
    assert names(files, "users/ada/g1") == ["p1.json", "p1.png"]
    assert at(files, PNG).node == at(files, "users/ada/g1/p1.png").node


@pytest.mark.parametrize("order", [(2, 1, 0), (1, 0, 2), (0, 2, 1)])
def test_pieces_may_come_in_any_order(
    store: posecas.Store, files: Files, order: tuple[int, ...]
) -> None:
    pieces = {n: LARGE[n * 20_000 : (n + 1) * 20_000] for n in range(3)}
    handle = opened(files, PNG)
    for number in order:
        files.write(handle, number * 20_000, memoryview(pieces[number]))
    close(files, handle)
    assert store.get("g1/p1") == LARGE


def test_overwriting_without_emptying_first_begins_with_what_is_there(
    store: posecas.Store, files: Files
) -> None:
    write(files, PNG, LARGE)
    handle = opened(files, PNG, truncate=False)
    assert files.read(handle, 0, 50) == LARGE[:50]
    files.write(handle, 0, memoryview(tile(2)))
    assert files.entry(at(files, PNG).node, handle).size == len(LARGE)
    files.truncate(at(files, PNG).node, len(tile(2)), handle)
    assert store.get("g1/p1") == LARGE
    close(files, handle)
    assert store.get("g1/p1") == tile(2)


def test_a_file_opened_to_write_and_closed_again_stays_as_it_was(
    store: posecas.Store, files: Files
) -> None:
    before = store.put(tile(1), generation="g1", pose="p1")
    close(files, opened(files, PNG, truncate=False))
    close(files, opened(files, PNG, truncate=True))
    assert store.pose("g1/p1") == before
    assert spooled(files) == (0, 0)


def test_appending_goes_behind_what_is_there(files: Files) -> None:
    path = "generations/g1/notes"
    write(files, path, b"one\n")
    handle = opened(files, path, truncate=False)
    files.write(handle, None, memoryview(b"two\n"))
    close(files, handle)
    assert read(files, path) == b"one\ntwo\n"


def test_the_flush_of_an_empty_file_is_no_error_and_what_comes_later_is_stored(
    store: posecas.Store, files: Files
) -> None:
    handle = opened(files, PNG)
    files.commit(handle)
    files.sync(handle)
    files.write(handle, 0, memoryview(tile(1)))
    close(files, handle)
    assert store.get("g1/p1") == tile(1)


def test_an_empty_file_stays_and_is_written_later(store: posecas.Store, files: Files) -> None:
    close(files, opened(files, PNG))
    assert (at(files, PNG).size, spooled(files)) == (0, (0, 1))
    write(files, PNG, tile(1))
    assert store.get("g1/p1") == tile(1)
    assert spooled(files) == (0, 0)


def test_a_synced_file_that_is_written_on_is_stored_again(
    store: posecas.Store, files: Files
) -> None:
    handle = opened(files, PNG)
    files.write(handle, 0, memoryview(tile(1)))
    files.sync(handle)
    assert store.get("g1/p1") == tile(1)
    files.truncate(at(files, PNG).node, 0, handle)
    files.write(handle, 0, memoryview(tile(2)))
    assert store.get("g1/p1") == tile(1)
    close(files, handle)
    assert store.get("g1/p1") == tile(2)


@pytest.mark.parametrize(
    "data", [b"GIF89a and so on", b"hello", b"\x89PNX", b"{}", b"x", b"RIFF\0\0\0\0WAVE"]
)
def test_what_is_no_image_is_refused_by_the_first_write_that_shows_it(
    store: posecas.Store, files: Files, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    handle = opened(files, PNG)
    with caplog.at_level(logging.WARNING), pytest.raises(NotAnImage):
        files.write(handle, 0, memoryview(data))
    with pytest.raises(NotAnImage):
        files.write(handle, 0, memoryview(data))
    close(files, handle)
    assert len([one for one in caplog.messages if "g1/p1.png" in one]) == 1
    assert at(files, PNG).size == 0
    assert "PNG, JPEG or WebP" in json.loads(read(files, "generations/g1/p1.json"))["error"]
    assert list(store.poses()) == []
    write(files, PNG, tile(1))
    assert store.get("g1/p1") == tile(1)


def test_what_comes_out_of_order_is_judged_when_the_first_bytes_are_known(files: Files) -> None:
    handle = opened(files, PNG)
    files.write(handle, 4, memoryview(b"a tail that may be anything"))
    with pytest.raises(NotAnImage):
        files.write(handle, 0, memoryview(b"GIF8"))
    files.write(handle, 0, memoryview(b"\x89P"))
    files.release(handle)


def test_a_file_over_the_limit_is_refused_as_it_grows(store: posecas.Store) -> None:
    settings = {"profile.pose.max_bytes": "1000"}
    store.add_generation("g1", "ada")
    with (
        posecas.open_store(store.path, settings=settings) as small,
        writable(small) as files,
    ):
        handle = opened(files, PNG)
        files.write(handle, 0, memoryview(LARGE[:1000]))
        with pytest.raises(TooLarge, match="max_bytes"):
            files.write(handle, 1000, memoryview(b"x"))
        with pytest.raises(TooLarge):
            files.truncate(at(files, PNG).node, 1001, handle)
        files.release(handle)


def test_a_broken_image_is_refused_at_close_and_what_was_stored_stays(
    store: posecas.Store, files: Files, caplog: pytest.LogCaptureFixture
) -> None:
    store.put(tile(3), generation="g1", pose="p0")
    before = store.put(tile(1), generation="g1", pose="p1")
    with caplog.at_level(logging.WARNING), pytest.raises(BrokenImage):
        write(files, PNG, tile(2)[:-20])
    assert len([one for one in caplog.messages if "g1/p1.png" in one]) == 1
    assert store.pose("g1/p1") == before
    assert read(files, PNG) == tile(1)
    told = json.loads(read(files, "generations/g1/p1.json"))
    assert "g1/p1.png" in told["error"]
    assert told["digest"] == before.digest
    assert at(files, "generations/g1/p1.json").size == len(read(files, "users/ada/g1/p1.json"))
    listed = files.children(at(files, "generations/g1").node, after=0, limit=100).items
    assert {one.name: one.size for one in listed} == {
        name: len(read(files, f"generations/g1/{name}"))
        for name in ("p0.json", "p0.png", "p1.json", "p1.png")
    }
    assert spooled(files) == (1, 1)
    write(files, PNG, tile(2))
    assert "error" not in json.loads(read(files, "generations/g1/p1.json"))
    assert spooled(files) == (0, 0)


def test_what_failed_is_made_up_for_by_the_same_image_under_another_extension(
    store: posecas.Store, files: Files
) -> None:
    with pytest.raises(BrokenImage):
        write(files, "generations/g1/p1.jpg", tile(1)[:-20])
    write(files, PNG, tile(1))
    assert "error" not in json.loads(read(files, "generations/g1/p1.json"))
    assert spooled(files) == (0, 0)
    assert store.get("g1/p1") == tile(1)


def test_a_new_file_that_is_broken_is_kept_and_its_json_tells_why(
    store: posecas.Store, files: Files
) -> None:
    with pytest.raises(BrokenImage):
        write(files, PNG, tile(1)[:-20])
    assert read(files, PNG) == tile(1)[:-20]
    told = json.loads(read(files, "generations/g1/p1.json"))
    assert (told["user"], told["generation"], told["pose"]) == ("ada", "g1", "p1")
    assert "p1.png" in told["error"]
    files.remove(*split(files, PNG), directory=False)
    assert not exists(files, PNG)
    assert not exists(files, "generations/g1/p1.json")
    assert list(store.poses()) == []


def test_of_two_who_write_one_name_each_has_a_file_and_the_last_to_close_wins(
    store: posecas.Store, files: Files
) -> None:
    for existing in (False, True):
        first = opened(files, PNG)
        second = opened(files, PNG)
        files.write(first, 0, memoryview(LARGE))
        files.write(second, 0, memoryview(tile(2)))
        assert files.read(first, 0, 1 << 20) == LARGE, existing
        close(files, second)
        assert store.get("g1/p1") == tile(2)
        close(files, first)
        assert store.get("g1/p1") == LARGE
        assert spooled(files) == (0, 0)


def test_a_reader_keeps_the_image_that_it_opened(files: Files) -> None:
    write(files, PNG, LARGE)
    reader = files.open(at(files, PNG).node)
    writer = opened(files, PNG)
    files.write(writer, 0, memoryview(tile(2)))
    assert files.read(reader, 0, 100) == LARGE[:100]
    assert at(files, PNG).size == len(LARGE)
    close(files, writer)
    assert files.read(reader, 100, 1 << 20) == LARGE[100:]
    files.release(reader)
    assert read(files, PNG) == tile(2)


def test_a_removed_file_is_written_on_and_never_comes_back(
    store: posecas.Store, files: Files
) -> None:
    for made in (True, False):
        if not made:
            write(files, PNG, tile(1))
        handle = opened(files, PNG)
        files.write(handle, 0, memoryview(tile(2)))
        files.remove(*split(files, PNG), directory=False)
        assert not exists(files, PNG)
        assert files.read(handle, 0, 1 << 20) == tile(2)
        close(files, handle)
        assert list(store.poses()) == []
        assert spooled(files) == (0, 0)


def test_a_draft_follows_the_pose_to_its_new_name(store: posecas.Store, files: Files) -> None:
    write(files, PNG, tile(1))
    handle = opened(files, PNG)
    files.write(handle, 0, memoryview(tile(2)))
    files.rename(split(files, PNG), split(files, "generations/g1/p2.png"))
    close(files, handle)
    assert [pose.name for pose in store.poses()] == ["p2"]
    assert store.get("g1/p2") == tile(2)


def test_a_mount_that_replaces_nothing(store: posecas.Store) -> None:
    store.put(tile(1), user="ada", generation="g1", pose="p1")
    store.put(tile(3), user="ada", generation="g1", pose="p3")
    with writable(store, rules=Rules(replaces=False)) as files:
        with pytest.raises(PoseExists):
            opened(files, PNG)
        with pytest.raises(NameTaken):
            files.rename(split(files, "generations/g1/p3.png"), split(files, PNG))
        write(files, "generations/g1/tmp", tile(2))
        with pytest.raises(PoseExists):
            files.rename(split(files, "generations/g1/tmp"), split(files, PNG))
        write(files, "generations/g1/p2.png", tile(2))
        handle = opened(files, "generations/g1/p4.png")
        files.write(handle, 0, memoryview(tile(4)))
        files.sync(handle)
        files.truncate(at(files, PNG).node, 0, handle)
        files.write(handle, 0, memoryview(tile(5)))
        close(files, handle)
    assert store.get("g1/p1") == tile(1)
    assert store.get("g1/p4") == tile(5)


def test_what_is_given_another_extension_is_taken_for_what_it_is(
    store: posecas.Store, files: Files
) -> None:
    write(files, "generations/g1/p1.jpg", tile(1))
    assert store.pose("g1/p1").media_type == "image/png"
    assert names(files, "generations/g1") == ["p1.json", "p1.png"]
    assert read(files, "generations/g1/p1.jpg") == tile(1)
    with (
        posecas.open_store(store.path, settings={"extension_mismatch": "refuse"}) as strict,
        writable(strict, at="/other") as refusing,
    ):
        handle = opened(refusing, "generations/g1/p2.jpg")
        with pytest.raises(PosecasError, match=r"p2\.jpg.*image/png"):
            refusing.write(handle, 0, memoryview(tile(1)))
        refusing.release(handle)


@pytest.mark.parametrize(
    "name", ["a b.png", "😀.png", "p1.PNG", "é.jpg", f"{'x' * 129}.png", "a b.json"]
)
def test_a_name_that_looks_like_an_image_s_and_is_none_is_refused(files: Files, name: str) -> None:
    with pytest.raises(InvalidName):
        opened(files, f"generations/g1/{name}")


@pytest.mark.parametrize("name", [".p1.png", "p1.png~", "p1.png.tmp", "4913", ".p1.png.Ab3d", "ü"])
def test_any_other_name_is_temporary(store: posecas.Store, files: Files, name: str) -> None:
    path = f"generations/g1/{name}"
    write(files, path, b"anything")
    assert read(files, path) == b"anything"
    assert names(files, "users/ada/g1") == [name]
    with pytest.raises(NotEmpty):
        files.remove(*split(files, "generations/g1"), directory=True)
    assert list(store.poses()) == []


def test_a_temporary_file_becomes_an_image_by_its_new_name(
    store: posecas.Store, files: Files, caplog: pytest.LogCaptureFixture
) -> None:
    write(files, "generations/g1/p1.tmp", tile(1))
    files.rename(split(files, "generations/g1/p1.tmp"), split(files, PNG))
    assert store.get("g1/p1") == tile(1)
    write(files, "generations/g1/p1.tmp", b"no image")
    with caplog.at_level(logging.WARNING), pytest.raises(NotAnImage):
        files.rename(split(files, "generations/g1/p1.tmp"), split(files, PNG))
    assert len([one for one in caplog.messages if "g1/p1.png" in one]) == 1
    assert store.get("g1/p1") == tile(1)
    assert read(files, "generations/g1/p1.tmp") == b"no image"


def test_a_temporary_file_that_is_open_while_it_is_renamed_is_stored_again_when_it_changes(
    store: posecas.Store, files: Files
) -> None:
    handle = opened(files, "generations/g1/tmp")
    files.write(handle, 0, memoryview(tile(1)))
    files.rename(split(files, "generations/g1/tmp"), split(files, PNG))
    assert store.get("g1/p1") == tile(1)
    files.truncate(at(files, PNG).node, 0, handle)
    files.write(handle, 0, memoryview(tile(2)))
    close(files, handle)
    assert store.get("g1/p1") == tile(2)
    assert not exists(files, "generations/g1/tmp")


def test_an_image_that_gets_a_temporary_name_is_no_pose_any_more(
    store: posecas.Store, files: Files
) -> None:
    store.put(tile(1), generation="g1", pose="p1")
    files.rename(split(files, PNG), split(files, "generations/g1/p1.png~"))
    assert list(store.poses()) == []
    assert read(files, "generations/g1/p1.png~") == tile(1)
    files.rename(split(files, "generations/g1/p1.png~"), split(files, PNG))
    assert store.get("g1/p1") == tile(1)


def test_renaming_an_image_keeps_what_is_said_of_it(store: posecas.Store, files: Files) -> None:
    before = store.put(tile(1), generation="g1", pose="p1", prompt="a heron")
    store.put(tile(2), generation="g1", pose="p2")
    store.add_generation("g3", "ada")
    files.rename(split(files, PNG), split(files, "users/ada/g3/p2.png"))
    files.rename(split(files, "users/ada/g3/p2.png"), split(files, "generations/g1/p2.jpg"))
    assert store.pose("g1/p2") == replace(before, name="p2")
    assert names(files, "generations/g1") == ["p2.json", "p2.png"]
    store.put(tile(3), generation="g1", pose="p3")
    with pytest.raises(NameTaken):
        files.rename(
            split(files, "generations/g1/p3.png"),
            split(files, "generations/g1/p2.png"),
            mode="keep",
        )


def test_two_images_swap_their_names(store: posecas.Store, files: Files) -> None:
    one = store.put(tile(1), generation="g1", pose="p1", prompt="one")
    two = store.put(tile(2), generation="g1", pose="p2")
    files.rename(split(files, PNG), split(files, "generations/g1/p2.png"), mode="exchange")
    assert store.pose("g1/p1") == replace(two, name="p1")
    assert store.pose("g1/p2") == replace(one, name="p2")
    write(files, "generations/g1/tmp", b"x")
    with pytest.raises(UsageError):
        files.rename(split(files, PNG), split(files, "generations/g1/tmp"), mode="exchange")


def test_an_image_is_not_renamed_to_another_user(store: posecas.Store, files: Files) -> None:
    before = store.put(tile(1), generation="g1", pose="p1")
    with pytest.raises(OtherPlace):
        files.rename(split(files, PNG), split(files, "generations/g2/p1.png"))
    with pytest.raises(OtherPlace):
        files.rename(split(files, "users/ada/g1"), split(files, "users/bob/g1"))
    assert store.pose("g1/p1") == before


def test_users_and_generations_are_folders(store: posecas.Store, files: Files) -> None:
    for path in ("users/eve", "users/eve/g5", "generations/g6"):
        files.make_directory(*split(files, path))
    assert [one.name for one in store.generations("eve")] == ["g5"]
    assert [one.name for one in store.generations("default")] == ["g6"]
    write(files, "users/eve/g5/p1.png", tile(1))
    for path, refusal in (
        ("users/eve", NameTaken),
        ("generations/g1", NameTaken),
        ("users/eve/g1", PosecasError),
        ("users/a b", InvalidName),
        ("users/😀", InvalidName),
        ("generations/g1/deeper", NotAllowed),
        ("hashes/x", ReadOnly),
        ("top", ReadOnly),
    ):
        with pytest.raises(refusal):
            files.make_directory(*split(files, path))
    for path in ("users/eve/g5", "users/eve"):
        with pytest.raises(NotEmpty):
            files.remove(*split(files, path), directory=True)
    files.remove(*split(files, "users/eve/g5/p1.png"), directory=False)
    files.remove(*split(files, "users/eve/g5"), directory=True)
    files.remove(*split(files, "users/eve"), directory=True)
    assert store.user("eve") is None


def test_no_generation_is_made_for_nobody(store: posecas.Store) -> None:
    with (
        posecas.open_store(store.path, settings={"default_user": ""}) as strict,
        writable(strict) as files,
        pytest.raises(InvalidName),
    ):
        files.make_directory(*split(files, "generations/g9"))


@pytest.mark.parametrize("path", ["new.png", "users/new.png", "users/ada/new.png", "generations/x"])
def test_where_only_folders_are_no_file_is_made(files: Files, path: str) -> None:
    with pytest.raises((NotAllowed, ReadOnly)):
        files.create(*split(files, path))


@pytest.mark.parametrize(
    "path", ["hashes/00/x", "aliases/x", "thumbnails/generations/g1/p1.jpg", ".posecas/x"]
)
def test_what_is_made_of_other_things_is_not_written(
    store: posecas.Store, files: Files, path: str
) -> None:
    pose = store.put(tile(1), generation="g1", pose="p1", aliases=["old"])
    assert pose.thumbnail is not None
    with pytest.raises((ReadOnly, NameTaken)):
        files.create(*split(files, path))
    for known in (pose.path[1:], "aliases/old", "thumbnails/generations/g1/p1.jpg"):
        with pytest.raises(ReadOnly):
            opened(files, known)
        with pytest.raises(ReadOnly):
            files.remove(*split(files, known), directory=False)
        with pytest.raises(ReadOnly):
            files.rename(split(files, known), split(files, "generations/g1/p7.png"))


def test_a_whole_generation_is_removed_name_by_name_as_it_is_listed(
    store: posecas.Store, files: Files
) -> None:
    store.put(tile(1), generation="g1", pose="p1", prompt="a heron")
    write(files, "generations/g1/tmp", b"x")
    node = at(files, "generations/g1").node
    for entry in files.children(node, after=0, limit=100).items:
        files.remove(node, entry.name.encode(), directory=False)
    for entry in files.children(node, after=1 << 57, limit=100).items:
        files.remove(node, entry.name.encode(), directory=False)
    files.remove(*split(files, "generations/g1"), directory=True)
    assert store.index.generation("g1") is None


def test_a_folder_is_no_file(files: Files) -> None:
    with pytest.raises(IsFolder):
        files.open(at(files, "generations/g1").node, write=True)
    with pytest.raises(IsFolder):
        files.remove(*split(files, "generations/g1"), directory=False)
    write(files, "generations/g1/tmp", b"x")
    with pytest.raises(IsFolder):
        files.rename(split(files, "generations/g1/tmp"), split(files, "generations/g2"))


def test_a_full_disk_is_told_by_the_write(store: posecas.Store) -> None:
    store.add_generation("g1", "ada")
    with (
        posecas.open_store(store.path, settings={"min_free": "1000TB"}) as full,
        writable(full) as files,
    ):
        handle = opened(files, PNG)
        with pytest.raises(StorageFull, match="min_free"):
            files.write(handle, 0, memoryview(tile(1)))
        files.release(handle)


def test_a_handle_goes_on_in_the_process_that_comes_after(store: posecas.Store) -> None:
    store.add_generation("g1", "ada")
    with writable(store) as files:
        handle = opened(files, PNG)
        files.write(handle, 0, memoryview(tile(1)[:100]))
        node = at(files, PNG).node
    with writable(store, rules=Rules(held=[handle])) as after:
        again = Handle(int(handle))
        assert after.entry(node, again).size == 100
        after.write(again, 100, memoryview(tile(1)[100:]))
        close(after, again)
    assert store.get("g1/p1") == tile(1)


def test_nothing_is_there_for_a_number_that_never_was_a_node(files: Files) -> None:
    with pytest.raises(NotFound):
        files.entry(Node(at(files, "generations/g1").node + 1000))


def test_who_only_reads_what_is_being_written_commits_nothing(
    store: posecas.Store, files: Files
) -> None:
    writer = opened(files, PNG)
    files.write(writer, 0, memoryview(tile(1)[:100]))
    reader = files.open(at(files, PNG).node)
    files.commit(reader)
    assert files.read(reader, 0, 1000) == tile(1)[:100]
    files.release(reader)
    files.write(writer, 100, memoryview(tile(1)[100:]))
    close(files, writer)
    assert store.get("g1/p1") == tile(1)
