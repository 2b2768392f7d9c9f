"""Stores whose index is lost, and what is asked of the one that comes back."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import posecas
from kit.soundness import unsound
from kit.tiles import tile
from posecas.index.tables import TABLES
from posecas.objects.local import LocalObjects
from posecas.objects.marker import Owner, claim_location
from posecas.put import PutItem
from posecas.reconcile import Reconciled

INDEX = "index.sqlite"


def fill(store: posecas.Store, count: int, *, first: int = 0) -> None:
    """Put that many tiles, 40 in a generation; every fifth image has two names."""
    results = store.put_many(_items(first, count))
    assert {result.error for result in results} == {None}


def _items(first: int, count: int) -> Iterator[PutItem]:
    for n in range(first, first + count):
        attributes = posecas.Attributes(prompt=f"tile number {n}", seed=n)
        same = n - 1 if n % 5 == 4 else n
        yield PutItem(
            tile(same),
            f"g{n // 40}",
            f"p{n}",
            user=f"u{n // 400}",
            attributes=attributes,
            aliases=[f"old/{n}.png"],
        )


def keep_copy(made: Path, folder: Path) -> Path:
    """Copy a closed store, so that one that takes long to fill serves many tests."""
    shutil.copytree(made, folder)
    return folder


def lose_index(folder: Path) -> None:
    """Remove every file of the index."""
    for path in folder.glob(f"{INDEX}*"):
        path.unlink()


def keep_backups_at(vault: Path, folder: Path) -> None:
    """Give a store a second location, named `vault`."""
    vault.mkdir()
    with posecas.open_store(folder) as store:
        store.index.add_location("vault", str(vault), host=None)
        identity = store.index.identity()
        assert identity is not None
        claim_location(LocalObjects(vault), Owner(identity.store, identity.index), "vault")


def lasting(store: posecas.Store) -> dict[str, list[object]]:
    """Every row that must come back. When a generation last changed is only known roughly."""
    found: dict[str, list[object]] = {name: [] for name in TABLES}
    with store.index.export() as exported:
        for rows in exported.rows:
            kept = [n for n, column in enumerate(rows.columns) if column != "changed_at"]
            found[rows.table] += [tuple(row[n] for n in kept) for row in rows.rows]
    return found


def counted(store: posecas.Store) -> object:
    """What the index counts for itself."""
    users = [(user.name, user.used, user.poses, user.quota) for user in store.users()]
    return store.stats(), users


def reconciled(store: posecas.Store, *, recover: bool = False) -> Reconciled:
    """Reconcile to the end."""
    return list(store.reconcile(recover=recover))[-1]


def assert_whole(store: posecas.Store) -> None:
    """Everything named reads back, and garbage can be collected; orphans are no fault."""
    assert _faults(store) == []
    list(store.collect(grace=0, delay=0))
    assert _faults(store) == []


def _faults(store: posecas.Store) -> list[str]:
    return [one for one in unsound(store) if "named by no row" not in one]
