"""`ls`, `quota`, `stats`: what is there, narrowed as asked."""

import os
import pty
import subprocess
from pathlib import Path

import pytest

from kit.commands import Posecas, command
from kit.tiles import tile


@pytest.fixture
def filled(posecas: Posecas, tmp_path: Path) -> Posecas:
    """A store with poses of two users, one of them old and one a favourite."""
    image = tmp_path / "a.png"
    for number, words in enumerate(
        (
            ("--user", "ada", "--generation", "g1", "--pose", "p1"),
            ("--user", "ada", "--generation", "g1", "--pose", "p2", "--favourite"),
            ("--user", "ada", "--generation", "g2", "--created-at", "2020-01-01"),
            ("--user", "bob", "--generation", "g3"),
        )
    ):
        image.write_bytes(tile(number))
        assert posecas("put", image, *words).code == 0
    return posecas


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", ["g1/p1", "g1/p2", "g2/a", "g3/a"]),
        ("--user ada", ["g1/p1", "g1/p2", "g2/a"]),
        ("--user nobody", []),
        ("--generation g1", ["g1/p1", "g1/p2"]),
        ("--favourite", ["g1/p2"]),
        ("--older-than 90d", ["g2/a"]),
        ("--newer-than 90d --user ada", ["g1/p1", "g1/p2"]),
        ("--older-than 0 --limit 2", ["g1/p1", "g1/p2"]),
        ("--limit 0", []),
    ],
)
def test_ls_narrows(filled: Posecas, words: str, found: list[str]) -> None:
    done = filled("ls", *words.split())
    assert [line.split()[0] for line in done.out.splitlines()] == found
    told = filled("ls", *words.split(), "--json").objects
    assert [f"{one['generation']}/{one['pose']}" for one in told] == found


def test_ls_is_aligned(filled: Posecas) -> None:
    lines = filled("ls").out.splitlines()
    assert len({line.index("16x16") for line in lines}) == 1
    assert [line.endswith("*") for line in lines] == [False, True, False, False]
    assert lines[2].endswith("2020-01-01 00:00")


def test_ls_has_headings_on_a_terminal(filled: Posecas) -> None:
    leader, follower = pty.openpty()
    subprocess.run(command("ls"), stdout=follower, env=filled.environment(), check=True)
    os.close(follower)
    shown = os.read(leader, 10_000).decode().splitlines()
    os.close(leader)
    assert shown[0].split() == ["id", "size", "pixels", "digest", "created"]
    assert len(shown) == 5


def test_get_does_not_spill_an_image_over_a_terminal(filled: Posecas) -> None:
    leader, follower = pty.openpty()
    done = subprocess.run(
        command("get", "g1/p1"),
        stdout=follower,
        stderr=subprocess.PIPE,
        env=filled.environment(),
        check=False,
    )
    os.close(follower)
    os.close(leader)
    assert done.returncode == 2
    assert b"-o FILE" in done.stderr


def test_ls_of_users_and_generations(filled: Posecas) -> None:
    assert [line.split()[0] for line in filled("ls", "--users").out.splitlines()] == ["ada", "bob"]
    told = filled("ls", "--generations", "--user", "ada", "--json").objects
    assert [(one["generation"], one["user"]) for one in told] == [("g1", "ada"), ("g2", "ada")]


def test_quota_is_set_and_shown(filled: Posecas) -> None:
    assert filled("quota", "set", "ada", "2MB", "--json").objects[0]["quota"] == 2_000_000
    told = filled("quota", "show", "ada", "--json").objects[0]
    assert (told["user"], told["poses"]) == ("ada", 3)
    assert told["used"] == sum(len(tile(number)) for number in range(3))
    assert filled("quota", "show", "ada").out.split()[3:5] == ["2", "MB"]
    assert filled("quota", "set", "ada", "none", "--json").objects[0]["quota"] is None
    assert len(filled("quota", "show").out.splitlines()) == 2
    assert filled("quota", "show", "nobody").code == 4


def test_stats_of_all_and_of_one(filled: Posecas) -> None:
    everything = filled("stats", "--json").objects[0]
    assert everything["users"] == 2
    assert everything["poses"] == 4
    assert everything["logical_bytes"] == sum(len(tile(number)) for number in range(4))
    assert everything["garbage_bytes"] == 0
    assert filled("stats", "--user", "ada", "--json").objects[0]["poses"] == 3
    assert filled("stats", "--user", "nobody").code == 4
    assert "deduplication" in filled("stats").out


def test_quiet_leaves_data_and_errors(filled: Posecas, tmp_path: Path) -> None:
    assert filled("put", tmp_path / "a.png", "--generation", "g9", "-q").out == ""
    assert len(filled("ls", "-q", "--generation", "g9").out.splitlines()) == 1
    assert filled("-q", "info", "g9/absent").err.startswith("posecas: ")


def test_what_a_terminal_cannot_show_is_escaped(filled: Posecas, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(tile(8))
    prompt = "a 雪 heron\x1b[2J"
    filled("put", tmp_path / "a.png", "--generation", "g8", "--prompt", prompt)
    plain = filled.process("info", "g8/a", environment={"PYTHONIOENCODING": "ascii"})
    assert plain.code == 0
    assert "a \\u96ea heron\\x1b[2J" in plain.out
    assert filled("info", "g8/a", "--json").objects[0]["prompt"] == prompt
