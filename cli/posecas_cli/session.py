"""What was said for the whole invocation, before or after the command's name."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pathlib import Path

    from posecas.store import Store

_PREFIX = "posecas."


def remember(context: click.Context, parameter: click.Parameter, value: str | bool | None) -> None:
    """Keep a common option's value; the last one given, before or after the command, counts."""
    if value:
        context.meta[f"{_PREFIX}{parameter.name}"] = value


@dataclass(frozen=True, slots=True)
class Session:
    """The common options. ``store`` None: not given as an option."""

    store: str | None
    json: bool
    quiet: bool
    verbose: bool


def current() -> Session:
    """Return the options of the command that runs."""
    meta = click.get_current_context().meta
    return Session(
        meta.get(f"{_PREFIX}store"),
        bool(meta.get(f"{_PREFIX}json")),
        bool(meta.get(f"{_PREFIX}quiet")),
        bool(meta.get(f"{_PREFIX}verbose")),
    )


def store_path() -> "Path":
    """Return where the store is, or would be."""
    from posecas.config import resolve_store_path  # noqa: PLC0415 - not needed for `--help`

    return resolve_store_path(current().store)


@contextmanager
def open_store(settings: Mapping[str, str] | None = None) -> Iterator["Store"]:
    """Open the store that the options, the environment or the current folder name.

    ``settings`` are those that the command's own options give.
    What was done stays done if the journal cannot be written; that is told at the end.
    """
    from posecas import open_store as open_at  # noqa: PLC0415 - not needed for `--help`

    with open_at(store_path(), settings=settings) as store:
        yield store
    if store.journal_failure is not None:
        from posecas_cli.output import warn  # noqa: PLC0415 - it asks for the session itself

        warn(
            f"done, but not journalled yet: {store.journal_failure}; "
            "the next command that changes something tries again"
        )
