"""What people read with, over `posecas://`."""

import json
from pathlib import Path
from typing import Any

import fsspec
import pandas as pd
import pytest
from PIL import Image

import posecas
from kit.pictures import BLUE, RED, jpeg, quarters
from kit.tiles import SIDE, tile
from posecas.machine import pose_json


@pytest.fixture
def options(store: posecas.Store) -> dict[str, Any]:
    """Three poses of two users, and how to reach them."""
    store.put(tile(1), user="ada", generation="g1", pose="p1", prompt="a heron", seed=7)
    store.put(jpeg(quarters(64, 64)), user="ada", generation="g1", pose="p2")
    store.put(tile(3), user="bob", generation="g2", pose="p1")
    return {"store": str(store.path)}


def test_pillow_reads_an_image(options: dict[str, Any]) -> None:
    with (
        fsspec.open("posecas:///users/ada/g1/p1.png", **options) as file,
        Image.open(file) as image,
    ):
        assert (image.format, image.size) == ("PNG", (SIDE, SIDE))
        image.load()
    with (
        fsspec.open("posecas:///generations/g1/p2.jpg", **options) as file,
        Image.open(file) as image,
    ):
        corners = [image.getpixel(at) for at in ((3, 3), (3, 60))]
    for seen, painted in zip(corners, (RED, BLUE), strict=True):
        assert isinstance(seen, tuple)
        assert all(abs(one - other) < 12 for one, other in zip(seen, painted, strict=True))


def test_pandas_reads_what_is_known_of_poses(store: posecas.Store, options: dict[str, Any]) -> None:
    read = pd.read_json("posecas:///generations/g1/p1.json", lines=True, storage_options=options)
    known = pose_json(store.pose("g1/p1"))
    assert list(read.columns) == list(known)
    row = read.iloc[0]
    assert (row["digest"], row["prompt"], row["seed"]) == (known["digest"], "a heron", 7)


def test_many_files_are_opened_by_a_glob(options: dict[str, Any]) -> None:
    files = fsspec.open_files("posecas:///users/*/*/*.json", "rt", encoding="utf-8", **options)
    names = []
    for file in files:
        with file as text:
            known = json.load(text)
        names.append(f"{known['user']} {known['generation']}/{known['pose']}")
    assert names == ["ada g1/p1", "ada g1/p2", "bob g2/p1"]


def test_a_tree_is_copied_to_a_local_folder(
    store: posecas.Store, options: dict[str, Any], tmp_path: Path
) -> None:
    fs = fsspec.filesystem("posecas", **options)
    copy = tmp_path / "copy"
    fs.get("/users", str(copy), recursive=True)
    found = sorted(str(path.relative_to(copy)) for path in copy.rglob("*") if path.is_file())
    assert found == [
        "ada/g1/p1.json",
        "ada/g1/p1.png",
        "ada/g1/p2.jpg",
        "ada/g1/p2.json",
        "bob/g2/p1.json",
        "bob/g2/p1.png",
    ]
    assert (copy / "ada/g1/p1.png").read_bytes() == store.get("g1/p1")
    assert (copy / "ada/g1/p2.jpg").read_bytes() == store.get("g1/p2")


def test_a_copy_goes_into_an_open_file_and_tells_its_progress(
    options: dict[str, Any], tmp_path: Path
) -> None:
    fs = fsspec.filesystem("posecas", **options)
    progress = fsspec.Callback()
    with (tmp_path / "copy.png").open("wb") as file:
        fs.get_file("/users/ada/g1/p1.png", file, callback=progress)
    assert (tmp_path / "copy.png").read_bytes() == tile(1)
    assert (progress.size, progress.value) == (len(tile(1)), len(tile(1)))


def test_fsspec_s_own_caches_chain_to_it(
    store: posecas.Store, options: dict[str, Any], tmp_path: Path
) -> None:
    def read() -> bytes:
        url = "filecache::posecas:///users/ada/g1/p1.png"
        cache = {"cache_storage": str(tmp_path / "cache"), "check_files": True}
        with fsspec.open(url, posecas=options, filecache=cache) as file:
            return bytes(file.read())

    assert read() == tile(1)
    store.put(tile(9), generation="g1", pose="p1", replace=True)
    assert read() == tile(9)


def test_a_mapping_reads_and_does_not_write(options: dict[str, Any]) -> None:
    mapping = fsspec.get_mapper("posecas:///users/ada", **options)
    assert mapping["g1/p1.png"] == tile(1)
    assert "g1/p9.png" not in mapping
    with pytest.raises(OSError, match="read-only"):
        mapping["g1/p9.png"] = tile(9)
