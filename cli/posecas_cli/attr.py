"""``posecas attr``."""

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast, get_args

import click

from posecas.annotate import AttributeImport
from posecas.attribute_files import Format, read_attributes
from posecas.attributes import AttributeWords
from posecas.errors import UsageError
from posecas.machine import JsonValue, pose_json
from posecas_cli import output, session
from posecas_cli.command import command, group
from posecas_cli.text import count

_STDIN: Final = "-"
_WORD: Final = re.compile(r"([A-Za-z_]+)=(.*)", re.DOTALL)
_FORMATS: Final[dict[str, Format]] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
}


@group(
    "attr",
    examples="""
posecas attr set g1/heron prompt='a grey heron' seed=42
posecas attr import prompts.csv --dry-run
""",
    exits=(0, 1, 2, 4, 5, 6, 8, 10, 11, 130),
)
def attr() -> None:
    """Set attributes of poses that are there, of one or of many.

    The attributes are prompt, model, seed, pose_library_id, controlnet_weight, generation_time
    (seconds), status (completed, processing, failed), favourite (true, false), downloads and
    created_at (ISO 8601).
    """


@command(
    "set",
    examples="""
posecas attr set g1/heron prompt='a grey heron' seed=42
posecas attr set g1/heron g1/stork model=flux favourite=true
posecas attr set g1/heron prompt=
""",
    exits=(0, 1, 2, 4, 5, 8, 10, 11, 130),
)
@click.argument("words", metavar="ID... NAME=VALUE...", nargs=-1, required=True)
def set_attributes(words: Sequence[str]) -> None:
    """Set attributes of the poses ID; if one of them is not there, nothing is set.

    Without a value (prompt=) the attribute is emptied; status, favourite, downloads and created_at
    always have one. ID is GENERATION/POSE, or a digest that a single pose names.
    """
    which, attributes = _parted(words)
    with session.open_store() as store:
        poses = store.annotate_all(which, **attributes)
    for pose in poses:
        output.report(pose_json(pose), f"set  {pose.generation}/{pose.name}")


@command(
    "import",
    examples="""
posecas attr import prompts.csv --dry-run
posecas attr import attributes.jsonl
posecas ls --user ada --json | jq -c '.favourite = true' | posecas attr import -
""",
    exits=(0, 1, 2, 4, 5, 6, 8, 10, 11, 130),
)
@click.argument("file", metavar="FILE|-")
@click.option(
    "--format",
    "kind",
    type=click.Choice(get_args(Format)),
    help="What is in it.  [default: by the extension; jsonl for stdin]",
)
@click.option("--dry-run", is_flag=True, help="Check every row and set nothing.")
def import_attributes(file: str, kind: Format | None, *, dry_run: bool) -> None:
    """Set the attributes that FILE (or stdin, as -) gives for poses that are there.

    JSONL has one object on each line; CSV has headings. A row names its pose by generation and
    pose, or by id; what it does not give stays. In JSON, null empties an attribute; in CSV, an
    empty cell leaves what is there. If one row is wrong, it is named and nothing of FILE is set.
    """
    kind = kind or _format_of(file)
    with session.open_store() as store, _opened(file) as opened:
        rows = read_attributes(opened, kind, called="stdin" if file == _STDIN else file)
        found = store.import_attributes(rows, dry_run=dry_run)
    output.report(_json(found), _sentence(found))


def _parted(words: Sequence[str]) -> tuple[list[str], AttributeWords]:
    which: list[str] = []
    attributes: dict[str, str] = {}
    for word in words:
        if (match := _WORD.fullmatch(word)) is None:
            which.append(word)
        elif match[1] in attributes:
            raise UsageError(f"{match[1]} is given twice; give it once")
        else:
            attributes[match[1]] = match[2]
    if not which:
        raise UsageError("no ID is given: name one pose or more before the attributes")
    if not attributes:
        raise UsageError("no attribute is given: write NAME=VALUE, like seed=42")
    # Text is read, and an unknown name refused, where any attribute is checked.
    return which, cast("AttributeWords", attributes)


def _format_of(file: str) -> Format:
    if file == _STDIN:
        return "jsonl"
    suffix = Path(file).suffix.lower()
    if suffix not in _FORMATS:
        raise UsageError(f"{file}: the name does not say what is in it; give --format")
    return _FORMATS[suffix]


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    if file == _STDIN:
        if sys.stdin.isatty():
            raise UsageError("- reads rows from stdin, which is a terminal: pipe some in")
        yield sys.stdin.buffer
        return
    try:
        opened = Path(file).open("rb")  # noqa: SIM115 - closed below; what is read is not guarded
    except OSError as error:
        raise UsageError(f"{file}: it cannot be read ({error.strerror})") from error
    with opened:
        yield opened


def _json(found: AttributeImport) -> dict[str, JsonValue]:
    return {"rows": found.rows, "poses": found.poses, "changed": found.changed}


def _sentence(found: AttributeImport) -> str:
    told = f"{count(found.rows, 'row')} for {count(found.poses, 'pose')}"
    return f"{told}: {_outcome(found.changed)}"


def _outcome(changed: int | None) -> str:
    return "nothing is set in a dry run" if changed is None else f"{changed:,} changed something"


attr.add_command(set_attributes)
attr.add_command(import_attributes)
