"""Progress bars: on stderr, on a terminal, unless nobody wants to see one."""

import sys
from typing import TYPE_CHECKING

import click

from posecas_cli import session

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from click._termui_impl import ProgressBar


def is_shown() -> bool:
    """Tell whether anybody sees a bar; with -q, --json and off a terminal nobody does."""
    said = session.current()
    return sys.stderr.isatty() and not (said.quiet or said.json)


def progress(length: int) -> "AbstractContextManager[ProgressBar[int]]":
    """Return a bar of so many steps, which is hidden where nobody sees it."""
    return click.progressbar(length=length, file=sys.stderr, hidden=not is_shown())
