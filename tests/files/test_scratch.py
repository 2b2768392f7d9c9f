"""The scratch folder: ordinary files and folders; images are renamed out of it."""

import stat
import time
from typing import TYPE_CHECKING

import pytest

import posecas
from kit.hands import at, close, exists, names, opened, read, split, writable, write
from kit.tiles import tile
from posecas.errnos import IsFolder, NameTaken, NoFolder, NotAllowed, OtherPlace
from posecas.errors import NotEmpty, NotFound, Temporary, UsageError
from posecas_fuse.files import Creation, Files

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def mkdir(files: Files, path: str, mode: int = 0o755) -> None:
    files.make_directory(*split(files, path), Creation(mode))


def test_folders_are_nested_moved_and_removed(files: Files) -> None:
    for path in ("a", "a/b", "a/b/c", "z"):
        mkdir(files, f".scratch/{path}")
    write(files, ".scratch/a/b/c/file", b"x")
    files.rename(split(files, ".scratch/a/b"), split(files, ".scratch/z/b"))
    assert read(files, ".scratch/z/b/c/file") == b"x"
    assert names(files, ".scratch") == ["a", "z"]
    with pytest.raises(UsageError):
        files.rename(split(files, ".scratch/z"), split(files, ".scratch/z/b/z"))
    with pytest.raises(NotEmpty):
        files.remove(*split(files, ".scratch/z"), directory=True)
    with pytest.raises(NotEmpty):
        files.rename(split(files, ".scratch/a"), split(files, ".scratch/z"))
    with pytest.raises(NoFolder):
        files.rename(split(files, ".scratch/a"), split(files, ".scratch/z/b/c/file"))
    with pytest.raises(IsFolder):
        files.rename(split(files, ".scratch/z/b/c/file"), split(files, ".scratch/a"))
    with pytest.raises(NoFolder):
        files.remove(*split(files, ".scratch/z/b/c/file"), directory=True)
    files.rename(split(files, ".scratch/z"), split(files, ".scratch/a"))
    assert names(files, ".scratch") == ["a"]
    with pytest.raises(NameTaken):
        mkdir(files, ".scratch/a")
    with pytest.raises(NotAllowed):
        files.remove(*split(files, ".scratch"), directory=True)


def test_names_are_any_bytes(files: Files) -> None:
    folder = at(files, ".scratch").node
    for name in (b"\xff\xfe", "😀 x.png".encode(), b".hidden", b"p1.PNG"):
        close(files, files.create(folder, name)[1])
        assert files.lookup(folder, name).size == 0
    with pytest.raises(NameTaken):
        files.create(folder, b"\xff\xfe")
    assert len(files.children(folder, after=0, limit=10).items) == 4


def test_everybody_who_opens_a_temporary_file_has_the_same_bytes(files: Files) -> None:
    one, two = opened(files, ".scratch/file"), opened(files, ".scratch/file")
    files.write(one, 0, memoryview(b"one"))
    files.write(two, 3, memoryview(b"two"))
    assert files.read(one, 0, 10) == b"onetwo"
    assert files.is_plain(one)
    close(files, one)
    files.remove(*split(files, ".scratch/file"), directory=False)
    assert files.read(two, 0, 10) == b"onetwo"
    close(files, two)
    assert files.spooled() == (0, 0)


def test_a_file_that_takes_another_s_name_leaves_it_to_who_has_it_open(files: Files) -> None:
    write(files, ".scratch/new", b"new")
    write(files, ".scratch/old", b"old")
    handle = files.open(at(files, ".scratch/old").node)
    files.rename(split(files, ".scratch/new"), split(files, ".scratch/old"))
    assert files.read(handle, 0, 10) == b"old"
    files.release(handle)
    assert read(files, ".scratch/old") == b"new"
    assert files.spooled() == (0, 1)


def test_two_files_swap_their_names(files: Files) -> None:
    mkdir(files, ".scratch/a")
    write(files, ".scratch/a/one", b"1")
    write(files, ".scratch/two", b"2")
    files.rename(split(files, ".scratch/a/one"), split(files, ".scratch/two"), mode="exchange")
    assert (read(files, ".scratch/a/one"), read(files, ".scratch/two")) == (b"2", b"1")
    with pytest.raises(UsageError):
        files.rename(split(files, ".scratch/a"), split(files, ".scratch/a/one"), mode="exchange")


