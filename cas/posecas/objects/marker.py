"""Whose a location is: the object ``posecas.json`` at its root.

Two stores on one location would take each other's objects for garbage, so whoever deletes, lists or
replicates looks here first. The object holds
``{"format": 1, "store": "<store id>", "index": "<index id>", "location": "<name>", "home": …}``.

``home`` tells a store's folder from a copy of it, which has the same ids; the location inside that
folder has none, since it is copied along. A marker of an older posecas has neither home nor name.
"""

import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from posecas import faults
from posecas.errors import ForeignStore, KeyTaken, LocationUnavailable, ObjectMissing, StoreTooNew
from posecas.objects.protocol import HasBucket, Objects

MARKER_KEY: Final = "posecas.json"

_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Owner:
    """A store, and the one index of it that may change its locations: a copied index may not.

    ``home`` tells the folder of that index from a copy of it; empty: nothing is known of it.
    """

    store: str
    index: str
    home: str = field(default="", compare=False)


def claim_location(objects: Objects, owner: Owner, name: str, *, fresh: bool = False) -> bool:
    """Make the location ``owner``'s, under this name; it may be so already.

    Of several that claim at once one succeeds. ``fresh``: one that has no marker must hold nothing,
    and True is returned if it did; a bucket is sent one LIST, since nothing else tells.
    Raises ``ForeignStore`` if the location is another's or has another name, or its marker cannot
    be understood; ``StoreTooNew``, and what ``Objects.write`` raises.
    """
    claimed = fresh and owner_of(objects, name) is None
    if claimed:
        _refuse_foreign(objects, name)
    marker = {"format": _FORMAT, "store": owner.store, "index": owner.index, "location": name}
    if owner.home:
        marker["home"] = owner.home
    data = json.dumps(marker).encode() + b"\n"
    # A marker that is there, whatever its length, is judged by the check.
    with suppress(KeyTaken):
        objects.write(MARKER_KEY, data, media_type="application/json", metadata={})
    check_owner(objects, owner, name)
    called = json.loads(objects.read(MARKER_KEY)).get("location", name)
    if called != name:
        raise ForeignStore(f"{name}: it is this store's location {called} already; use that one")
    return claimed


def _refuse_foreign(objects: Objects, name: str) -> None:
    if isinstance(objects, HasBucket):
        found = objects.bucket().first_key()
    else:
        found = next((info.key for info in objects.list("")), None)
    if found is not None:
        raise ForeignStore(
            f"{name}: it holds {found!r} and no store; "
            "name an empty folder or bucket, or a prefix of its own in this one"
        )


def owner_of(objects: Objects, where: str) -> Owner | None:
    """Return whose the location says it is; None if it has no marker.

    Raises ``ForeignStore`` for a marker that cannot be understood, and ``StoreTooNew``.
    """
    try:
        return owner_in(objects.read(MARKER_KEY), where)
    except ObjectMissing:
        return None


def take_location(objects: Objects, owner: Owner, where: str) -> None:
    """Make the location ``owner``'s, taking it from another index of the same store, or a copy.

    For a moment it is nobody's, and nobody works on it. Raises what `claim_location` raises.
    """
    found = owner_of(objects, where)
    if found is not None and found.store == owner.store and not _is_same(found, owner):
        failed = objects.delete([MARKER_KEY])
        if failed:
            raise failed[MARKER_KEY]
        faults.point("restore.unclaimed")
    claim_location(objects, owner, where)


def check_owner(objects: Objects, owner: Owner, where: str) -> None:
    """Return if the location is ``owner``'s. ``where`` names it in messages.

    Raises ``LocationUnavailable`` if it has no marker (a disk that is not mounted has none),
    ``ForeignStore`` and ``StoreTooNew`` as ``claim_location``.
    """
    try:
        found = owner_in(objects.read(MARKER_KEY), where)
    except ObjectMissing as error:
        raise LocationUnavailable(
            f"{where}: the marker {MARKER_KEY} is missing: is the disk mounted?"
        ) from error
    if found.store != owner.store:
        raise ForeignStore(
            f"{where}: it belongs to the store {found.store}, this is {owner.store}; "
            "use another folder, bucket or prefix"
        )
    if found.index != owner.index:
        raise ForeignStore(
            f"{where}: it belongs to the index {found.index} of this store, this is {owner.index}: "
            "one is a copy of the other; use the original, or restore the index"
        )
    if not _is_same(found, owner):
        raise ForeignStore(
            f"{where}: it belongs to this store in another folder, of which this one is a copy; "
            f"use that one, or if it is gone for good: posecas location add {where} --take-over"
        )


def _is_same(found: Owner, owner: Owner) -> bool:
    copied = bool(found.home and owner.home and found.home != owner.home)
    return found == owner and not copied


def owner_in(data: bytes, where: str) -> Owner:
    """Read a marker. Raises ``ForeignStore`` for one of nobody's, and ``StoreTooNew``."""
    try:
        marker = json.loads(data)
        if marker["format"] == _FORMAT:
            return Owner(marker["store"], marker["index"], str(marker.get("home", "")))
        newer = marker["format"] > _FORMAT
    except (ValueError, KeyError, TypeError):
        newer = False
    if newer:
        raise StoreTooNew(f"{where}: its {MARKER_KEY} was written by a newer posecas: upgrade this")
    raise ForeignStore(
        f"{where}: its {MARKER_KEY} is none of ours; use another folder, bucket or prefix"
    )
