"""Pose to replica to bytes: choose a replica, verify, and mark what is damaged.

An object that is missing, or whose bytes are wrong, is damage only if the index still calls the
same replica live: otherwise it was moved meanwhile, and its blob is looked up again. A location
that is away is never taken for damage. What is not on a disk of this host is read through the
cache: a copy that is there is read without asking the location.
"""

import os
import stat
from collections.abc import Callable, Sequence
from functools import partial
from typing import BinaryIO, Final, TypeVar

from posecas.backends import Backends
from posecas.digest import Digest, digest_of, verify
from posecas.errors import (
    ConfigError,
    CredentialsRefused,
    Damage,
    DamagedObject,
    LocationUnavailable,
    ObjectMissing,
    PosecasError,
    RequestRefused,
    Temporary,
)
from posecas.objects.protocol import HasPaths
from posecas.places import Place
from posecas.records import Replica

T = TypeVar("T")

_ATTEMPTS: Final = 8
_UNREACHED: Final = (Temporary, CredentialsRefused, ConfigError, RequestRefused)
"""Nothing is known of the object; another copy may be had."""


def read_blob(backends: Backends, digest: Digest) -> bytes:
    """Return a blob's bytes, verified.

    Raises ``DamagedObject`` or ``ObjectMissing`` when no replica is intact (each bad one is marked
    and not served again), ``LocationUnavailable`` when none can be reached.
    """
    return _first_intact(backends, digest, partial(_read, backends))


def fetch_blob(backends: Backends, digest: Digest) -> bytes:
    """Return a blob's bytes, verified, from a location itself and not from the cache.

    Raises like `read_blob`.
    """
    return _first_intact(backends, digest, read_replica)


def open_blob(backends: Backends, digest: Digest, *, seconds: float | None = None) -> BinaryIO:
    """Open a blob's file; it stays readable whatever happens to its names.

    An object on a local disk is checked for its size, not for its bytes: see `read_blob`. Any other
    is a verified file of the cache, or, where nothing can be cached, memory without a descriptor.
    Raises like `read_blob`; also ``LocationUnavailable`` if fetching takes longer than ``seconds``.
    """
    return _first_intact(backends, digest, partial(_open, backends, seconds=seconds))


def open_near(backends: Backends, replicas: Sequence[Replica]) -> int | None:
    """Do as `open_blob` without asking any location that is not on a disk of this host.

    ``replicas`` are those that are live now. Returns a descriptor that the caller closes. None: the
    bytes are not at hand, or are damaged; `open_blob` tells which.
    """
    for replica in replicas:
        place = backends.places.get(replica.location)
        if place is not None and place.paths is not None:
            try:
                return _open_checked(place, replica, place.paths)
            except PosecasError:
                return None
        found = backends.cache.find(replica.digest, replica.size)
        if found is not None:
            with found:
                return os.dup(found.fileno())
    return None


def read_replica(place: Place, replica: Replica) -> bytes:
    """Return the bytes of one replica, verified; what is wrong is read once more.

    A location that answers with half of an object, or a flipped bit on the way, is no damage.
    Raises ``DamagedObject`` if the same wrong bytes came twice, ``LocationUnavailable`` if others
    did, and what the location raises.
    """
    where = f"{place.name}: {replica.key}"
    first = place.objects.read(replica.key)
    try:
        verify(first, replica.digest, where=where)
    except DamagedObject:
        second = place.objects.read(replica.key)
        if digest_of(second) not in {digest_of(first), replica.digest}:
            raise LocationUnavailable(
                f"{where}: other bytes came each time, and never the right ones; what lies between "
                "this host and there fails: try again, or from another host"
            ) from None
        verify(second, replica.digest, where=where)
        return second
    return first


def _first_intact(backends: Backends, digest: Digest, use: Callable[[Place, Replica], T]) -> T:
    failure: PosecasError | None = None
    for _ in range(_ATTEMPTS):
        replicas = [
            one for one in backends.index.replicas(digest) if one.location in backends.places
        ]
        if not replicas:
            raise failure or _none_left(backends, digest)
        for replica in _nearest_first(backends, replicas):
            place = backends.place(replica.location)
            try:
                return use(place, replica)
            except (DamagedObject, ObjectMissing) as error:
                failure = _doubt(backends, place) or error
                if failure is error:
                    _mark(backends, replica)
            except _UNREACHED as error:
                failure = error
        if failure is not None and not isinstance(failure, Damage):
            raise failure
    raise failure or _none_left(backends, digest)


def _nearest_first(backends: Backends, replicas: Sequence[Replica]) -> Sequence[Replica]:
    return sorted(
        replicas,
        key=lambda one: not isinstance(backends.place(one.location).objects, HasPaths),
    )


def _read(backends: Backends, place: Place, replica: Replica) -> bytes:
    if isinstance(place.objects, HasPaths):
        return read_replica(place, replica)
    fetch = partial(read_replica, place, replica)
    return backends.cache.read(replica.digest, fetch)


def _open(backends: Backends, place: Place, replica: Replica, *, seconds: float | None) -> BinaryIO:
    if isinstance(place.objects, HasPaths):
        return os.fdopen(_open_checked(place, replica, place.objects), "rb")
    fetch = partial(read_replica, place, replica)
    return backends.cache.open(replica.digest, replica.size, fetch, seconds=seconds)


def _open_checked(place: Place, replica: Replica, paths: HasPaths) -> int:
    descriptor = paths.open(replica.key)
    found = os.fstat(descriptor)
    if found.st_size == replica.size and stat.S_ISREG(found.st_mode):
        return descriptor
    os.close(descriptor)
    raise _no_object(place, replica, found)


def _no_object(place: Place, replica: Replica, found: os.stat_result) -> Damage:
    if not stat.S_ISREG(found.st_mode):
        return ObjectMissing(f"{place.name}: {replica.key} is no regular file; move it away")
    return DamagedObject(
        f"{place.name}: {replica.key} has {found.st_size} bytes, the index says {replica.size}; "
        "it is not served. Put the same image again to heal it"
    )


def _doubt(backends: Backends, place: Place) -> PosecasError | None:
    """Return why what the place says of its objects proves nothing: another store's, or away."""
    try:
        backends.check_place(place)
    except PosecasError as error:
        return error
    return None


def _mark(backends: Backends, replica: Replica) -> None:
    """Mark damage only if it is still live: an object of a condemned replica may be gone."""
    backends.index.checked(replica.id, intact=False)


def _none_left(backends: Backends, digest: Digest) -> Damage:
    states = {one.state for one in backends.index.all_replicas(digest)}
    if "damaged" in states:
        return DamagedObject(
            f"blob {digest[:12]}…: its only copy is damaged; put the same image again to heal it"
        )
    return ObjectMissing(f"blob {digest[:12]}…: no copy of it is left in this store")
