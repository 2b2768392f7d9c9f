"""Version 4 of the schema: ``store.unreconciled``, of an index that was restored.

Until it was compared with the objects, that is the sequence of the first change that the restore
itself made, 0 ever after.
"""

from typing import Final

RESTORED: Final = """
ALTER TABLE store ADD COLUMN unreconciled INTEGER NOT NULL DEFAULT 0 CHECK (unreconciled >= 0);
"""
