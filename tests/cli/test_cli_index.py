"""`posecas index`: what it prints, and how it ends."""

from pathlib import Path

import pytest

from kit.commands import Posecas
from kit.losses import lose_index
from kit.tiles import tile


@pytest.fixture
def filled(posecas: Posecas, tmp_path: Path) -> Posecas:
    """Three poses and a snapshot."""
    for number in range(3):
        (tmp_path / f"p{number}.png").write_bytes(tile(number))
    posecas("put", *tmp_path.glob("p*.png"), "--user", "ada", "--generation", "g")
    assert posecas("index", "backup").code == 0
    return posecas


def test_backup_tells_what_it_wrote_and_lists_it(filled: Posecas) -> None:
    made = filled("index", "backup", "--json").objects[0]
    assert (made["poses"], made["blobs"]) == (3, 6)
    listed = filled("index", "backup", "--list", "--json").objects
    assert len(listed) == 2
    assert made["snapshot"] in {one["snapshot"] for one in listed}
    assert made["snapshot"] in filled("index", "backup", "--list").out


def test_a_lost_index_is_planned_restored_and_reconciled(filled: Posecas) -> None:
    filled("favourite", "g/p1")
    lose_index(filled.store)
    lost = filled("ls")
    assert lost.code == 8
    assert "posecas index restore" in lost.err
    plan = filled("index", "restore", "--dry-run", "--json").objects[0]
    assert filled("ls").code == 8
    done = filled("index", "restore", "--json").objects[0]
    assert plan.items() <= done.items()
    assert (done["changes"], done["poses"], done["replaced"]) == (1, 3, None)
    assert filled("gc").code == 1
    found = filled("index", "reconcile", "--json").objects[0]
    assert (found["compared"], found["missing"], found["lost"]) == (6, 0, [])
    assert filled("gc").code == 0
    assert [one["pose"] for one in filled("ls", "--favourite", "--json").objects] == ["p1"]


def test_rebuild_says_what_came_back_and_what_did_not(filled: Posecas) -> None:
    lose_index(filled.store)
    for path in (filled.store / "backups").rglob("*.zst"):
        path.write_bytes(b"damaged")
    done = filled("index", "rebuild")
    assert done.code == 0
    assert "0 poses came back" in done.out
    assert "6 objects without a name, of which 3 became recovered/" in done.out
    assert len(filled("ls", "--generation", "recovered", "--json").objects) == 3


def test_reconcile_ends_with_8_if_an_image_is_nowhere(filled: Posecas) -> None:
    digest = filled("ls", "--json").objects[0]["digest"]
    lose_index(filled.store)
    filled("index", "restore")
    (lost,) = filled.store.glob(f"objects/*/{digest}-*")
    lost.unlink()
    done = filled("index", "reconcile")
    assert done.code == 8
    assert "lost: g/p" in done.out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("restore", 1),
        ("restore --from nothing --take-over", 4),
        ("restore --to soon", 2),
        ("restore --to 2001-01-01 --take-over", 4),
        ("restore --backups /nowhere --take-over", 5),
        ("backup --keep 0", 2),
        ("backup --keep-for soon", 2),
    ],
)
def test_nonsense_is_one_line_and_changes_nothing(filled: Posecas, words: str, code: int) -> None:
    before = filled("ls", "--json").out
    done = filled("index", *words.split())
    assert done.err.count("\n") == 1
    assert filled("ls", "--json").out == before
    assert done.code == code


def test_a_journal_that_cannot_be_written_is_told_by_everyone(
    filled: Posecas, tmp_path: Path
) -> None:
    journal = filled.store / "backups" / "journal"
    journal.rename(tmp_path / "journal")
    journal.write_bytes(b"in the way")
    done = filled("favourite", "g/p1")
    assert done.code == 0
    assert "not journalled yet" in done.err
    assert filled("stats", "--json").objects[0]["unjournalled_changes"] == 1
    assert "not in the journal" in filled("stats").out
    journal.unlink()
    (tmp_path / "journal").rename(journal)
    assert filled("favourite", "g/p2").err == ""
    assert filled("stats", "--json").objects[0]["unjournalled_changes"] == 0
