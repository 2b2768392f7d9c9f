"""``posecas spool``."""

import click

from posecas.units import format_size
from posecas_cli import output, session
from posecas_cli.command import command, group
from posecas_cli.output import Row
from posecas_fuse.spool.survey import SpooledFile, clear, survey

_HEADINGS = ("mount", "path", ">size", "state", "")


@group(
    "spool",
    examples="""
posecas spool ls
posecas spool clear --dry-run
""",
    exits=(0, 1, 2, 10, 130),
)
def spool() -> None:
    """Show what was written to mounts and is not stored: temporary files, and what failed."""


@command(
    "ls",
    examples="""
posecas spool ls
posecas spool ls --json | jq -r 'select(.state == "failed") | .error'
""",
    exits=(0, 1, 2, 10, 130),
)
def list_spooled() -> None:
    """List the files in the spools of all mounts, those that are gone too.

    `open`: a program has it open; `waiting`: it will be stored, as soon as that is possible;
    `failed`: it is refused as it is; `temporary`: a name that no image has.
    """
    with session.open_store() as store:
        output.table(_HEADINGS, map(_row, survey(store.path)))


@command(
    "clear",
    examples="""
posecas spool clear --dry-run
posecas spool clear
""",
    exits=(0, 1, 2, 10, 130),
)
@click.option("--dry-run", is_flag=True, help="Show what would be deleted; delete nothing.")
def clear_spools(*, dry_run: bool) -> None:
    """Delete what lies in the spools of mounts that are gone; those that live keep theirs.

    What is listed as waiting is lost by this: mount the store again instead, and it is stored.
    """
    with session.open_store() as store:
        left = [file for file in survey(store.path) if not file.mounted]
        if not dry_run:
            for _ in clear(store.path):
                pass
    word = "would delete" if dry_run else "deleted"
    for file in left:
        told = f"{word}  {file.mountpoint}: {file.path} ({format_size(file.size)})"
        output.report(file.json(), told)


def _row(file: SpooledFile) -> Row:
    cells = (file.mountpoint, file.path, format_size(file.size), file.state, file.message or "")
    return file.json(), cells


spool.add_command(list_spooled)
spool.add_command(clear_spools)
