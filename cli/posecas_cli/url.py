"""``posecas url``."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import click

from posecas.errors import UsageError
from posecas.machine import address_json, upload_json
from posecas_cli import completing, output, parameters, session
from posecas_cli.command import command
from posecas_cli.text import short_time

if TYPE_CHECKING:
    from posecas.records import Address, Upload


@command(
    "url",
    examples="""
posecas url g1/heron
posecas url g1/heron --recipe thumb-400 --expires 7d
posecas url g1/heron --public
posecas url --put --size 1048576 --type image/png --json
""",
    exits=(0, 1, 2, 4, 5, 6, 8, 10, 11, 12, 130),
)
@click.argument("which", metavar="[ID]", required=False, shell_complete=completing.poses)
@click.option("--recipe", metavar="NAME", help="Of what this recipe makes of it, made if need be.")
@click.option(
    "--expires",
    "seconds",
    metavar="DURATION",
    callback=parameters.duration,
    help="Valid for so long, 1s to 7d.  [default: 1h]",
)
@click.option("--public", is_flag=True, help="The CDN's address, which does not expire.")
@click.option("--put", is_flag=True, help="An address to upload one image to, once.")
@click.option("--size", callback=parameters.size, help="With --put: its exact size in bytes.")
@click.option("--type", "media_type", metavar="TYPE", help="With --put: image/png, image/jpeg, …")
@click.option("--location", metavar="NAME", help="At this location.")
def url(which: str | None, *, public: bool, put: bool, **asked: Any) -> None:
    """Print an address at which the image ID can be got by anybody who has it.

    It is signed, for a bucket, and expires; nothing is sent to the bucket for it. With --public it
    is the CDN's, under the public_url of a location (R2_PUBLIC_URL), else the gateway's, under
    serve.public_url. An address is printed only if the image is there.

    With --put it takes an upload from a client without credentials: exactly SIZE bytes of TYPE,
    once, with the headers that are printed; `posecas adopt` then takes that in.
    """
    given = {name: value for name, value in asked.items() if value is not None}
    _check(which, given, public=public, put=put)
    with session.open_store() as store:
        if which is None:
            _tell_upload(store.upload_url(**given))
        else:
            _tell(store.public_url(which, **given) if public else store.url(which, **given))


def _check(which: str | None, given: Collection[str], *, public: bool, put: bool) -> None:
    upload = {"size", "media_type"}
    if put and (which is not None or public or "recipe" in given):
        raise UsageError("--put is for a new image: leave out ID, --recipe and --public")
    if put and not upload <= set(given):
        raise UsageError("--put needs --size and --type of what will be uploaded")
    if not put and not upload.isdisjoint(given):
        raise UsageError("--size and --type are of an upload: add --put")
    if not put and which is None:
        raise UsageError("give the ID of an image, or --put for an upload")
    if public and "seconds" in given:
        raise UsageError("--public gives an address that does not expire: leave out --expires")


def _tell(address: "Address") -> None:
    output.data(address_json(address), address.url)
    if address.expires_at is not None:
        output.note(f"valid until {short_time(address.expires_at)} UTC")


def _tell_upload(upload: "Upload") -> None:
    headers = [f"{name}: {value}" for name, value in upload.headers.items()]
    named = [("header" if position == 0 else "", one) for position, one in enumerate(headers)]
    rows = [("url", upload.url), ("key", upload.key), *named]
    output.lines(upload_json(upload), output.pairs(rows))
    output.note(
        f"valid until {short_time(upload.expires_at)} UTC for one PUT of {upload.size} bytes; "
        f"then: posecas adopt {upload.key}"
    )
