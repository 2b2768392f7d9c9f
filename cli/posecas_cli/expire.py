"""``posecas expire``."""

from collections.abc import Sequence
from datetime import datetime
from typing import TextIO

import click

from posecas.errors import UsageError
from posecas.expire import ExpiryPlan
from posecas.machine import pose_json
from posecas.names import PoseId, parse_id
from posecas.units import format_size
from posecas_cli import completing, output, parameters, session
from posecas_cli.command import command
from posecas_cli.text import count, short_digest


@command(
    "expire",
    examples="""
posecas expire --older-than 90d --dry-run
posecas expire --older-than 90d --user ada --limit 1000
posecas expire --older-than 90d --ids-from may-go.txt
psql -Atc "SELECT generation || '/' || pose FROM …" | posecas expire --older-than 90d --ids-from -
""",
    exits=(0, 1, 2, 5, 8, 10, 11, 130),
)
@click.option(
    "--older-than",
    "before",
    metavar="DURATION",
    required=True,
    callback=parameters.age,
    help="Expire what was made longer ago than this.",
)
@click.option(
    "--user",
    metavar="NAME",
    callback=parameters.name_of("user"),
    shell_complete=completing.users,
    help="Only what this user owns.",
)
@click.option(
    "--ids-from",
    "ids",
    metavar="FILE|-",
    type=click.File("r", encoding="utf-8"),
    help="Only the poses named here, GENERATION/POSE a line; if expire.truth is ids.",
)
@click.option(
    "--limit", metavar="N", type=click.IntRange(min=1), help="Expire so many at the most."
)
@click.option("--dry-run", is_flag=True, help="Show what would expire; remove nothing.")
def expire(
    before: datetime, user: str | None, ids: TextIO | None, limit: int | None, *, dry_run: bool
) -> None:
    """Remove poses that are old, no favourites, and were never downloaded.

    Nothing expires until the setting expire.truth says who knows favourites and downloads: `store`,
    if they are kept up to date here; `ids`, if another database does, which then names with
    --ids-from the poses that may go. What is a favourite here, or was downloaded, stays even then.

    Prints a line for each pose, so that whoever else keeps its name can follow. Bytes stay until
    garbage collection, and as long as another pose has them.
    """
    named = None if ids is None else _read(ids)
    plan = ExpiryPlan(before, user, limit, named)
    expired = unknown = 0
    word = "would expire" if dry_run else "expired"
    with session.open_store() as store:
        for one in store.expire(plan, dry_run=dry_run):
            if isinstance(one, PoseId):
                unknown += 1
                continue
            expired += 1
            size = format_size(one.size)
            output.report(
                pose_json(one),
                f"{word}  {short_digest(one.digest)}  {size:>7}  {one.generation}/{one.name}",
            )
    sentence = (
        f"{count(expired, 'pose')} {word}" if dry_run else f"{count(expired, 'pose')} expired"
    )
    output.report({"expired": expired, "unknown": unknown}, sentence)
    if unknown:
        output.note(f"{count(unknown, 'named pose is', 'named poses are')} not in this store")


def _read(file: TextIO) -> Sequence[PoseId]:
    """Read all of it before anything is removed, so that a wrong line changes nothing."""
    try:
        lines = [line.strip() for line in file]
    except UnicodeDecodeError as error:
        raise UsageError(f"{file.name}: it is not UTF-8 text ({error.reason})") from error
    named = []
    for number, line in enumerate(lines, 1):
        if line:
            named.append(_pose_id(line, f"{file.name}:{number}"))
    return named


def _pose_id(line: str, where: str) -> PoseId:
    try:
        found = parse_id(line)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from error
    if not isinstance(found, PoseId):
        raise UsageError(f"{where}: a digest may be that of several poses; write GENERATION/POSE")
    return found
