"""Exports as files: their names, where they go, and what is said of each."""

from pathlib import Path

import pytest

from kit import pictures
from kit.commands import Posecas
from kit.tiles import tile
from posecas.digest import digest_of
from posecas.images.recipes import RECIPES

EXPORTS = [name for name, recipe in RECIPES.items() if not recipe.makes_thumbnails]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def birds(posecas: Posecas, tmp_path: Path) -> Posecas:
    for number, name in enumerate(("heron", "stork")):
        (tmp_path / f"{name}.png").write_bytes(tile(number))
        assert posecas("put", tmp_path / f"{name}.png", "--generation", "g1").code == 0
    return posecas


def own(posecas: Posecas, text: str) -> Posecas:
    (posecas.store / "posecas.toml").write_text(f"format = 1\n{text}")
    return posecas


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_export_is_written_beside_one_under_pose_and_recipe(birds: Posecas, here: Path) -> None:
    done = birds("export", "g1/heron", "--recipe", "tiktok")
    assert (done.code, done.err) == (0, "")
    assert names(here) == ["heron-tiktok.jpg"]
    data = (here / "heron-tiktok.jpg").read_bytes()
    assert pictures.opened(data).size == (1080, 1920)
    assert done.out.split()[0] == digest_of(data)[:12]
    assert done.out.endswith("heron-tiktok.jpg\n")


def test_what_is_exported_is_what_get_gives_and_is_kept(birds: Posecas, here: Path) -> None:
    assert birds("export", "g1/heron", "--recipe", "shopee").code == 0
    first = birds("info", "g1/heron", "--json").objects[0]["renditions"]
    assert [one["recipe"] for one in first] == ["shopee", "thumb-400"]
    assert birds("export", "g1/heron", "--recipe", "shopee").code == 0
    data = birds("get", "g1/heron", "--recipe", "shopee").data
    assert (here / "heron-shopee.jpg").read_bytes() == data
    assert birds("info", "g1/heron", "--json").objects[0]["renditions"] == first


def test_all_makes_every_export_of_every_id_in_a_folder_that_is_made(
    birds: Posecas, here: Path
) -> None:
    done = birds("export", "g1/heron", "g1/stork", "g1/heron", "--all", "-o", "new/folder")
    assert done.code == 0
    assert "16 files written" in done.err
    wanted = sorted(f"{pose}-{name}.jpg" for pose in ("heron", "stork") for name in EXPORTS)
    assert names(here / "new" / "folder") == wanted
    for path in (here / "new" / "folder").iterdir():
        recipe = RECIPES[path.stem.partition("-")[2]]
        assert pictures.opened(path.read_bytes()).size == (recipe.width, recipe.height)


def test_machines_are_told_pose_recipe_and_file(birds: Posecas, here: Path) -> None:
    arguments = ("export", "g1/heron", "--recipe", "shopee", "--recipe", "tiktok", "--json")
    first, second = birds(*arguments).objects
    pose = birds("info", "g1/heron", "--json").objects[0]
    assert (first["recipe"], second["recipe"]) == ("shopee", "tiktok")
    assert (first["user"], first["generation"], first["pose"]) == ("default", "g1", "heron")
    assert (first["source"], first["thumbnail"]) == (pose["digest"], pose["thumbnail"])
    data = (here / first["file"]).read_bytes()
    assert (first["digest"], first["size"]) == (digest_of(data), len(data))
    assert (first["width"], first["height"], first["media_type"]) == (1024, 1024, "image/jpeg")
    assert first["path"] == f"/hashes/{first['digest'][:2]}/{first['digest']}.jpg"


