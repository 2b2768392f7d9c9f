"""Follows the index's changes, whichever process makes them, and says which names they concern."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

from posecas.errors import ForeignStore, PosecasError
from posecas.index.protocol import Index
from posecas.view import Node
from posecas_fuse.affected import affected

_log = logging.getLogger("posecas_fuse")

POLL_SECONDS: Final = 0.04
"""How often another process's changes are asked for. One's own are heard of at once."""

_HEALTHY_SECONDS: Final = 1.0
_PAGE: Final = 500


class Notices(Protocol):
    """Whoever is told of changes, in the thread that follows them."""

    def changed(self, parent: Node, names: Sequence[bytes]) -> None:
        """These names in a folder may have appeared, gone, or stand for something else."""
        ...

    def everything(self) -> None:
        """Changes were missed: anything may be different."""
        ...

    def followed(self, sequence: int) -> None:
        """Every change up to this one was told."""
        ...


class Following:
    """A thread that tells of changes from the moment it is made until it is closed."""

    def __init__(
        self, index: Index, notices: Notices, *, after: int, replaced: Callable[[], object]
    ) -> None:
        """Tell ``notices`` of everything behind the change ``after``.

        ``replaced`` is called, again and again, while another index is where this one was.
        """
        self._replaced = replaced
        self._index = index
        self._notices = notices
        self._after = after
        self._wake = threading.Event()
        self._closed = False
        self._seen = 0.0
        self._thread = threading.Thread(target=self._follow, name="posecas-follow", daemon=True)
        index.when_written(self._wake.set)

    @property
    def healthy(self) -> bool:
        """Whether changes reach the kernel now."""
        return time.monotonic() - self._seen < _HEALTHY_SECONDS

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Tell of nothing more."""
        self._closed = True
        self._wake.set()

    def _follow(self) -> None:
        complained = False
        while not self._closed:
            try:
                self._catch_up()
                self._seen = time.monotonic()
                complained = False
            except PosecasError as error:
                if isinstance(error, ForeignStore):
                    self._replaced()
                if not complained and not self._closed:
                    _log.error("changes cannot be followed now: %s", error)
                complained = True
            self._wake.wait(POLL_SECONDS)
            self._wake.clear()

    def _catch_up(self) -> None:
        newest = self._index.last_change()
        if newest < self._after:
            # Another index is in its place: one that was restored.
            self._tell(self._notices.everything, newest)
        while newest > self._after and not self._closed:
            page = self._index.changes(self._after, limit=_PAGE)
            if not page.items or page.items[0].sequence != self._after + 1:
                self._tell(self._notices.everything, self._index.last_change())
                return
            names = _gathered(one for change in page.items for one in affected(self._index, change))
            for parent, gathered in names.items():
                self._notices.changed(parent, gathered)
            self._tell(_nothing, page.items[-1].sequence)

    def _tell(self, tell: Callable[[], None], sequence: int) -> None:
        tell()
        self._after = sequence
        self._notices.followed(sequence)


def _gathered(told: Iterable[tuple[Node, Sequence[bytes]]]) -> dict[Node, list[bytes]]:
    """Put the names of each folder together, each once."""
    found: dict[Node, dict[bytes, None]] = {}
    for parent, names in told:
        found.setdefault(parent, {}).update(dict.fromkeys(names))
    return {parent: list(names) for parent, names in found.items()}


def _nothing() -> None:
    """The names were told already."""
