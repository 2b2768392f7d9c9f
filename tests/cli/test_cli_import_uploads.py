"""Moving the product's uploads in: names, owners, old paths, and the map of what became of them."""

import csv
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from kit import graphs
from kit.commands import Posecas, command
from kit.pictures import opened
from kit.tiles import tile
from kit.uploads import NEW, OLD, POSED, UNCLEAR, Uploads, uploads

GENERATED = "pose-generator/generated"
THUMBNAILS = "pose-generator/thumbnails"
SITE = "https://example.com/uploads"


@pytest.fixture
def source(tmp_path: Path) -> Uploads:
    return uploads(tmp_path / "uploads")


def poses(posecas: Posecas) -> dict[str, dict[str, Any]]:
    return {f"{one['generation']}/{one['pose']}": one for one in posecas("ls", "--json").objects}


def rows(file: Path) -> dict[str, tuple[str, str]]:
    with file.open(newline="") as lines:
        return {one["old_path"]: (one["digest"], one["new_path"]) for one in csv.DictReader(lines)}


def test_everything_has_its_name_and_its_owner(
    posecas: Posecas, source: Uploads, tmp_path: Path
) -> None:
    (tmp_path / "owners.csv").write_text("generation,user\ng1,ada\nnever-made,bob\n")
    done = posecas.process("import", source.path, "--owners", tmp_path / "owners.csv")
    assert done.code == 0
    assert done.out.startswith("4 files: 4 stored; ")
    assert "5 aliases of renditions" in done.out
    assert "4 image files left out: what passes, videos and their slides are no poses" in done.err
    assert "1 image file left out: exports that are not named" in done.err
    found = poses(posecas)
    assert {name: one["user"] for name, one in found.items()} == {
        "avatars-u1/face": "u1",
        "g1/text_var1": "ada",
        "g1/text_var1.1700000001000": "ada",
        "g2/lib7_var3": "default",
    }
    assert found["g1/text_var1"]["created_at"] == "2023-11-14T22:13:22.000Z"
    assert found["g2/lib7_var3"]["pose_library_id"] == "lib7"
    assert found["g2/lib7_var3"]["prompt"] == "a grey heron at dawn"
    assert found["g2/lib7_var3"]["seed"] == 156680208700286
    assert found["avatars-u1/face"]["thumbnail"]["recipe"] == "thumb-300"


def test_every_old_address_leads_to_what_it_was(posecas: Posecas, source: Uploads) -> None:
    posecas("import", source.path)
    for stem in (NEW, OLD, POSED):
        address = f"{SITE}/{GENERATED}/{stem}.png"
        assert posecas("get", address).data == source.read(f"{GENERATED}/{stem}.png")
        thumbnail = posecas("get", f"/{THUMBNAILS}/thumb_{stem}.png").data
        assert opened(thumbnail).size == (400, 400)
    assert opened(posecas("get", "avatar-creator/u1/thumb_face.jpg").data).size == (300, 300)
    export = posecas("get", f"{SITE}/pose-generator/exports/{POSED}_tiktok.jpg").data
    assert opened(export).size == (1080, 1920)
    told = posecas("info", f"{SITE}/{GENERATED}/{POSED}.png", "--json").objects[0]
    assert (told["generation"], len(told["aliases"])) == ("g2", 3)


def test_an_old_address_is_written_under_the_pose_s_name(
    posecas: Posecas, source: Uploads, tmp_path: Path
) -> None:
    posecas("import", source.path)
    assert posecas("get", f"{SITE}/{GENERATED}/{POSED}.png", "-o", tmp_path).code == 0
    assert posecas("get", f"{SITE}/{THUMBNAILS}/thumb_{POSED}.png", "-o", tmp_path).code == 0
    assert (tmp_path / "lib7_var3.png").exists()
    assert (tmp_path / "lib7_var3.thumb-400.jpg").exists()


def test_an_old_address_can_be_removed_and_says_then_what_it_was(
    posecas: Posecas, source: Uploads
) -> None:
    posecas("import", source.path)
    assert posecas("rm", f"{SITE}/{GENERATED}/{POSED}.png").code == 0
    gone = posecas("get", f"{SITE}/{THUMBNAILS}/thumb_{POSED}.png")
    assert (gone.code, gone.err.count("\n")) == (4, 1)
    assert "it led to g2/lib7_var3, which was removed" in gone.err


