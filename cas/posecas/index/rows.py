"""Rows to records: the columns each record is read from, and how."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from posecas.digest import Digest
from posecas.index.engine import Row
from posecas.names import object_key
from posecas.records import (
    Blob,
    BlobFacts,
    Generation,
    Image,
    Location,
    Pose,
    Rendition,
    Replica,
    User,
)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)

BLOB: Final = """
SELECT b.id, b.digest, b.size, b.media_type, b.width, b.height, b.pixels, b.refs, b.since,
  b.created_at FROM blobs b
"""
REPLICA: Final = """
SELECT r.id, b.digest, b.size, b.media_type, l.name, r.nonce, r.state
FROM replicas r JOIN blobs b ON b.id = r.blob_id JOIN locations l ON l.id = r.location_id
"""
RENDITION: Final = """
SELECT s.digest, c.name, c.version, b.digest, b.size, b.media_type, b.width, b.height, b.pixels
FROM renditions n JOIN blobs s ON s.id = n.source_id JOIN recipes c ON c.id = n.recipe_id
JOIN blobs b ON b.id = n.blob_id
"""
_NEWEST_THUMBNAIL: Final = """
FROM renditions i JOIN recipes k ON k.id = i.recipe_id
WHERE i.source_id = p.blob_id AND k.name GLOB 'thumb-*' ORDER BY k.version DESC, k.id LIMIT 1
"""
POSE: Final = f"""
SELECT p.id, u.name, g.name, p.name, b.digest, b.size, b.media_type, b.width, b.height,
  p.created_at, p.updated_at, p.status, p.favourite, p.downloads, p.pose_library_id, p.prompt,
  p.model, p.seed, p.controlnet_weight, p.generation_time,
  c.name, c.version, t.digest, t.size, t.media_type, t.width, t.height, t.pixels
FROM poses p JOIN users u ON u.id = p.user_id JOIN generations g ON g.id = p.generation_id
JOIN blobs b ON b.id = p.blob_id
LEFT JOIN renditions n ON n.source_id = p.blob_id
  AND n.recipe_id = (SELECT i.recipe_id {_NEWEST_THUMBNAIL})
LEFT JOIN recipes c ON c.id = n.recipe_id LEFT JOIN blobs t ON t.id = n.blob_id
"""
IMAGE: Final = """
SELECT p.id, p.name, b.digest, b.size, b.media_type, p.updated_at, b.id, r.id, l.name, r.nonce
FROM poses p JOIN blobs b ON b.id = p.blob_id
LEFT JOIN replicas r ON r.blob_id = b.id AND r.state = 'live'
LEFT JOIN locations l ON l.id = r.location_id AND (l.host IS NULL OR l.host = ?)
"""
"""A row for each live replica, without a location's name if a host does not reach it."""
LISTED_IMAGE: Final = f"""
SELECT p.id, p.name, lower(hex(b.digest)), b.size, b.media_type, p.updated_at,
  (SELECT k.name || ' ' || t.media_type
   {_NEWEST_THUMBNAIL.replace("WHERE", "JOIN blobs t ON t.id = i.blob_id WHERE")}),
  p.controlnet_weight, p.generation_time,
  length(CAST(json_array(p.name, b.size, b.media_type, b.width, b.height, p.downloads, p.status,
    p.pose_library_id, p.prompt, p.model) AS BLOB)) - length('[,,,,,,,,,]')
  + iif(p.favourite, length('true'), length('false')) + coalesce(length(p.seed), length('null'))
FROM poses p JOIN blobs b ON b.id = p.blob_id
"""
LISTED_THUMBNAIL: Final = f"""
SELECT p.id, p.name, lower(hex(t.digest)), t.size, t.media_type, p.updated_at
FROM poses p JOIN renditions n ON n.source_id = p.blob_id
  AND n.recipe_id = (SELECT i.recipe_id {_NEWEST_THUMBNAIL})
JOIN blobs t ON t.id = n.blob_id
"""
USER: Final = "SELECT u.id, u.name, u.quota, u.used, u.reserved, u.poses, u.created_at FROM users u"
GENERATION: Final = """
SELECT g.id, g.name, u.name, g.created_at, g.changed_at
FROM generations g JOIN users u ON u.id = g.user_id
"""
REFERENCED: Final = """
(EXISTS (SELECT 1 FROM poses WHERE blob_id = b.id)
 OR EXISTS (SELECT 1 FROM renditions WHERE blob_id = b.id))
"""
"""Of a blob ``b``: something refers to it, whatever its counter says."""
LOCATION: Final = "SELECT l.id, l.name, l.url, l.state, l.host FROM locations l"


