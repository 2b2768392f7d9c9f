"""``posecas stats``."""

from collections.abc import Iterator

import click

from posecas.errors import NotFound
from posecas.index.journal_protocol import Unjournalled
from posecas.machine import JsonValue, stats_json, time_text
from posecas.records import Amount, Stats
from posecas.store import Store
from posecas.units import format_size
from posecas_cli import completing, output, parameters, session
from posecas_cli.command import command
from posecas_cli.room import Room, room_of
from posecas_cli.text import count, short_time

Line = tuple[str, str, str]
"""What it is, how much, and what frees it."""

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
    "--user",
    metavar="NAME",
    callback=parameters.name_of("user"),
    shell_complete=completing.users,
    help="Only what this user owns.",
)
def stats(user: str | None) -> None:
    """Tell how much of what is stored, what deduplication saves, and what frees each kind.

    Sizes are those of the files; a disk may need a little more. Garbage is what no pose and no
    rendition needs any more.
    """
    with session.open_store() as store:
        owner = None if user is None else store.user(user)
        if user is not None and owner is None:
            raise NotFound(f"user {user!r}: there is none; see: posecas ls --users")
        found = store.stats(user)
        waiting = store.index.unjournalled()
        unsent = store.waiting()
        room = room_of(store)
    everything = stats_json(found)
    if owner is None:
        machine = everything | _journal_json(waiting) | _unsent_json(unsent) | _room_json(room)
        told = [*_store(found), *_unsent(store, unsent), *_journal(waiting), *_folder(room)]
        output.lines(machine, _aligned(told))
        return
    of_user: dict[str, JsonValue] = {"user": owner.name, "quota": owner.quota}
    of_user |= {name: everything[name] for name in _OF_ONE_USER}
    quota = "none" if owner.quota is None else format_size(owner.quota)
    output.lines(of_user, output.pairs([*_user(found), ("quota", quota)]))


def _user(found: Stats) -> Iterator[tuple[str, str]]:
    yield "generations", f"{found.generations:,}"
    yield "poses", f"{found.poses:,}, {format_size(found.logical_bytes)}"
    yield "distinct images", f"{found.blobs:,}"


def _store(found: Stats) -> Iterator[Line]:
    yield "users", f"{found.users:,}", ""
    yield "generations", f"{found.generations:,}", ""
    yield "poses", f"{found.poses:,}, {format_size(found.logical_bytes)}", ""
    yield "deduplication", f"{found.dedupe_ratio:.2f} bytes put for each byte kept", ""
    yield "on disk", f"{count(found.blobs, 'object')}, {format_size(found.stored_bytes)}", ""
    yield "  images", format_size(found.image_bytes), "rm or expire, then gc"
    for one in found.recipes:
        amount = Amount(one.renditions, one.bytes)
        yield f"  {one.recipe}, version {one.version}", _told(amount), "goes with its images"
    yield "  garbage", format_size(found.garbage_bytes), "gc"
    yield from _some("condemned", found.condemned, "gc, when its delay is over")
    yield from _some("pending", found.pending, "being written; else gc, when the lease is over")
    yield from _some("damaged", found.damaged, "put the images again, or check --repair")


def _unsent(store: Store, unsent: Amount) -> Iterator[Line]:
    location = store.config.write_location
    yield from _some("committed locally", unsent, f"replicate {location}, then gc")


def _unsent_json(unsent: Amount) -> dict[str, JsonValue]:
    return {"waiting_objects": unsent.count, "waiting_bytes": unsent.bytes}


def _journal(waiting: Unjournalled) -> Iterator[Line]:
    if waiting.since is not None:
        much = f"{waiting.changes:,}, since {short_time(waiting.since)}"
        yield "not in the journal", much, "the next command that changes something"


def _journal_json(waiting: Unjournalled) -> dict[str, JsonValue]:
    return {
        "unjournalled_changes": waiting.changes,
        "unjournalled_since": None if waiting.since is None else time_text(waiting.since),
    }


def _folder(room: Room) -> Iterator[Line]:
    yield from _some("temporary files", room.temporary, "being written; else gc")
    yield "index", _told(room.index), "its log shrinks when no query holds it"
    yield from _some("cache", room.cache, "copies only; empty its folder, or lower cache.max_bytes")
    yield from _some("spool", room.spool, "written to mounts and not stored: posecas spool ls")
    yield from _some("backups", room.backups, "snapshots and journal of the index")
    yield "room left", format_size(room.free), f"puts stop at {format_size(room.kept)} (min_free)"


def _some(name: str, amount: Amount | None, freed_by: str) -> Iterator[Line]:
    if amount is not None and amount.count:
        yield name, _told(amount), freed_by


def _told(amount: Amount) -> str:
    return f"{amount.count:,}, {format_size(amount.bytes)}"


def _aligned(lines: list[Line]) -> list[str]:
    width = max(len(amount) for _, amount, freed_by in lines if freed_by)
    return output.pairs([(name, f"{much:<{width}}  {freed_by}") for name, much, freed_by in lines])


def _room_json(room: Room) -> dict[str, JsonValue]:
    folders = {
        "temporary": room.temporary,
        "cache": room.cache,
        "spool": room.spool,
        "backups": room.backups,
    }
    return {
        "index_bytes": room.index.bytes,
        **{f"{name}_bytes": one.bytes if one else None for name, one in folders.items()},
        "free_bytes": room.free,
        "min_free_bytes": room.kept,
    }
