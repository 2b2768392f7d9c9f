"""Progress bars: on stderr, on a terminal, unless nobody wants to see one."""

import sys
from typing import TYPE_CHECKING

import click

from posecas_cli import session

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from click._termui_impl import ProgressBar


def progress(length: int) -> "AbstractContextManager[ProgressBar[int]]":
    """Return a bar of so many steps; it is hidden with -q and --json, and off a terminal."""
    said = session.current()
    hidden = said.quiet or said.json or not sys.stderr.isatty()
    return click.progressbar(length=length, file=sys.stderr, hidden=hidden)
