"""Importing folders: everything that can be taken is, and the rest is named."""

import os
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kit import disks, pictures
from kit.commands import Posecas
from kit.tiles import tile


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with images of two users and of nobody."""
    files = {"ada/g1/p.png": 1, "ada/g1/q.png": 2, "bob/g2/p.png": 1, "loose/r.png": 3}
    for path, number in files.items():
        write(tmp_path / "in" / path, tile(number))
    return tmp_path / "in"


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def listed(posecas: Posecas) -> set[tuple[str, str, str]]:
    poses = posecas("ls", "--json").objects
    return {(one["user"], one["generation"], one["pose"]) for one in poses}


def test_a_tree_is_taken_in_with_its_names(posecas: Posecas, source: Path) -> None:
    done = posecas.process("import", source)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("4 files: 3 stored, 1 deduplicated; ")
    assert listed(posecas) == {
        ("ada", "g1", "p"),
        ("ada", "g1", "q"),
        ("bob", "g2", "p"),
        ("default", "loose", "r"),
    }
    assert posecas("get", "g2/p").data == tile(1)


def test_again_changes_nothing(posecas: Posecas, source: Path) -> None:
    posecas("import", source)
    before = posecas("ls", "--json").out
    done = posecas("import", source)
    assert (done.code, done.out[:20]) == (0, "4 files: 4 unchanged")
    assert posecas("ls", "--json").out == before


def test_path_and_time_are_kept(posecas: Posecas, source: Path) -> None:
    moment = datetime(2024, 2, 3, 4, 5, 6, 789000, tzinfo=UTC)
    os.utime(source / "ada/g1/p.png", (moment.timestamp(), moment.timestamp()))
    posecas("import", source)
    told = posecas("info", "g1/p", "--json").objects[0]
    assert told["created_at"] == "2024-02-03T04:05:06.789Z"
    assert told["aliases"] == ["ada/g1/p.png"]


def test_json_has_a_line_a_file(posecas: Posecas, source: Path) -> None:
    told = posecas("import", source, "--json").objects
    assert [one["file"] for one in told] == sorted(map(str, source.rglob("*.png")))
    assert [one["status"] for one in told] == ["stored", "stored", "deduplicated", "stored"]


def test_bad_files_are_named_and_the_rest_is_taken(posecas: Posecas, source: Path) -> None:
    write(source / "loose/bad.png", b"this is no image at all")
    write(source / "loose/cut.png", pictures.png(pictures.photo(64, 64))[:2000])
    write(source / "loose/notes.txt", b"text")
    done = posecas("import", source)
    assert done.code == 3
    assert "4 stored" not in done.out
    assert "2 refused" in done.out
    assert [line.split(": ")[1] for line in done.err.splitlines()[:2]] == [
        str(source / "loose/bad.png"),
        str(source / "loose/cut.png"),
    ]
    assert (
        done.err.splitlines()[2] == "posecas: 1 other file left out: not named .png, .jpg or .webp"
    )
    assert len(listed(posecas)) == 4


def test_a_name_that_lies_is_taken_as_what_it_is(posecas: Posecas, source: Path) -> None:
    write(source / "loose/lie.png", pictures.jpeg(pictures.photo(64, 64)))
    done = posecas("import", source)
    assert done.code == 0
    assert "lie.png: the name says another type; it is stored as what it is, image/jpeg" in done.err
    assert posecas("info", "loose/lie", "--json").objects[0]["media_type"] == "image/jpeg"


def test_a_name_that_lies_is_refused_if_so_configured(posecas: Posecas, source: Path) -> None:
    write(source / "loose/lie.png", pictures.jpeg(pictures.photo(64, 64)))
    refuse = {"POSECAS_EXTENSION_MISMATCH": "refuse"}
    assert posecas.process("import", source, environment=refuse).code == 3


def test_links_out_pipes_and_stores_are_left_alone(posecas: Posecas, source: Path) -> None:
    outside = source.parent / "outside"
    write(outside / "secret.png", tile(9))
    (source / "file.png").symlink_to(outside / "secret.png")
    (source / "folder").symlink_to(outside)
    (source / "round").symlink_to(source)
    (source / "inside.png").symlink_to(source / "loose/r.png")
    os.mkfifo(source / "pipe.png")
    Posecas(source / "other-store")("init")
    done = posecas("import", source)
    assert done.code == 0
    for name in ("file.png", "folder", "round", "pipe.png", "other-store"):
        assert f"{source / name}: skipped, " in done.err
    assert listed(posecas) >= {("default", "in", "inside"), ("default", "loose", "r")}
    assert len(listed(posecas)) == 5


def test_what_cannot_be_read_is_named(posecas: Posecas, source: Path) -> None:
    (source / "broken.png").symlink_to("nowhere")
    (source / "self.png").symlink_to("self.png")
    done = posecas("import", source, "--json")
    assert done.code == 3
    refused = [one["file"] for one in done.objects if one["status"] == "refused"]
    assert refused == [str(source / "broken.png"), str(source / "self.png")]


def test_a_folder_that_may_not_be_read_is_named() -> None:
    with disks.open_folder() as folder:
        folder.chmod(0o777)
        with disks.unprivileged():
            posecas = Posecas(folder / "store")
            posecas("init")
            write(folder / "in" / "closed" / "p.png", tile(1))
            write(folder / "in" / "q.png", tile(2))
            (folder / "in" / "closed").chmod(0)
            done = posecas("import", folder / "in")
            (folder / "in" / "closed").chmod(0o700)
    assert done.code == 3
    assert "closed: the folder cannot be read (Permission denied)" in done.err
    assert "1 file: 1 stored" in done.out


def test_dry_run_shows_the_names_and_stores_nothing(posecas: Posecas, source: Path) -> None:
    done = posecas("import", source, "--dry-run")
    assert done.code == 0
    first = done.out.splitlines()[0].split()
    assert first[:4] == ["tree", "ada", "g1", "p"]
    assert first[-1] == str(source / "ada/g1/p.png")
    planned = posecas("import", source, "--dry-run", "--json").objects
    assert listed(posecas) == set()
    assert not (posecas.store / "objects").exists()
    posecas("import", source)
    assert listed(posecas) == {(one["user"], one["generation"], one["pose"]) for one in planned}


def test_replace(posecas: Posecas, source: Path) -> None:
    posecas("import", source)
    write(source / "ada/g1/p.png", tile(7))
    refused = posecas("import", source)
    assert refused.code == 3
    assert posecas("get", "g1/p").data == tile(1)
    assert "1 replaced" in posecas("import", source, "--replace").out
    assert posecas("get", "g1/p").data == tile(7)


def test_uploads_are_the_default_source_and_their_store_is_not(
    posecas: Posecas, source: Path
) -> None:
    uploads = {"POSECAS_STORE": "", "UPLOAD_DIR": str(source)}
    assert posecas.process("init", environment=uploads).code == 0
    assert posecas.process("import", environment=uploads).out.startswith("4 files: 3 stored")
    assert "4 unchanged" in posecas.process("import", environment=uploads).out


def test_names_that_no_terminal_shows(posecas: Posecas, tmp_path: Path) -> None:
    for number, name in enumerate((b"new\nline.png", b"latin\xff.png", "😀 smile.png".encode())):
        write(tmp_path / "odd" / os.fsdecode(name), tile(number))
    done = posecas.process("import", tmp_path / "odd", "-v")
    assert (done.code, len(done.out.splitlines())) == (0, 4)
    assert {pose for _, _, pose in listed(posecas)} == {"new-line", "latin", "smile"}
    assert posecas("info", "odd/latin").out.endswith("latin\\xff.png\n")


def test_interrupted_it_ends_cleanly_and_finishes_when_run_again(
    posecas: Posecas, tmp_path: Path
) -> None:
    folder = tmp_path / "many"
    for number in range(60):
        image = pictures.photo(500, 500, seed=number)
        write(folder / f"{number:03}.png", pictures.png(image, compress_level=0))
    # It is not to be done before this process has its turn.
    with posecas.running("--json", "import", folder, under=["nice"]) as process:
        assert process.stdout
        first = process.stdout.readline()
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        rest, error = process.communicate(timeout=120)
    assert (process.returncode, first[:2]) == (130, b'{"')
    assert error.count(b"\n") == 1
    assert b"Interrupted" in error
    reported = 1 + rest.count(b"\n")
    assert reported <= len(listed(posecas)) < 60
    again = posecas("import", folder)
    assert again.code == 0
    assert len(listed(posecas)) == 60


def test_a_full_disk_stops_it_with_a_count(source: Path) -> None:
    with disks.small_disk(3_000_000) as disk:
        posecas = Posecas(disk.path / "store")
        assert posecas("init").code == 0
        for number in range(10):
            write(source / f"big/{number}.png", pictures.png(pictures.photo(500, 500, seed=number)))
        done = posecas("import", source)
        assert done.code == 1
        assert done.out.startswith("stopped after ")
        assert done.err.count("\n") == 1
        stored = listed(posecas)
        assert 0 < len(stored) < 14
        _, generation, pose = stored.pop()
        assert posecas("rm", f"{generation}/{pose}").code == 0
