"""What a mount finds in its spool, and in those of mounts that died: stored, or kept and told.

Nothing that holds bytes under a name is deleted here.
"""

import logging
import threading
from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from typing import Final

from posecas.errors import PosecasError
from posecas.store import Store
from posecas.view import Node
from posecas.view.nodes import row_of
from posecas_fuse.commits import Commits
from posecas_fuse.drafts import Drafts
from posecas_fuse.health import Health
from posecas_fuse.naming import is_to_be_stored
from posecas_fuse.pins import Handle, is_draft
from posecas_fuse.spool import Spool, Spooled, abandoned_spools
from posecas_fuse.spool.place import mount_of

_log = logging.getLogger("posecas.mount")

_DIED: Final = "its mount died before it was stored"


def settle(spool: Spool, commits: Commits, held: Collection[Handle] | None = None) -> list[Spooled]:
    """End what nobody has open any more, and return what is to be stored, oldest first.

    A process that dies may have counted an opening that nobody was told of, or have ended one and
    not what hung on it. So what is open is counted anew, from ``held``, one handle for each
    opening. None: whoever read and wrote has died with the mount, and what failed is tried again.
    """
    opens = Counter(row_of(Node(handle)) for handle in held or () if is_draft(handle))
    waiting = []
    for row in spool.everything():
        if row.opens != opens[row.id]:
            spool.change(row.id, opens=opens[row.id])
        if opens[row.id]:
            continue
        if row.folder or (row.attached and row.listed and not row.dirty):
            continue
        if not row.attached or not row.dirty or not (row.listed or spool.size(row.id)):
            commits.let_go(spool.get(row.id))
        elif held is not None and row.error is not None and not row.retried:
            continue
        elif is_to_be_stored(row) and spool.size(row.id):
            spool.change(row.id, retried=1, error=row.error or "Died", message=row.message or _DIED)
            waiting.append(row)
    return waiting


class Recovery:
    """Stores what the mounts left behind that were at other places, in a thread of its own."""

    def __init__(self, store: Store) -> None:
        """Begin at once."""
        self._store = store
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="posecas-recovery", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop after the file that is being stored."""
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        with suppress(OSError):
            for claimed in abandoned_spools(self._store.path):
                with claimed:
                    try:
                        self._recover(Spool(claimed.folder))
                    except PosecasError as error:
                        _log.warning("%s: %s", claimed.folder, error)

    def _recover(self, spool: Spool) -> None:
        drafts = Drafts(spool, self._store.get)
        user = mount_of(spool.folder).user
        commits = Commits(self._store, spool, drafts, Health(), user=user, replaces=True)
        try:
            for row in settle(spool, commits):
                if self._closed.is_set():
                    return
                with suppress(PosecasError):
                    commits.commit(row.id)
            left = [row for row in spool.everything() if not row.folder]
            if left:
                where = mount_of(spool.folder).mountpoint
                _log.warning(
                    "%d files that were written to the mount at %s are not stored; see them with: "
                    "posecas spool ls",
                    len(left),
                    where,
                )
        finally:
            drafts.close()
            spool.close()
