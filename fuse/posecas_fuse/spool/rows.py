"""One spooled file or folder, and the table that it is a row of."""

from dataclasses import dataclass
from typing import Any, Final

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS files (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  place TEXT NOT NULL,
  name BLOB NOT NULL,
  folder INTEGER NOT NULL DEFAULT 0,
  listed INTEGER NOT NULL DEFAULT 1,
  attached INTEGER NOT NULL DEFAULT 1,
  owner TEXT,
  mode INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  gid INTEGER NOT NULL,
  base TEXT,
  dirty INTEGER NOT NULL DEFAULT 0,
  opens INTEGER NOT NULL DEFAULT 0,
  said TEXT,
  modified INTEGER,
  reservation INTEGER,
  error TEXT,
  message TEXT,
  retried INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS files_listed ON files (place, name) WHERE listed;
CREATE INDEX IF NOT EXISTS files_named ON files (place, name);
CREATE INDEX IF NOT EXISTS files_children ON files (place, id) WHERE listed;
CREATE INDEX IF NOT EXISTS files_failed ON files (error) WHERE error IS NOT NULL;
CREATE TABLE IF NOT EXISTS synced (id INTEGER PRIMARY KEY, times INTEGER NOT NULL) STRICT;
INSERT OR IGNORE INTO synced (id, times) VALUES (1, 0);
"""

COLUMNS: Final = (
    "id, place, name, folder, listed, attached, owner, mode, uid, gid, base, dirty, opens, said,"
    " modified, reservation, error, message, retried"
)


@dataclass(frozen=True, slots=True)
class Spooled:
    """A file or folder in the spool.

    ``listed``: its name leads to it. A file that is open for writing over a stored image has a name
    and is not listed until then. ``attached`` False: its name was removed or taken, and its bytes
    are for those who have it open. ``owner`` is the user whose generation it lies in. ``base`` is
    the digest of the bytes that are still to be copied into it. ``dirty``: it holds bytes that are
    not stored. ``opens`` counts handles. ``said`` are attributes, as JSON. ``modified`` is a time
    that was set by hand, in nanoseconds since 1970. ``error`` and ``message`` tell why the last
    commit failed; ``retried``: it will be tried again.
    """

    id: int
    place: str
    name: bytes
    folder: bool
    listed: bool
    attached: bool
    owner: str | None
    mode: int
    uid: int
    gid: int
    base: str | None
    dirty: bool
    opens: int
    said: str | None
    modified: int | None
    reservation: int | None
    error: str | None
    message: str | None
    retried: bool

    @property
    def generation(self) -> str | None:
        """The generation in whose folder it lies; None: in the scratch folder."""
        kind, _, name = self.place.partition(":")
        return name if kind == "generation" else None


def in_generation(name: str) -> str:
    """Return the place of what lies in a generation's folder."""
    return f"generation:{name}"


def in_scratch(folder: int) -> str:
    """Return the place of what lies in a scratch folder; 0 is the top one."""
    return f"scratch:{folder}"


def row_of_spooled(row: tuple[Any, ...]) -> Spooled:
    """Read a row of `COLUMNS`."""
    number, place, name, folder, listed, attached, *owned, base, dirty, opens = row[:13]
    flags = (bool(folder), bool(listed), bool(attached))
    return Spooled(
        *(number, place, name, *flags, *owned, base, bool(dirty), opens, *row[13:18], bool(row[18]))
    )
