"""Search in SQLite: indexes made before there was one, and what a question reads."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from kit.indexes import open_sqlite
from kit.intakes import LOCATION, intake, put
from posecas.index import search
from posecas.index.migrations import MIGRATIONS
from posecas.index.protocol import Index
from posecas.index.sql_index import SqlIndex
from posecas.index.sqlite import SqliteEngine
from posecas.index.sqlite_module import sqlite3
from posecas.index.versions import SEARCH
from posecas.records import Annotation, Attributes, PoseFilter

HERON, RED_HERON = Attributes(prompt="a heron"), Attributes(prompt="a red heron")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The folder of an index as the first version made it, with poses."""
    path = tmp_path / "old.sqlite"
    connection = sqlite3.connect(str(path), isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    MIGRATIONS.apply(Database(connection), stop_before=SEARCH)
    connection.close()
    (tmp_path / "old").mkdir()
    path.rename(tmp_path / "old" / "index.sqlite")
    return tmp_path / "old"


def fill_by_hand(folder: Path) -> None:
    """Put poses as a program of the first version does: nothing of search is there yet."""
    connection = sqlite3.connect(str(folder / "index.sqlite"), isolation_level=None)
    connection.executescript(
        f"""
        INSERT INTO users (name, created_at) VALUES ('ada', 0);
        INSERT INTO generations (name, user_id, created_at, changed_at) VALUES ('g', 1, 0, 0);
        INSERT INTO locations (name, url, created_at) VALUES ('{LOCATION}', '.', 0);
        INSERT INTO blobs (digest, size, media_type, width, height, since, created_at)
          VALUES (randomblob(32), 9, 'image/png', 1, 1, 0, 0);
        INSERT INTO replicas (blob_id, location_id, nonce, state, lease_until, since)
          VALUES (1, 1, randomblob(6), 'pending', 9, 0);
        UPDATE replicas SET state = 'live', lease_until = NULL;
        """
    )
    insert = (
        "INSERT INTO poses (generation_id, user_id, name, blob_id, prompt, created_at, updated_at)"
        " VALUES (1, 1, ?, 1, ?, 0, 0)"
    )
    for name, prompt in (("a", "a red heron"), ("b", None), ("c", "a stork"), ("d", "red")):
        connection.execute(insert, (name, prompt))
    connection.close()


def names(index: Index, prompt: str) -> list[str]:
    return [pose.name for pose in index.poses(PoseFilter(prompt=prompt)).items]


def test_an_index_of_the_first_version_is_brought_up_by_opening_it(old: Path) -> None:
    fill_by_hand(old)
    index = SqlIndex(SqliteEngine(old / "index.sqlite", old / "lock"), host="here")
    assert names(index, "red") == ["a", "d"]
    assert [pose.name for pose in index.poses(PoseFilter()).items] == ["a", "b", "c", "d"]
    stork = index.pose("g", "c")
    index.annotate([(stork.id, Annotation(Attributes(prompt="a red stork")))])
    index.remove([index.pose("g", "d").id])
    assert names(index, "red") == ["a", "c"]
    index.close()
    assert sound(old)


def test_an_index_of_the_first_version_without_poses_is_brought_up(old: Path) -> None:
    index = open_sqlite(old)
    put(index, intake(1, attributes=HERON))
    assert names(index, "heron") == ["p1"]
    index.close()
    assert sound(old)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[SqlIndex]:
    opened = open_sqlite(tmp_path)
    yield opened
    opened.close()


def test_the_words_are_those_of_the_prompts_after_anything(index: SqlIndex, tmp_path: Path) -> None:
    for number in range(30):
        said = (HERON, RED_HERON, Attributes())[number % 3]
        put(index, intake(number, attributes=said))
    for pose in index.poses(PoseFilter()).items[::2]:
        index.annotate([(pose.id, Annotation(RED_HERON if pose.prompt is None else HERON))])
    for pose in index.poses(PoseFilter()).items[::5]:
        index.annotate([(pose.id, Annotation(Attributes(), frozenset({"prompt"})))])
    index.remove([pose.id for pose in index.poses(PoseFilter()).items[::4]])
    assert sound(tmp_path)
    expected = [p.name for p in index.poses(PoseFilter()).items if p.prompt == "a red heron"]
    assert names(index, "red") == expected != []


def sound(folder: Path) -> bool:
    """Ask SQLite whether words and prompts agree; it raises if they do not."""
    connection = sqlite3.connect(str(folder / "index.sqlite"), isolation_level=None)
    try:
        connection.execute(
            "INSERT INTO prompts_fts (prompts_fts, rank) VALUES ('integrity-check', 1)"
        )
        return bool(connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok")
    finally:
        connection.close()


def test_a_page_begins_in_the_middle_and_nothing_is_sorted(tmp_path: Path) -> None:
    open_sqlite(tmp_path).close()
    engine = SqliteEngine(tmp_path / "index.sqlite", tmp_path / "lock")
    question = (
        f"{search.FOUND} WHERE p.user_id = 1 AND {search.MATCHES} AND {search.KEY} > ?"
        f" ORDER BY {search.KEY} LIMIT 9"
    )
    with engine.reading() as cursor:
        steps = cursor.all(f"EXPLAIN QUERY PLAN {question}", '"red"', 5)
    engine.close()
    plan = [detail for _, parent, _, detail in steps if parent == 0]
    # Both the words and the least id are the virtual table's to look up.
    assert plan[0].startswith("SCAN f VIRTUAL TABLE INDEX")
    assert plan[0].endswith("M1>")
    assert "SEARCH p USING INTEGER PRIMARY KEY (rowid=?)" in plan[1]
    assert not [step for step in plan if "TEMP B-TREE" in step]
