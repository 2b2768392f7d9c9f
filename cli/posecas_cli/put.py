"""``posecas put``."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import click

from posecas.attributes import AttributeWords, attributes_from
from posecas.digest import digest_of
from posecas.errors import UsageError
from posecas.names import check_name, valid_name
from posecas.put import PutItem
from posecas.records import Attributes
from posecas.store import Store
from posecas_cli import output, parameters, session
from posecas_cli.command import command
from posecas_cli.committing import COMMIT, commit_settings
from posecas_cli.describing import PROFILE, REPLACE, USER, describing
from posecas_cli.exits import SOME_FAILED
from posecas_cli.putting import tell
from posecas_cli.tally import Tally

STDIN: Final = "-"
_NAME_DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class _Wish:
    """What was asked for all files alike. ``pose`` None: each file's own name."""

    generation: str
    pose: str | None
    user: str | None
    replace: bool
    profile: str
    attributes: Attributes
    max_bytes: int


@command(
    "put",
    examples="""
posecas put heron.png --user ada --generation g1
posecas put *.png --user ada --generation g1
posecas put a.png --generation g1 --pose p1 --prompt 'a grey heron' --seed 42
curl -s https://example.com/a.webp | posecas put - --generation g1 --pose p2
""",
    exits=(0, 1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 130),
)
@click.argument("files", metavar="FILE...|-", nargs=-1, required=True)
@USER
@click.option(
    "--generation",
    metavar="ID",
    callback=parameters.name_of("generation"),
    help="Set of images it belongs to.  [default: images-USER]",
)
@click.option(
    "--pose",
    metavar="ID",
    callback=parameters.name_of("pose"),
    help="Its name in the generation.  [default: the file's name without extension]",
)
@REPLACE
@PROFILE
@COMMIT
@describing
def put(
    files: Sequence[str],
    user: str | None,
    generation: str | None,
    pose: str | None,
    *,
    replace: bool,
    profile: str,
    commit: str | None,
    favourite: bool,
    **attributes: Any,
) -> None:
    """Check and store each FILE (or stdin, as -) with a thumbnail, as GENERATION/POSE.

    PNG, JPEG and WebP are taken, and kept byte by byte. When the command ends, image, thumbnail
    and name are durable. Bytes that are in the store already take no room again. A name that is
    taken by other bytes is refused without --replace; the same bytes again are a success.
    """
    _check_files(files, pose)
    words = cast("AttributeWords", {**attributes, "favourite": favourite or None})
    checked = attributes_from(words)
    with session.open_store(commit_settings(commit)) as store:
        generation, user = _place(store, generation, user)
        limit = store.config.profile(profile).max_bytes
        wish = _Wish(generation, pose, user, replace, profile, checked, limit)
        _put_all(store, files, wish)


def _check_files(files: Sequence[str], pose: str | None) -> None:
    if pose is not None and len(files) > 1:
        raise UsageError("--pose names one image: give one FILE, or leave --pose out")
    if files.count(STDIN) > 1:
        raise UsageError("- is stdin and can be read once: give it once")
    if STDIN in files and sys.stdin.isatty():
        raise UsageError("- reads an image from stdin, which is a terminal: pipe one in")
    for file in files:
        if file != STDIN and Path(file).is_dir():
            raise UsageError(f"{file}: it is a folder; store what is in it with: posecas import")


def _place(store: Store, generation: str | None, user: str | None) -> tuple[str, str | None]:
    """Return generation and user; a generation alone belongs to whom it does already."""
    if generation is not None:
        return generation, user
    owner = user or store.config.default_user
    if not owner:
        raise UsageError("say whose image it is: give --user or --generation")
    return check_name("generation", f"images-{owner}"), owner


def _put_all(store: Store, files: Sequence[str], wish: _Wish) -> None:
    tally = Tally()
    alone = len(files) == 1
    for result in store.put_many(_item(file, wish) for file in files):
        if not (alone and result.error and not session.current().json):
            tell(result, file=files[tally.total])
        tally.add(result)
        if alone and result.error:
            raise result.error
    if not alone:
        output.note(tally.sentence())
    if tally.refused:
        click.get_current_context().exit(SOME_FAILED)


def _item(file: str, wish: _Wish) -> PutItem:
    image = _stdin(wish.max_bytes) if file == STDIN else Path(file)
    if isinstance(image, bytes):
        name = digest_of(image)[:_NAME_DIGITS]
    else:
        name = valid_name(image.stem, fallback="image")
    return PutItem(
        image,
        wish.generation,
        wish.pose or name,
        wish.user,
        wish.attributes,
        replace=wish.replace,
        profile=wish.profile,
        label="stdin" if file == STDIN else file,
    )


def _stdin(max_bytes: int) -> bytes:
    # One byte more than allowed: enough to be refused for its size.
    return sys.stdin.buffer.read(max_bytes + 1)
