"""What a storm is run against besides the store as it is: the protocol with one step left out.

Only the storm's own processes are changed, and `hurry`, which every storm needs: a lease of ten
minutes never ends in a storm of seconds, so neither does anything that depends on its end happen.
"""

import os
from types import SimpleNamespace
from typing import Final

from posecas import ingest
from posecas.digest import Digest
from posecas.errors import Fenced
from posecas.index import collection, references
from posecas.index.engine import Cursor
from posecas.records import BlobFacts

LEASE_SECONDS: Final = 1
_CLAIM_MILLISECONDS: Final = 100


def hurry() -> None:
    """Make leases and collectors' claims end within the time for which processes are stopped."""
    setattr(ingest, "_LEASE_SECONDS", LEASE_SECONDS)  # noqa: B010 - it is Final
    setattr(collection, "_CLAIM_MILLISECONDS", _CLAIM_MILLISECONDS)  # noqa: B010


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
    setattr(references, "os", SimpleNamespace(**{**vars(os), "urandom": bytes}))  # noqa: B010


_MUTANTS: Final = {
    "no-fence": _no_fence,
    "key-is-digest": _key_is_digest,
}