def test_modes_owners_and_times_are_those_that_were_given(files: Files) -> None:
    entry, handle = files.create(at(files, ".scratch").node, b"file", Creation(0o640, 7, 8))
    close(files, handle)
    found = files.appearance.of(entry)
    assert (found.mode, found.uid, found.gid) == (stat.S_IFREG | 0o640, 7, 8)
    files.set_times(entry.node, 1_000_000_001, 2_000_000_002)
    found = files.appearance.of(files.entry(entry.node))
    assert (found.accessed, found.modified) == (1_000_000_001, 2_000_000_002)
    mkdir(files, ".scratch/folder", 0o2700)
    assert files.appearance.of(at(files, ".scratch/folder")).mode == stat.S_IFDIR | 0o2700


def test_a_folder_changes_when_something_in_it_does(files: Files) -> None:
    mkdir(files, ".scratch/a")
    folder = at(files, ".scratch/a").node
    changes: Sequence[Callable[[], object]] = [
        lambda: write(files, ".scratch/a/x", b"x"),
        lambda: files.rename(split(files, ".scratch/a/x"), split(files, ".scratch/a/y")),
        lambda: files.remove(*split(files, ".scratch/a/y"), directory=False),
        lambda: mkdir(files, ".scratch/a/d"),
        lambda: files.remove(*split(files, ".scratch/a/d"), directory=True),
    ]
    for change in changes:
        files.set_times(folder, 1, 1)
        change()
        assert files.appearance.of(files.entry(folder)).modified > time.time_ns() - 10**11


def test_an_image_is_renamed_out_of_it_and_back(store: posecas.Store, files: Files) -> None:
    write(files, ".scratch/a.part", tile(1))
    files.rename(split(files, ".scratch/a.part"), split(files, "users/ada/g1/p1.png"))
    assert store.get("g1/p1") == tile(1)
    assert not exists(files, ".scratch/a.part")
    files.rename(split(files, "users/ada/g1/p1.png"), split(files, ".scratch/out.png"))
    assert read(files, ".scratch/out.png") == tile(1)
    assert list(store.poses()) == []
    mkdir(files, ".scratch/g7")
    with pytest.raises(OtherPlace):
        files.rename(split(files, ".scratch/g7"), split(files, "users/ada/g7"))


def test_a_listing_goes_on_behind_what_is_removed_meanwhile(files: Files) -> None:
    for number in range(10):
        write(files, f".scratch/{number}", b"")
    folder = at(files, ".scratch").node
    first = files.children(folder, after=0, limit=4)
    for number in (2, 3, 4):
        files.remove(folder, str(number).encode(), directory=False)
    assert first.next is not None
    rest = files.children(folder, after=first.next, limit=100)
    assert [entry.name for entry in rest.items] == ["5", "6", "7", "8", "9"]


def test_a_file_has_nothing_in_it(files: Files) -> None:
    write(files, ".scratch/file", b"")
    node = at(files, ".scratch/file").node
    with pytest.raises(NotFound):
        files.lookup(node, b"x")
    with pytest.raises(NotFound):
        files.children(node, after=0, limit=1)


def test_what_an_attempt_left_that_failed_is_in_the_way_of_nothing(
    store: posecas.Store, files: Files
) -> None:
    folder = at(files, ".scratch").node
    files.release(files.create(folder, b"first")[1])
    (first,) = store.path.glob("spool/*/files/*")
    (first.parent / str(int(first.name) + 1)).mkdir()
    (first.parent / str(int(first.name) + 2)).write_bytes(b"left over")
    (first.parent / str(int(first.name) + 3)).write_bytes(b"left over")
    write(files, ".scratch/second", b"x")
    mkdir(files, ".scratch/third")
    assert names(files, ".scratch/third") == []
    files.release(files.create(folder, b"fourth")[1])
    assert (read(files, ".scratch/second"), read(files, ".scratch/fourth")) == (b"x", b"")


def test_a_spool_that_is_being_closed_is_not_said_to_be_read_only(store: posecas.Store) -> None:
    with writable(store) as files:
        folder = at(files, ".scratch").node
        files.close()
        with pytest.raises(Temporary):
            files.create(folder, b"late")
