"""Whether the store's locations elsewhere do what it relies on, and what finding out costs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from posecas import open_store
from posecas.check.trial import Trial
from posecas.config import LOCAL
from posecas.errors import PosecasError
from posecas.store import Store
from posecas_cli.checks.finding import Finding, failed
from posecas_cli.text import count

_DOLLARS_A_WRITE: Final = 4.50e-6
_DOLLARS_A_READ: Final = 0.36e-6
"""Class A and Class B operations of R2, beyond the million and the ten million that are free."""


def check_locations(path: Path, *, remote: bool) -> Iterator[Finding]:
    """Try each location but the store's own folder; without ``remote`` only those on a disk."""
    try:
        store = open_store(path)
    except PosecasError:
        # `check_store` has said why.
        return
    with store:
        for name, is_remote in _names(store):
            if remote or not is_remote:
                yield from _tried(store, name, billed=is_remote)
            else:
                yield Finding("ok", name, "not asked (--no-remote)")


def _names(store: Store) -> Iterator[tuple[str, bool]]:
    used = [one.location for one in store.locations() if one.location.state != "detached"]
    for location in used:
        if location.name != LOCAL:
            yield location.name, not location.url.startswith("file:")
    config = store.config
    wanted = dict.fromkeys((config.write_location, config.backup_location or LOCAL))
    for name in wanted:
        if name != LOCAL and name not in {one.name for one in used}:
            yield name, not config.location(name).url.startswith("file:")


def _tried(store: Store, name: str, *, billed: bool) -> Iterator[Finding]:
    done: list[Trial] = []
    try:
        for trial in store.try_location(name):
            done.append(trial)
            yield _finding(name, trial)
    except PosecasError as error:
        yield failed(name, error)
        return
    if billed:
        yield Finding("ok", f"{name} cost", _cost(done))


def _finding(name: str, trial: Trial) -> Finding:
    check = f"{name} {trial.name}"
    if trial.failure is None:
        return Finding(trial.state, check, trial.detail)
    told = failed(check, trial.failure)
    return Finding(trial.state, check, told.detail, told.way_out)


def _cost(done: list[Trial]) -> str:
    writes, reads = sum(one.writes for one in done), sum(one.reads for one in done)
    dollars = writes * _DOLLARS_A_WRITE + reads * _DOLLARS_A_READ
    return (
        f"this took {count(writes, 'Class A request')} and {count(reads, 'Class B request')}: "
        f"${dollars:.6f} at R2, if not free"
    )
