"""Snapshots: what is in one, how long it is kept, and what is said of a bad one."""

import json
import os
import sys
from contextlib import closing, suppress
from pathlib import Path

import pytest

import posecas
from kit.commands import tree
from kit.faulty_stores import open_faulty
from kit.losses import fill, keep_copy, lasting, lose_index
from posecas import connecting
from posecas.backup import Kept
from posecas.digest import digest_of
from posecas.errors import Damage, DamagedObject, ForeignStore, SnapshotNotFound, StoreTooNew
from posecas.index.tables import OF_KIND, TABLES
from posecas.objects.fault_schedules import Fault, Listed, Schedule
from posecas.objects.faulty import FaultyObjects, faulty
from posecas.objects.local import LocalObjects
from posecas.recovering import rehearse_restore, restore_index
from posecas.snapshot import Snapshot, read_rows, read_snapshot, snapshot_names

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MONTH = 30 * 24 * 60 * 60


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one snapshot and some journal."""
    folder = tmp_path_factory.mktemp("made") / "store"
    with posecas.create_store(folder) as store:
        fill(store, 8)
        store.back_up()
        fill(store, 4, first=40)
    return folder


@pytest.fixture
def there(made: Path, folder: Path) -> Path:
    return keep_copy(made, folder)


def parts(folder: Path) -> list[Path]:
    return sorted((folder / "backups" / "snapshots").glob("*/*.zst"))


def head(folder: Path) -> Path:
    (found,) = (folder / "backups" / "snapshots").glob("*.zst")
    return found


def test_it_is_lines_of_json_with_digests_as_digits(there: Path) -> None:
    with posecas.open_store(there) as store:
        (snapshot,) = store.snapshots()
        assert isinstance(snapshot, Snapshot)
        rows = {one.table: one for one in read_rows(store.location.objects, snapshot)}
        pose = store.pose("g0/p0")
    blobs = [dict(zip(rows["blobs"].columns, row, strict=True)) for row in rows["blobs"].rows]
    assert pose.digest in {row["digest"] for row in blobs}
    assert snapshot.counts["poses"] == len(rows["poses"].rows) == 8
    line, digest = zstd.decompress(head(there).read_bytes()).split(b"\n")
    assert json.loads(line)["format"] == 1
    assert digest_of(line) == digest.decode()


def test_every_column_that_is_journalled_is_in_it(there: Path) -> None:
    seen: dict[str, set[str]] = {}
    with posecas.open_store(there) as store:
        store.remove(["g0/p0"])
        for change in store.index.changes(0, limit=1000).items:
            if change.operation == "insert":
                seen.setdefault(OF_KIND[change.kind], set()).update(change.body)
    assert seen.keys() == TABLES.keys() - {"locations"} | {"locations"}
    for table, columns in seen.items():
        assert columns <= set(TABLES[table].columns), table


@pytest.mark.parametrize("what", ["flipped", "cut", "missing"])
@pytest.mark.parametrize("which", ["head", "part"])
def test_a_damaged_one_is_refused_and_nothing_is_changed(
    there: Path, which: str, what: str
) -> None:
    lose_index(there)
    path = head(there) if which == "head" else parts(there)[4]
    data = path.read_bytes()
    if what == "missing":
        path.unlink()
    else:
        middle = len(data) // 2
        path.write_bytes(
            data[:middle] if what == "cut" else _flipped(data, middle),
        )
    before = _kept(there)
    kind = SnapshotNotFound if (which, what) == ("head", "missing") else DamagedObject
    with pytest.raises(kind) as refused:
        restore_index(there)
    assert "posecas index rebuild" in str(refused.value) or "--from" in str(refused.value)
    assert _kept(there) == before


def _flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def _kept(folder: Path) -> object:
    """Everything but what a restore works with, and times of folders."""
    return {
        name: data
        for name, (_, _, data) in tree(folder).items()
        if not name.startswith(("restoring", "locks"))
    }


@pytest.mark.parametrize("where", ["snapshot", "segment"])
def test_one_of_a_newer_format_asks_for_an_update(there: Path, where: str) -> None:
    lose_index(there)
    path = head(there)
    if where == "segment":
        path = max((there / "backups" / "journal").rglob("*.zst"))
    line, newline, rest = zstd.decompress(path.read_bytes()).partition(b"\n")
    line = line.replace(b'"format": 1', b'"format": 9')
    rest = digest_of(line).encode() if where == "snapshot" else rest
    path.write_bytes(zstd.compress(line + newline + rest))
    before = _kept(there)
    with pytest.raises(StoreTooNew, match="update posecas"):
        restore_index(there)
    assert _kept(there) == before


def test_one_of_another_store_is_refused(there: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    with posecas.create_store(other) as store:
        fill(store, 2)
    lose_index(other)
    before = _kept(other), _kept(there)
    with pytest.raises(ForeignStore, match="of the store"):
        restore_index(other, backups=there, settings={})
    assert (_kept(other), _kept(there)) == before


def test_a_gap_in_the_journal_is_told_and_not_leapt_over(there: Path) -> None:
    with posecas.open_store(there) as store:
        fill(store, 1, first=80)
    with posecas.open_store(there) as store:
        fill(store, 1, first=81)
    lose_index(there)
    segments = sorted((there / "backups" / "journal").rglob("*.zst"))
    segments[-2].unlink()
    with pytest.raises(Damage, match="lacks the changes"):
        restore_index(there)


def test_an_older_one_and_the_journal_give_the_same_index(there: Path) -> None:
    with posecas.open_store(there) as store:
        (old,) = store.snapshots()
        assert isinstance(old, Snapshot)
        fill(store, 4, first=80)
        new = store.back_up().snapshot
        rows = lasting(store)
    lose_index(there)
    (there / "backups" / "snapshots" / f"{new.name}.zst").write_bytes(b"damaged")
    with pytest.raises(DamagedObject, match="--from"):
        restore_index(there, snapshot=new.name)
    restore_index(there, snapshot=old.name)
    with posecas.open_store(there) as store:
        assert lasting(store) == rows


def test_they_are_kept_by_number_and_by_age(there: Path) -> None:
    with posecas.open_store(there) as store:
        for n in range(3):
            fill(store, 1, first=80 + n)
            store.back_up(Kept(1, MONTH))
        assert len(list(store.snapshots())) == 4
        fill(store, 1, first=90)
        done = store.back_up(Kept(2, 0))
        assert (done.snapshots_removed, len(list(store.snapshots()))) == (3, 2)
        assert done.segments_removed > 0
        assert len({path.parent for path in parts(there)}) == 2
        rows = lasting(store)
        oldest = next(store.snapshots())
    lose_index(there)
    assert isinstance(oldest, Snapshot)
    restore_index(there, snapshot=oldest.name)
    with posecas.open_store(there) as store:
        assert lasting(store) == rows


def test_one_that_cannot_be_read_keeps_the_whole_journal(there: Path) -> None:
    head(there).write_bytes(b"damaged")
    before = sorted((there / "backups" / "journal").rglob("*.zst"))
    with posecas.open_store(there) as store:
        done = store.back_up(Kept(1, 0))
        assert done.segments_removed == 0
        first, second = store.snapshots()
        assert isinstance(first, DamagedObject)
        assert isinstance(second, Snapshot)
    assert set(before) <= set((there / "backups" / "journal").rglob("*.zst"))


def test_an_older_one_and_the_journal_lead_through_a_restore(there: Path) -> None:
    with posecas.open_store(there) as store:
        old = next(store.snapshots())
        assert isinstance(old, Snapshot)
    restore_index(there, take_over=True)
    with posecas.open_store(there) as store:
        fill(store, 1, first=90)
        rows = lasting(store)
    planned = rehearse_restore(there, snapshot=old.name)
    done = restore_index(there, snapshot=old.name, take_over=True)
    assert done.replayed == planned
    with posecas.open_store(there) as store:
        assert lasting(store) == rows


@pytest.fixture(scope="module")
def restored(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with snapshots of two histories, long ago."""
    folder = keep_copy(made, tmp_path_factory.mktemp("restored") / "store")
    with posecas.open_store(folder) as store:
        fill(store, 1, first=80)
        store.back_up()
    restore_index(folder, take_over=True)
    with posecas.open_store(folder) as store:
        fill(store, 1, first=90)
        # As of a place where another index wrote.
        store.index.forget_backups("local")
    for path in (folder / "backups").rglob("*"):
        os.utime(path, (0, 0))
    return folder


