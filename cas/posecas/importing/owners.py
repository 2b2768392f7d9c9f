"""Files that say whose generations are: CSV or one JSON object a line."""

import csv
import json
from collections.abc import Iterable, Iterator
from typing import Final

from posecas.errors import InvalidName, UsageError
from posecas.names import check_name

_COLUMNS: Final = ("generation", "user")
_LONGEST_CELL: Final = 1_000_000


def read_owners(lines: Iterable[bytes], *, called: str) -> dict[str, str]:
    """Return generation to user; ``called`` names the file in messages.

    If the first line begins with ``{``, lines are JSON objects with ``generation`` and ``user``.
    Else it is CSV: two cells a row, or more under headings that name the two. Generations that are
    not there may be named.

    Raises ``UsageError``, which names the line, for the first that is wrong.
    """
    owners: dict[str, str] = {}
    for where, generation, user in _rows(_decoded(lines, called), called):
        try:
            check_name("generation", generation)
            check_name("user", user)
        except InvalidName as error:
            raise UsageError(f"{where}: {error}") from error
        if owners.setdefault(generation, user) != user:
            raise UsageError(
                f"{where}: generation {generation} belongs to {owners[generation]} and to {user}; "
                "it has one owner"
            )
    return owners


def _decoded(lines: Iterable[bytes], called: str) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise UsageError(f"{called}, line {number}: it is not UTF-8 text") from None


def _rows(lines: Iterator[str], called: str) -> Iterator[tuple[str, str, str]]:
    first = next(lines, "")
    rows = _json_rows if first.lstrip().startswith("{") else _csv_rows
    yield from rows(_chained(first, lines), called)


def _chained(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _json_rows(lines: Iterator[str], called: str) -> Iterator[tuple[str, str, str]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{called}, line {number}"
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict):
            raise UsageError(f"{where}: it is no JSON object; write one object on each line")
        yield where, *_both(where, [record.get(name) for name in _COLUMNS])


def _both(where: str, values: list[object]) -> tuple[str, str]:
    generation, user = values
    if not isinstance(generation, str) or not isinstance(user, str):
        raise UsageError(f"{where}: it needs generation and user, both as text")
    return generation, user


def _csv_rows(lines: Iterator[str], called: str) -> Iterator[tuple[str, str, str]]:
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(lines, strict=True)
    columns, width, begins = (0, 1), len(_COLUMNS), 1
    try:
        for number, cells in enumerate(reader):
            where = f"{called}, line {begins}"
            begins = reader.line_num + 1
            stripped = [cell.strip() for cell in cells]
            if number == 0 and set(_COLUMNS) <= set(stripped):
                columns = stripped.index("generation"), stripped.index("user")
                width = len(stripped)
            elif any(stripped):
                if len(stripped) != width:
                    raise UsageError(f"{where}: it has {len(stripped)} cells instead of {width}")
                yield where, stripped[columns[0]], stripped[columns[1]]
    except csv.Error as error:
        raise UsageError(f"{called}, line {begins}: it is no CSV ({error})") from error
