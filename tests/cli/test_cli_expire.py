"""`posecas expire`: what it prints, and what it refuses."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import posecas
from kit.commands import Posecas
from kit.tiles import tile


@pytest.fixture
def program(folder: Path) -> Posecas:
    """The program, with two old poses, a young one and an old favourite."""
    with posecas.create_store(folder) as store:
        for number, (name, days) in enumerate(
            (("old", 91), ("older", 200), ("young", 1), ("loved", 300))
        ):
            made = datetime.now(UTC) - timedelta(days=days)
            store.put(tile(number), generation="g", pose=name, user="ada", created_at=made)
        store.annotate("g/loved", favourite=True)
    return Posecas(folder)


def knows(program: Posecas, truth: str) -> None:
    """Say in `posecas.toml` who knows favourites and downloads."""
    with (program.store / "posecas.toml").open("a") as file:
        file.write(f'[expire]\ntruth = "{truth}"\n')


def test_each_pose_is_a_line_and_a_dry_run_shows_the_same(program: Posecas) -> None:
    knows(program, "store")
    plan = program("expire", "--older-than", "90d", "--dry-run")
    assert [line.split()[-1] for line in plan.out.splitlines()[:-1]] == ["g/older", "g/old"]
    assert plan.out.endswith("2 poses would expire\n")
    done = program("expire", "--older-than", "90d")
    assert (done.code, done.err) == (0, "")
    assert done.out == plan.out.replace("would expire", "expired")
    assert program("expire", "--older-than", "90d").out == "0 poses expired\n"


def test_json_is_a_pose_a_line_and_a_count(program: Posecas) -> None:
    knows(program, "store")
    done = program("expire", "--older-than", "90d", "--limit", "1", "--json")
    pose, count = done.objects
    assert (pose["generation"], pose["pose"], pose["user"]) == ("g", "older", "ada")
    assert count == {"expired": 1, "unknown": 0}
    assert program("expire", "--older-than", "90d", "--user", "bob", "--json").objects == [
        {"expired": 0, "unknown": 0}
    ]


def test_nothing_expires_until_it_is_said_who_knows(program: Posecas) -> None:
    for words in ((), ("--dry-run",)):
        done = program("expire", "--older-than", "90d", *words)
        assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
        assert 'truth = "store"' in done.err
    assert len(program("ls").out.splitlines()) == 4


def test_ids_of_another_database_decide(program: Posecas, tmp_path: Path) -> None:
    knows(program, "ids")
    assert "--ids-from" in program("expire", "--older-than", "90d").err
    ids = tmp_path / "ids"
    ids.write_text("g/old\n\n  g/loved\ng/young\ng/gone\n")
    done = program("expire", "--older-than", "90d", "--ids-from", ids)
    assert done.code == 0
    assert [line.split()[-1] for line in done.out.splitlines()[:-1]] == ["g/old"]
    assert done.err == "posecas: 1 named pose is not in this store\n"
    assert program("info", "g/older").code == 0


def test_ids_come_from_stdin_too(program: Posecas) -> None:
    knows(program, "ids")
    done = program.process("expire", "--older-than", "90d", "--ids-from", "-", stdin=b"g/old\n")
    assert done.out.endswith("1 pose expired\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"g/old\nnonsense\n", ":2"),
        (b"g/old\n0123456789abcdef\n", ":2"),
        (b"g/old\n\xff\xfe\n", "UTF-8"),
    ],
)
def test_a_wrong_line_changes_nothing(
    program: Posecas, tmp_path: Path, text: bytes, said: str
) -> None:
    knows(program, "ids")
    ids = tmp_path / "ids"
    ids.write_bytes(text)
    done = program("expire", "--older-than", "90d", "--ids-from", ids)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert said in done.err
    assert len(program("ls").out.splitlines()) == 4


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--older-than", "long ago"),
        ("--older-than", "-1d"),
        ("--older-than", "90d", "--limit", "0"),
        ("--older-than", "90d", "--user", "no/name"),
        ("--older-than", "90d", "--ids-from", "absent"),
        ("--older-than", "90d", "--ids-from", "ids"),
    ],
)
def test_nonsense_is_refused(
    program: Posecas, words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ids").write_text("g/old\n")
    knows(program, "store")
    done = program("expire", *words)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert len(program("ls").out.splitlines()) == 4


def test_without_a_store_nothing_expires(tmp_path: Path) -> None:
    assert Posecas(tmp_path / "none")("expire", "--older-than", "90d").code == 10
