"""Bringing the bytes of a blob back that has no live replica, from whatever still has them.

A replica that is damaged or condemned is never served and never becomes live again: it may have
been marked because its location gave half of it once, or be deleted at any moment. Its bytes are as
good as any if they have the digest, so they are put again, under a fresh key.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final

from posecas.backends import Backends
from posecas.digest import Digest, digest_of
from posecas.errors import CredentialsRefused, LocationUnavailable, ObjectMissing, ShortRead
from posecas.index.intake import Intake, Settled
from posecas.ingest import Ingest, Prepared, Target
from posecas.places import Place
from posecas.records import Blob

Lying = tuple[Place, str]
"""Where an object lies: its place and its key."""

_UNREADABLE: Final = (ObjectMissing, LocationUnavailable, ShortRead, CredentialsRefused)


def salvage(backends: Backends, digest: Digest, others: Iterable[Lying] = ()) -> bytes | None:
    """Return the bytes of a blob, verified, from an object of any of its rows, or of ``others``.

    Or from this host's cache. None: nothing that can be read has them.
    """
    if (kept := backends.cache.kept(digest)) is not None:
        return kept
    for place, key in (*_rows(backends, digest), *others):
        with suppress(*_UNREADABLE):
            data = place.objects.read(key)
            if digest_of(data) == digest:
                return data
    return None


def bring_back(ingest: Ingest, blob: Blob, data: bytes, place: Place | None = None) -> bool:
    """Write a blob's bytes once more, for what refers to it already; tell whether anything does.

    At ``place``, or else the write location. No reference is made: a pose that is removed at this
    moment stays removed.
    """
    intake = Intake(blob.facts, None, copies=(blob.facts,))
    target = None if place is None else Target(place)
    return isinstance(ingest.run([Prepared(intake, {blob.digest: data})], target)[0], Settled)


def _rows(backends: Backends, digest: Digest) -> Iterator[Lying]:
    for replica in backends.index.all_replicas(digest):
        if replica.location in backends.places:
            yield backends.place(replica.location), replica.key
