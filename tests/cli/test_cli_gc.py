"""`posecas gc`: plans, collects, says what it did, and refuses nonsense."""

from pathlib import Path

import pytest

import posecas
from kit.commands import Posecas
from kit.tiles import tile


@pytest.fixture
def program(folder: Path) -> Posecas:
    """The program, with four poses of which two are removed."""
    with posecas.create_store(folder) as store:
        for number in range(4):
            store.put(tile(number), generation="g", pose=f"p{number}")
        store.remove(["g/p0", "g/p1"])
    return Posecas(folder)


def test_a_dry_run_plans_and_the_run_does_it(program: Posecas) -> None:
    plan = program("gc", "--grace", "0", "--delay", "0", "--dry-run", "--json")
    assert plan.code == 0
    assert program("stats", "--json").objects[0]["garbage_bytes"] > 0
    done = program("gc", "--grace", "0", "--delay", "0", "--json")
    assert done.objects == plan.objects
    assert done.objects[0].keys() >= {"condemned", "deleted", "bytes_condemned", "bytes_freed"}
    assert done.objects[0]["deleted"] == 4
    assert program("stats", "--json").objects[0]["garbage_bytes"] == 0
    assert program("get", "g/p2", "-o", program.store.with_name("p2.png")).code == 0


def test_by_default_nothing_goes_at_once(program: Posecas) -> None:
    finished = program("gc")
    assert finished.code == 0
    assert finished.out == "0 objects condemned, 0 B; 0 objects deleted, 0 B freed\n"


def test_people_read_a_sentence(program: Posecas) -> None:
    plan = program("gc", "--grace", "0", "--dry-run")
    assert plan.out.startswith("4 objects would be condemned, ")
    assert plan.out.endswith("; 0 objects would be deleted, 0 B freed\n")


@pytest.mark.parametrize("option", ["--grace", "--delay"])
@pytest.mark.parametrize("text", ["soon", "-1", "1.5h", ""])
def test_what_is_no_duration_is_refused(program: Posecas, option: str, text: str) -> None:
    finished = program("gc", option, text)
    assert finished.code == 2
    assert option in finished.err
    assert finished.err.count("\n") == 1


def test_an_unknown_location_is_not_found(program: Posecas) -> None:
    finished = program("gc", "--location", "moon")
    assert finished.code == 4
    assert "moon" in finished.err


def test_without_a_store_there_is_nothing_to_collect(tmp_path: Path) -> None:
    assert Posecas(tmp_path / "none")("gc").code == 10
