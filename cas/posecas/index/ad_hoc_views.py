"""The views that statements typed by people find beside the tables: names instead of row ids.

They are temporary and belong to one connection, so they are no part of the schema. Digests are
lower-case hex, times ISO 8601 in UTC, both as in the JSON of a pose.
"""

from typing import Final


def _hex(column: str) -> str:
    return f"lower(hex({column}))"


def _moment(column: str) -> str:
    return f"strftime('%Y-%m-%dT%H:%M:%fZ', {column} / 1000.0, 'unixepoch')"


def _extension(column: str) -> str:
    return f"CASE {column} WHEN 'image/jpeg' THEN 'jpg' ELSE substr({column}, 7) END"


VIEWS: Final = (
    f"""
CREATE TEMP VIEW images AS
SELECT g.name AS generation, p.name AS pose, u.name AS user, {_hex("b.digest")} AS digest, b.size,
  b.media_type, b.width, b.height, p.favourite, p.downloads, p.status, p.pose_library_id, p.prompt,
  p.model, p.seed, p.controlnet_weight, p.generation_time, {_moment("p.created_at")} AS created_at,
  {_moment("p.updated_at")} AS updated_at
FROM poses p JOIN generations g ON g.id = p.generation_id JOIN users u ON u.id = p.user_id
JOIN blobs b ON b.id = p.blob_id
""",
    f"""
CREATE TEMP VIEW rendered AS
SELECT c.name AS recipe, c.version, {_hex("s.digest")} AS source, {_hex("b.digest")} AS digest,
  b.size, b.media_type, b.width, b.height, {_moment("n.created_at")} AS created_at
FROM renditions n JOIN recipes c ON c.id = n.recipe_id JOIN blobs s ON s.id = n.source_id
JOIN blobs b ON b.id = n.blob_id
""",
    f"""
CREATE TEMP VIEW objects AS
SELECT {_hex("b.digest")} AS digest, l.name AS location, r.state, b.size, b.refs AS "references",
  'objects/' || {_hex("substr(b.digest, 1, 1)")} || '/' || {_hex("b.digest")} || '-'
  || {_hex("r.nonce")} || '.' || {_extension("b.media_type")} AS key, {_moment("r.since")} AS since
FROM replicas r JOIN blobs b ON b.id = r.blob_id JOIN locations l ON l.id = r.location_id
""",
)
"""``images``: a row for each pose. ``rendered``: for each rendition. ``objects``: for each replica.
"""
