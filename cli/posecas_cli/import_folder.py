"""``posecas import``."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import click

from posecas.errors import UsageError
from posecas.importing import FoundFile, Pattern, Rules, parse_pattern, read_names, read_owners
from posecas.store import Store
from posecas_cli import output, parameters, session
from posecas_cli.command import command
from posecas_cli.committing import COMMIT, commit_settings
from posecas_cli.exits import SOME_FAILED
from posecas_cli.import_shown import HEADINGS, dry_rows, tell_plan
from posecas_cli.importer import Importer, no_image, plan_orphans
from posecas_cli.putting import tell_refusal
from posecas_cli.scan import OtherFile, Skipped, scan
from posecas_cli.text import count

_THUMBNAILS = {"pose": "thumb-400", "avatar": "thumb-300"}


@dataclass(frozen=True, slots=True)
class _Found:
    """What a folder holds: images, how many other files, and how much could not be looked at."""

    files: Sequence[FoundFile]
    others: int
    faults: int


@dataclass(frozen=True, slots=True)
class _Wish:
    """How names are to be read, as it was asked for."""

    user: str | None
    generation: str | None
    owners: dict[str, str]
    pattern: Pattern | None


@command(
    "import",
    examples="""
posecas import ~/Pictures/outputs --dry-run
posecas import ~/Pictures/outputs
posecas import ./run-17 --user ada --generation run-17
posecas import ./uploads --owners generations.csv --map moved.csv
posecas import ./renders --pattern '{user}/{generation}_{pose}_v*'
posecas import ./outputs --json | jq -r 'select(.status == "refused") | .message'
""",
    exits=(0, 1, 2, 3, 5, 8, 10, 11, 12, 130),
)
@click.argument(
    "folder",
    metavar="DIR",
    envvar="UPLOAD_DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@click.option(
    "--user",
    metavar="NAME",
    callback=parameters.name_of("user"),
    help="Owner of everything; folders then name generations only.",
)
@click.option(
    "--generation",
    metavar="ID",
    callback=parameters.name_of("generation"),
    help="Put everything into one generation.",
)
@click.option(
    "--owners",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Whose each generation is: CSV or JSON lines with generation and user.",
)
@click.option(
    "--pattern",
    metavar="TEXT",
    help="How names are built, of {user}, {generation}, {pose}, {ms} (13 digits) and *.",
)
@click.option(
    "--map",
    "map_to",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write old path, digest and new path of every file as CSV.",
)
@click.option("--replace", is_flag=True, help="Replace poses that have other bytes.")
@COMMIT
@click.option("--dry-run", is_flag=True, help="Show how the names are read; store nothing.")
def import_folder(
    folder: Path,
    *,
    user: str | None,
    generation: str | None,
    owners: Path | None,
    pattern: str | None,
    map_to: Path | None,
    replace: bool,
    commit: str | None,
    dry_run: bool,
) -> None:
    """Store every PNG, JPEG and WebP below DIR (by default $UPLOAD_DIR).

    \b
    How names are read; --dry-run shows it for each file:
      GENERATION_POSE_MS_HEX.png         the product's, in any folder
      avatar-creator/USER/NAME.png       avatars-USER/NAME, owned by USER
      USER/GENERATION/POSE.png           what it says
      a/b/NAME.png                       a-b/NAME, owned by the default user
      thumb_NAME.png                     an old name of NAME's thumbnail

    A name with several readings is told and skipped. Of files that come to one pose the newest
    keeps it. A generation id that is another user's is prefixed by the user. Prompt, model and seed
    are read from the text that ComfyUI and Automatic1111 leave in their images. Every old path
    still leads to what it was: give it, or its URL, wherever an ID is asked for.

    What is in the store already is left alone, so an import that was interrupted is finished by
    running it again. Files that cannot be taken are reported and skipped.
    """  # noqa: D301 - click's mark for lines that stay as they are
    if map_to is not None and dry_run:
        raise UsageError("--map needs digests, which a dry run does not make: give one of the two")
    wish = _wish(user, generation, owners, pattern)
    found = _find(folder)
    with session.open_store(commit_settings(commit)) as store:
        plan = read_names(found.files, _rules(store, folder, wish))
        refused = tell_plan(folder, plan)
        if dry_run:
            output.table(HEADINGS, dry_rows(folder, plan))
            for orphan in plan_orphans(store, plan):
                tell_refusal(no_image(folder, orphan), file=str(folder / orphan.file.path))
                refused += 1
        else:
            refused += Importer(store, folder, plan, replace, map_to).run()
    if found.others:
        output.note(f"{count(found.others, 'other file')} left out: not named .png, .jpg or .webp")
    if found.faults or refused:
        click.get_current_context().exit(SOME_FAILED)


def _wish(
    user: str | None, generation: str | None, owners: Path | None, pattern: str | None
) -> _Wish:
    if user is not None and owners is not None:
        raise UsageError("--user owns everything: leave --owners out, or --user")
    if generation is not None and (owners is not None or pattern is not None):
        raise UsageError("--generation takes everything: leave --owners and --pattern out")
    known: dict[str, str] = {}
    if owners is not None:
        with owners.open("rb") as lines:
            known = read_owners(lines, called=str(owners))
    return _Wish(user, generation, known, None if pattern is None else parse_pattern(pattern))


def _rules(store: Store, folder: Path, wish: _Wish) -> Rules:
    @cache
    def owner_of(generation: str) -> str | None:
        found = store.index.generation(generation)
        return None if found is None else found.user

    config = store.config
    return Rules(
        root=folder.resolve().name,
        user=wish.user,
        generation=wish.generation,
        default_user=config.default_user or None,
        owners=wish.owners,
        pattern=wish.pattern,
        owner_of=owner_of,
        thumbnails={
            name: config.profile(name).thumbnail or recipe for name, recipe in _THUMBNAILS.items()
        },
        recipes=tuple(store.recipes()),
    )


def _find(folder: Path) -> _Found:
    """Look through the folder, and report what is skipped."""
    files: list[FoundFile] = []
    others = faults = 0
    for one in scan(folder):
        if isinstance(one, FoundFile):
            files.append(one)
        elif isinstance(one, OtherFile):
            others += 1
        else:
            faults += one.fault
            _tell_skipped(one, str(folder / one.path))
    return _Found(files, others, faults)


def _tell_skipped(skipped: Skipped, file: str) -> None:
    if skipped.fault:
        tell_refusal(UsageError(f"{file}: {skipped.reason}"), file=file)
    elif session.current().json:
        output.report({"file": file, "status": "skipped", "message": skipped.reason}, "")
    else:
        output.note(f"{file}: skipped, {skipped.reason}")
