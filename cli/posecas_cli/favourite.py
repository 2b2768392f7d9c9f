"""``posecas favourite``."""

from collections.abc import Sequence

import click

from posecas.machine import pose_json
from posecas_cli import completing, output, session
from posecas_cli.command import command


@command(
    "favourite",
    examples="""
posecas favourite g1/heron
posecas favourite g1/heron g2/stork --off
posecas ls --favourite
""",
    exits=(0, 1, 2, 4, 5, 8, 10, 11, 130),
)
@click.argument("which", metavar="ID...", nargs=-1, required=True, shell_complete=completing.poses)
@click.option("--off", is_flag=True, help="They are favourites no longer.")
def favourite(which: Sequence[str], *, off: bool) -> None:
    """Mark the poses ID as favourites; if one of them is not there, none is marked.

    ID is GENERATION/POSE, or a digest that a single pose names.
    """
    with session.open_store() as store:
        poses = store.annotate_all(which, favourite=not off)
    word = "no favourite" if off else "favourite"
    for pose in poses:
        output.report(pose_json(pose), f"{word}  {pose.generation}/{pose.name}")
