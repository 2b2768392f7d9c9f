"""``posecas gc``."""

from typing import Final

import click

from posecas.machine import collected_json
from posecas.records import Collected
from posecas.store import Store
from posecas.units import format_size
from posecas_cli import output, parameters, session
from posecas_cli.command import command
from posecas_cli.exits import SOME_FAILED
from posecas_cli.progress import is_shown, progress
from posecas_cli.text import count

DELAY: Final = click.option(
    "--delay",
    metavar="DURATION",
    default="7d",
    show_default=True,
    callback=parameters.duration,
    help="Delete only what was condemned so long ago; 0 gives up restoring to an earlier time.",
)


@command(
    "gc",
    examples="""
posecas gc --dry-run
posecas gc
posecas gc --grace 0 --delay 0
""",
    exits=(0, 1, 2, 3, 4, 5, 8, 10, 11, 130),
)
@click.option(
    "--grace",
    metavar="DURATION",
    default="24h",
    show_default=True,
    callback=parameters.duration,
    help="Condemn only what nothing has referred to for so long; 0 gives up undoing a removal.",
)
@DELAY
@click.option(
    "--location", callback=parameters.name_of("location"), help="Delete at this location alone."
)
@click.option("--dry-run", is_flag=True, help="Show what would be done; do nothing.")
def gc(grace: int, delay: int, location: str | None, *, dry_run: bool) -> None:
    """Collect garbage: give back the room of what nothing refers to any more.

    What no pose and no thumbnail has referred to for the grace is condemned, together with the
    thumbnails of images that no pose names. What was condemned and written to the journal is
    deleted after the delay. Any number of these may run at once, beside any number of writers, with
    any grace and delay; one that was interrupted is finished by the next.
    """
    with session.open_store() as store:
        if dry_run:
            done = store.rehearse_collect(grace=grace, delay=delay, location=location)
        else:
            done = _collect(store, grace, delay, location)
    output.data(collected_json(done), _sentence(done, dry_run=dry_run))
    if done.failed:
        output.warn(f"{count(done.failed, 'object')} could not be deleted; run it again")
        click.get_current_context().exit(SOME_FAILED)


def _collect(store: Store, grace: int, delay: int, location: str | None) -> Collected:
    done = Collected()
    plan = (
        store.rehearse_collect(grace=grace, delay=delay, location=location)
        if is_shown()
        else Collected()
    )
    with progress(plan.condemned + plan.deleted) as bar:
        for step in store.collect(grace=grace, delay=delay, location=location):
            bar.update(step.condemned + step.deleted - done.condemned - done.deleted)
            done = step
    return done


def _sentence(done: Collected, *, dry_run: bool) -> str:
    would = "would be " if dry_run else ""
    return (
        f"{count(done.condemned, 'object')} {would}condemned, {format_size(done.bytes_condemned)}; "
        f"{count(done.deleted, 'object')} {would}deleted, {format_size(done.bytes_freed)} freed"
    )
