"""The quota, as those meet it who write through a mount."""

import io
import random

import pytest
from PIL import Image

import posecas
from kit.hands import at, close, opened, split, writable, write
from kit.tiles import tile
from posecas.errors import OverQuota
from posecas_fuse.files import Files


def noise(number: int) -> bytes:
    """A PNG of three megabytes."""
    dice = random.Random(number)  # noqa: S311 - a picture, no secret
    image = Image.frombytes("RGB", (1010, 1010), dice.randbytes(3 * 1010 * 1010))
    written = io.BytesIO()
    image.save(written, "PNG", compress_level=1)
    return written.getvalue()


PNG = "generations/g1/p1.png"
BIG = noise(1)
MIB = 1 << 20


def reserved(store: posecas.Store) -> int:
    user = store.user("ada")
    return 0 if user is None else user.reserved


def used(store: posecas.Store) -> int:
    user = store.user("ada")
    return 0 if user is None else user.used


def test_the_write_that_passes_the_quota_is_refused(store: posecas.Store, files: Files) -> None:
    store.set_quota("ada", 2 * MIB)
    handle = opened(files, PNG)
    files.write(handle, 0, memoryview(BIG[: 2 * MIB]))
    with pytest.raises(OverQuota, match="ada"):
        files.write(handle, 2 * MIB, memoryview(b"x"))
    assert reserved(store) == 2 * MIB
    files.remove(*split(files, PNG), directory=False)
    files.release(handle)
    assert (reserved(store), used(store)) == (0, 0)


def test_room_is_held_in_steps_and_turned_into_use(store: posecas.Store, files: Files) -> None:
    store.set_quota("ada", 10 * MIB)
    handle = opened(files, PNG)
    files.write(handle, 0, memoryview(BIG[:100]))
    assert reserved(store) == MIB
    files.write(handle, 100, memoryview(BIG[100:]))
    assert reserved(store) == 3 * MIB
    close(files, handle)
    assert (reserved(store), used(store)) == (0, len(BIG))


def test_a_quota_smaller_than_a_step_is_used_to_its_last_byte(
    store: posecas.Store, files: Files
) -> None:
    store.set_quota("ada", len(tile(1)) + len(tile(2)))
    write(files, PNG, tile(1))
    write(files, "generations/g1/p2.png", tile(2))
    with pytest.raises(OverQuota):
        write(files, "generations/g1/p3.png", tile(3))
    assert used(store) == len(tile(1)) + len(tile(2))
    assert reserved(store) == 0


def test_two_who_write_at_once_share_what_is_left(store: posecas.Store, files: Files) -> None:
    store.set_quota("ada", 2 * MIB)
    one, two = (opened(files, f"generations/g1/p{number}.png") for number in (1, 2))
    files.write(one, 0, memoryview(BIG[: MIB + 1]))
    with pytest.raises(OverQuota):
        files.write(two, 0, memoryview(BIG[:100]))
    files.remove(*split(files, PNG), directory=False)
    files.release(one)
    files.write(two, 0, memoryview(BIG[:100]))
    files.release(two)


def test_replacing_and_shrinking_need_no_more_than_the_difference(
    store: posecas.Store, files: Files
) -> None:
    write(files, PNG, BIG)
    other = noise(2)
    store.set_quota("ada", max(len(BIG), len(other)))
    write(files, PNG, other)
    store.set_quota("ada", 0)
    write(files, PNG, tile(3))
    assert used(store) == len(tile(3))


def test_room_that_was_held_for_more_than_an_hour_is_asked_for_anew(
    store: posecas.Store, files: Files
) -> None:
    other = noise(2)
    store.set_quota("ada", max(len(BIG), len(other)))
    handle = opened(files, PNG)
    files.write(handle, 0, memoryview(BIG))
    with store.index._engine.writing() as cursor:  # type: ignore[attr-defined]
        cursor.run("UPDATE reservations SET lease_until = 1")
    store.put(other, generation="g1", pose="p2")
    with pytest.raises(OverQuota):
        files.commit(handle)
    store.remove(["g1/p2"])
    files.commit(handle)
    files.release(handle)
    assert (used(store), reserved(store)) == (len(BIG), 0)


def test_a_temporary_file_counts_while_it_is_there(store: posecas.Store, files: Files) -> None:
    store.set_quota("ada", MIB)
    with pytest.raises(OverQuota):
        write(files, "generations/g1/tmp", BIG)
    files.remove(*split(files, "generations/g1/tmp"), directory=False)
    assert reserved(store) == 0
    write(files, ".scratch/tmp", BIG)
    with pytest.raises(OverQuota):
        files.rename(split(files, ".scratch/tmp"), split(files, PNG))


def test_the_room_shown_is_what_the_quota_leaves(store: posecas.Store, files: Files) -> None:
    write(files, PNG, tile(1))
    store.set_quota("ada", 10_000)
    with writable(store, user="ada", at="/ada") as mine:
        found = mine.usage(mine.root)
    assert (found.total, found.available) == (10_000, 10_000 - len(tile(1)))
    assert files.usage(at(files, "users/ada/g1").node).total == 10_000
    assert files.usage(files.root).total > 10_000