def test_one_export_may_have_any_name_or_be_a_pipe(birds: Posecas, here: Path) -> None:
    assert birds("export", "g1/heron", "--recipe", "shopee", "-o", "shop.jpg").code == 0
    assert birds("export", "g1/heron", "--recipe", "shopee", "-o", "made/").code == 0
    piped = birds("export", "g1/heron", "--recipe", "shopee", "-o", "-")
    assert names(here) == ["made", "shop.jpg"]
    assert (here / "shop.jpg").read_bytes() == piped.data
    assert (here / "made" / "heron-shopee.jpg").read_bytes() == piped.data
    assert piped.err == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("g1/heron",), "--recipe NAME or --all; see: posecas recipes"),
        (("g1/heron", "--all", "--recipe", "shopee"), "--recipe NAME or --all"),
        (("g1/heron", "--all", "-o", "-"), "one --recipe"),
        (("g1/heron", "g1/stork", "--recipe", "shopee", "-o", "-"), "one ID"),
        (("g1/heron", "--all", "-o", "file"), "file: it is a file, and a folder is needed"),
    ],
)
def test_what_makes_no_sense_is_said_before_anything_is_done(
    birds: Posecas, here: Path, arguments: tuple[str, ...], said: str
) -> None:
    (here / "file").write_text("mine")
    done = birds("export", *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert names(here) == ["file"]
    assert (here / "file").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("g1/heron", "g1/egret", "--all"), "g1/egret"),
        (("g1/heron", "--recipe", "shopee", "--recipe", "nope"), "'nope': use thumb-400,"),
    ],
)
def test_an_id_or_a_recipe_that_is_none_stops_everything(
    birds: Posecas, here: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = birds("export", *arguments)
    assert (done.code, done.out, names(here)) == (4, "", [])
    assert said in done.err


def test_two_poses_of_one_name_are_never_written_over_each_other(
    birds: Posecas, here: Path, tmp_path: Path
) -> None:
    assert birds("put", tmp_path / "heron.png", "--generation", "g2").code == 0
    done = birds("export", "g1/heron", "g2/heron", "--recipe", "shopee")
    assert (done.code, names(here)) == (2, [])
    assert "g1/heron and g2/heron would both be written as heron-shopee" in done.err


def test_a_limit_that_cannot_be_kept_leaves_the_other_exports_alone(
    birds: Posecas, here: Path
) -> None:
    own(birds, "[recipe.tiny]\nwidth = 300\nheight = 300\nmax_bytes = 600\n")
    both = birds("export", "g1/heron", "--recipe", "tiny", "--recipe", "shopee")
    assert (both.code, names(here)) == (3, ["heron-shopee.jpg"])
    assert "g1/heron: recipe tiny: the picture takes" in both.err
    assert "1 file written, 1 not" in both.err
    alone = birds("export", "g1/heron", "--recipe", "tiny")
    assert (alone.code, alone.out) == (6, "")
    assert alone.err.startswith("posecas: g1/heron: recipe tiny: ")
    assert alone.err.count("\n") == 1
    told = birds("export", "g1/heron", "--recipe", "tiny", "--recipe", "shopee", "--json")
    assert [one.get("error") for one in told.objects] == ["TooLarge", None]
    assert told.objects[0]["recipe"] == "tiny"


def test_damage_of_one_image_leaves_the_others_alone(birds: Posecas, here: Path) -> None:
    damaged = birds("info", "g1/heron", "--json").objects[0]["replicas"][0]["key"]
    (birds.store / damaged).write_bytes(b"rot")
    done = birds("export", "g1/heron", "g1/stork", "--recipe", "shopee")
    assert (done.code, names(here)) == (3, ["stork-shopee.jpg"])
    assert "posecas: g1/heron: " in done.err


def test_recipes_of_ones_own_are_exported_with_all(birds: Posecas, here: Path) -> None:
    own(birds, "[recipe.banner]\nwidth = 60\nheight = 20\nformat = 'webp'\n")
    assert birds("export", "g1/heron", "--all").code == 0
    assert names(here) == sorted(["heron-banner.webp", *(f"heron-{name}.jpg" for name in EXPORTS)])


def test_recipes_are_listed_with_where_they_come_from(posecas: Posecas) -> None:
    own(posecas, "[recipe.banner]\nwidth = 60\nheight = 20\nfit = 'contain'\npad = 'none'\n")
    done = posecas("recipes")
    lines = {line.split()[0]: line for line in done.out.splitlines()}
    assert list(lines) == [*RECIPES, "banner"]
    assert lines["tiktok"].split() == (
        ["tiktok", "1080x1920", "contain,", "blur", "jpeg", "90", "20", "MB", "posecas"]
    )
    assert lines["banner"].endswith("posecas.toml")
    banner = posecas("recipes", "--json").objects[-1]
    assert banner == {
        "recipe": "banner",
        "version": 1,
        "own": True,
        "width": 60,
        "height": 20,
        "fit": "contain",
        "focus": [0.5, 0.5],
        "pad": "none",
        "upscale": True,
        "format": "jpeg",
        "transparent_format": "jpeg",
        "quality": 90,
        "subsampling": "4:2:0",
        "max_bytes": None,
    }


def test_the_recipe_that_the_help_shows_can_be_copied(posecas: Posecas) -> None:
    shown = posecas("recipes", "--help").out
    own(posecas, shown[shown.index("[recipe.banner]") : shown.index("Options:")])
    banner = posecas("recipes", "--json").objects[-1]
    assert (banner["recipe"], banner["width"], banner["max_bytes"]) == ("banner", 1200, 2_000_000)


def test_a_wrong_recipe_stops_every_command_by_name(posecas: Posecas) -> None:
    own(posecas, "[recipe.banner]\nwidth = 60\nheigth = 20\n")
    for arguments in (("ls",), ("recipes",), ("export", "g/p", "--all")):
        done = posecas(*arguments)
        assert (done.code, done.out) == (2, "")
        assert "recipe.banner.heigth (posecas.toml): there is no such key" in done.err
