"""What each mutant breaks, in which scenario, and in how many steps at the least."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from model import mutants, promises
from model.explorer import Scenario
from model.reading import READ
from model.references import STORED
from model.rules import Rules
from model.scenarios import losses, places, renditions, writing


@dataclass(frozen=True, slots=True)
class Mutant:
    """A wrong protocol, where it shows, and the length of the shortest way to each breach."""

    rules: type[Rules]
    scenario: Scenario
    breaks: Mapping[str, int]


MUTANTS: Final = (
    Mutant(mutants.KeyIsDigest, writing.WRITERS, {promises.ONCE: 10, promises.READABLE: 13}),
    Mutant(mutants.Rescue, writing.WRITERS, {promises.FORWARD: 3, promises.READABLE: 4}),
    Mutant(mutants.NoCondemn, writing.WRITERS, {promises.DELETES: 2, promises.READABLE: 4}),
    Mutant(mutants.NoCondemn, writing.READER, {READ: 5}),
    Mutant(mutants.NoFence, writing.WRITERS, {promises.FORWARD: 6, promises.READABLE: 7}),
    Mutant(mutants.NoPendingRow, writing.WRITERS, {promises.THERE: 8, promises.READABLE: 8}),
    Mutant(mutants.SyncsLater, writing.POWER, {promises.KEPT: 2, promises.READABLE: 4}),
    Mutant(mutants.AnotherAnywhere, places.REPLICATE, {STORED: 3}),
    Mutant(
        mutants.DeleteBeforeJournal,
        losses.RESTORE_NOW,
        {promises.DELETES: 2, promises.READABLE: 4},
    ),
    Mutant(mutants.AdoptAsLive, losses.RESTORE_NOW, {promises.READABLE: 12}),
    Mutant(mutants.ThumbnailNotRechecked, renditions.THUMBNAILS, {STORED: 6, promises.READABLE: 6}),
    Mutant(mutants.RenditionsAtForget, renditions.THUMBNAILS, {promises.KEPT: 7}),
    Mutant(mutants.RenditionsAtCountZero, renditions.LOOPS, {promises.ENDS: 0}),
    Mutant(mutants.KnownIsEnough, writing.WRITERS, {STORED: 3, promises.READABLE: 3}),
    Mutant(
        mutants.PublishBeforeAcknowledged,
        writing.WRITERS,
        {promises.THERE: 4, promises.READABLE: 4},
    ),
    Mutant(mutants.DamagedIsHit, places.DAMAGE, {STORED: 3}),
    Mutant(mutants.DamagedIsACopy, places.DAMAGE_AWAY, {promises.LAST: 3, promises.READABLE: 3}),
    Mutant(mutants.DropUnchecked, places.DROP, {promises.LAST: 4, promises.READABLE: 4}),
    Mutant(mutants.LocationNotRead, places.DROP, {promises.READABLE: 10}),
    Mutant(mutants.RenewalIgnored, writing.LEASES, {promises.PUNCTUAL: 5}),
    Mutant(
        mutants.RetireUnreplicated, places.COMMIT_LOCAL, {promises.LAST: 4, promises.READABLE: 4}
    ),
    Mutant(mutants.BesideAnother, writing.WRITERS, {promises.ONE_LIVE: 8}),
    Mutant(mutants.ReservationsStay, writing.QUOTA, {promises.ENDS: 2}),
    Mutant(mutants.ReservationNotFenced, writing.QUOTA, {promises.QUOTA: 5}),
    Mutant(
        mutants.RestoredAsItWas,
        losses.RESTORE_EARLIER,
        {promises.FORWARD: 4, promises.READABLE: 5},
    ),
)
