"""``posecas init``."""

import shlex
from pathlib import Path

import click

from posecas import create_store
from posecas.config import FILE, resolve_store_path
from posecas.index.filesystems import filesystem_type
from posecas_cli import output, session
from posecas_cli.command import command


@command(
    "init",
    examples="""
posecas init
posecas init /srv/poses
POSECAS_STORE=/srv/poses posecas init
""",
    exits=(0, 1, 2, 8, 11, 130),
)
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
def init(folder: Path | None) -> None:
    """Make a store in DIR, which must be new or empty.

    Without DIR, the store is made where --store or POSECAS_STORE says, else in $UPLOAD_DIR/posecas,
    else in ./posecas-store. Where a store already is, nothing changes.
    """
    path = (folder or session.store_path()).expanduser()
    existed = (path / FILE).exists()
    with create_store(path) as store:
        place = store.path
    if session.current().quiet and not session.current().json:
        return
    output.lines(
        {
            "store": str(place),
            "status": "exists" if existed else "created",
            "filesystem": filesystem_type(place),
        },
        _told(place, existed=existed),
    )


def _told(place: Path, *, existed: bool) -> list[str]:
    if existed:
        return [f"{place}: this is a store already; nothing was changed"]
    found_again = resolve_store_path(None).absolute() == place
    option = "" if found_again else f"--store {shlex.quote(str(place))} "
    return [
        f"{place}: the store is made; its settings are in {FILE}",
        f"next: posecas {option}put FILE.png --user NAME --generation ID",
    ]
