"""From a location's address to its objects: the one place that names kinds of locations."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from posecas.config import Config
from posecas.config.urls import bucket_address, file_path
from posecas.errors import ConfigError
from posecas.objects.deferred import DeferredBucket, DeferredObjects
from posecas.objects.hurry import Hurry
from posecas.objects.local import LocalObjects
from posecas.objects.protocol import Objects
from posecas.places import Place
from posecas.records import Location


@dataclass(frozen=True, slots=True)
class Connecting:
    """Reaches the locations of one store. Nothing is asked of them, and no library loaded, yet.

    What lacks credentials or an endpoint raises ``ConfigError`` when it is used.
    """

    folder: Path
    config: Config
    hurry: Hurry = field(default_factory=Hurry)

    def __call__(self, location: Location) -> Place:
        """Return the place that a location is."""
        scheme, colon, _ = location.url.partition("://")
        if not colon:
            return Place(location.name, LocalObjects(self.folder / location.url))
        if scheme == "file":
            return Place(location.name, LocalObjects(file_path(location.url)))
        if scheme == "s3":
            objects = DeferredBucket(lambda: self._bucket(location))
            return Place(location.name, objects, remote=True)
        return Place(location.name, DeferredObjects(lambda: _filesystem(location)), remote=True)

    def _bucket(self, location: Location) -> Objects:
        from posecas.objects.endpoint import Endpoint  # noqa: PLC0415 - loads what S3 needs
        from posecas.objects.s3 import S3Objects  # noqa: PLC0415

        said = self.config.location(location.name)
        key_id, secret, token = said.credentials(os.environ)
        address = bucket_address(location.url)
        endpoint = Endpoint(
            said.endpoint or _aws(location.name, said.region),
            key_id=key_id,
            secret=secret,
            region=said.region,
            token=token,
        )
        return S3Objects(endpoint, address.bucket, address.prefix, hurry=self.hurry)


def _aws(name: str, region: str) -> str:
    if region == "auto":
        raise ConfigError(
            f"location {name}: neither endpoint nor region is set; "
            f"write location.{name}.endpoint, or the region of AWS in location.{name}.region"
        )
    return f"https://s3.{region}.amazonaws.com"


def _filesystem(location: Location) -> Objects:
    from posecas.objects.generic import FilesystemObjects  # noqa: PLC0415 - loads fsspec

    return FilesystemObjects.at(location.url)
