"""``posecas export``."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from posecas.errors import Damage, NotFound, PosecasError, Refused, UsageError
from posecas.images.recipes import recipe_named
from posecas.machine import export_json, export_refused_json
from posecas.names import EXTENSIONS
from posecas.records import Pose
from posecas.renditions import Made
from posecas.store import Store
from posecas.units import format_size
from posecas_cli import completing, output, session
from posecas_cli.command import command
from posecas_cli.exits import SOME_FAILED
from posecas_cli.savefile import save
from posecas_cli.text import count, short_digest

_STDOUT: Final = "-"
_OF_ONE_POSE: Final = (Refused, Damage, NotFound)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be made. ``target`` is a folder, unless there is one file and it is none."""

    poses: Sequence[Pose]
    recipes: Sequence[str]
    target: Path
    is_folder: bool

    @property
    def single(self) -> bool:
        return len(self.poses) * len(self.recipes) == 1

    def file(self, pose: Pose, made: Made) -> Path:
        if not self.is_folder:
            return self.target
        extension = EXTENSIONS[made.rendition.facts.media_type]
        return self.target / f"{_stem(pose, made.rendition.recipe)}.{extension}"


@command(
    "export",
    examples="""
posecas export g1/heron --recipe instagram-square
posecas export g1/heron --recipe tiktok --recipe shopee -o ready/
posecas export g1/heron g1/stork --all -o ready
posecas export g1/heron --recipe tiktok -o - | display -
posecas ls --generation g1 --json | jq -r '.generation + "/" + .pose' | xargs posecas export --all
""",
    exits=(0, 1, 2, 3, 4, 5, 6, 8, 10, 11, 12, 130),
)
@click.argument("which", metavar="ID...", nargs=-1, required=True, shell_complete=completing.poses)
@click.option(
    "--recipe",
    "recipes",
    metavar="NAME",
    multiple=True,
    help="What to make: tiktok, shopee, …; see: posecas recipes. May be given again.",
)
@click.option("--all", "everything", is_flag=True, help="Every recipe but those for thumbnails.")
@click.option(
    "--output",
    "-o",
    "target",
    metavar="DIR|FILE|-",
    help="Where to write.  [default: the current folder]",
)
def export(
    which: Sequence[str], recipes: Sequence[str], target: str | None, *, everything: bool
) -> None:
    """Write what recipes make of the images ID, ready to be posted.

    ID is GENERATION/POSE, a digest, or its first 8 or more digits. The files are named
    POSE-RECIPE.jpg; a DIR that is not there is made, and files that exist are replaced. What is
    made is kept in the store, and made only once.
    """
    if everything == bool(recipes):
        raise UsageError("say what to make: --recipe NAME or --all; see: posecas recipes")
    with session.open_store() as store:
        poses = list({pose.id: pose for pose in map(store.pose, which)}.values())
        names = _names(store, recipes)
        if target == _STDOUT:
            _to_stdout(store, poses, names)
        else:
            _export(store, _plan(poses, names, target))


def _names(store: Store, recipes: Sequence[str]) -> Sequence[str]:
    if recipes:
        return [recipe_named(name, store.recipes()).name for name in dict.fromkeys(recipes)]
    return [name for name, recipe in store.recipes().items() if not recipe.makes_thumbnails]


def _to_stdout(store: Store, poses: Sequence[Pose], recipes: Sequence[str]) -> None:
    if len(poses) * len(recipes) != 1:
        raise UsageError("- takes one image: give one ID and one --recipe, or -o DIR")
    if sys.stdout.isatty():
        raise UsageError("an image is nothing for a terminal: use -o FILE, or a pipe")
    data = store.rendition(poses[0], recipes[0])
    sys.stdout.flush()
    sys.stdout.buffer.write(data)


def _plan(poses: Sequence[Pose], recipes: Sequence[str], target: str | None) -> _Plan:
    single = len(poses) * len(recipes) == 1
    path = Path(target or ".")
    is_folder = not single or path.is_dir() or str(target).endswith("/")
    if is_folder and path.exists() and not path.is_dir():
        raise UsageError(f"{path}: it is a file, and a folder is needed; name another")
    stems: dict[str, Pose] = {}
    for pose in poses:
        for recipe in recipes:
            other = stems.setdefault(_stem(pose, recipe), pose)
            if other is not pose:
                raise UsageError(
                    f"{_id(other)} and {_id(pose)} would both be written as "
                    f"{_stem(pose, recipe)}; export them one after the other, with -o DIR each"
                )
    return _Plan(poses, recipes, path, is_folder)


def _export(store: Store, plan: _Plan) -> None:
    written = failed = 0
    for pose in plan.poses:
        for recipe, outcome in _outcomes(store, plan, pose):
            if isinstance(outcome, Made):
                _write(plan, pose, outcome)
                written += 1
            else:
                _tell_refusal(plan, pose, recipe, outcome)
                failed += 1
    if not plan.single:
        refused = f", {failed} not" if failed else ""
        output.note(f"{count(written, 'file')} written{refused}")
    if failed:
        click.get_current_context().exit(SOME_FAILED)


def _outcomes(store: Store, plan: _Plan, pose: Pose) -> Iterator[tuple[str, Made | PosecasError]]:
    try:
        yield from zip(plan.recipes, store.renditions(pose, plan.recipes), strict=True)
    except _OF_ONE_POSE as error:
        yield from ((recipe, error) for recipe in plan.recipes)


def _write(plan: _Plan, pose: Pose, made: Made) -> None:
    file = plan.file(pose, made)
    if plan.is_folder:
        plan.target.mkdir(parents=True, exist_ok=True)
    save(file, made.data)
    facts = made.rendition.facts
    output.report(
        export_json(pose, made.rendition, file=str(file)),
        f"{short_digest(facts.digest)}  {format_size(facts.size):>7}  {file}",
    )


def _tell_refusal(plan: _Plan, pose: Pose, recipe: str, error: PosecasError) -> None:
    if plan.single:
        raise type(error)(f"{_id(pose)}: {error}")
    if session.current().json:
        output.report(export_refused_json(pose, error, recipe=recipe), "")
    else:
        output.warn(f"{_id(pose)}: {error}")


def _stem(pose: Pose, recipe: str) -> str:
    return f"{pose.name}-{recipe}"


def _id(pose: Pose) -> str:
    return f"{pose.generation}/{pose.name}"
