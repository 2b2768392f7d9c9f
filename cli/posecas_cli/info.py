"""``posecas info``."""

from collections.abc import Iterator, Sequence

import click

from posecas.check.chain import Link
from posecas.lookup import Description
from posecas.machine import description_json
from posecas.records import Pose
from posecas.units import format_size
from posecas_cli import completing, output, session
from posecas_cli.command import command
from posecas_cli.exits import DAMAGED
from posecas_cli.text import count, short_time

_LINK_WIDTH = len("rendition")


@command(
    "info",
    examples="""
posecas info g1/heron
posecas info 3f9a12c04b77
posecas info g1/heron --json | jq .replicas
posecas info g1/heron --probe
""",
    exits=(0, 1, 2, 4, 5, 8, 10, 11, 130),
)
@click.argument("which", metavar="ID", shell_complete=completing.poses)
@click.option(
    "--probe",
    is_flag=True,
    help="Instead, follow it to its bytes and to the web; tell which link is broken.",
)
def info(which: str, *, probe: bool) -> None:
    """Tell everything about the image ID: bytes, attributes, copies, renditions, old paths.

    ID is GENERATION/POSE, a digest, its first 8 or more digits, the old path or URL of a file that
    was imported, or an address of the store's own: of posecas serve, of the CDN, or signed.
    """
    with session.open_store() as store:
        if probe:
            _probe(store.probe(which))
            return
        found = store.describe(which)
    machine = description_json(
        found.pose,
        found.blob,
        replicas=found.replicas,
        renditions=found.renditions,
        aliases=[alias.path for alias in found.aliases],
    )
    output.lines(machine, output.pairs([*_bytes(found), *_attributes(found.pose), *_rest(found)]))


def _probe(links: Iterator[Link]) -> None:
    broken = False
    for link in links:
        state = "ok" if link.intact else "fail"
        broken = broken or not link.intact
        output.data(
            {"link": link.name, "state": state, "detail": link.detail},
            f"{state:<4}  {link.name:<{_LINK_WIDTH}}  {link.detail}",
        )
    if broken:
        click.get_current_context().exit(DAMAGED)


def _bytes(found: Description) -> Iterator[tuple[str, str]]:
    facts = found.blob.facts
    if found.pose is None:
        yield "pose", "none names these bytes"
    else:
        yield "pose", f"{found.pose.generation}/{found.pose.name}"
        yield "user", found.pose.user
    yield "digest", facts.digest
    yield "image", f"{facts.media_type}, {facts.width}x{facts.height}, {format_size(facts.size)}"
    yield "path", found.blob.path


def _attributes(pose: Pose | None) -> Iterator[tuple[str, str]]:
    if pose is None:
        return
    yield "created", f"{short_time(pose.created_at)} UTC"
    yield "status", f"{pose.status}{', favourite' if pose.favourite else ''}"
    yield "downloads", f"{pose.downloads:,}"
    for name in ("prompt", "model", "seed", "pose_library_id", "controlnet_weight"):
        if (value := getattr(pose, name)) is not None:
            yield name.replace("_", " "), str(value)
    if pose.generation_time is not None:
        yield "generation time", f"{pose.generation_time:g} s"


def _rest(found: Description) -> Iterator[tuple[str, str]]:
    yield "references", count(found.references, "pose or rendition", "poses and renditions")
    replicas = (f"{one.state} at {one.location}, {one.key}" for one in found.replicas)
    yield from _listed("replicas", list(replicas) or ["none"])
    renditions = (
        f"{one.recipe}, {one.facts.digest[:12]}, {one.facts.width}x{one.facts.height}, "
        f"{format_size(one.facts.size)}"
        for one in found.renditions
    )
    yield from _listed("renditions", list(renditions))
    yield from _listed("aliases", [alias.path for alias in found.aliases])


def _listed(name: str, values: Sequence[str]) -> Iterator[tuple[str, str]]:
    for position, value in enumerate(values):
        yield "" if position else name, value
