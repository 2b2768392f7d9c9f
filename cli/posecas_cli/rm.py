"""``posecas rm``."""

from collections.abc import Sequence

import click

from posecas.machine import pose_json
from posecas.units import format_size
from posecas_cli import completing, output, session
from posecas_cli.command import command
from posecas_cli.text import count, short_digest


@command(
    "rm",
    examples="""
posecas rm g1/heron
posecas rm g1/heron g1/stork --dry-run
posecas ls --generation g1 --json | jq -r '.generation + "/" + .pose' | xargs posecas rm
""",
    exits=(0, 1, 2, 4, 5, 8, 10, 11, 130),
)
@click.argument("which", metavar="ID...", nargs=-1, required=True, shell_complete=completing.poses)
@click.option("--dry-run", is_flag=True, help="Show what would be removed; remove nothing.")
def rm(which: Sequence[str], *, dry_run: bool) -> None:
    """Remove the poses ID; if one of them is not there, none is removed.

    ID is GENERATION/POSE, a digest that a single pose names, or the old path or URL of a file that
    was imported; that of a thumbnail means its pose. Bytes that another pose names stay as they
    are; bytes that nothing names any more stay in the store until garbage collection.
    """
    with session.open_store() as store:
        poses = list({pose.id: pose for pose in map(store.only_pose, which)}.values())
        dropped = poses if dry_run else store.remove(poses)
    word = "would remove" if dry_run else "removed"
    for pose in dropped:
        size = format_size(pose.size)
        output.report(
            pose_json(pose),
            f"{word}  {short_digest(pose.digest)}  {size:>7}  {pose.generation}/{pose.name}",
        )
    if gone := len(poses) - len(dropped):
        output.note(f"{count(gone, 'pose was', 'poses were')} removed by somebody else meanwhile")