def when(milliseconds: int) -> datetime:
    """Milliseconds since 1970 as a datetime."""
    return _EPOCH + milliseconds * _MILLISECOND


def milliseconds(moment: datetime) -> int:
    """A datetime as milliseconds since 1970; a naive one is taken as UTC."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // _MILLISECOND


def stored(digest: Digest) -> bytes:
    """A digest as the index keeps it."""
    return bytes.fromhex(digest)


def _digest(value: bytes) -> Digest:
    return Digest(value.hex())


def facts(row: Row) -> BlobFacts:
    """Digest, size, media type, width, height, pixels."""
    digest, size, media_type, width, height, pixels = row
    return BlobFacts(
        _digest(digest), size, media_type, width, height, _digest(pixels) if pixels else None
    )


def blob(row: Row) -> Blob:
    """A row of `BLOB`."""
    since = row[8]
    unreferenced = None if since is None else when(since)
    return Blob(row[0], facts(row[1:7]), row[7], unreferenced, when(row[9]))


def replica(row: Row) -> Replica:
    """A row of `REPLICA`."""
    digest = _digest(row[1])
    key = object_key(digest, row[5], row[3])
    return Replica(row[0], digest, row[2], row[3], row[4], key, row[6])


def image(found: Sequence[Row], revision: bytes) -> Image:
    """The rows of `IMAGE` of one pose, of this revision or a later one."""
    pose, name, stored_digest, size, media_type, updated, blob_id = found[0][:7]
    digest = _digest(stored_digest)
    replicas = [
        Replica(row, digest, size, media_type, where, object_key(digest, nonce, media_type), "live")
        for *_, row, where, nonce in found
        if where is not None
    ]
    return Image(pose, name, digest, size, media_type, when(updated), blob_id, replicas, revision)


def rendition(row: Row) -> Rendition:
    """A row of `RENDITION`."""
    return Rendition(_digest(row[0]), row[1], row[2], facts(row[3:]))


def pose(row: Row) -> Pose:
    """A row of `POSE`."""
    digest = _digest(row[4])
    thumbnail = None
    if row[20] is not None:
        thumbnail = Rendition(digest, row[20], row[21], facts(row[22:]))
    return Pose(
        id=row[0],
        user=row[1],
        generation=row[2],
        name=row[3],
        digest=digest,
        size=row[5],
        media_type=row[6],
        width=row[7],
        height=row[8],
        created_at=when(row[9]),
        updated_at=when(row[10]),
        status=row[11],
        favourite=bool(row[12]),
        downloads=row[13],
        pose_library_id=row[14],
        prompt=row[15],
        model=row[16],
        seed=None if row[17] is None else int(row[17]),
        controlnet_weight=row[18],
        generation_time=row[19],
        thumbnail=thumbnail,
    )


def user(row: Row) -> User:
    """A row of `USER`."""
    return User(row[0], row[1], row[2], row[3], row[4], row[5], when(row[6]))


def generation(row: Row) -> Generation:
    """A row of `GENERATION`."""
    return Generation(row[0], row[1], row[2], when(row[3]), when(row[4]))


def location(row: Row) -> Location:
    """A row of `LOCATION`."""
    return Location(*row)
