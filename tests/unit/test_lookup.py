"""Old paths and addresses lead where they did, wherever an ID is taken."""

import pytest

import posecas
from kit.pictures import opened
from kit.tiles import tile
from posecas.errors import InvalidName, NotFound, PoseNotFound, RecipeNotFound

OLD = "pose-generator/generated/x y%1.png"
THUMB = "pose-generator/thumbnails/thumb_x.png"


@pytest.fixture
def pose(store: posecas.Store) -> posecas.Pose:
    put = store.put(tile(1), user="ada", generation="g1", pose="p1", aliases=[OLD])
    store.add_alias("g1/p1", THUMB, recipe="thumb-400")
    return put


@pytest.mark.parametrize(
    "which",
    [
        OLD,
        f"/{OLD}",
        f"/srv/app/uploads/{OLD}",
        "https://example.com/uploads/pose-generator/generated/x%20y%251.png",
        "https://example.com/uploads//pose-generator/generated/x%20y%251.png?width=3#top",
        "file:///srv/pose-generator/generated/x%20y%251.png",
        THUMB,
    ],
)
def test_an_old_path_or_address_is_an_id(
    store: posecas.Store, pose: posecas.Pose, which: str
) -> None:
    assert store.pose(which).id == pose.id
    assert store.describe(which).pose == store.pose("g1/p1")
    assert store.rendition(which, "thumb-300") == store.rendition("g1/p1", "thumb-300")
    assert store.annotate(which, seed=3).seed == 3
    assert [one.id for one in store.remove([which])] == [pose.id]


def test_an_image_s_old_path_gives_the_image(store: posecas.Store, pose: posecas.Pose) -> None:
    assert store.get(OLD) == tile(1)
    with store.open(f"/{OLD}") as file:
        assert file.read() == tile(1)
    assert [alias.path for alias in store.describe(pose.digest).aliases] == [OLD, THUMB]


def test_a_thumbnail_s_old_path_gives_the_thumbnail(
    store: posecas.Store, pose: posecas.Pose
) -> None:
    assert opened(store.get(THUMB)).size == (400, 400)
    with store.open(f"https://example.com/{THUMB}") as file:
        assert file.read() == store.get(THUMB) == store.rendition(pose, "thumb-400")


@pytest.mark.parametrize(
    "which",
    [
        "generated/x y%1.png",
        "https://example.com/pose-generator/generated/",
        "https://example.com/",
        "https://[half/pose-generator",
        "/",
        "pose-generator/generated/x.png",
        "pose-generator/generated/\udcff.png",
    ],
)
@pytest.mark.usefixtures("pose")
def test_what_leads_nowhere_is_not_found(store: posecas.Store, which: str) -> None:
    for ask in (store.get, store.pose, store.describe, store.find):
        with pytest.raises(NotFound):
            ask(which)


def test_what_can_be_no_path_either_is_malformed(store: posecas.Store) -> None:
    with pytest.raises(InvalidName):
        store.get("no id")


@pytest.mark.usefixtures("pose")
def test_the_old_path_of_what_was_removed_names_it(store: posecas.Store) -> None:
    store.remove(["g1/p1"])
    for path in (OLD, THUMB):
        with pytest.raises(PoseNotFound, match="it led to g1/p1, which was removed"):
            store.get(f"/uploads/{path}")


def test_the_longest_end_of_an_address_wins(store: posecas.Store) -> None:
    store.put(tile(1), generation="g", pose="short", aliases=["x.png"])
    store.put(tile(2), generation="g", pose="long", aliases=["a/x.png"])
    assert store.pose("https://h/a/x.png").name == "long"
    assert store.pose("https://h/b/x.png").name == "short"
    store.remove(["g/long"])
    with pytest.raises(PoseNotFound):
        store.pose("https://h/a/x.png")


def test_a_name_goes_before_an_old_path_that_reads_the_same(store: posecas.Store) -> None:
    store.put(tile(1), generation="g", pose="a", aliases=["g/b"])
    assert store.get("g/b") == tile(1)
    store.put(tile(2), generation="g", pose="b")
    assert store.get("g/b") == tile(2)


def test_an_old_path_that_is_not_utf_8_is_found_as_it_is_typed(store: posecas.Store) -> None:
    store.put(tile(1), generation="g", pose="a", aliases=["g/b\\xff.png"])
    assert store.get("g/b\udcff.png") == tile(1)
    assert store.get("https://h/g/b%FF.png") == tile(1)


def test_an_old_path_leads_where_it_was_led_last(store: posecas.Store) -> None:
    store.put(tile(1), generation="g", pose="a", aliases=["x.png"])
    store.put(tile(2), generation="g", pose="b")
    store.add_alias("g/b", "x.png", recipe="thumb-300")
    assert opened(store.get("x.png")).size == (300, 300)
    store.add_alias("g/a", "x.png")
    assert store.get("x.png") == tile(1)
    with pytest.raises(RecipeNotFound):
        store.add_alias("g/a", "y.png", recipe="no-such")
    with pytest.raises(NotFound):
        store.add_alias("g/c", "y.png")


def test_a_put_leads_old_paths_of_renditions(store: posecas.Store) -> None:
    item = posecas.PutItem(tile(1), "g", "a", rendition_aliases={"t.png": "thumb-300"})
    (first,) = store.put_many([item])
    before = store.index.last_change()
    (again,) = store.put_many([item])
    assert (first.status, again.status) == ("stored", "unchanged")
    assert store.index.last_change() == before
    assert opened(store.get("t.png")).size == (300, 300)
