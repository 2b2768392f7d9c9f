"""``posecas get``."""

import sys
from pathlib import Path
from typing import Final

import click

from posecas.digest import digest_of
from posecas.errors import UsageError
from posecas.images.sniff import sniff
from posecas.lookup import Found
from posecas.names import EXTENSIONS
from posecas.units import format_size
from posecas_cli import completing, output, session
from posecas_cli.command import command
from posecas_cli.savefile import save
from posecas_cli.text import short_digest

_STDOUT: Final = "-"


@command(
    "get",
    examples="""
posecas get g1/heron -o heron.png
posecas get g1/heron --recipe thumb-400 -o thumbnails/
posecas get 3f9a12c04b77 > heron.png
posecas get https://example.com/uploads/pose-generator/generated/old-name.png -o heron.png
posecas get g1/heron | display -
""",
    exits=(0, 1, 2, 4, 5, 8, 10, 11, 12, 130),
)
@click.argument("which", metavar="ID", shell_complete=completing.poses)
@click.option("--recipe", metavar="NAME", help="Give what this recipe makes of it: thumb-400, …")
@click.option(
    "--output",
    "-o",
    "target",
    metavar="FILE|DIR|-",
    help="Where to write it.  [default: stdout, unless it is a terminal]",
)
def get(which: str, recipe: str | None, target: str | None) -> None:
    """Write the image ID, verified against its digest.

    ID is GENERATION/POSE, a digest, its first 8 or more digits, or the old path or URL of a file
    that was imported; that of a thumbnail gives the thumbnail. A FILE that exists is replaced,
    whole or not at all; in a DIR the file is named after the pose, with the right extension.
    """
    if target is None and sys.stdout.isatty():
        raise UsageError("an image is nothing for a terminal: use -o FILE, or a pipe")
    with session.open_store() as store:
        data = store.get(which) if recipe is None else store.rendition(which, recipe)
        found = store.find(which)
    if target in {None, _STDOUT}:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        return
    file = _file(Path(str(target)), found, recipe, data)
    save(file, data)
    digest = digest_of(data)
    output.data(
        {"id": which, "recipe": recipe, "file": str(file), "digest": digest, "size": len(data)},
        f"{short_digest(digest)}  {format_size(len(data))}  {file}",
    )


def _file(target: Path, found: Found, recipe: str | None, data: bytes) -> Path:
    if not target.is_dir():
        return target
    stem = short_digest(found.digest) if found.pose is None else found.pose.name
    made = f".{recipe or found.recipe}" if recipe or found.recipe else ""
    return target / f"{stem}{made}.{EXTENSIONS[sniff(data)]}"