def test_the_map_has_every_old_path_and_a_second_run_makes_it_again(
    posecas: Posecas, source: Uploads, tmp_path: Path
) -> None:
    posecas("import", source.path, "--map", tmp_path / "map.csv")
    found = rows(tmp_path / "map.csv")
    assert len(found) == 9
    for path, (digest, new_path) in found.items():
        assert new_path.startswith(f"/hashes/{digest[:2]}/{digest}.")
        assert posecas("get", path).data == posecas("get", digest).data
    before = posecas("ls", "--json").out
    again = posecas("import", source.path, "--map", tmp_path / "again.csv")
    assert "4 unchanged" in again.out
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "map.csv").read_bytes()
    assert posecas("ls", "--json").out == before
    assert not list(tmp_path.glob(".*.part"))


def test_a_map_that_cannot_be_written_stops_it_before_it_begins(
    posecas: Posecas, source: Uploads, tmp_path: Path
) -> None:
    done = posecas("import", source.path, "--map", tmp_path / "no" / "map.csv")
    assert (done.code, poses(posecas)) == (1, {})
    assert str(tmp_path / "no" / "map.csv") in done.err


def test_what_is_not_clear_is_told_and_skipped(posecas: Posecas, source: Uploads) -> None:
    source.write(f"{GENERATED}/{UNCLEAR}.png", tile(20))
    source.write(f"{THUMBNAILS}/thumb_gone_{NEW}.png", tile(21))
    for arguments in (("--dry-run",), ()):
        done = posecas("import", source.path, *arguments)
        assert done.code == 3
        assert f"{UNCLEAR}.png: it may be a/b_lib_var1 or a_b/lib_var1" in done.err
        assert "neither here nor in the store" in done.err
    told = posecas("import", source.path, "--json").objects
    assert sum(one["status"] == "refused" for one in told) == 2
    assert sum(one["status"] == "alias" for one in told) == 5
    assert len(poses(posecas)) == 4


def test_a_dry_run_shows_how_each_name_is_read(posecas: Posecas, source: Uploads) -> None:
    told = {
        Path(one["file"]).name: one
        for one in posecas("import", source.path, "--dry-run", "--json").objects
    }
    assert len(told) == 9
    assert told[f"{POSED}.png"] == {
        "file": str(source.path / GENERATED / f"{POSED}.png"),
        "form": "product",
        "user": None,
        "generation": "g2",
        "pose": "lib7_var3",
        "created_at": "2023-11-14T22:13:23.000Z",
        "pose_library_id": "lib7",
        "recipe": None,
        "alias": f"{GENERATED}/{POSED}.png",
    }
    thumbnail = told[f"thumb_{OLD}.png"]
    assert (thumbnail["form"], thumbnail["recipe"]) == ("thumbnail", "thumb-400")
    assert thumbnail["pose"] == "text_var1.1700000001000"
    assert told["face.jpg"]["form"] == "avatar"
    assert poses(posecas) == {}


def test_wrong_files_and_patterns_import_nothing(
    posecas: Posecas, source: Uploads, tmp_path: Path
) -> None:
    (tmp_path / "owners.csv").write_text("g1,ada\ng 2,bob\n")
    wrong = [
        ("--owners", str(tmp_path / "owners.csv")),
        ("--owners", str(tmp_path / "missing.csv")),
        ("--pattern", "{pose}_{what}"),
        ("--map", str(tmp_path / "m.csv"), "--dry-run"),
        ("--user", "ada", "--owners", str(source.path / "temp/other.png")),
    ]
    for arguments in wrong:
        done = posecas("import", source.path, *arguments)
        assert (done.code, done.err.count("\n")) == (2, 1)
    assert "owners.csv, line 2: generation 'g 2'" in posecas("import", source.path, *wrong[0]).err
    assert poses(posecas) == {}


def test_another_user_s_generation_is_prefixed_and_said(
    posecas: Posecas, source: Uploads, tmp_path: Path
) -> None:
    posecas("import", source.path)
    (tmp_path / "owners.csv").write_text("g2,ada\n")
    for expected in ("1 deduplicated", "4 unchanged"):
        done = posecas("import", source.path, "--owners", tmp_path / "owners.csv")
        assert expected in done.out
        assert "that of ada is imported as ada-g2; if it is the same one, hand it over" in done.err
    assert poses(posecas)["ada-g2/lib7_var3"]["user"] == "ada"


