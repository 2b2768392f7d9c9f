"""What lies at the backup locations, as far as this index wrote it or looked: no listing is needed.

Like leases it belongs to the index alone: a restore looks, and no snapshot tells.
"""

from typing import Final

BACKUPS: Final = """
CREATE TABLE backup_places (
  location TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE backup_snapshots (
  location TEXT NOT NULL,
  name TEXT NOT NULL,
  parts INTEGER NOT NULL CHECK (parts >= 0),
  begun INTEGER NOT NULL,
  PRIMARY KEY (location, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE backup_segments (
  location TEXT NOT NULL,
  history TEXT NOT NULL,
  first INTEGER NOT NULL,
  PRIMARY KEY (location, history, first)
) STRICT, WITHOUT ROWID;
"""
"""``backup_places``: where all that lies there is known. ``parts``: no snapshot has more."""
