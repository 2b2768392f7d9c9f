"""One user's mount: what it leads to, and what it does not."""

from collections.abc import Callable, Sequence

import pytest

import posecas
from kit.hands import at, exists, names, opened, read, split, writable, write
from kit.tiles import tile
from posecas.errnos import NameTooLong
from posecas.errors import InvalidName, NotFound, OtherUser, PosecasError
from posecas.view import Node, View
from posecas.view.nodes import Kind, kind_of, make_node
from posecas_fuse.files import Files
from posecas_fuse.names import SPOOL_KINDS


@pytest.fixture
def mine(store: posecas.Store) -> Files:  # type: ignore[misc]
    store.put(tile(1), user="ada", generation="g1", pose="p1", aliases=["old"])
    store.put(tile(2), user="bob", generation="g2", pose="p2", aliases=["ancient"])
    with writable(store, user="ada") as files:
        yield files


def nodes() -> list[Node]:
    """Every node there is, and some that are not."""
    return [make_node(kind, row) for kind in Kind for row in range(20)]


def test_no_number_of_a_node_leads_to_another_user(store: posecas.Store, mine: Files) -> None:
    theirs = {tile(2), store.rendition("g2/p2", "thumb-400")}
    told = []
    for node in nodes():
        for ask in (mine.entry, mine.attributes, mine.open):
            try:
                told.append(str(ask(node)))
                if ask is mine.open:
                    assert mine.read(mine.open(node), 0, 1 << 20) not in theirs
            except PosecasError as error:
                told.append(str(error))
        for name in (b"g2", b"p2.png", b"p2.json", b"bob", b"ancient", b"status.json", b"metrics"):
            with pytest.raises(PosecasError):
                mine.lookup(node, name)
        try:
            told += [entry.name for entry in mine.children(node, after=0, limit=100).items]
        except PosecasError as error:
            told.append(str(error))
    for word in ("bob", "g2", "p2", "ancient", store.pose("g2/p2").digest):
        assert not [one for one in told if word in one]


def test_no_number_of_a_node_lets_anything_of_another_user_be_changed(
    store: posecas.Store, mine: Files
) -> None:
    store.put(tile(5), user="bob", generation="g2", pose="p5")
    before = list(store.poses(user="bob"))
    for node in nodes():
        if kind_of(node) in SPOOL_KINDS or _is_mine(mine, node):
            continue
        for attempt in _changes(mine, node):
            with pytest.raises(PosecasError):
                attempt()
    assert list(store.poses(user="bob")) == before
    assert [pose.name for pose in store.poses(user="ada")] == ["p1"]


def _changes(mine: Files, node: Node) -> Sequence[Callable[[], object]]:
    home, own = mine.root, at(mine, "g1").node
    return [
        lambda: mine.create(node, b"p6.png"),
        lambda: mine.create(node, b"tmp"),
        lambda: mine.make_directory(node, b"g9"),
        lambda: mine.remove(node, b"p2.png", directory=False),
        lambda: mine.remove(node, b"g2", directory=True),
        lambda: mine.rename((node, b"p2.png"), (own, b"p7.png")),
        lambda: mine.rename((own, b"p1.png"), (node, b"p2.png")),
        lambda: mine.rename((home, b"g1"), (node, b"g1")),
        lambda: mine.truncate(node, 10),
        lambda: mine.open(node, write=True),
        lambda: mine.set_times(node, 1, 1),
        lambda: mine.set_mode(node, 0o600),
        lambda: mine.set_owner(node, 1, 1),
        lambda: mine.set_attribute(node, "user.posecas.prompt", b"x"),
        lambda: mine.remove_attribute(node, "user.posecas.favourite"),
    ]


def _is_mine(files: Files, node: Node) -> bool:
    try:
        files.entry(node)
    except PosecasError:
        return False
    return True


def test_what_is_mine_is_read_and_written(store: posecas.Store, mine: Files) -> None:
    assert names(mine, "") == [".scratch", ".thumbnails", "g1"]
    assert read(mine, "g1/p1.png") == tile(1)
    write(mine, "g1/p3.png", tile(3))
    mine.make_directory(mine.root, b"g3")
    mine.rename(split(mine, "g1/p3.png"), split(mine, "g3/p3.png"))
    assert store.pose("g3/p3").user == "ada"
    assert read(mine, ".thumbnails/g3/p3.jpg") == store.rendition("g3/p3", "thumb-400")


def test_another_s_generation_is_refused_without_a_word_of_whose_it_is(
    store: posecas.Store, mine: Files
) -> None:
    with pytest.raises(OtherUser) as caught:
        mine.make_directory(mine.root, b"g2")
    assert "bob" not in str(caught.value)
    assert not exists(mine, "g2")
    handle = opened(mine, "g1/p4.png")
    mine.write(handle, 0, memoryview(tile(4)))
    store.move_generation("g1", "bob")
    with pytest.raises(OtherUser):
        mine.commit(handle)
    mine.release(handle)
    with pytest.raises(NotFound):
        at(mine, "g1")
    assert [pose.name for pose in store.poses(generation="g1")] == ["p1"]


@pytest.mark.parametrize("name", ["../../etc", "..", "a/b", "a b", "😀", ".hidden", ""])
def test_a_user_of_no_possible_name_is_refused(store: posecas.Store, name: str) -> None:
    with writable(store) as files, pytest.raises(InvalidName):
        files.make_directory(at(files, "users").node, name.encode())
    with pytest.raises(NotFound):
        View(store, user=name)


def test_a_name_over_255_bytes_is_too_long_wherever_it_is_given(mine: Files) -> None:
    long = b"x" * 256
    for attempt in (
        lambda: mine.create(mine.root, long),
        lambda: mine.make_directory(mine.root, long),
        lambda: mine.lookup(mine.root, long),
        lambda: mine.rename(split(mine, "g1/p1.png"), (at(mine, "g1").node, long)),
        lambda: mine.remove(mine.root, long, directory=False),
    ):
        with pytest.raises(NameTooLong):
            attempt()
