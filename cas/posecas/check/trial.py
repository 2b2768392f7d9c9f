"""Whether a location does what a store relies on, tried with an object that goes again.

The object lies under ``incoming/``, where nothing looks for images and a bucket's rule removes what
a trial that died left behind.
"""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from typing import Final, Literal

from posecas.backends import Backends
from posecas.errors import (
    ConfigError,
    CredentialsRefused,
    DamagedObject,
    ForeignStore,
    KeyTaken,
    ListingIncomplete,
    LocationUnavailable,
    ObjectMissing,
    PosecasError,
    WriteRefused,
)
from posecas.objects.marker import MARKER_KEY, Owner, owner_in, owner_of
from posecas.objects.protocol import HasBucket, Presigns
from posecas.places import Place
from posecas.public_answer import ask_publicly
from posecas.records import Location

TrialState = Literal["ok", "warn", "fail"]

_DATA: Final = b"written by posecas doctor, to be deleted at once"
_SECONDS: Final = 60
_SKEW_WARNED: Final = 60
_SKEW_REFUSED: Final = 15 * 60
"""Seconds. S3 services refuse what was signed by a clock that differs by more."""

_FOUND: Final = 200


@dataclass(frozen=True, slots=True)
class Trial:
    """What one thing that was tried showed.

    ``failure`` is why it did not go well. ``writes`` and ``reads`` are its requests, by how
    services bill them: Class A and Class B; deleting is free.
    """

    name: str
    state: TrialState
    detail: str
    failure: PosecasError | None = None
    writes: int = 0
    reads: int = 0


def try_location(backends: Backends, name: str) -> Iterator[Trial]:
    """Try a location of the store, or one that settings alone describe; yield what shows.

    What hangs on something that failed is not tried. At a location of another store nothing is
    written. Raises ``LocationNotFound``, and ``ConfigError`` if settings are missing.
    """
    if name in backends.places:
        backends.joining.use(name, joined=True)
        yield from _Trials(backends, backends.place(name), joined=True).run()
        return
    if name not in backends.config.locations:
        backends.place(name)
    url = backends.joining.configured_url(name)
    place = backends.joining.connect(Location(0, name, url, "active"))
    with closing(place.objects):
        yield from _Trials(backends, place, joined=False).run()


