"""`put`, `get`, `info` and `rm` on one image and on several."""

import stat
from pathlib import Path

import pytest

from kit import hostile, pictures
from kit.commands import Posecas
from kit.tiles import tile
from posecas.digest import digest_of


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A file with an image."""
    path = tmp_path / "heron.png"
    path.write_bytes(tile(1))
    return path


def one_line(text: str) -> bool:
    return text.endswith("\n") and text.count("\n") == 1


def test_an_image_comes_back_as_it_went_in(posecas: Posecas, image: Path) -> None:
    done = posecas.process("put", image, "--user", "ada", "--generation", "g1")
    assert (done.code, done.err) == (0, "")
    assert done.out.split() == [
        "stored",
        digest_of(tile(1))[:12],
        *done.out.split()[2:4],
        "g1/heron",
    ]
    got = posecas.process("get", "g1/heron")
    assert (got.code, got.data, got.err) == (0, tile(1), "")


def test_the_same_again_is_unchanged_and_other_names_are_deduplicated(
    posecas: Posecas, image: Path
) -> None:
    statuses = [
        posecas("put", image, "--generation", "g1", "--pose", pose, "--json").objects[0]["status"]
        for pose in ("p", "p", "q")
    ]
    assert statuses == ["stored", "unchanged", "deduplicated"]
    assert posecas("stats", "--json").objects[0]["dedupe_ratio"] == 2.0


def test_other_bytes_need_replace(posecas: Posecas, image: Path) -> None:
    put = ("put", image, "--generation", "g1")
    assert posecas(*put).code == 0
    image.write_bytes(tile(2))
    refused = posecas(*put)
    assert refused.code == 6
    assert "heron.png" in refused.err
    assert one_line(refused.err)
    assert posecas("get", "g1/heron").data == tile(1)
    assert posecas(*put, "--replace", "--json").objects[0]["status"] == "replaced"
    assert posecas("get", "g1/heron").data == tile(2)


def test_without_generation_the_user_has_one(posecas: Posecas, image: Path) -> None:
    assert posecas("put", image, "--json").objects[0]["generation"] == "images-default"
    told = posecas("put", image, "--user", "ada", "--json").objects[0]
    assert (told["user"], told["generation"]) == ("ada", "images-ada")


def test_stdin_is_named_by_its_digest(posecas: Posecas) -> None:
    done = posecas.process("put", "-", "--generation", "g1", "--json", stdin=tile(3))
    assert done.objects[0]["pose"] == digest_of(tile(3))[:16]
    assert done.objects[0]["file"] == "-"


def test_stdin_over_the_limit_is_refused(posecas: Posecas) -> None:
    done = posecas.process(
        "put",
        "-",
        stdin=bytes(2_000_000),
        environment={"POSECAS_PROFILE_POSE_MAX_BYTES": "1MB"},
    )
    assert done.code == 6
    assert "stdin" in done.err
    assert "profile.pose.max_bytes" in done.err


def test_attributes_are_kept(posecas: Posecas, image: Path) -> None:
    given = {
        "prompt": "a grey héron",
        "model": "m",
        "seed": 2**63,
        "pose_library_id": "standing-3",
        "controlnet_weight": 0.75,
        "generation_time": 3.5,
    }
    options = [
        word
        for name, value in given.items()
        for word in (f"--{name.replace('_', '-')}", str(value))
    ]
    posecas(
        "put", image, "--generation", "g", *options, "--favourite", "--created-at", "2024-02-03"
    )
    told = posecas("info", "g/heron", "--json").objects[0]
    assert {name: told[name] for name in given} == given
    assert told["favourite"] is True
    assert told["created_at"] == "2024-02-03T00:00:00.000Z"
    shown = posecas("info", "g/heron").out
    assert "prompt" in shown
    assert "a grey héron" in shown


BAD = {
    "text.png": (b"this is no image at all", "no image"),
    "empty.png": (b"", "empty"),
    "cut.png": (pictures.png(pictures.photo(64, 64))[:3000], "PNG"),
    "lying.png": (pictures.jpeg(pictures.photo(64, 64)), ".jpg"),
    "bomb.png": (hostile.png_bomb(16_000), "profile.pose.max_pixels"),
    "wide.png": (hostile.png_bomb(60_000), "profile.pose.max_side"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_good_image_is_refused_in_one_line(
    posecas: Posecas, tmp_path: Path, name: str
) -> None:
    data, cause = BAD[name]
    (tmp_path / name).write_bytes(data)
    done = posecas("put", tmp_path / name)
    assert (done.code, done.out) == (6, "")
    assert done.err.startswith(f"posecas: {tmp_path / name}: ")
    assert cause in done.err
    assert one_line(done.err)
    assert posecas("stats", "--json").objects[0]["poses"] == 0


def test_a_file_over_the_limit_is_refused_with_the_setting(posecas: Posecas, image: Path) -> None:
    limit = {"POSECAS_PROFILE_AVATAR_MAX_BYTES": "100"}
    done = posecas.process("put", image, "--profile", "avatar", environment=limit)
    assert done.code == 6
    assert "profile.avatar.max_bytes" in done.err


def test_over_quota(posecas: Posecas, image: Path) -> None:
    assert posecas("quota", "set", "ada", "100").code == 0
    done = posecas("put", image, "--user", "ada")
    assert done.code == 7
    assert "ada" in done.err
    assert one_line(done.err)
    assert posecas("quota", "set", "ada", "none").code == 0
    assert posecas("put", image, "--user", "ada").code == 0


def test_some_of_several_may_fail(posecas: Posecas, image: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no image, certainly not")
    done = posecas("put", image, bad, tmp_path / "absent.png", "--generation", "g")
    assert done.code == 3
    assert len(done.out.splitlines()) == 1
    assert done.err.splitlines()[-1].startswith("posecas: 3 files: 1 stored, 2 refused")
    told = posecas("put", image, bad, "--generation", "g", "--json").objects
    assert [one["status"] for one in told] == ["unchanged", "refused"]
    assert [one["file"] for one in told] == [str(image), str(bad)]
    assert told[1]["error"] == "NotAnImage"


def test_a_single_failure_is_told_on_stderr_as_json(posecas: Posecas, tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no image, certainly not")
    done = posecas("put", bad, "--json")
    assert (done.code, done.error["error"], done.error["exit_code"]) == (6, "NotAnImage", 6)
    assert done.objects[0]["status"] == "refused"


def test_names_with_control_characters_stay_on_one_line(posecas: Posecas, tmp_path: Path) -> None:
    odd = tmp_path / "a b\n\x1b[31m😀.png"
    odd.write_bytes(b"no image, certainly not")
    done = posecas("put", odd)
    assert one_line(done.err)
    assert "\x1b" not in done.err
    assert "a b\\n\\x1b[31m😀.png" in done.err
    odd.write_bytes(tile(1))
    assert posecas("put", odd, "--json").objects[0]["pose"] == "a-b-31m"


def test_get_writes_a_file_whole_and_keeps_its_mode(
    posecas: Posecas, image: Path, tmp_path: Path
) -> None:
    posecas("put", image, "--generation", "g")
    target = tmp_path / "copy.png"
    target.write_bytes(b"old")
    target.chmod(0o640)
    assert posecas("get", "g/heron", "-o", target).code == 0
    assert target.read_bytes() == tile(1)
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert {path.name for path in tmp_path.iterdir()} == {"store", "heron.png", "copy.png"}


def test_get_into_a_folder_names_the_file(posecas: Posecas, image: Path, tmp_path: Path) -> None:
    posecas("put", image, "--generation", "g")
    folder = tmp_path / "out"
    folder.mkdir()
    posecas("get", "g/heron", "-o", folder)
    posecas("get", "g/heron", "--recipe", "thumb-400", "-o", folder)
    posecas("get", digest_of(tile(1)), "-o", folder)
    assert {path.name for path in folder.iterdir()} == {
        "heron.png",
        "heron.thumb-400.jpg",
        f"{digest_of(tile(1))[:12]}.png",
    }


def test_get_writes_through_links_and_into_devices(
    posecas: Posecas, image: Path, tmp_path: Path
) -> None:
    posecas("put", image, "--generation", "g")
    (tmp_path / "link.png").symlink_to("real.png")
    assert posecas("get", "g/heron", "-o", tmp_path / "link.png").code == 0
    assert (tmp_path / "link.png").is_symlink()
    assert (tmp_path / "real.png").read_bytes() == tile(1)
    assert posecas("get", "g/heron", "-o", "/dev/null").code == 0
    assert Path("/dev/null").is_char_device()


def test_get_names_what_is_wrong(posecas: Posecas, image: Path, tmp_path: Path) -> None:
    posecas("put", image, "--generation", "g")
    for arguments, code in (
        (("g/stork",), 4),
        (("0123456789abcdef",), 4),
        (("g/heron", "--recipe", "thumb-9"), 4),
        (("not an id",), 2),
        (("../heron",), 2),
        (("g/heron", "-o", tmp_path / "absent" / "x.png"), 1),
    ):
        done = posecas("get", *arguments)
        assert (done.code, done.data) == (code, b""), arguments
        assert one_line(done.err)


def test_damage_is_told_and_nothing_is_written(
    posecas: Posecas, image: Path, tmp_path: Path
) -> None:
    key = posecas("put", image, "--generation", "g") and posecas("info", "g/heron", "--json")
    path = posecas.store / key.objects[0]["replicas"][0]["key"]
    path.chmod(0o600)
    path.write_bytes(hostile.flipped(tile(1), 60, 1))
    done = posecas("get", "g/heron", "-o", tmp_path / "copy.png")
    assert done.code == 8
    assert not (tmp_path / "copy.png").exists()


def test_rm_drops_all_or_nothing(posecas: Posecas, image: Path) -> None:
    for pose in ("p", "q"):
        posecas("put", image, "--generation", "g", "--pose", pose)
    assert posecas("rm", "g/p", "g/absent").code == 4
    assert posecas("rm", "g/p", "--dry-run").out.startswith("would remove")
    assert len(posecas("ls").out.splitlines()) == 2
    assert posecas("rm", "g/p", "g/p").out.count("\n") == 1
    assert posecas("get", "g/p").code == 4
    assert posecas("get", "g/q").data == tile(1)


def test_rm_by_digest_only_if_it_means_one_pose(posecas: Posecas, image: Path) -> None:
    digest = digest_of(tile(1))
    for pose in ("p", "q"):
        posecas("put", image, "--generation", "g", "--pose", pose)
    refused = posecas("rm", digest[:12])
    assert refused.code == 2
    assert "g/p and g/q" in refused.err
    posecas("rm", "g/q")
    assert posecas("rm", digest[:12], "--json").objects[0]["pose"] == "p"
    assert posecas("ls").out == ""


def test_info_of_bytes_that_no_pose_names(posecas: Posecas, image: Path) -> None:
    posecas("put", image, "--generation", "g")
    thumbnail = posecas("info", "g/heron", "--json").objects[0]["thumbnail"]["digest"]
    told = posecas("info", thumbnail[:10], "--json").objects[0]
    assert (told["digest"], told["pose"], told["references"]) == (thumbnail, None, 1)
    assert posecas("info", thumbnail).out.startswith("pose")
