"""The ways in which `query` writes rows; those of sqlite-utils, one row after the other."""

import csv
import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, Final

from posecas.errors import UsageError
from posecas_cli import output
from posecas_cli.text import visible

Row = tuple[Any, ...]
Write = Callable[[Sequence[str], Iterator[Row], bool], None]
"""Writes names and rows; the last argument tells whether to write the names."""

MOST_LAID_OUT: Final = 100_000
"""Rows that a format which needs all of them at once is given."""


def as_columns(names: Sequence[str], rows: Iterator[Row], titled: bool) -> None:
    """Aligned, for people; numbers flush right, by the first row."""
    first = next(rows, None)
    kinds = [None] * len(names) if first is None else first
    right = [isinstance(value, int | float) for value in kinds]
    found = () if first is None else (first,)
    output.columns(names, right, map(_cells, chain(found, rows)), titled=titled)


def as_objects(names: Sequence[str], rows: Iterator[Row], titled: bool) -> None:  # noqa: ARG001
    """One JSON object a line; a name that comes again gets a number, as in sqlite-utils."""
    from sqlite_utils.utils import dedupe_keys  # noqa: PLC0415 - not needed by the others

    keys = dedupe_keys(names)
    for row in rows:
        _line(dict(zip(keys, map(_json, row), strict=True)))


def as_arrays(names: Sequence[str], rows: Iterator[Row], titled: bool) -> None:  # noqa: ARG001
    """One JSON array a line."""
    for row in rows:
        _line([_json(value) for value in row])


def as_csv(names: Sequence[str], rows: Iterator[Row], titled: bool) -> None:
    """Comma-separated (RFC 4180, but lines end as they do on Unix)."""
    _separated(names, rows, titled, delimiter=",")


def as_tsv(names: Sequence[str], rows: Iterator[Row], titled: bool) -> None:
    """Tab-separated."""
    _separated(names, rows, titled, delimiter="\t")


def laid_out(style: str) -> Write:
    """A table in one of tabulate's styles. Raises ``UsageError`` for too many rows."""

    def write(names: Sequence[str], rows: Iterator[Row], titled: bool) -> None:
        from tabulate import tabulate  # type: ignore[import-untyped] # noqa: PLC0415 - slow

        found = [_cells(row) for row in islice(rows, MOST_LAID_OUT)]
        if next(rows, None) is not None:
            raise UsageError(
                f"there are more than {MOST_LAID_OUT:,} rows, too many for --fmt; "
                "use --csv, or add a limit"
            )
        headers = [visible(name) for name in names] if titled else ()
        sys.stdout.write(tabulate(found, headers, tablefmt=style, disable_numparse=True) + "\n")

    return write


def styles() -> Sequence[str]:
    """Return the names of tabulate's styles."""
    from tabulate import tabulate_formats  # noqa: PLC0415 - slow

    return list(tabulate_formats)


def _separated(names: Sequence[str], rows: Iterable[Row], titled: bool, *, delimiter: str) -> None:
    writer = csv.writer(sys.stdout, delimiter=delimiter, lineterminator="\n")
    if titled:
        writer.writerow(names)
    writer.writerows(map(_plain, row) for row in rows)


def _line(value: Any) -> None:
    sys.stdout.write(json.dumps(value) + "\n")


def _cells(row: Row) -> list[str]:
    return [visible(_text(value)) for value in row]


def _text(value: Any) -> str:
    return "" if value is None else str(_plain(value))


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value


def _json(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON has no infinity
    return _plain(value)
