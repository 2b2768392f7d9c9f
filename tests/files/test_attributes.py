"""Attributes: as a JSON file, as extended attributes, as times and modes."""

import json
import time

import pytest

import posecas
from kit.hands import at, close, exists, names, opened, read, split, writable, write
from kit.mounts import until
from kit.tiles import tile
from posecas.errnos import NameTaken, NoAttribute, NotAllowed, NotKept
from posecas.errors import TooLarge, UsageError
from posecas.machine import pose_json
from posecas_fuse.files import Files, Rules

PNG = "generations/g1/p1.png"
JSON = "generations/g1/p1.json"
YEAR_2020 = 1_577_836_800_000_000_000


def test_writing_the_json_sets_attributes(store: posecas.Store, files: Files) -> None:
    write(files, PNG, tile(1))
    write(files, JSON, b'{"prompt": "a heron", "seed": 7, "favourite": true}')
    pose = store.pose("g1/p1")
    assert (pose.prompt, pose.seed, pose.favourite) == ("a heron", 7, True)
    assert json.loads(read(files, JSON)) == pose_json(pose)
    write(files, JSON, b'{"prompt": null}')
    assert (store.pose("g1/p1").prompt, store.pose("g1/p1").seed) == (None, 7)


def test_what_was_read_may_be_changed_and_written_back(store: posecas.Store, files: Files) -> None:
    store.put(tile(1), generation="g1", pose="p1", prompt="a heron")
    told = json.loads(read(files, JSON))
    write(files, JSON, json.dumps({**told, "prompt": "two herons", "digest": "x"}).encode())
    assert store.pose("g1/p1").prompt == "two herons"


def test_a_json_that_is_opened_and_not_emptied_begins_with_what_it_tells(
    store: posecas.Store, files: Files
) -> None:
    store.put(tile(1), generation="g1", pose="p1", prompt="a heron")
    told = read(files, JSON)
    handle = opened(files, JSON, truncate=False)
    assert files.read(handle, 0, 1 << 20) == told
    files.write(handle, told.index(b"heron"), memoryview(b"stork"))
    close(files, handle)
    assert store.pose("g1/p1").prompt == "a stork"


def test_attributes_that_wait_are_set_when_another_process_puts_the_image(
    store: posecas.Store,
) -> None:
    store.add_generation("g1", "ada")
    with writable(store, rules=Rules(retry_seconds=0.02)) as files:
        write(files, JSON, b'{"seed": 7}')
    with writable(store, rules=Rules(retry_seconds=0.02)) as files:
        assert read(files, JSON) == b'{"seed": 7}'
        store.put(tile(1), generation="g1", pose="p1")
        until(lambda: store.pose("g1/p1").seed == 7)
        until(lambda: files.spooled() == (0, 0))


def test_attributes_written_before_the_image_wait_for_it(
    store: posecas.Store, files: Files
) -> None:
    write(files, JSON, b'{"prompt": "a heron", "seed": 7}')
    assert read(files, JSON) == b'{"prompt": "a heron", "seed": 7}'
    assert (names(files, "generations/g1"), files.spooled()) == (["p1.json"], (0, 1))
    write(files, PNG, tile(1))
    assert (store.pose("g1/p1").prompt, store.pose("g1/p1").seed) == ("a heron", 7)
    assert (json.loads(read(files, JSON))["prompt"], files.spooled()) == ("a heron", (0, 0))


def test_attributes_are_set_though_the_image_is_the_one_that_was_there(
    store: posecas.Store, files: Files
) -> None:
    write(files, PNG, tile(1))
    handle = opened(files, PNG)
    files.write(handle, 0, memoryview(tile(1)))
    files.set_attribute(at(files, PNG).node, "user.posecas.prompt", b"a heron")
    close(files, handle)
    assert store.pose("g1/p1").prompt == "a heron"


@pytest.mark.parametrize(
    "text", [b"[1]", b'"text"', b"no json", b'{"prompt": ', b'{"nothing": 1}', b'{"seed": "x"}']
)
def test_what_are_no_attributes_is_refused_and_changes_nothing(
    store: posecas.Store, files: Files, text: bytes
) -> None:
    before = store.put(tile(1), generation="g1", pose="p1", prompt="a heron")
    for path in (JSON, "generations/g1/p2.json"):
        with pytest.raises(UsageError):
            write(files, path, text)
    assert store.pose("g1/p1") == before


def test_attributes_over_the_limit_are_refused_as_they_grow(files: Files) -> None:
    handle = opened(files, JSON)
    files.write(handle, 0, memoryview(b"{" + b" " * 1_000_000))
    with pytest.raises(TooLarge):
        files.write(handle, 1_000_001, memoryview(b" " * 100_000))
    files.release(handle)


def test_removing_the_json_empties_what_can_be_empty(store: posecas.Store, files: Files) -> None:
    store.put(tile(1), generation="g1", pose="p1", prompt="a heron", favourite=True)
    files.remove(*split(files, JSON), directory=False)
    pose = store.pose("g1/p1")
    assert (pose.prompt, pose.favourite) == (None, True)
    assert exists(files, JSON)


