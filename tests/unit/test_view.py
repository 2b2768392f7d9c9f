import json
from itertools import pairwise
from pathlib import Path

import pytest

import posecas
from kit.pictures import jpeg, opened, photo
from kit.tiles import tile
from kit.views import at, listed, names, walk
from posecas.errors import NotFound
from posecas.machine import pose_json
from posecas.view import View
from posecas.view.nodes import make_node


@pytest.fixture
def view(store: posecas.Store) -> View:
    return View(store, status=lambda: {"engine": "none"})


def test_every_listed_entry_is_found_by_its_name_and_by_its_node(
    store: posecas.Store, view: View
) -> None:
    for number in range(3):
        store.put(tile(number), user="ada", generation="g1", pose=f"p{number}", aliases=["a/b.png"])
    paths = dict(walk(view))
    assert len(paths) > 250
    for path, entry in paths.items():
        found, again = at(view, path), view.entry(entry.node)
        assert (found.node, found.size, found.name) == (entry.node, entry.size, entry.name)
        assert (again.node, again.size, again.folder) == (entry.node, entry.size, entry.folder)


def test_the_tree_shows_users_generations_thumbnails_hashes_aliases_and_status(
    store: posecas.Store, view: View
) -> None:
    pose = store.put(
        tile(1), user="ada", generation="g1", pose="p1", aliases=["uploads/2024/x.png"]
    )
    assert pose.thumbnail is not None
    paths = {path for path, entry in walk(view) if not entry.folder}
    assert paths == {
        "/users/ada/g1/p1.png",
        "/users/ada/g1/p1.json",
        "/generations/g1/p1.png",
        "/generations/g1/p1.json",
        "/thumbnails/users/ada/g1/p1.jpg",
        "/thumbnails/generations/g1/p1.jpg",
        pose.path,
        pose.thumbnail.path,
        "/aliases/uploads/2024/x.png",
        "/.posecas/status.json",
        "/.posecas/metrics",
    }


def test_a_file_s_size_is_that_of_its_content(store: posecas.Store, view: View) -> None:
    store.put(tile(1), user="ada", generation="g1", pose="p1", prompt="a héron")
    for _, entry in walk(view):
        if not entry.folder:
            content = view.content(entry.node)
            data = content if isinstance(content, bytes) else store.get(content)
            assert len(data) == entry.size
            assert entry.blob == (None if isinstance(content, bytes) else content)


def test_the_json_is_one_line_in_the_shape_of_machine_output(
    store: posecas.Store, view: View
) -> None:
    pose = store.put(tile(1), user="ada", generation="g1", pose="p1", prompt="line\nbreak")
    text = view.content(at(view, "users/ada/g1/p1.json").node)
    assert isinstance(text, bytes)
    assert text.count(b"\n") == 1
    assert text.endswith(b"\n")
    assert json.loads(text) == pose_json(pose)


@pytest.mark.parametrize("pose", ["a", "a.json", "a.png", "a.b.c", "a.png.json", "x-1_2."])
def test_a_name_with_dots_leads_to_one_pose_and_no_other(
    store: posecas.Store, view: View, pose: str
) -> None:
    every = ["a", "a.json", "a.png", "a.b.c", "a.png.json", "x-1_2."]
    for number, name in enumerate(every):
        store.put(tile(number), generation="g1", pose=name)
    found = view.content(at(view, f"generations/g1/{pose}.json").node)
    assert isinstance(found, bytes)
    assert json.loads(found)["pose"] == pose
    assert at(view, f"generations/g1/{pose}.png").blob == store.pose(f"g1/{pose}").digest
    all_names = names(view, "generations/g1")
    assert len(set(all_names)) == len(all_names) == 2 * len(every)


@pytest.mark.parametrize("suffix", ["png", "jpg", "jpeg", "webp"])
def test_a_pose_is_found_under_every_image_extension_and_listed_under_its_own(
    store: posecas.Store, view: View, suffix: str
) -> None:
    pose = store.put(jpeg(photo(20, 20)), generation="g1", pose="p1")
    entry = at(view, f"generations/g1/p1.{suffix}")
    assert (entry.blob, entry.name) == (pose.digest, f"p1.{suffix}")
    assert names(view, "generations/g1") == ["p1.json", "p1.jpg"]


