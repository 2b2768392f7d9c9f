"""What is explored: each a first state and a few parts, small enough to go through to the end."""

from typing import Final

from model.scenarios.losses import RESTORE_EARLIER, RESTORE_NOW
from model.scenarios.places import COMMIT_LOCAL, DAMAGE, DAMAGE_AWAY, DROP, REPLICATE
from model.scenarios.renditions import LAZY, LOOPS, SHARED, THUMBNAILS
from model.scenarios.writing import BATCHES, LEASES, POWER, QUOTA, READER, REPLACE, WRITERS

SCENARIOS: Final = (
    *(WRITERS, BATCHES, REPLACE, READER, QUOTA, LEASES, POWER),
    *(THUMBNAILS, LAZY, SHARED, LOOPS),
    *(REPLICATE, DROP, COMMIT_LOCAL),
    *(DAMAGE, DAMAGE_AWAY),
    *(RESTORE_NOW, RESTORE_EARLIER),
)
