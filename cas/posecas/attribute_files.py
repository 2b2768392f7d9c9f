"""Files that say attributes of many poses: one JSON object a line, or CSV with headings.

A row names its pose by ``generation`` and ``pose``, or by ``id``. In JSON, null and ``""`` empty an
attribute and what is left out stays; CSV cannot leave out, so an empty cell leaves what is there.
What else a listing says of a pose is passed over, so that one can be edited and read back.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final, Literal

from posecas.annotations import annotation_from
from posecas.attributes import check_attribute_names
from posecas.errors import PosecasError, UsageError
from posecas.names import PoseId, check_name
from posecas.records import Annotation

Format = Literal["jsonl", "csv"]

_NAMES: Final = ("id", "generation", "pose", "user")
_PASSED_OVER: Final = frozenset(
    {"digest", "size", "media_type", "width", "height", "path", "thumbnail", "updated_at"}
)
_NOT_ATTRIBUTES: Final = _PASSED_OVER.union(_NAMES)
_LONGEST_LINE: Final = 4_000_000
"""In bytes; the longest texts that a pose may have fit, with every letter escaped."""


@dataclass(frozen=True, slots=True)
class AttributeRow:
    """What one row says. ``where`` is its file and line; ``user``: who must own the pose, if told.

    ``which`` is the name of the pose, or an ID as text.
    """

    where: str
    which: PoseId | str
    user: str | None
    annotation: Annotation


def read_attributes(file: BinaryIO, kind: Format, *, called: str) -> Iterator[AttributeRow]:
    """Yield what a file's rows say; ``called`` names the file in messages.

    Raises ``UsageError``, which names the line, for the first that is wrong.
    """
    texts = _decoded(file, called)
    records = _csv(texts, called) if kind == "csv" else _jsonl(texts, called)
    for where, record in records:
        try:
            yield _row(where, record)
        except PosecasError as error:
            raise UsageError(f"{where}: {error}") from error


def _decoded(file: BinaryIO, called: str) -> Iterator[str]:
    lines = iter(lambda: file.readline(_LONGEST_LINE + 1), b"")
    for number, line in enumerate(lines, 1):
        if len(line) > _LONGEST_LINE:
            raise UsageError(f"{_where(called, number)}: it is longer than {_LONGEST_LINE} bytes")
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise UsageError(f"{_where(called, number)}: it is not UTF-8 text") from None


def _jsonl(lines: Iterable[str], called: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    for number, line in enumerate(lines, 1):
        where = _where(called, number)
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict):
            raise UsageError(f"{where}: it is no JSON object; write one object on each line")
        yield where, record


def _csv(lines: Iterable[str], called: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    reader = csv.reader(lines, strict=True)
    headings: list[str] | None = None
    where = _where(called, 1)
    try:
        for cells in reader:
            if headings is None:
                headings = _headings(cells, where)
            elif cells:
                yield where, _cells(headings, cells, where)
            where = _where(called, reader.line_num + 1)
    except csv.Error as error:
        raise UsageError(f"{where}: it is no CSV ({error})") from error


def _headings(cells: list[str], where: str) -> list[str]:
    names = [cell.strip() for cell in cells]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"{where}: the heading {twice[0]!r} stands there twice")
    try:
        check_attribute_names(name for name in names if name not in _NOT_ATTRIBUTES)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from error
    return names


def _cells(headings: list[str], cells: list[str], where: str) -> Mapping[str, object]:
    if len(cells) != len(headings):
        raise UsageError(f"{where}: it has {len(cells)} cells for {len(headings)} headings")
    return {name: cell for name, cell in zip(headings, cells, strict=True) if cell}


def _row(where: str, record: Mapping[str, object]) -> AttributeRow:
    names = {name: _name(name, record[name]) for name in _NAMES if record.get(name) is not None}
    words = {name: value for name, value in record.items() if name not in _NOT_ATTRIBUTES}
    return AttributeRow(where, _which(names), names.get("user"), annotation_from(words))


def _name(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{name}: {value!r:.80} is no text")
    return value


def _which(names: Mapping[str, str]) -> PoseId | str:
    if "id" in names and not {"generation", "pose"} & names.keys():
        return names["id"]
    if "id" in names or "generation" not in names or "pose" not in names:
        raise UsageError("name the pose by generation and pose, or by id alone")
    return PoseId(check_name("generation", names["generation"]), check_name("pose", names["pose"]))


def _where(called: str, line: int) -> str:
    return f"{called}, line {line}"
