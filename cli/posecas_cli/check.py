"""``posecas check``."""

import sys
from collections.abc import Iterator

import click

from posecas.check import CheckPlan
from posecas.findings import Checked, Finding
from posecas.machine import checked_json, finding_json
from posecas.units import format_size
from posecas_cli import output, parameters, session
from posecas_cli.command import command
from posecas_cli.exits import DAMAGED
from posecas_cli.text import count, short_digest

_KIND_WIDTH = len("foreign_key")
_CLEAR = "\r\x1b[K"
"""Takes the progress bar's line away; the bar draws itself anew."""


@command(
    "check",
    examples="""
posecas check
posecas check --data --sample 5%
posecas check --data --older-than 30d
posecas check --orphans
posecas check --data --repair
posecas check --json | jq -r 'select(.kind == "wrong_bytes") | .pose'
""",
    exits=(0, 1, 2, 5, 8, 10, 11, 12, 130),
)
@click.option(
    "--data", is_flag=True, help="Read every object and hash it; look closer at the index."
)
@click.option(
    "--sample",
    metavar="SHARE",
    callback=parameters.share,
    help="With --data: read only so many, those whose last check is oldest.  [default: 100%]",
)
@click.option(
    "--older-than",
    metavar="DURATION",
    callback=parameters.duration,
    help="With --data: read only what was not found intact for so long.",
)
@click.option(
    "--orphans", is_flag=True, help="List the locations for objects that the index does not know."
)
@click.option(
    "--repair",
    is_flag=True,
    help="Set counts right, mark damage, bring back what can be; let gc have orphans.",
)
def check(
    sample: float | None, older_than: int | None, *, data: bool, orphans: bool, repair: bool
) -> None:
    """Check that everything is there and as it was put.

    Compares the index with itself and with the objects: counts, keys and rules, and that every
    object is there with its size. With --data the bytes too. Each finding is a line that begins
    with its kind; with --repair, one that begins with `repaired` is right again. Ends with 8 if
    something is wrong and stays so. A location that is away is told at the end, and what is
    elsewhere is checked; that alone ends with 5.

    What is damaged is not served in any case. With --repair it is marked, so that putting the same
    image again heals it; images that a recipe made are made again. Nothing else that runs need
    stop.
    """
    if not data and (sample is not None or older_than is not None):
        raise click.UsageError("--sample and --older-than say what to read: add --data")
    plan = CheckPlan(
        data=data,
        sample=1.0 if sample is None else sample,
        older_than=older_than or 0,
        orphans=orphans,
        repair=repair,
    )
    with session.open_store() as store:
        done = _report(store.check(plan))
    output.data(checked_json(done), _sentence(done, data=data))
    if done.wrong:
        click.get_current_context().exit(DAMAGED)
    if done.away:
        click.get_current_context().exit(done.away[0].exit_code)


def _report(steps: Iterator[Finding | Checked]) -> Checked:
    said = session.current()
    hidden = said.quiet or said.json or not sys.stderr.isatty()
    done = Checked()
    with click.progressbar(length=0, file=sys.stderr, hidden=hidden) as bar:
        for step in steps:
            if isinstance(step, Finding):
                sys.stderr.write("" if hidden else _CLEAR)
                sys.stderr.flush()
                output.report(finding_json(step), _line(step))
                continue
            bar.length = step.expected
            bar.update(step.objects + step.read - done.objects - done.read)
            done = step
    return done


def _line(finding: Finding) -> str:
    word = "repaired" if finding.repaired else finding.kind
    digest = None if finding.digest is None else short_digest(finding.digest)
    subject = finding.pose or finding.user or digest or ""
    return f"{word:<{_KIND_WIDTH}}  {subject:<12}  {finding.detail}"


def _sentence(done: Checked, *, data: bool) -> str:
    found = count(done.findings, "finding") if done.findings else "nothing wrong"
    mended = f", {done.repaired:,} repaired" if done.repaired else ""
    read = f", {done.read:,} read ({format_size(done.bytes)})" if data else ""
    looked = f"{count(done.poses, 'pose')}, {count(done.blobs, 'blob')}"
    return f"{found}{mended}; {looked}, {count(done.objects, 'object')}{read}"
