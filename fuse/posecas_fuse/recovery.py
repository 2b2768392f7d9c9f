"""What a mount finds in its spool, and in those of mounts that died: stored, or kept and told.

Nothing that holds bytes under a name is deleted here.
"""

import logging
import threading
from contextlib import suppress
from typing import Final

from posecas.errors import PosecasError
from posecas.store import Store
from posecas_fuse.commits import Commits
from posecas_fuse.drafts import Drafts
from posecas_fuse.health import Health
from posecas_fuse.naming import is_to_be_stored
from posecas_fuse.spool import Spool, Spooled, abandoned_spools
from posecas_fuse.spool.place import mount_of

_log = logging.getLogger("posecas.mount")

_DIED: Final = "its mount died before it was stored"


def settle(spool: Spool, commits: Commits) -> list[Spooled]:
    """Forget who had what open, and return what is to be stored, oldest first.

    Only for a spool whose mount is gone: who reads and writes there has died with it.
    """
    waiting = []
    for row in spool.everything():
        spool.change(row.id, opens=0)
        if row.folder or (row.attached and row.listed and not row.dirty):
            continue
        if not row.attached or not row.dirty or not (row.listed or spool.size(row.id)):
            commits.let_go(spool.get(row.id))
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
