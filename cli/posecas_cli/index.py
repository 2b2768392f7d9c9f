"""``posecas index``: backups of the index, and what brings it back."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from posecas.backup import BackedUp, Kept
from posecas.errors import PosecasError
from posecas.machine import Json, JsonValue, error_json, time_text
from posecas.reconcile import Reconciled
from posecas.recovering import Recovered, rebuild_index, rehearse_restore, restore_index
from posecas.restore import Replayed
from posecas.snapshot import Snapshot
from posecas.store import Store
from posecas.units import format_size
from posecas_cli import output, parameters, session
from posecas_cli.command import command, group
from posecas_cli.exits import DAMAGED
from posecas_cli.text import count

_BACKUPS = click.option(
    "--backups",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The folder that holds the backups.  [default: where the settings say]",
)
_TAKE_OVER = click.option(
    "--take-over", is_flag=True, help="No other index of this store is alive, or it is to stop."
)


@group(
    "index",
    examples="""
posecas index backup
posecas index backup --list
posecas index restore
posecas index reconcile
""",
    exits=(0, 1, 2, 4, 5, 8, 10, 11, 130),
)
def index() -> None:
    """Back the index up, and bring it back.

    The index knows the name, the owner and everything else of each image; the objects are only
    bytes. Every change of it is written to the journal at the backup location within a minute.
    """


@command(
    "backup",
    examples="""
posecas index backup
posecas index backup --keep 30 --keep-for 90d
posecas index backup --list
""",
    exits=(0, 1, 2, 4, 5, 8, 10, 11, 130),
)
@click.option(
    "--keep",
    metavar="N",
    type=click.IntRange(min=1),
    default=7,
    show_default=True,
    help="Keep the newest N snapshots, however old they are.",
)
@click.option(
    "--keep-for",
    metavar="DURATION",
    default="30d",
    show_default=True,
    callback=parameters.duration,
    help="Keep younger snapshots, however many they are.",
)
@click.option("--list", "listing", is_flag=True, help="List the snapshots; write none.")
def backup(keep: int, keep_for: int, *, listing: bool) -> None:
    """Write a snapshot of the index to the backup location, while others go on writing.

    The journal begins again with each snapshot: a restore needs a snapshot and what the journal
    holds after it. Segments of the journal that no kept snapshot needs are removed.
    """
    with session.open_store() as store:
        if listing:
            _list(store)
            return
        done = store.back_up(Kept(keep, keep_for))
    output.data(_backed_up_json(done), _backed_up(done))


@command(
    "restore",
    examples="""
posecas index restore --dry-run
posecas index restore
posecas index restore --to 2026-11-23T08:15:00Z --take-over
posecas index restore --store /srv/new --backups /mnt/vault --take-over
""",
    exits=(0, 1, 2, 4, 5, 8, 10, 11, 130),
)
@click.option(
    "--from",
    "name",
    metavar="SNAPSHOT",
    help="Begin with this snapshot.  [default: the newest]",
)
@click.option(
    "--to",
    "moment",
    metavar="TIME",
    callback=parameters.moment,
    help="Restore what was then.  [default: all that the journal holds]",
)
@_BACKUPS
@_TAKE_OVER
@click.option("--dry-run", is_flag=True, help="Show what would come back; do nothing.")
def restore(
    name: str | None,
    moment: datetime | None,
    backups: Path | None,
    *,
    take_over: bool,
    dry_run: bool,
) -> None:
    """Restore a lost index, or an earlier one, from a snapshot and the journal.

    The store works at once. No garbage is collected until `posecas index reconcile` has compared
    the index with the objects. An index that is there is put aside, not removed.
    """
    folder = session.store_path()
    until = None if moment is None else int(moment.timestamp() * 1000)
    if dry_run:
        plan = rehearse_restore(folder, snapshot=name, until=until, backups=backups)
        output.data(_replayed_json(plan), _plan(plan))
        return
    done = restore_index(folder, snapshot=name, until=until, backups=backups, take_over=take_over)
    following = "next: posecas index reconcile"
    output.lines(_recovered_json(done), [*_recovered(done), following])


@command(
    "reconcile",
    examples="""
posecas index reconcile
posecas index reconcile --recover
""",
    exits=(0, 1, 2, 4, 5, 8, 10, 11, 130),
)
@click.option(
    "--recover", is_flag=True, help="Put images that have no name left into generation recovered."
)
def reconcile(*, recover: bool) -> None:
    """Compare a restored index with the objects, and let garbage be collected again.

    Copies without an object are marked damaged. Images whose object may be deleted any moment,
    since it was condemned later than what was restored, are copied. Run it again if it was
    interrupted.
    """
    with session.open_store() as store:
        done = _reconciled(store, recover=recover)
    output.lines(_reconciled_json(done), _told(done))
    _end(done)


@command(
    "rebuild",
    examples="""
