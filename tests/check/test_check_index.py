"""Check against the index itself: counts, totals, renditions, rules, keys, the file."""

import pytest

import posecas
from kit.checks import check
from kit.damage import by_hand
from kit.soundness import unsound
from posecas.findings import Checked


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("UPDATE blobs SET refs = 3 WHERE id = 1", "references"),
        ("UPDATE blobs SET refs = 0, since = 1 WHERE id = 1", "references"),
        ("UPDATE users SET used = used + 1", "user"),
        ("UPDATE users SET poses = 0", "user"),
        ("UPDATE users SET reserved = 5000", "user"),
        (
            "UPDATE blobs SET unposed = 5 WHERE id = (SELECT blob_id FROM poses LIMIT 1)",
            "renditions",
        ),
    ],
)
def test_wrong_counts_are_found_and_set_right(
    filled: posecas.Store, statement: str, kind: str
) -> None:
    by_hand(filled, statement)
    (found,) = check(filled).findings
    assert (found.kind, found.repaired) == (kind, False)
    assert "check --repair" in found.detail
    mended = check(filled, repair=True)
    assert [(one.kind, one.repaired) for one in mended.findings] == [(kind, True)]
    assert (mended.summary.findings, mended.summary.repaired) == (1, 1)
    assert check(filled).findings == []
    assert unsound(filled) == []


def test_a_count_of_nothing_is_garbage_again_when_it_is_set_right(filled: posecas.Store) -> None:
    filled.remove(["g/p0"])
    by_hand(filled, "UPDATE blobs SET refs = 1, since = NULL WHERE refs = 0")
    assert check(filled, repair=True).kinds == ["references"]
    assert list(filled.collect(grace=0, delay=0))[-1].deleted == 2


def test_renditions_that_would_never_end_are_found(filled: posecas.Store) -> None:
    filled.remove(["g/p0"])
    by_hand(filled, "UPDATE blobs SET unposed = NULL")
    assert check(filled).kinds == ["renditions"]
    assert check(filled, repair=True).summary.repaired == 1
    assert list(filled.collect(grace=0, delay=0))[-1].deleted == 2


def test_counts_that_a_writer_changes_meanwhile_are_not_wrong(filled: posecas.Store) -> None:
    steps = filled.check()
    seen = [next(steps)]
    filled.remove(["g/p0"])
    seen += steps
    assert [one for one in seen if not isinstance(one, Checked)] == []


def test_a_blob_without_any_replica_is_lost(filled: posecas.Store) -> None:
    lost = f"(SELECT id FROM blobs WHERE lower(hex(digest)) = '{filled.pose('g/p2').digest}')"
    by_hand(
        filled,
        "DROP TRIGGER replicas_forget",
        f"DELETE FROM replicas WHERE blob_id = {lost}",
    )
    found = check(filled)
    assert found.named == {("schema", None), ("lost", "g/p2")}


def test_a_dropped_trigger_is_named(filled: posecas.Store) -> None:
    by_hand(filled, "DROP TRIGGER poses_insert")
    (found,) = check(filled).findings
    assert found.kind == "schema"
    assert "poses_insert" in found.detail
    assert check(filled, repair=True).summary.repaired == 0


def test_a_changed_rule_and_one_that_is_not_ours_are_named(filled: posecas.Store) -> None:
    by_hand(
        filled,
        "DROP TRIGGER recipes_fixed",
        "CREATE TRIGGER recipes_fixed BEFORE UPDATE ON recipes BEGIN SELECT 1; END",
        "CREATE TRIGGER mine AFTER DELETE ON poses BEGIN SELECT 1; END",
        "DROP INDEX poses_blob",
    )
    details = " ".join(one.detail for one in check(filled).findings)
    assert "recipes_fixed was changed" in details
    assert "mine is none of ours" in details
    assert "index poses_blob is missing" in details


def test_a_row_that_refers_to_none_is_found(filled: posecas.Store) -> None:
    engine = filled.index._engine  # type: ignore[attr-defined]
    with engine._connection() as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("UPDATE renditions SET created_at = 1 WHERE 0")
        connection.execute("DROP TRIGGER renditions_fixed")
        connection.execute("UPDATE renditions SET recipe_id = 99 WHERE source_id = 1")
        connection.execute("PRAGMA foreign_keys = ON")
    kinds = check(filled).kinds
    assert sorted(kinds) == ["foreign_key", "schema"]


def test_a_broken_file_is_found(filled: posecas.Store) -> None:
    """An index of the database holds other columns than its definition says."""
    engine = filled.index._engine  # type: ignore[attr-defined]
    with engine._connection() as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET sql = ? WHERE name = 'poses_blob'",
            ("CREATE INDEX poses_blob ON poses (id)",),
        )
        connection.execute("PRAGMA writable_schema = OFF")
    filled.close()
    with posecas.open_store(filled.path) as again:
        assert "index" in check(again, data=True).kinds
