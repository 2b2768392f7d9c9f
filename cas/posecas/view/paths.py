"""Paths to entries, for callers who know paths and not nodes."""

import errno
import os

from posecas.errors import NotFound
from posecas.view.nodes import Entry
from posecas.view.tree import View


def entry_at(view: View, path: str) -> Entry:
    """Return what is at a path below the view's top; empty names in it count for nothing.

    Raises ``NotADirectoryError`` for a path below a file, and what `View.lookup` raises.
    """
    entry = view.entry(view.root)
    for name in filter(None, path.split("/")):
        if not entry.folder:
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
        entry = view.lookup(entry.node, _utf8(name))
    return entry


def _utf8(name: str) -> str:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise NotFound(f"{name!r}: names are UTF-8; nothing here has this one") from None
    return name
