"""Version 4 of the schema: whether the index was restored and not yet compared with the objects."""

from typing import Final

RESTORED: Final = """
ALTER TABLE store ADD COLUMN unreconciled INTEGER NOT NULL DEFAULT 0
  CHECK (unreconciled IN (0, 1));
"""
