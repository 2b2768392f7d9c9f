"""``posecas doctor``."""

from collections.abc import Iterator

import click

from posecas.machine import JsonValue
from posecas_cli import output, session
from posecas_cli.checks.finding import Finding
from posecas_cli.checks.fuse import check_fuse
from posecas_cli.checks.host import check_host
from posecas_cli.checks.locations import check_locations
from posecas_cli.checks.store import check_store
from posecas_cli.command import command

_CHECK_WIDTH = len("fusermount3")


@command(
    "doctor",
    examples="""
posecas doctor
posecas doctor --no-remote
posecas doctor --store /srv/poses
posecas doctor --json | jq -r 'select(.state != "ok") | .way_out'
""",
    exits=(0, 1, 2, 130),
)
@click.option("--no-remote", is_flag=True, help="Send nothing to locations elsewhere.")
def doctor(*, no_remote: bool) -> None:
    """Check what works on this machine and what does not, with or without a store.

    Each line begins with ok, warn (something is missing that can be done without) or fail. A trial
    object is written to each location and deleted; nothing else is changed. At a location elsewhere
    that is about ten requests, whose price is told; --no-remote leaves them out. Whether the index
    could be restored from there is rehearsed by: posecas index restore --dry-run
    """
    failed = False
    for finding in _all(remote=not no_remote):
        failed = failed or finding.state == "fail"
        output.data(_json(finding), _line(finding))
    if failed:
        click.get_current_context().exit(1)


def _all(*, remote: bool) -> Iterator[Finding]:
    yield from check_host()
    yield from check_store(session.store_path(), remote=remote)
    yield from check_locations(session.store_path(), remote=remote)
    yield from check_fuse()


def _json(finding: Finding) -> dict[str, JsonValue]:
    return {
        "check": finding.check,
        "state": finding.state,
        "detail": finding.detail,
        "way_out": finding.way_out or None,
    }


def _line(finding: Finding) -> str:
    line = f"{finding.state:<4}  {finding.check:<{_CHECK_WIDTH}}  {finding.detail}"
    return f"{line} → {finding.way_out}" if finding.way_out else line
