"""`posecas check` and `posecas info --probe`: what they print, and how they end."""

from pathlib import Path

import pytest

import posecas
from kit.commands import Posecas
from kit.damage import by_hand, file_of, flip
from kit.tiles import tile
from posecas.put import PutItem


@pytest.fixture
def program(folder: Path) -> Posecas:
    """The program, with four poses."""
    with posecas.create_store(folder) as store:
        list(store.put_many(PutItem(tile(n), "g", f"p{n}", user="ada") for n in range(4)))
    return Posecas(folder)


def spoil(program: Posecas) -> None:
    """A rotten pose, a rotten thumbnail and a wrong total."""
    with posecas.open_store(program.store) as store:
        flip(file_of(store, "g/p0"))
        flip(file_of(store, "g/p1", "thumb-400"))
        by_hand(store, "UPDATE users SET used = used + 1")


def test_a_sound_store_ends_with_0_and_says_so(program: Posecas) -> None:
    done = program("check", "--data", "--orphans")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("nothing wrong; 4 poses, 8 blobs, 8 objects, 8 read (")


def test_findings_are_lines_and_end_with_8(program: Posecas) -> None:
    spoil(program)
    done = program("check", "--data")
    assert (done.code, done.err) == (8, "")
    *findings, summary = done.out.splitlines()
    assert sorted(line.split()[0] for line in findings) == ["user", "wrong_bytes", "wrong_bytes"]
    assert any(line.split()[1] == "g/p0" for line in findings)
    assert summary.startswith("3 findings; 4 poses, ")
    assert program("check").code == 8


def test_json_is_a_finding_a_line_and_a_summary(program: Posecas) -> None:
    spoil(program)
    done = program("check", "--data", "--json")
    *findings, summary = done.objects
    assert done.code == 8
    assert {frozenset(one) for one in findings} == {
        frozenset({"kind", "digest", "pose", "user", "detail", "repaired"})
    }
    named = {(one["kind"], one["pose"], one["user"], one["repaired"]) for one in findings}
    assert named == {
        ("user", None, "ada", False),
        ("wrong_bytes", "g/p0", None, False),
        ("wrong_bytes", None, None, False),
    }
    assert (summary["findings"], summary["repaired"]) == (3, 0)
    assert (summary["blobs"], summary["poses"], summary["objects"], summary["read"]) == (8, 4, 8, 8)


def test_repair_says_what_is_right_again_and_ends_with_8_for_the_rest(program: Posecas) -> None:
    spoil(program)
    done = program("check", "--data", "--repair")
    assert done.code == 8
    *findings, summary = done.out.splitlines()
    assert sorted(line.split()[0] for line in findings) == ["repaired", "repaired", "wrong_bytes"]
    assert summary.startswith("3 findings, 2 repaired; ")
    program.store.with_name("p0.png").write_bytes(tile(0))
    put = ("--generation", "g", "--pose", "p0", "--user", "ada")
    assert program("put", program.store.with_name("p0.png"), *put).code == 0
    assert program("check", "--data").code == 0


def test_what_is_repaired_wholly_ends_with_0(program: Posecas) -> None:
    with posecas.open_store(program.store) as store:
        file_of(store, "g/p0", "thumb-400").unlink()
    assert program("check").code == 8
    assert program("check", "--repair").code == 0
    assert program("check", "--data").code == 0


def test_a_sample_reads_that_share(program: Posecas) -> None:
    assert program("check", "--data", "--sample", "25%", "--json").objects[0]["read"] == 2
    assert program("check", "--data", "--older-than", "1h", "--json").objects[0]["read"] == 6


@pytest.mark.parametrize(
    "words",
    [
        ("--data", "--sample", "0%"),
        ("--data", "--sample", "101%"),
        ("--data", "--sample", "5"),
        ("--data", "--sample", "many%"),
        ("--data", "--sample", "nan%"),
        ("--sample", "5%"),
        ("--older-than", "1d"),
        ("--data", "--older-than", "lately"),
    ],
)
def test_nonsense_is_refused(program: Posecas, words: tuple[str, ...]) -> None:
    done = program("check", *words)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)


def test_a_location_that_is_away_is_no_damage(program: Posecas) -> None:
    (program.store / "posecas.json").unlink()
    done = program("check", "--repair")
    assert (done.code, done.err) == (5, "")
    assert done.out.startswith("unreachable ")


def test_without_a_store_there_is_nothing_to_check(tmp_path: Path) -> None:
    assert Posecas(tmp_path / "none")("check").code == 10


def test_quiet_prints_the_summary_alone(program: Posecas) -> None:
    spoil(program)
    done = program("check", "--data", "-q")
    assert (done.code, done.out.count("\n")) == (8, 1)


def test_a_probe_names_the_broken_link(program: Posecas) -> None:
    done = program("info", "g/p0", "--probe")
    assert done.code == 0
    assert [line.split()[:2] for line in done.out.splitlines()] == [
        ["ok", name] for name in ("pose", "blob", "replica", "location", "object")
    ]
    spoil(program)
    done = program("info", "g/p0", "--probe", "--json")
    assert done.code == 8
    assert {one["link"]: one["state"] for one in done.objects} == {
        **dict.fromkeys(("pose", "blob", "replica", "location"), "ok"),
        "object": "fail",
    }
    assert program("info", "g/p9", "--probe").code == 4


def test_get_and_export_of_damage_end_with_8_and_write_nothing(
    program: Posecas, tmp_path: Path
) -> None:
    spoil(program)
    for words in (
        ("get", "g/p0", "-o", tmp_path / "out.png"),
        ("get", "g/p0", "-o", "-"),
        ("get", "g/p0", "--recipe", "thumb-300", "-o", tmp_path / "out.png"),
        ("export", "g/p0", "--recipe", "instagram-square", "-o", tmp_path / "out"),
    ):
        done = program(*words)
        assert done.code == 8, words
        assert done.out == ""
        assert not (tmp_path / "out.png").exists()
        assert not list(tmp_path.glob("out/*"))


def test_a_location_that_is_away_is_told_and_ends_with_5(program: Posecas, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    assert program("location", "add", "disk", disk.as_uri()).code == 0
    assert program("replicate", "disk").code == 0
    disk.rename(tmp_path / "unplugged")
    done = program("check", "--data", "--orphans")
    assert (done.code, done.err) == (5, "")
    finding, summary = done.out.splitlines()
    assert finding.startswith("unreachable ")
    assert "disk" in finding
    assert summary.startswith("1 finding; 4 poses, 8 blobs, 8 objects, 8 read (")
    *_, finding_json, summary_json = program("check", "--json").objects
    assert (finding_json["kind"], summary_json["unreachable"]) == ("unreachable", 1)
    assert program("check", "--json").code == 5
    with posecas.open_store(program.store) as store:
        by_hand(store, "UPDATE users SET used = used + 1")
    assert program("check", "--json").code == 8
