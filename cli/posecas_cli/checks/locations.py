"""Whether the store's locations elsewhere do what it relies on, and what finding out costs."""

from collections.abc import Iterator
from pathlib import Path

from posecas import open_store
from posecas.check.trial import Trial
from posecas.config import LOCAL
from posecas.config.prices import MILLION, Prices, prices_of
from posecas.errors import PosecasError
from posecas.store import Store
from posecas_cli.checks.finding import Finding, failed
from posecas_cli.text import count


def check_locations(path: Path, *, remote: bool) -> Iterator[Finding]:
    """Try each location but the store's own folder; without ``remote`` only those on a disk."""
    try:
        store = open_store(path)
    except PosecasError:
        # `check_store` has said why.
        return
    with store:
        for name, url in _names(store):
            if remote or not _is_remote(url):
                yield from _tried(store, name, url)
            else:
                yield Finding("ok", name, "not asked (--no-remote)")


def _names(store: Store) -> Iterator[tuple[str, str]]:
    """Yield the names and addresses of what the store uses, or is to use by its settings."""
    used = [one.location for one in store.locations() if one.location.state != "detached"]
    for location in used:
        if location.name != LOCAL:
            yield location.name, location.url
    config = store.config
    wanted = dict.fromkeys((config.write_location, config.backup_location or LOCAL))
    for name in wanted:
        if name not in {LOCAL, *(one.name for one in used)}:
            yield name, config.location(name).url


def _tried(store: Store, name: str, url: str) -> Iterator[Finding]:
    done: list[Trial] = []
    try:
        for trial in store.try_location(name):
            done.append(trial)
            yield _finding(name, trial)
    except PosecasError as error:
        yield failed(name, error)
        return
    if _is_remote(url):
        said = store.config.location(name)
        called, prices = prices_of(said.prices, url, said.endpoint)
        yield Finding("ok", f"{name} cost", _cost(done, called, prices))


def _is_remote(url: str) -> bool:
    return not url.startswith("file:")


def _finding(name: str, trial: Trial) -> Finding:
    check = f"{name} {trial.name}"
    if trial.failure is None:
        return Finding(trial.state, check, trial.detail)
    told = failed(check, trial.failure)
    return Finding(trial.state, check, told.detail, told.way_out)


def _cost(done: list[Trial], called: str, prices: Prices) -> str:
    writes, reads = sum(one.writes for one in done), sum(one.reads for one in done)
    took = (
        f"this took {count(writes, 'write')} and {count(reads, 'read')} "
        "(requests of Class A and Class B)"
    )
    dollars = (writes * prices.writes + reads * prices.reads) / MILLION
    if called == "none":
        return f"{took}; no prices are set for it"
    return f"{took}: ${dollars:.6f} by the prices of {called}, beyond what is free"
