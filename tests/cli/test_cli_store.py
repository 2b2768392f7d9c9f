"""Making a store, and every way in which there is none."""

from contextlib import closing
from pathlib import Path

import pytest

from kit.commands import Posecas, tree
from posecas.index.sqlite_module import sqlite3

READING = [
    ("ls",),
    ("stats",),
    ("info", "g/p"),
    ("get", "g/p"),
    ("rm", "g/p"),
    ("quota", "show"),
    ("quota", "set", "ada", "1GB"),
    ("put", "absent.png"),
    ("import", "."),
]


def test_init_makes_a_store_and_says_what_next(nowhere: Posecas) -> None:
    done = nowhere("init")
    assert done.code == 0
    assert str(nowhere.store) in done.out
    assert f"next: posecas --store {nowhere.store} put " in done.out
    assert nowhere("-q", "init").out == ""
    assert nowhere("ls").code == 0


def test_init_again_changes_nothing(posecas: Posecas) -> None:
    before = (posecas.store / "posecas.toml").stat()
    done = posecas("init", "--json")
    assert (done.code, done.objects[0]["status"]) == (0, "exists")
    assert (posecas.store / "posecas.toml").stat() == before


def test_init_names_the_folder_it_is_given(nowhere: Posecas, tmp_path: Path) -> None:
    done = nowhere("init", tmp_path / "a b")
    assert f"posecas --store '{tmp_path / 'a b'}' put" in done.out
    assert (tmp_path / "a b" / "posecas.toml").exists()
    assert not nowhere.store.exists()


def test_init_refuses_what_holds_something_else(nowhere: Posecas) -> None:
    nowhere.store.mkdir()
    (nowhere.store / "thesis.txt").write_text("mine")
    before = tree(nowhere.store)
    done = nowhere("init", "--json")
    assert (done.code, done.error["error"]) == (1, "ForeignStore")
    assert "thesis.txt" in done.error["message"]
    assert tree(nowhere.store) == before


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_without_a_store_nothing_is_made(nowhere: Posecas, arguments: tuple[str, ...]) -> None:
    done = nowhere(*arguments)
    assert (done.code, done.out) == (10, "")
    assert "posecas init" in done.err
    assert not nowhere.store.exists()


@pytest.mark.parametrize("arguments", [("init",), *READING], ids=" ".join)
def test_a_newer_format_is_refused_untouched(posecas: Posecas, arguments: tuple[str, ...]) -> None:
    settings = posecas.store / "posecas.toml"
    settings.write_text(settings.read_text().replace("format = 1", "format = 2"))
    before = tree(posecas.store)
    done = posecas(*arguments)
    assert (done.code, done.out) == (1, "")
    assert "update posecas" in done.err
    assert tree(posecas.store) == before


def test_a_newer_index_is_refused(posecas: Posecas) -> None:
    with closing(sqlite3.connect(posecas.store / "index.sqlite")) as connection, connection:
        connection.execute("UPDATE _sqlite_migrations SET name = '9-later' WHERE name = '1-first'")
    done = posecas("ls", "--json")
    assert (done.code, done.error["error"]) == (1, "StoreTooNew")


def test_what_next_needs_no_option_where_the_store_is_found(nowhere: Posecas) -> None:
    assert "next: posecas put " in nowhere.process("init").out


def test_the_store_is_found_by_option_then_variable_then_uploads(
    posecas: Posecas, tmp_path: Path
) -> None:
    uploads = tmp_path / "uploads"
    for environment, folder in (
        ({"POSECAS_STORE": "", "UPLOAD_DIR": str(uploads)}, uploads / "posecas"),
        ({"POSECAS_STORE": str(tmp_path / "v"), "UPLOAD_DIR": str(uploads)}, tmp_path / "v"),
    ):
        done = posecas.process("init", "--json", environment=environment)
        assert done.objects[0]["store"] == str(folder)
    given = posecas.process("--store", tmp_path / "o", "init", "--json")
    assert given.objects[0]["store"] == str(tmp_path / "o")


def test_a_setting_that_is_wrong_is_named_with_its_place(posecas: Posecas) -> None:
    done = posecas.process("ls", environment={"POSECAS_LOCK_WAIT": "soon"})
    assert done.code == 2
    assert "lock_wait (environment, POSECAS_LOCK_WAIT)" in done.err
