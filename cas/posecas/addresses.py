"""Addresses at which an image can be got without this store; a part of the facade.

One is handed out only for an image that is there: a cache in front of a bucket remembers for long
that something was not.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from posecas.backends import Backends
from posecas.errors import NoAddress
from posecas.ingest import Ingest
from posecas.lookup import Found, find
from posecas.names import hash_path
from posecas.objects.protocol import Presigns
from posecas.objects.spans import check_span
from posecas.places import Place
from posecas.records import Address, BlobFacts, Pose, Replica
from posecas.renditions import rendition_facts

HOUR: Final = 3600
"""Seconds."""


class StoreAddresses:
    """The part of `Store` that knows where an image can be got over HTTP."""

    _backends: Backends
    _ingest: Ingest

    def facts(self, which: Pose | str, *, recipe: str | None = None) -> BlobFacts:
        """Return what is known of an image, or of what a recipe makes of it, made if need be.

        Raises what `Store.rendition` raises.
        """
        index = self._backends.index
        found = Found(which.digest, which) if isinstance(which, Pose) else find(index, which)
        source = index.blob(found.digest)
        name = recipe or found.recipe
        if name is None:
            return source.facts
        return rendition_facts(self._backends, self._ingest, source, name)

    def url(
        self,
        which: Pose | str,
        *,
        recipe: str | None = None,
        seconds: int = HOUR,
        location: str | None = None,
    ) -> Address:
        """Return an address that works without credentials for so long, 1 second to 7 days.

        Whoever has it sees the image until then. It names the bucket and the account. Raises
        ``NoAddress`` if no location that can do this holds the image, ``UsageError``, and what
        `facts` raises.
        """
        check_span(seconds)
        facts = self.facts(which, recipe=recipe)
        for place, replica in self._held(facts, location):
            if isinstance(place.objects, Presigns):
                url = place.objects.url(replica.key, seconds=seconds)
                return Address(url, expiry(seconds), place.name)
        raise NoAddress(
            f"{_called(which)}: {self._where(facts)}, which gives no addresses that expire; "
            "copy it to a bucket with: posecas replicate LOCATION"
        )

    def public_url(
        self, which: Pose | str, *, recipe: str | None = None, location: str | None = None
    ) -> Address:
        """Return an address that anybody may use: of the CDN, else of the gateway.

        The CDN's is that of one object, and ends when its location is dropped; the gateway's
        (setting ``serve.public_url``) stays. Raises ``NoAddress``, and what `facts` raises.
        """
        facts, config = self.facts(which, recipe=recipe), self._backends.config
        for place, replica in self._held(facts, location):
            if base := config.location(place.name).public_url:
                return Address(f"{base}/{replica.key}", None, place.name)
        if config.serve_public_url and location is None:
            path = hash_path(facts.digest, facts.media_type)
            return Address(f"{config.serve_public_url}{path}", None, None)
        raise NoAddress(
            f"{_called(which)}: {self._where(facts)}, which has no public address; set public_url "
            "of a location that holds it (R2_PUBLIC_URL), or serve.public_url, the gateway's"
        )

    def _held(self, facts: BlobFacts, location: str | None) -> Iterator[tuple[Place, Replica]]:
        """Yield the live copies, the one at the write location first."""
        wanted = None if location is None else self._backends.place(location)
        first = self._backends.config.write_location
        live = self._backends.index.replicas(facts.digest)
        for replica in sorted(live, key=lambda one: one.location != first):
            place = self._backends.places.get(replica.location)
            if place is not None and wanted in {None, place}:
                yield place, replica

    def _where(self, facts: BlobFacts) -> str:
        names = sorted({one.location for one in self._backends.index.replicas(facts.digest)})
        return f"it is at {' and '.join(names)}" if names else "no copy of it is kept"


def expiry(seconds: int) -> datetime:
    """Return the moment at which what is signed now for so long expires."""
    return datetime.now(UTC) + timedelta(seconds=seconds)


def _called(which: Pose | str) -> str:
    return which if isinstance(which, str) else f"{which.generation}/{which.name}"