class _Trials:
    def __init__(self, backends: Backends, place: Place, *, joined: bool) -> None:
        self._backends = backends
        self._place = place
        self._objects = place.objects
        self._joined = joined
        self._key = f"incoming/doctor-{secrets.token_hex(6)}.png"

    def run(self) -> Iterator[Trial]:
        bucket = isinstance(self._objects, HasBucket)
        if bucket:
            yield _tried("clock", self._clock, reads=1)
        owner = _tried("marker", self._marker, reads=1)
        yield owner
        if owner.state == "fail":
            return
        written = _tried("writing", self._write, writes=1)
        yield written
        if written.state == "fail":
            return
        yield _tried("once", self._write_again, writes=1, reads=1)
        yield _tried("reading", self._read, reads=1)
        if not bucket:
            # A bucket bills it as a write, and `_delete` shows if the right to list is missing.
            yield _tried("listing", self._list)
        if isinstance(self._objects, Presigns):
            yield _tried("signed", self._ask_signed, reads=1)
        yield _tried("deleting", self._delete, reads=1)
        if self._backends.config.location(self._place.name).public_url and self._joined:
            yield _tried("public", self._ask_public)

    def _clock(self) -> Trial:
        assert isinstance(self._objects, HasBucket)  # noqa: S101 - `run` looked
        ahead = self._objects.bucket().clock_difference()
        if ahead is None:
            return Trial("clock", "ok", "the service does not tell its time")
        way = "ahead of" if ahead > 0 else "behind"
        detail = f"this machine's is {abs(ahead):.0f} s {way} the service's"
        if abs(ahead) < _SKEW_WARNED:
            return Trial("clock", "ok", detail)
        state: TrialState = "fail" if abs(ahead) >= _SKEW_REFUSED else "warn"
        error = ConfigError(f"{detail}; set the clock: timedatectl set-ntp true")
        return Trial("clock", state, detail, error)

    def _marker(self) -> Trial:
        found = owner_of(self._objects, self._place.name)
        if found is not None:
            self._backends.check_place(self._place)
            return Trial("marker", "ok", f"it answers, and is this store's, {found.store}")
        if self._joined:
            raise LocationUnavailable(
                f"the marker {MARKER_KEY} is missing; is it the right bucket or disk?"
            )
        detail = "it answers, and is nobody's yet"
        way_out = f"the first put adds it, or: posecas location add {self._place.name}"
        error = LocationUnavailable(f"{detail}; {way_out}")
        return Trial("marker", "warn", detail, error)

    def _write(self) -> Trial:
        milliseconds = self._timed(
            lambda: self._objects.write(self._key, _DATA, media_type="image/png", metadata={})
        )
        return Trial("writing", "ok", f"an object is durable after {milliseconds:.0f} ms")

    def _write_again(self) -> Trial:
        with suppress(KeyTaken):
            self._objects.write(self._key, _DATA + b"!", media_type="image/png", metadata={})
            raise WriteRefused(
                "it overwrites objects, though asked not to (If-None-Match), so that two writers "
                "may destroy each other's; use a service or a version that keeps to it"
            )
        return Trial("once", "ok", "what is there is not overwritten (If-None-Match)")

    def _read(self) -> Trial:
        found: list[bytes] = []
        milliseconds = self._timed(lambda: found.append(self._objects.read(self._key)))
        if found != [_DATA]:
            raise DamagedObject("other bytes come back than were written; do not use it")
        return Trial("reading", "ok", f"the same bytes come back after {milliseconds:.0f} ms")

    def _list(self) -> Trial:
        if [info.key for info in self._objects.list(self._key)] != [self._key]:
            raise ListingIncomplete(
                "an object that was just written is not listed; check --orphans cannot be trusted"
            )
        return Trial("listing", "ok", "what is there is listed")

    def _ask_signed(self) -> Trial:
        assert isinstance(self._objects, Presigns)  # noqa: S101 - `run` looked
        url = self._objects.url(self._key, seconds=_SECONDS)
        answer = ask_publicly(url)
        if (answer.status, answer.body) != (_FOUND, _DATA):
            raise WriteRefused(
                f"a signed address answers {answer.status}; `posecas url` will not work"
            )
        return Trial("signed", "ok", "a signed address works without credentials")

    def _delete(self) -> Trial:
        if failed := self._objects.delete([self._key]):
            raise failed[self._key]
        try:
            self._objects.stat(self._key)
        except ObjectMissing:
            return Trial("deleting", "ok", "what is deleted is gone")
        except CredentialsRefused as error:
            raise CredentialsRefused(
                "what was deleted is refused instead of missing, as to a key that may not list the "
                "bucket, which restoring the index takes; give it that right (s3:ListBucket)"
            ) from error
        raise WriteRefused("what was deleted is still there; gc will free nothing")

    def _ask_public(self) -> Trial:
        url = f"{self._backends.config.location(self._place.name).public_url}/{MARKER_KEY}"
        answer = ask_publicly(url)
        if answer.status != _FOUND:
            raise LocationUnavailable(
                f"{url} answers {answer.status}; connect the domain to this bucket "
                "(posecas bucket setup tells how)"
            )
        if _store_in(answer.body, url) != self._backends.owner.store:
            raise ForeignStore(
                f"{url} is of another store; correct public_url (R2_PUBLIC_URL), or connect the "
                "domain to this bucket"
            )
        return Trial("public", "ok", f"{url} shows this store's marker")

    def _timed(self, act: Callable[[], object]) -> float:
        start = time.perf_counter()
        act()
        return (time.perf_counter() - start) * 1000


def _store_in(marker: bytes, where: str) -> str | None:
    try:
        found: Owner = owner_in(marker, where)
    except PosecasError:
        return None
    return found.store


def _tried(name: str, act: Callable[[], Trial], *, writes: int = 0, reads: int = 0) -> Trial:
    try:
        found = act()
    except PosecasError as error:
        found = Trial(name, "fail", str(error), error)
    return replace(found, writes=writes, reads=reads)
