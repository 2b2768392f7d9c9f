"""``posecas stats``."""

from collections.abc import Iterator

import click

from posecas.errors import NotFound
from posecas.machine import JsonValue, stats_json
from posecas.records import Stats
from posecas.units import format_size
from posecas_cli import output, parameters, session
from posecas_cli.command import command

_OF_ONE_USER = ("users", "generations", "poses", "blobs", "logical_bytes")


@command(
    "stats",
    examples="""
posecas stats
posecas stats --user ada
posecas stats --json | jq .dedupe_ratio
""",
    exits=(0, 1, 2, 4, 5, 8, 10, 11, 130),
)
@click.option(
    "--user", metavar="NAME", callback=parameters.name_of("user"), help="Only what this user owns."
)
def stats(user: str | None) -> None:
    """Tell how much is stored, and how much room deduplication saves."""
    with session.open_store() as store:
        owner = None if user is None else store.user(user)
        if user is not None and owner is None:
            raise NotFound(f"user {user!r}: there is none; see: posecas ls --users")
        found = store.stats(user)
    everything = stats_json(found)
    if owner is None:
        output.lines(everything, output.pairs(list(_store(found))))
        return
    machine: dict[str, JsonValue] = {"user": owner.name, "quota": owner.quota}
    machine |= {name: everything[name] for name in _OF_ONE_USER}
    quota = "none" if owner.quota is None else format_size(owner.quota)
    output.lines(machine, output.pairs([*_user(found), ("quota", quota)]))


def _user(found: Stats) -> Iterator[tuple[str, str]]:
    yield "generations", f"{found.generations:,}"
    yield "poses", f"{found.poses:,}, {format_size(found.logical_bytes)}"
    yield "distinct images", f"{found.blobs:,}"


def _store(found: Stats) -> Iterator[tuple[str, str]]:
    yield "users", f"{found.users:,}"
    yield "generations", f"{found.generations:,}"
    yield "poses", f"{found.poses:,}, {format_size(found.logical_bytes)}"
    yield "thumbnails", f"{found.renditions:,}, {format_size(found.rendition_bytes)}"
    yield "on disk", f"{found.blobs:,} objects, {format_size(found.stored_bytes)}"
    yield "of it garbage", format_size(found.garbage_bytes)
    yield "deduplication", f"{found.dedupe_ratio:.2f} bytes put for each byte kept"
