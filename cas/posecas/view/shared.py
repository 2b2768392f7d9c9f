"""Stores that are opened by being looked at, for callers who never say when they are done."""

import os
import weakref
from pathlib import Path
from typing import Final

from posecas.opening import open_store
from posecas.store import Store
from posecas.view.tree import View


class SharedView:
    """The view of one store, for every thread of the process that opened it.

    The store is closed when nobody holds this any more, at the latest when the process ends.
    """

    def __init__(self, folder: Path) -> None:
        """Use `shared_view` instead."""
        self.store = open_store(folder)
        self.view = View(self.store)
        self._process = os.getpid()
        weakref.finalize(self, _let_go, self.store, self._process)

    @property
    def usable(self) -> bool:
        """Whether this process opened it: a child of a fork must open its own."""
        return self._process == os.getpid()


def shared_view(folder: Path) -> SharedView:
    """Return the view of the store in a folder, opened once a process. Raises like `open_store`."""
    found = _SHARED.get(folder)
    if found is None or not found.usable:
        found = _SHARED[folder] = SharedView(folder)
    return found


def _let_go(store: Store, process: int) -> None:
    if process == os.getpid():
        store.close()
    else:
        _INHERITED.append(store)


_SHARED: Final[weakref.WeakValueDictionary[Path, SharedView]] = weakref.WeakValueDictionary()

_INHERITED: Final[list[Store]] = []
"""Never freed: SQLite forbids even to close a connection in a child of the process it is of."""