@pytest.mark.parametrize("fault", [Fault.TRUNCATED, Fault.EMPTY], ids=lambda one: one.value)
def test_a_listing_that_is_cut_silently_costs_no_backup(
    restored: Path, tmp_path: Path, fault: Fault
) -> None:
    kept = restorable(restored)
    assert len(kept) == 3
    number, injected = 0, 1
    while injected:
        folder = keep_copy(restored, tmp_path / str(number))
        injected = backed_up_with(folder, Listed({"list": [*[None] * number, fault]}))
        assert restorable(folder).items() >= kept.items()
        number += 1
    assert number > 2


@pytest.mark.parametrize(
    "fault", [Fault.BEFORE, Fault.SHORT, Fault.TRUNCATED, Fault.EMPTY], ids=lambda one: one.value
)
@pytest.mark.parametrize("number", [0, 1])
def test_a_restore_that_does_not_see_all_of_them_costs_none(
    restored: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault, number: int
) -> None:
    keep_copy(restored, folder)
    opened: list[FaultyObjects] = []

    def open_faulty_place(root: Path) -> FaultyObjects:
        schedule = Listed({"list": [*[None] * number, fault]})
        opened.append(faulty(LocalObjects(root), schedule))
        return opened[-1]

    # Of the new index's locations; what is restored is read well.
    with monkeypatch.context() as patched:
        patched.setattr(connecting, "LocalObjects", open_faulty_place)
        restore_index(folder, take_over=True)
    assert [len(one.injected) for one in opened] == [1]
    with posecas.open_store(folder) as store:
        believed = fault in {Fault.TRUNCATED, Fault.EMPTY} and number == 1
        assert store.index.knows_backups("local") == believed
        store.back_up(Kept(1, 100 * MONTH))
        assert store.index.knows_backups("local")
    assert restorable(folder).items() >= restorable(restored).items()


def restorable(folder: Path) -> dict[str, tuple[int, int]]:
    """Of each snapshot, its rows that can be read, and how many changes the journal adds."""
    found = {}
    with closing(LocalObjects(folder)) as objects:
        for name in snapshot_names(objects):
            snapshot = read_snapshot(objects, name)
            rows = sum(len(one.rows) for one in read_rows(objects, snapshot))
            found[snapshot.name] = rows, rehearse_restore(folder, snapshot=snapshot.name).changes
    return found


def backed_up_with(folder: Path, schedule: Schedule) -> int:
    """Back up, and keep everything; return how many faults there were."""
    store, objects = open_faulty(folder, schedule, prefix="backups/")
    with store, suppress(Damage):
        store.back_up(Kept(1, 100 * MONTH))
    return len(objects.injected)
