"""``posecas status``."""

from collections.abc import Mapping
from pathlib import Path

import click

from posecas_cli import output, parameters
from posecas_cli.command import command
from posecas_fuse.asking import status_of


@command(
    "status",
    examples="""
posecas status poses
posecas status poses --timeout 2s --quiet
posecas status poses --json
""",
    exits=(0, 1, 2, 5, 130),
)
@click.argument("folder", metavar="DIR", type=parameters.Mountpoint())
@click.option(
    "--timeout",
    metavar="DURATION",
    default="5s",
    show_default=True,
    callback=parameters.duration,
    help="How long to wait for the mount's answer.",
)
def status(folder: Path, timeout: int) -> None:
    """Tell whether the mount at DIR answers, and how it fares.

    For health checks: 0 while programs can use the mount, 1 if there is none or its process is
    gone, 5 if it does not answer in time.
    """
    found = status_of(folder, seconds=timeout)
    told = ", ".join(
        f"{name} {value['file'] if isinstance(value, Mapping) else value}"
        for name, value in found.items()
        if value is not None
    )
    machine = {"mountpoint": str(folder.absolute()), "answers": True, **found}
    output.report(machine, f"{folder}: it answers" + (f"; {told}" if told else ""))