def test_a_json_written_elsewhere_and_renamed_sets_attributes(
    store: posecas.Store, files: Files
) -> None:
    store.put(tile(1), generation="g1", pose="p1", prompt="a heron")
    files.rename(split(files, JSON), split(files, "generations/g1/p1.json~"))
    write(files, "generations/g1/.p1.json.tmp", b'{"prompt": "two herons"}')
    files.rename(split(files, "generations/g1/.p1.json.tmp"), split(files, JSON))
    assert store.pose("g1/p1").prompt == "two herons"
    assert json.loads(read(files, "generations/g1/p1.json~"))["prompt"] == "a heron"
    with pytest.raises(NotAllowed):
        files.rename(split(files, PNG), split(files, JSON))


def test_attributes_are_extended_attributes_that_can_be_set(
    store: posecas.Store, files: Files
) -> None:
    store.put(tile(1), generation="g1", pose="p1")
    node = at(files, PNG).node
    files.set_attribute(node, "user.posecas.prompt", "ein Reiher, größer".encode())
    files.set_attribute(node, "user.posecas.seed", b"7", create=True)
    assert files.attribute(node, "user.posecas.seed") == b"7"
    assert (store.pose("g1/p1").prompt, store.pose("g1/p1").seed) == ("ein Reiher, größer", 7)
    with pytest.raises(NameTaken):
        files.set_attribute(node, "user.posecas.seed", b"8", create=True)
    with pytest.raises(NoAttribute):
        files.set_attribute(node, "user.posecas.model", b"m", replace=True)
    files.remove_attribute(node, "user.posecas.seed")
    with pytest.raises(NoAttribute):
        files.remove_attribute(node, "user.posecas.seed")
    with pytest.raises(NotAllowed):
        files.remove_attribute(node, "user.posecas.favourite")
    assert store.pose("g1/p1").seed is None


@pytest.mark.parametrize(
    "name", ["user.posecas.digest", "user.posecas.user", "user.other", "security.capability"]
)
def test_no_other_attribute_is_kept(store: posecas.Store, files: Files, name: str) -> None:
    store.put(tile(1), generation="g1", pose="p1")
    for path in (PNG, "generations/g1", "users/ada"):
        with pytest.raises(NotKept):
            files.set_attribute(at(files, path).node, name, b"x")
    with pytest.raises(UsageError):
        files.set_attribute(at(files, PNG).node, "user.posecas.seed", b"\xff")


def test_attributes_of_a_file_that_is_being_written_are_stored_with_it(
    store: posecas.Store, files: Files
) -> None:
    handle = opened(files, PNG)
    node = at(files, PNG).node
    files.set_attribute(node, "user.posecas.prompt", b"a heron")
    assert files.attributes(node) == {"user.posecas.prompt": b"a heron"}
    files.write(handle, 0, memoryview(tile(1)))
    close(files, handle)
    assert store.pose("g1/p1").prompt == "a heron"


def test_the_time_that_is_set_is_the_one_that_is_shown(store: posecas.Store, files: Files) -> None:
    write(files, PNG, tile(1))
    files.set_times(at(files, PNG).node, None, YEAR_2020)
    assert at(files, PNG).modified.year == store.pose("g1/p1").updated_at.year == 2020
    for path in (PNG, "generations/g1/p2.png"):
        handle = opened(files, path)
        files.write(handle, 0, memoryview(tile(2)))
        files.set_times(at(files, path).node, YEAR_2020, YEAR_2020)
        close(files, handle)
        assert at(files, path).modified.year == 2020
    with pytest.raises(UsageError):
        files.set_times(at(files, PNG).node, None, 10**21)


def test_a_write_after_the_time_was_set_counts(files: Files) -> None:
    handle = opened(files, PNG)
    files.write(handle, 0, memoryview(tile(1)[:50]))
    files.set_times(at(files, PNG).node, None, YEAR_2020)
    files.write(handle, 50, memoryview(tile(1)[50:]))
    close(files, handle)
    assert at(files, PNG).modified.timestamp() > time.time() - 600


def test_modes_and_owners_are_kept_in_the_spool_and_of_no_effect_on_images(
    store: posecas.Store, files: Files
) -> None:
    write(files, "generations/g1/tmp", b"x")
    node = at(files, "generations/g1/tmp").node
    files.set_mode(node, 0o4640)
    files.set_owner(node, 12, None)
    found = files.appearance.of(files.entry(node))
    assert (found.mode & 0o7777, found.uid) == (0o4640, 12)
    before = store.put(tile(1), generation="g1", pose="p1")
    files.set_mode(at(files, PNG).node, 0o600)
    files.set_owner(at(files, PNG).node, 12, 12)
    assert files.appearance.of(at(files, PNG)).mode & 0o7777 == 0o644
    assert store.pose("g1/p1") == before