def test_a_newer_file_of_a_pose_takes_its_name_over(posecas: Posecas, source: Uploads) -> None:
    newest = NEW.replace("1700000002000", "1700000009000")
    posecas("import", source.path)
    source.write(f"{GENERATED}/{newest}.png", tile(30))
    done = posecas("import", source.path)
    assert (done.code, "1 replaced" in done.out) == (0, True)
    assert posecas("get", "g1/text_var1").data == tile(30)
    for stem in (NEW, OLD, newest):
        path = f"{GENERATED}/{stem}.png"
        assert posecas("get", path).data == source.read(path)
    assert "unchanged" in posecas("import", source.path).out
    assert (
        posecas(
            "put",
            source.path / "temp/other.png",
            "--generation",
            "g2",
            "--pose",
            "lib7_var3",
            "--replace",
        ).code
        == 0
    )
    source.write(f"{GENERATED}/{POSED.replace('3000_', '9000_')}.png", tile(31))
    assert posecas("import", source.path).code == 3
    assert posecas("get", "g2/lib7_var3").data == tile(9)


def test_thumbnails_may_come_after_their_images(posecas: Posecas, source: Uploads) -> None:
    path = f"{THUMBNAILS}/thumb_{POSED}.png"
    posecas("import", source.path)
    (source.path / GENERATED / f"{POSED}.png").unlink()
    posecas("rm", "g2/lib7_var3")
    assert posecas("import", source.path).code == 3
    source.write(f"{GENERATED}/{POSED}.png", tile(40))
    posecas("import", source.path)
    (source.path / GENERATED / f"{POSED}.png").unlink()
    assert posecas("import", source.path).code == 0
    assert opened(posecas("get", path).data).size == (400, 400)


def test_a_generator_s_folder_brings_its_prompts(posecas: Posecas, tmp_path: Path) -> None:
    folder = Uploads(tmp_path / "ComfyUI output")
    folder.write("ComfyUI_00001_.png", graphs.comfyui_png())
    folder.write("ComfyUI_00002_.png", graphs.comfyui_png({"3": {"inputs": "broken"}}, seed=2))
    sampler = {"inputs": {"seed": 2**80, "positive": ["6", 0]}}
    folder.write("ComfyUI_00003_.png", graphs.comfyui_png({**graphs.SD15, "3": sampler}, seed=3))
    done = posecas("import", folder.path, "-v")
    assert done.code == 0
    assert "ComfyUI_00003_.png: its text is passed over: seed" in done.err
    found = poses(posecas)
    assert found["ComfyUI-output/ComfyUI_00001_"]["model"] == "v1-5-pruned-emaonly.safetensors"
    assert found["ComfyUI-output/ComfyUI_00002_"]["prompt"] is None
    assert found["ComfyUI-output/ComfyUI_00003_"]["prompt"] == "a grey heron at dawn"
    assert "is passed over" not in posecas("import", folder.path).err


def test_killed_in_the_middle_it_is_finished_by_the_next(
    posecas: Posecas, source: Uploads, tmp_path: Path
) -> None:
    for number in range(120):
        stem = f"g{number % 7}_text_var{number}_17000000{number:05}_0123456789abcdef"
        source.write(f"{GENERATED}/{stem}.png", tile(100 + number))
        source.write(f"{THUMBNAILS}/thumb_{stem}.png", tile(100 + number, "small"))
        user = ("bob", "cleo")[number % 2]
        source.write(f"{user}/r{number % 5}/{number}.png", tile(300 + number))
    expected = Posecas(tmp_path / "whole")
    expected("init")
    assert expected("import", source.path, "--map", tmp_path / "whole.csv").code == 0
    words = command("--json", "import", source.path, "--map", tmp_path / "map.csv")
    for lines in (1, 40, 90):
        with subprocess.Popen(words, stdout=subprocess.PIPE, env=posecas.environment()) as process:
            assert process.stdout
            for _ in range(lines):
                process.stdout.readline()
            time.sleep(0.02)
            os.kill(process.pid, signal.SIGKILL)
            process.stdout.read()
        assert not (tmp_path / "map.csv").exists()
    assert posecas("import", source.path, "--map", tmp_path / "map.csv").code == 0
    assert (tmp_path / "map.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    named = {name: (one["user"], one["digest"]) for name, one in poses(posecas).items()}
    assert named == {name: (one["user"], one["digest"]) for name, one in poses(expected).items()}
    again = posecas("import", source.path)
    assert (again.code, "244 unchanged; " in again.out) == (0, True)
