"""What `import` says of the names it has read, before anything is stored."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from posecas.errors import UsageError
from posecas.importing import NotRead, Plan, Prefixed, ReadName, ReadRendition
from posecas.machine import Json, time_text
from posecas_cli import output, session
from posecas_cli.putting import tell_refusal
from posecas_cli.text import count, short_time

HEADINGS = ("form", "user", "generation", "pose", "created", "file")


def tell_plan(folder: Path, plan: Plan) -> int:
    """Tell what is not imported or not under its own name; return how many of it are faults."""
    for generation in plan.prefixed:
        output.note(_prefixed(generation))
    faults = [one for one in plan.not_read if one.fault]
    for one in faults:
        file = str(folder / one.file.path)
        tell_refusal(UsageError(f"{file}: {one.reason}"), file=file)
    _tell_left_out(folder, [one for one in plan.not_read if not one.fault])
    return len(faults)


def dry_rows(folder: Path, plan: Plan) -> Iterator[output.Row]:
    """Yield how each name is read, by path."""
    found: list[ReadName | ReadRendition] = [*plan.poses, *plan.renditions]
    for one in sorted(found, key=lambda one: one.file.path):
        yield _pose_row(folder, one) if isinstance(one, ReadName) else _rendition_row(folder, one)


def name_json(folder: Path, one: ReadName) -> dict[str, str | None]:
    """Return how a name was read."""
    created = one.created_at
    return {
        "file": str(folder / one.file.path),
        "form": one.form,
        "user": one.user,
        "generation": one.generation,
        "pose": one.pose,
        "created_at": None if created is None else time_text(created),
        "pose_library_id": one.library_id,
        "recipe": None,
        "alias": one.file.alias,
    }


def rendition_json(folder: Path, one: ReadRendition) -> Json:
    """Return what an old name of a rendition was read as: its pose's name, with the recipe."""
    changed = {"form": _kind(one.recipe), "recipe": one.recipe, "alias": one.file.alias}
    return {**name_json(folder, one.of), **changed, "file": str(folder / one.file.path)}


def _kind(recipe: str) -> str:
    return "thumbnail" if recipe.startswith("thumb-") else "export"


def _pose_row(folder: Path, one: ReadName) -> output.Row:
    created = one.created_at
    told = "-" if created is None else short_time(created)
    file = str(folder / one.file.path)
    return name_json(folder, one), (
        *(one.form, one.user or "-", one.generation, one.pose, told, file),
    )


def _rendition_row(folder: Path, one: ReadRendition) -> output.Row:
    of, file = one.of, str(folder / one.file.path)
    return rendition_json(folder, one), (
        *(_kind(one.recipe), of.user or "-", of.generation, of.pose, one.recipe, file),
    )


def _prefixed(one: Prefixed) -> str:
    way_out = (
        f"; if it is the same one, hand it over first: posecas generation move "
        f"{one.wanted} {one.user}"
    )
    return (
        f"generation {one.wanted} belongs to another user"
        f"{' in the store' if one.in_store else ''}; that of {one.user} is imported as "
        f"{one.name}{way_out if one.in_store else ''}"
    )


def _tell_left_out(folder: Path, files: list[NotRead]) -> None:
    for reason, number in Counter(one.reason for one in files).items():
        output.note(f"{count(number, 'image file')} left out: {reason}")
    if session.current().verbose:
        for one in files:
            output.note(f"{folder / one.file.path}: left out")