@pytest.mark.parametrize(
    "path",
    [
        "nothing",
        "users/eve",
        "users/.hidden",
        "users/eve/g1",
        "generations/g2",
        "generations/g1/p1",
        "generations/g1/p1.",
        "generations/g1/p1.gif",
        "generations/g1/p2.png",
        "generations/g1/.png",
        "generations/g1/p1.PNG",
        "generations/g1/p 1.png",
        "generations/g1/p1.png/x",
        "thumbnails/generations/g1/p1.json",
        "thumbnails/generations/g1/p2.jpg",
        "hashes/zz",
        "hashes/0",
        "hashes/00/" + "0" * 64 + ".png",
        "hashes/00/" + "f" * 64 + ".png",
        "aliases/nothing",
        ".posecas/other",
    ],
)
def test_what_is_not_there_is_not_found(store: posecas.Store, view: View, path: str) -> None:
    store.put(tile(1), user="ada", generation="g1", pose="p1")
    store.index.add_user("bob")
    with pytest.raises(NotFound):
        at(view, path)


def test_a_generation_is_found_below_its_owner_only(store: posecas.Store, view: View) -> None:
    store.put(tile(1), user="ada", generation="g1", pose="p1")
    store.put(tile(1), user="bob", generation="g2", pose="p1")
    assert names(view, "users/ada") == ["g1"]
    assert at(view, "users/bob/g2").folder
    with pytest.raises(NotFound):
        at(view, "users/ada/g2")


def test_pages_of_any_size_list_each_entry_once_and_can_begin_anywhere(
    store: posecas.Store, view: View
) -> None:
    for number in range(7):
        store.put(tile(number), generation="g1", pose=f"p{number}")
    folder = at(view, "generations/g1").node
    whole = [entry.name for entry in listed(view, "generations/g1")]
    for limit in range(1, 17):
        assert [entry.name for entry in listed(view, "generations/g1", limit=limit)] == whole
    for place, entry in enumerate(listed(view, "generations/g1")):
        rest = view.children(folder, after=entry.cookie).items
        assert [one.name for one in rest] == whole[place + 1 :]


def test_a_listing_goes_on_unharmed_when_poses_come_and_go(
    store: posecas.Store, view: View
) -> None:
    for number in range(6):
        store.put(tile(number), generation="g1", pose=f"p{number}")
    node = at(view, "generations/g1").node
    first = view.children(node, limit=3)
    store.remove(["g1/p0", "g1/p1"])
    store.put(tile(9), generation="g1", pose="p9")
    rest = view.children(node, after=first.items[-1].cookie).items
    seen = [entry.name for entry in (*first.items, *rest) if entry.name.endswith(".png")]
    assert seen[-5:] == ["p2.png", "p3.png", "p4.png", "p5.png", "p9.png"]
    assert len(seen) == len(set(seen))


def test_a_thumbnail_that_is_not_made_is_not_listed_and_made_when_asked_for(folder: Path) -> None:
    posecas.create_store(folder).close()
    with posecas.open_store(folder, settings={"profile.pose.thumbnail": ""}) as store:
        view = View(store)
        assert store.put(tile(1), generation="g1", pose="p1").thumbnail is None
        assert names(view, "thumbnails/generations/g1") == []
        entry = at(view, "thumbnails/generations/g1/p1.png")
        data = store.get(entry.blob or "")
        assert (len(data), opened(data).size) == (entry.size, (400, 400))
        assert names(view, "thumbnails/generations/g1") == ["p1.jpg"]


def test_hashes_show_the_images_and_what_was_made_of_them(store: posecas.Store, view: View) -> None:
    pose = store.put(tile(1), generation="g1", pose="p1")
    assert pose.thumbnail is not None
    assert names(view, "hashes") == [f"{byte:02x}" for byte in range(256)]
    for path, digest in (
        (pose.path, pose.digest),
        (pose.thumbnail.path, pose.thumbnail.facts.digest),
    ):
        assert at(view, path).blob == digest
        assert Path(path).name in names(view, f"hashes/{digest[:2]}")


