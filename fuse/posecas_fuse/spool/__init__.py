"""What was written to a mount and is not stored yet: names in a small database, bytes in files."""

from posecas_fuse.spool.place import ClaimedSpool, abandoned_spools, claim_spool
from posecas_fuse.spool.rows import Spooled, in_generation, in_scratch
from posecas_fuse.spool.table import Spool

__all__ = [
    "ClaimedSpool",
    "Spool",
    "Spooled",
    "abandoned_spools",
    "claim_spool",
    "in_generation",
    "in_scratch",
]
