"""``posecas adopt``."""

from typing import TYPE_CHECKING, Any, cast

import click

from posecas_cli import parameters, session
from posecas_cli.command import command
from posecas_cli.describing import PROFILE, REPLACE, USER, describing
from posecas_cli.putting import tell

if TYPE_CHECKING:
    from posecas.attributes import AttributeWords


@command(
    "adopt",
    examples="""
posecas adopt incoming/4f0c….png --user ada --generation g1 --pose heron
posecas adopt incoming/4f0c….png --generation g1 --pose heron --prompt 'a grey heron' --json
""",
    exits=(0, 1, 2, 4, 5, 6, 7, 8, 10, 11, 12, 130),
)
@click.argument("key", metavar="KEY")
@USER
@click.option(
    "--generation",
    metavar="ID",
    required=True,
    callback=parameters.name_of("generation"),
    help="Set of images it belongs to.",
)
@click.option(
    "--pose",
    metavar="ID",
    required=True,
    callback=parameters.name_of("pose"),
    help="Its name in the generation.",
)
@REPLACE
@PROFILE
@click.option("--location", metavar="NAME", help="Where it was uploaded.")
@describing
def adopt(key: str, *, favourite: bool, **options: Any) -> None:
    """Take in what a client uploaded to an address of `posecas url --put`, as GENERATION/POSE.

    KEY came with the address. The upload is copied, the copy is checked as any image that is put,
    and stored with a thumbnail; then the upload is removed. What is no image, broken or over a
    limit is refused. Doing it again is a success and changes nothing.
    """
    words = cast("AttributeWords", {"favourite": favourite or None})
    with session.open_store() as store:
        tell(store.adopt(key, **options, **words), file=key)
