"""``replicas.bound_for``: the location that a replica is to be copied to, and then to go.

By name, since the location may not be added yet. Like leases it belongs to the index alone: an
index that is restored has forgotten it, and the replica stays where it is.
"""

from typing import Final

SENDING: Final = """
ALTER TABLE replicas ADD COLUMN bound_for TEXT;
CREATE INDEX replicas_bound ON replicas (id) WHERE bound_for IS NOT NULL AND state = 'live';
"""

JOURNAL_PLACE: Final = """
ALTER TABLE store ADD COLUMN journal_at TEXT;
ALTER TABLE store ADD COLUMN journal_moved INTEGER NOT NULL DEFAULT 0;
"""
"""Version 7: the location that the journal went to last, and since when, in milliseconds."""
