"""What a storm is run against besides the store as it is: the protocol with one step left out.

The index's own rules would stop such a protocol before it loses anything, so a mutant leaves out
those that speak of the same step, too. Only the storm's own processes and its store are changed. So
is `hurry`, which every storm needs: a lease of ten minutes never ends in a storm of seconds, so
neither does anything that depends on its end happen.
"""

import os
import random
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Final

import posecas
from kit.damage import by_hand
from posecas import ingest
from posecas.digest import Digest
from posecas.errors import Fenced
from posecas.index import collection, references
from posecas.index.engine import Cursor
from posecas.index.sqlite_module import sqlite3
from posecas.records import BlobFacts, Replica

LEASE_SECONDS: Final = 1
_SHORT: Final = 100
"""Milliseconds of a collector's claim: others delete what it will delete when it thaws."""
_LONG: Final = 5000
"""Nobody else does meanwhile."""


def hurry(mutant: str, dice: random.Random) -> None:
    """Make leases end within the time for which processes are stopped, and some of the claims."""
    claim = dice.choice(_CLAIMS.get(mutant, (_SHORT, _LONG)))
    setattr(ingest, "_LEASE_SECONDS", LEASE_SECONDS)  # noqa: B010 - it is Final
    setattr(collection, "_CLAIM_MILLISECONDS", claim)  # noqa: B010


def unrule(store: posecas.Store, mutant: str) -> None:
    """Take the triggers that would stop a mutant out of its store."""
    by_hand(store, *(f"DROP TRIGGER {name}" for name in _RULES.get(mutant, ())))


def mutate(mutant: str) -> None:
    """Leave a step of the protocol out, in this process."""
    if mutant:
        _MUTANTS[mutant]()


def _no_fence() -> None:
    setattr(references, "_bring_alive", _bring_alive_unfenced)  # noqa: B010 - a function


def _bring_alive_unfenced(cursor: Cursor, batch: references._Written, blob: BlobFacts) -> bool:
    if references._is_live(cursor, blob.digest, batch.location):
        return False
    references._move(cursor, _mine(batch, blob.digest), "live", batch.now)
    return True


def _mine(batch: references._Written, digest: Digest) -> int:
    if digest not in batch.mine:
        raise Fenced
    return batch.mine[digest]


def _key_is_digest() -> None:
    nothing_random = SimpleNamespace(**{**vars(os), "urandom": bytes})
    setattr(references, "os", nothing_random)  # noqa: B010 - a module
    setattr(references, "_pend", partial(_pend_once, references._pend))  # noqa: B010 - a function


def _pend_once(pend: Callable[..., Replica], *words: object) -> Replica:
    """Wait until the row of the same key is forgotten."""
    try:
        return pend(*words)
    except sqlite3.IntegrityError:
        raise Fenced from None


# The claims that let each of them lose something soonest.
_CLAIMS: Final = {"no-fence": (_LONG,), "key-is-digest": (_SHORT,)}
_RULES: Final = {
    "no-fence": (
        *("replicas_forward", "poses_need_replica"),
        *("poses_replace_needs_replica", "renditions_need_replica"),
    )
}
_MUTANTS: Final = {
    "no-fence": _no_fence,
    "key-is-digest": _key_is_digest,
}
