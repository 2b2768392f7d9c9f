"""``posecas import``."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import click

from posecas.errors import UsageError
from posecas.importing import FoundFile, ReadName, read_names
from posecas.machine import time_text
from posecas.put import PutItem
from posecas.records import Attributes
from posecas.store import Store
from posecas_cli import output, parameters, session
from posecas_cli.command import command
from posecas_cli.exits import SOME_FAILED
from posecas_cli.putting import tell, tell_refusal
from posecas_cli.scan import OtherFile, Skipped, scan
from posecas_cli.tally import Tally
from posecas_cli.text import count


@dataclass(frozen=True, slots=True)
class _Found:
    """What a folder holds: images, how many other files, and how much could not be looked at."""

    files: Sequence[FoundFile]
    others: int
    faults: int


@command(
    "import",
    examples="""
posecas import ~/Pictures/outputs --dry-run
posecas import ~/Pictures/outputs
posecas import ./run-17 --user ada --generation run-17
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
@click.option("--replace", is_flag=True, help="Replace poses that have other bytes.")
@click.option("--dry-run", is_flag=True, help="Show how the names are read; store nothing.")
def import_folder(
    folder: Path, user: str | None, generation: str | None, *, replace: bool, dry_run: bool
) -> None:
    """Store every PNG, JPEG and WebP below DIR (by default $UPLOAD_DIR).

    USER/GENERATION/POSE.png is read as it says. In any other folder the folder's path is the
    generation (a/b becomes a-b), the file's name is the pose, and the owner is the default user.
    Of files that come to one name the newest keeps it. The old path is kept as an alias, the
    file's time as the time the image was made.

    What is in the store already is left alone, so an import that was interrupted is finished by
    running it again. Files that cannot be taken are reported and skipped.
    """
    found = _find(folder)
    with session.open_store() as store:
        names = read_names(
            found.files,
            root=folder.resolve().name,
            user=user,
            generation=generation,
            default_user=store.config.default_user or None,
        )
        refused = 0 if dry_run else _import(store, folder, names, replace=replace)
    if dry_run:
        output.table(("user", "generation", "pose", "file"), (_row(folder, name) for name in names))
    if found.others:
        output.note(f"{count(found.others, 'other file')} left out: not named .png, .jpg or .webp")
    if found.faults or refused:
        click.get_current_context().exit(SOME_FAILED)


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


def _row(folder: Path, name: ReadName) -> output.Row:
    file = str(folder / name.file.path)
    created = name.file.created_at
    machine = {
        "file": file,
        "user": name.user,
        "generation": name.generation,
        "pose": name.pose,
        "created_at": None if created is None else time_text(created),
    }
    return machine, (name.user or "-", name.generation, name.pose, file)


def _import(store: Store, folder: Path, names: Sequence[ReadName], *, replace: bool) -> int:
    """Store them, tell the counts however it ends, and return how many were refused."""
    tally = Tally()
    said = session.current()
    hidden = said.verbose or said.quiet or said.json or not sys.stderr.isatty()
    items = _items(store, folder, names, replace=replace)
    ended = "stopped after "
    try:
        with click.progressbar(length=len(names), file=sys.stderr, hidden=hidden) as bar:
            for result in store.put_many(items):
                tally.add(result)
                tell(result, file=result.item.called, human=said.verbose)
                bar.update(1)
        ended = ""
    finally:
        _tell_counts(ended, tally)
    return tally.refused


def _tell_counts(ended: str, tally: Tally) -> None:
    if not session.current().json:
        output.report({}, f"{ended}{tally.sentence()}")


def _items(
    store: Store, folder: Path, names: Sequence[ReadName], *, replace: bool
) -> Iterator[PutItem]:
    fix = store.config.extension_mismatch == "fix"
    mismatch: Literal["fix", "refuse"] = "fix" if fix else "refuse"
    for name in names:
        yield PutItem(
            folder / name.file.path,
            name.generation,
            name.pose,
            name.user,
            Attributes(created_at=name.file.created_at),
            replace=replace,
            aliases=(name.file.alias,),
            extension_mismatch=mismatch,
        )
