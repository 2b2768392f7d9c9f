from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import posecas
from kit.tiles import tile
from kit.views import at, listed, names, walk
from posecas.errors import NotFound
from posecas.view import View


def _put(store: posecas.Store, pose: str, aliases: Sequence[str]) -> posecas.Pose:
    return store.put(tile(1), user="ada", generation="g1", pose=pose, aliases=aliases)


def _files(view: View) -> set[str]:
    return {path for path, entry in walk(view, "/aliases") if not entry.folder}


def test_old_paths_are_a_tree_of_files_with_the_pose_s_bytes(store: posecas.Store) -> None:
    pose = _put(store, "p1", ["a.png", "b/c.png", "b/d/e.webp", "b-x/y.png"])
    view = View(store)
    assert _files(view) == {
        "/aliases/a.png",
        "/aliases/b/c.png",
        "/aliases/b/d/e.webp",
        "/aliases/b-x/y.png",
    }
    entry = at(view, "aliases/b/d/e.webp")
    assert (entry.blob, entry.size) == (pose.digest, pose.size)
    assert view.attributes(entry.node)["pose"] == "p1"


def test_an_old_path_of_a_rendition_shows_it_and_has_it_made_when_asked_for(folder: Path) -> None:
    posecas.create_store(folder).close()
    with posecas.open_store(folder, settings={"profile.pose.thumbnail": ""}) as store:
        _put(store, "p1", ["thumb_p1.png"])
        with store.index._engine.writing() as cursor:  # type: ignore[attr-defined]
            cursor.run("UPDATE aliases SET recipe = 'thumb-300'")
        view = View(store)
        assert names(view, "aliases") == []
        entry = at(view, "aliases/thumb_p1.png")
        assert store.get(entry.blob or "") == store.rendition("g1/p1", "thumb-300")
        assert view.content(entry.node) == entry.blob
        assert names(view, "aliases") == ["thumb_p1.png"]


def test_a_removed_pose_s_old_paths_go_with_it_and_so_do_their_folders(
    store: posecas.Store,
) -> None:
    _put(store, "p1", ["a/one.png"])
    _put(store, "p2", ["b/two.png"])
    view = View(store)
    store.remove(["g1/p1"])
    assert names(view, "aliases") == ["b"]
    for path in ("aliases/a", "aliases/a/one.png"):
        with pytest.raises(NotFound):
            at(view, path)


def test_a_path_that_is_also_a_folder_of_others_is_a_file_listed_once(
    store: posecas.Store,
) -> None:
    _put(store, "p1", ["a", "a-b", "a/x"])
    view = View(store)
    assert [(entry.name, entry.folder) for entry in listed(view, "aliases")] == [
        ("a", False),
        ("a-b", False),
    ]


@pytest.mark.parametrize("path", ["/rooted.png", "a//b.png", "a/../b.png", "./a.png", "x" * 256])
def test_what_is_no_relative_path_is_not_shown(store: posecas.Store, path: str) -> None:
    _put(store, "p1", [path])
    assert _files(View(store)) == set()


def test_a_large_folder_of_folders_is_listed_in_pages_each_once(store: posecas.Store) -> None:
    _put(store, "p1", [f"d{number:03}/{deep}.png" for number in range(30) for deep in range(7)])
    view = View(store)
    expected = [f"d{number:03}" for number in range(30)]
    for limit in (1, 3, 29, 30, 31):
        assert [entry.name for entry in listed(view, "aliases", limit=limit)] == expected


_PARTS = st.text(st.sampled_from("ab-.0\U0001f426"), min_size=1, max_size=3).filter(
    lambda part: part not in {".", ".."}
)
_PATHS = st.lists(_PARTS, min_size=1, max_size=3).map("/".join)


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(paths=st.sets(_PATHS, max_size=8), limit=st.integers(1, 5))
def test_the_listing_agrees_with_the_paths(
    store: posecas.Store, paths: set[str], limit: int
) -> None:
    for pose in list(store.poses()):
        store.remove([pose])
    _put(store, "p1", sorted(paths))
    view = View(store)
    top = [entry.name for entry in listed(view, "aliases", limit=limit)]
    assert sorted(top) == sorted({path.partition("/")[0] for path in paths})
    reachable = {path for path in paths if not any(path.startswith(f"{other}/") for other in paths)}
    assert _files(view) == {f"/aliases/{path}" for path in reachable}
