"""Printing: data to stdout, for people or as JSON; notes to stderr."""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from posecas.machine import Json
from posecas_cli.session import current
from posecas_cli.text import visible

Row = tuple[Json, Sequence[str]]
"""One thing, as JSON and as the cells of a table."""

_ROWS_MEASURED: Final = 500


def json_line(value: Json) -> str:
    """Return one line of ASCII: it survives any terminal, pipe and locale."""
    return json.dumps(value)


def data(machine: Json, human: str) -> None:
    """Print one thing that was asked for."""
    _write(json_line(machine) if current().json else visible(human))


def lines(machine: Json, human: Iterable[str]) -> None:
    """Print one thing that takes several lines for people."""
    if current().json:
        _write(json_line(machine))
    else:
        for line in human:
            _write(visible(line))


def report(machine: Json, human: str) -> None:
    """Print what became of one item at once; work goes on when nobody reads it any more."""
    if current().quiet and not current().json:
        return
    try:
        data(machine, human)
        sys.stdout.flush()
    except BrokenPipeError:
        drop_stdout()


def note(text: str) -> None:
    """Tell people something beside the data; nothing with -q or --json."""
    if not (current().quiet or current().json):
        warn(text)


def warn(text: str) -> None:
    """Tell people something they must know, on one line of stderr."""
    clear = "\r\x1b[K" if sys.stderr.isatty() else ""
    sys.stderr.write(f"{clear}posecas: {visible(text)}\n")
    sys.stderr.flush()


def table(headings: Sequence[str], rows: Iterable[Row]) -> int:
    """Print rows as they come, aligned, with headings on a terminal; return how many there were.

    A heading that starts with ``>`` makes its column flush right.
    """
    if current().json:
        return _json_rows(rows)
    right = [heading.startswith(">") for heading in headings]
    titles = [heading.lstrip(">") for heading in headings]
    titled = sys.stdout.isatty() and not current().quiet
    return columns(titles, right, (cells for _, cells in rows), titled=titled)


def columns(
    titles: Sequence[str],
    right: Sequence[bool],
    rows: Iterable[Sequence[str]],
    *,
    titled: bool,
) -> int:
    """Print cells as they come, aligned, some of them flush right; return how many rows."""
    widths = [len(title) if titled else 0 for title in titles]
    total = 0
    for batch in _batches(rows):
        widths = [
            max(known, *found) for known, *found in zip(widths, *_lengths(batch), strict=True)
        ]
        if titled and not total:
            _write(_aligned(titles, widths, right))
        for cells in batch:
            _write(_aligned(cells, widths, right))
        total += len(batch)
    return total


def pairs(rows: Sequence[tuple[str, str]]) -> list[str]:
    """Return lines of names and values, aligned."""
    width = max(len(name) for name, _ in rows)
    return [f"{name:<{width}}  {value}".rstrip() for name, value in rows]


def drop_stdout() -> None:
    """Write to nowhere from now on: nobody reads the pipe, and what is buffered must go."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _json_rows(rows: Iterable[Row]) -> int:
    total = 0
    for machine, _ in rows:
        _write(json_line(machine))
        total += 1
    return total


def _batches(rows: Iterable[Sequence[str]]) -> Iterator[list[Sequence[str]]]:
    source = iter(rows)
    while batch := list(islice(source, _ROWS_MEASURED)):
        yield batch


def _lengths(batch: Sequence[Sequence[str]]) -> Iterator[Sequence[int]]:
    return (tuple(map(len, cells)) for cells in batch)


def _aligned(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = (
        cell.rjust(width) if flush else cell.ljust(width)
        for cell, width, flush in zip(cells, widths, right, strict=True)
    )
    return visible("  ".join(padded).rstrip())


def _write(line: str) -> None:
    sys.stdout.write(line + "\n")
