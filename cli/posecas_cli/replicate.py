"""``posecas replicate``."""

import click

from posecas.machine import not_copied_json, replicated_json
from posecas.replicate import NotCopied, Replicated
from posecas.store import Store
from posecas.units import format_size
from posecas_cli import output, parameters, session
from posecas_cli.command import command
from posecas_cli.exits import SOME_FAILED
from posecas_cli.progress import progress
from posecas_cli.text import count, short_digest


@command(
    "replicate",
    examples="""
posecas replicate r2 --dry-run
posecas replicate r2
posecas replicate local --rate 10MB
""",
    exits=(0, 1, 2, 3, 4, 5, 8, 10, 11, 12, 130),
)
@click.argument("location", metavar="LOCATION", callback=parameters.name_of("location"))
@click.option(
    "--rate", metavar="SIZE", callback=parameters.rate, help="Read at most so much a second."
)
@click.option("--dry-run", is_flag=True, help="Show what would be copied; do nothing.")
def replicate(location: str, rate: int | None, *, dry_run: bool) -> None:
    """Give every image and thumbnail that is in use a copy at LOCATION.

    Each is read from where it is now and hashed, written, and read back before it counts. What is
    there already is skipped, so a run that was interrupted goes on where it stopped. Meanwhile
    everything can be read, put and removed as usual; nothing is taken away from anywhere.
    """
    with session.open_store() as store:
        done = store.rehearse_replicate(location) if dry_run else _copied(store, location, rate)
    output.data(replicated_json(done), _sentence(location, done, dry_run=dry_run))
    if done.failed:
        click.get_current_context().exit(SOME_FAILED)


def _copied(store: Store, location: str, rate: int | None) -> Replicated:
    done = Replicated()
    length: int | None = None
    steps = store.replicate(location, rate=rate)
    with progress(0) as bar:
        for step in steps:
            if isinstance(step, NotCopied):
                _tell(step)
                continue
            if length is None:
                bar.length = length = step.expected
            bar.update(step.copied + step.failed - done.copied - done.failed)
            done = step
    return done


def _tell(one: NotCopied) -> None:
    named = one.named or f"blob {short_digest(one.digest)}"
    if session.current().json:
        output.data(not_copied_json(one), "")
    else:
        output.warn(f"{named}: not copied: {one.error}")


def _sentence(location: str, done: Replicated, *, dry_run: bool) -> str:
    if dry_run:
        much = f"{count(done.expected, 'object')}, {format_size(done.expected_bytes)}"
        return f"{much} would be copied to {location}; {done.skipped:,} are there"
    told = f"{count(done.copied, 'object')} copied to {location}, {format_size(done.bytes)}"
    told += f"; {done.skipped:,} were there"
    if done.retired:
        told += f"; {count(done.retired, 'object')} committed locally may go"
    return f"{told}; {done.failed:,} could not be copied" if done.failed else told