def test_a_removed_pose_s_node_is_not_found_any_more(store: posecas.Store, view: View) -> None:
    store.put(tile(1), generation="g1", pose="p1")
    entries = [at(view, f"generations/g1/p1.{suffix}") for suffix in ("png", "json")]
    store.remove(["g1/p1"])
    for entry in entries:
        with pytest.raises(NotFound):
            view.entry(entry.node)
        with pytest.raises(NotFound):
            view.content(entry.node)


def test_numbers_that_are_no_node_and_folders_used_as_files_are_not_found(view: View) -> None:
    with pytest.raises(NotFound):
        view.entry(make_node(view.entry(view.root).node, 0))  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        view.content(view.root)
    with pytest.raises(NotFound):
        view.children(at(view, ".posecas/status.json").node)


def test_attributes_tell_the_pose_and_leave_out_what_nobody_said(
    store: posecas.Store, view: View
) -> None:
    pose = store.put(
        tile(1), user="ada", generation="g1", pose="p1", prompt="a heron", seed=2**64 - 1
    )
    store.annotate(pose, favourite=True)
    said = view.attributes(at(view, "users/ada/g1/p1.png").node)
    assert (
        said.items()
        >= {
            "digest": pose.digest,
            "user": "ada",
            "generation": "g1",
            "pose": "p1",
            "prompt": "a heron",
            "seed": str(2**64 - 1),
            "favourite": "true",
            "downloads": "0",
        }.items()
    )
    assert "model" not in said
    assert view.attributes(at(view, "users/ada").node) == {}
    assert view.attributes(at(view, pose.path).node) == {"digest": pose.digest}


def test_times_are_those_of_the_last_change(store: posecas.Store, view: View) -> None:
    store.put(tile(1), generation="g1", pose="p1")
    changes = [at(view, f"generations/g1{name}").modified for name in ("", "/p1.png")]
    pose = store.put(tile(2), generation="g1", pose="p1", replace=True)
    assert at(view, "generations/g1/p1.png").modified == pose.updated_at
    later = [at(view, f"generations/g1{name}").modified for name in ("", "/p1.png")]
    assert all(new >= old for new, old in zip(later, changes, strict=True))


def test_one_user_s_view_holds_that_user_s_generations_and_thumbnails_alone(
    store: posecas.Store,
) -> None:
    store.put(tile(1), user="ada", generation="g1", pose="p1")
    store.put(tile(2), user="bob", generation="g2", pose="p2")
    view = View(store, user="ada")
    assert {path for path, _ in walk(view)} == {
        "/g1",
        "/g1/p1.png",
        "/g1/p1.json",
        "/.thumbnails",
        "/.thumbnails/g1",
        "/.thumbnails/g1/p1.jpg",
    }
    for path in ("g2", "users", "hashes", "aliases", ".posecas", ".thumbnails/g2", "thumbnails"):
        with pytest.raises(NotFound):
            at(view, path)


def test_one_user_s_view_is_listed_whole_in_pages_of_one(store: posecas.Store) -> None:
    for number in range(3):
        store.put(tile(1), user="ada", generation=f"g{number}", pose="p1")
    found = [entry.name for entry in listed(View(store, user="ada"), limit=1)]
    assert found == ["g0", "g1", "g2", ".thumbnails"]


def test_a_view_of_nobody_is_refused(store: posecas.Store) -> None:
    with pytest.raises(NotFound, match="eve"):
        View(store, user="eve")


def test_nodes_mean_the_same_in_another_process_s_view(folder: Path) -> None:
    with posecas.create_store(folder) as store:
        store.put(tile(1), user="ada", generation="g1", pose="p1", aliases=["old/a.png"])
        before = {path: entry.node for path, entry in walk(View(store))}
    with posecas.open_store(folder) as store:
        assert {path: entry.node for path, entry in walk(View(store))} == before
    assert all(0 < node < 2**63 for node in before.values())


def test_cookies_grow_in_every_folder_of_poses(store: posecas.Store, view: View) -> None:
    for number in range(3):
        store.put(tile(number), user="ada", generation=f"g{number}", pose="p1")
        store.put(tile(number), user="ada", generation=f"g{number}", pose="p2")
    for path in ("", "users", "users/ada", "generations/g1", "thumbnails/generations/g1", "hashes"):
        cookies = [entry.cookie for entry in listed(view, path)]
        assert all(0 < one < other for one, other in pairwise([*cookies, 2**62]))
