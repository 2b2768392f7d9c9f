"""Uploads by clients: an address that takes one object once, and taking that in as a pose.

An upload lies under ``incoming/``, where nothing looks for images: it belongs to the store only
when it was adopted. Its key becomes an old path of the pose, which is how a second adoption knows
that the first one was finished.
"""

import dataclasses
import re
import secrets
from contextlib import suppress
from typing import Final, Unpack

from posecas import faults
from posecas.addresses import HOUR, expiry
from posecas.attributes import AttributeWords, attributes_from
from posecas.backends import Backends
from posecas.errors import (
    NoAddress,
    ObjectMissing,
    PosecasError,
    PoseExists,
    Refused,
    UploadMissing,
    UsageError,
    WrongMediaType,
)
from posecas.images.sniff import sniff
from posecas.names import EXTENSIONS, MEDIA_TYPES
from posecas.objects.protocol import Presigns
from posecas.objects.spans import check_span
from posecas.places import Place
from posecas.put import PutItem, PutResult, Putter
from posecas.records import Pose, Upload

INCOMING: Final = "incoming/"

_KEY: Final = re.compile(r"incoming/[0-9a-f]{32}\.(png|jpg|webp)")


class StoreUploads:
    """The part of `Store` that clients upload to."""

    _backends: Backends
    _putter: Putter

    def upload_url(
        self,
        *,
        size: int,
        media_type: str,
        seconds: int = HOUR,
        profile: str = "pose",
        location: str | None = None,
    ) -> Upload:
        """Return an address at which exactly ``size`` bytes of a type can be put, once.

        What is put there is no pose before it is adopted. Raises ``TooLarge`` for a size that
        would not be adopted, ``UsageError`` for another type than an image's or a time that is not
        1 second to 7 days, ``NoAddress`` for a location that takes no uploads.
        """
        check_span(seconds)
        if media_type not in EXTENSIONS:
            raise UsageError(f"{media_type!r}: an upload is one of {', '.join(EXTENSIONS)}")
        if size < 1:
            raise UsageError(f"{size} bytes: say how long the upload will be")
        self._backends.limits(profile).check_bytes(size)
        place, addresses = self._uploads_at(location)
        key = f"{INCOMING}{secrets.token_hex(16)}.{EXTENSIONS[media_type]}"
        url = addresses.upload_url(key, size=size, media_type=media_type, seconds=seconds)
        headers = {"Content-Type": media_type, "If-None-Match": "*"}
        return Upload(url, key, headers, size, expiry(seconds), place.name)

    def adopt(
        self,
        key: str,
        *,
        generation: str,
        pose: str,
        user: str | None = None,
        replace: bool = False,
        profile: str = "pose",
        location: str | None = None,
        **attributes: Unpack[AttributeWords],
    ) -> PutResult:
        """Take an upload in as a pose: an ordinary put of what is there, which then goes.

        It is copied first, and the copy is checked and kept, so that nobody can change what was
        checked. Doing it again is a success. Raises ``UploadMissing``, ``PoseExists`` also if it
        was adopted as another pose, ``WrongMediaType`` if it is not what its address was made for,
        and what `Store.put` raises.
        """
        match = _KEY.fullmatch(key)
        if match is None:
            raise UsageError(f"{key!r} is no upload: give the key that came with its address")
        said = attributes_from(attributes)
        place, _ = self._uploads_at(location)
        item = PutItem(
            b"", generation, pose, user, said, replace, profile, aliases=(key,), label=key
        )
        if (known := self._adopted(key)) is not None:
            result = _again(item, known)
        else:
            data = self._copy(place, key, profile, MEDIA_TYPES[match[1]])
            result = self._putter.put(dataclasses.replace(item, image=data))
        if result.error is not None:
            raise result.error
        faults.point("adopt.put")
        # What stays is removed by the bucket's own rule, or when this is done again.
        with suppress(PosecasError):
            place.objects.delete([key])
        return result

    def _uploads_at(self, location: str | None) -> tuple[Place, Presigns]:
        place = self._backends.join(location or self._backends.config.write_location)
        if not isinstance(place.objects, Presigns):
            raise NoAddress(
                f"location {place.name}: it takes no uploads; choose one in a bucket (--location)"
            )
        return place, place.objects

    def _adopted(self, key: str) -> Pose | None:
        alias = self._backends.index.alias(key)
        if alias is None or alias.pose is None:
            return None
        return self._backends.index.pose_by_id(alias.pose)

    def _copy(self, place: Place, key: str, profile: str, media_type: str) -> bytes:
        try:
            self._backends.limits(profile).check_bytes(place.objects.stat(key).size)
            data = place.objects.read(key)
            found = sniff(data)
        except ObjectMissing as error:
            raise UploadMissing(
                f"{key}: nothing was uploaded there, or it was removed; ask for a new address"
            ) from error
        except Refused as error:
            raise type(error)(f"{key}: {error}") from error
        if found != media_type:
            raise WrongMediaType(
                f"{key}: its address was made for {media_type} and the bytes are {found}; "
                "upload it again under an address for that"
            )
        return data


def _again(item: PutItem, pose: Pose) -> PutResult:
    if (pose.generation, pose.name) != (item.generation, item.pose):
        raise PoseExists(
            f"{item.label}: it was adopted as {pose.generation}/{pose.name} already; name that one"
        )
    return PutResult(item, "unchanged", pose)
