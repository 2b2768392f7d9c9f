"""``posecas unmount``."""

from pathlib import Path

import click

from posecas_cli import output, parameters
from posecas_cli.command import command
from posecas_fuse.unmount import unmount as unmount_folder


@command(
    "unmount",
    examples="""
posecas unmount poses
""",
    exits=(0, 1, 2, 130),
)
@click.argument("folder", metavar="DIR", type=parameters.Mountpoint())
def unmount(folder: Path) -> None:
    """Take the mounted store at DIR away again; the store itself is not touched.

    Refused while a program has something open there; the message names both. A mount whose process
    died is cleaned up.
    """
    unmount_folder(folder)
    output.report(
        {"mountpoint": str(folder.absolute()), "status": "unmounted"}, f"{folder}: unmounted"
    )