posecas index rebuild
posecas index rebuild --store /srv/new --backups /mnt/vault --take-over
""",
    exits=(0, 1, 2, 4, 5, 8, 10, 11, 130),
)
@_BACKUPS
@_TAKE_OVER
def rebuild(backups: Path | None, *, take_over: bool) -> None:
    """Make the best index that can be had of what is left, where a restore is not possible.

    First the newest snapshot that is whole, and every segment of the journal that can be read; then
    the objects. One in a bucket tells the first name and the owner of its image, which has them
    again, and the alias recovered/GENERATION/POSE. Any other becomes recovered/<digest>, for the
    default user. What was said of an image, its prompt for example, cannot come back so.
    """
    recovered = rebuild_index(session.store_path(), backups=backups, take_over=take_over)
    with session.open_store() as store:
        done = _reconciled(store, recover=True)
    output.lines(
        {**_recovered_json(recovered), **_reconciled_json(done)},
        [*_recovered(recovered), *_told(done)],
    )
    _end(done)


def _reconciled(store: Store, *, recover: bool) -> Reconciled:
    done = Reconciled()
    for step in store.reconcile(recover=recover):
        done = step
    return done


def _list(store: Store) -> None:
    rows = (_listed(one) for one in store.snapshots())
    output.table(["snapshot", "taken", ">poses", ">size"], rows)


def _listed(one: Snapshot | PosecasError) -> output.Row:
    if isinstance(one, PosecasError):
        return error_json(one), [str(one), "", "", ""]
    machine = _snapshot_json(one)
    cells = [one.name, _when(one.taken_at), f"{one.counts.get('poses', 0):,}"]
    return machine, [*cells, format_size(one.size)]


def _snapshot_json(one: Snapshot) -> dict[str, JsonValue]:
    return {
        "snapshot": one.name,
        "taken_at": _when(one.taken_at),
        "poses": one.counts.get("poses", 0),
        "blobs": one.counts.get("blobs", 0),
        "snapshot_bytes": one.size,
        "history": one.identity.history,
        "sequence": one.sequence,
    }


def _backed_up_json(done: BackedUp) -> Json:
    return {
        **_snapshot_json(done.snapshot),
        "snapshots_removed": done.snapshots_removed,
        "segments_removed": done.segments_removed,
    }


def _backed_up(done: BackedUp) -> str:
    one = done.snapshot
    removed = ""
    if done.snapshots_removed or done.segments_removed:
        removed = (
            f"; removed {count(done.snapshots_removed, 'older snapshot')} "
            f"and {count(done.segments_removed, 'segment')} of the journal"
        )
    poses = count(one.counts.get("poses", 0), "pose")
    return f"{one.name}: {poses}, {format_size(one.size)}{removed}"


def _replayed_json(done: Replayed) -> dict[str, JsonValue]:
    return {
        "snapshot": done.snapshot.name if done.snapshot else None,
        "changes": done.changes,
        "restored_to": _when(done.at) if done.at else None,
        "segments_unreadable": done.unreadable,
    }


def _recovered_json(done: Recovered) -> dict[str, JsonValue]:
    return {
        **_replayed_json(done.replayed),
        "poses": done.loaded.counts["poses"],
        "blobs": done.loaded.counts["blobs"],
        "rows_dropped": sum(done.loaded.left_alone.values()),
        "replaced": str(done.aside) if done.aside else None,
    }


def _plan(plan: Replayed) -> str:
    name = plan.snapshot.name if plan.snapshot else "nothing"
    return f"{name} and {count(plan.changes, 'change')} would be restored, to {_when(plan.at)}"


def _recovered(done: Recovered) -> Iterator[str]:
    replayed = done.replayed
    name = f"snapshot {replayed.snapshot.name}" if replayed.snapshot else "no snapshot"
    when = f", to {_when(replayed.at)}" if replayed.at else ""
    yield f"restored: {name} and {count(replayed.changes, 'change')} of the journal{when}"
    yield f"{count(done.loaded.counts['poses'], 'pose')} came back"
    if replayed.unreadable:
        yield f"lost: {count(replayed.unreadable, 'segment')} of the journal cannot be read"
    for table, rows in done.loaded.left_alone.items():
        yield f"lost: {count(rows, 'row')} of {table}, which refer to what did not come back"
    if done.aside:
        yield f"the index that was here is now in {done.aside}"


def _reconciled_json(done: Reconciled) -> dict[str, JsonValue]:
    return {
        "compared": done.compared,
        "missing": done.missing,
        "copied": done.copied,
        "lost": list(done.lost),
        "orphans": done.orphans,
        "recovered": done.recovered,
    }


def _end(done: Reconciled) -> None:
    if done.lost:
        click.get_current_context().exit(DAMAGED)


def _told(done: Reconciled) -> Iterator[str]:
    yield f"{count(done.compared, 'object')} compared, {done.missing:,} missing"
    if done.copied:
        yield f"{count(done.copied, 'image')} copied from objects that are to be deleted"
    for name in done.lost:
        yield f"lost: {name}; its bytes are nowhere, put the image again"
    if done.orphans:
        what = count(done.orphans, "object")
        yield f"{what} without a name, of which {done.recovered:,} became recovered/…"
        if not done.recovered:
            yield "to keep them: posecas index reconcile --recover"
    yield "garbage can be collected again"


def _when(milliseconds: int) -> str:
    return time_text(datetime.fromtimestamp(milliseconds / 1000, UTC))


for _one in (backup, restore, reconcile, rebuild):
    index.add_command(_one)
