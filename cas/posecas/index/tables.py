"""What of the index lasts: the tables and columns that snapshots and the journal hold.

Everything else is counted again from them (references, use, garbage), or belongs to a process that
is gone with its index (leases, claims, reservations).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from posecas.records import ChangeKind


@dataclass(frozen=True, slots=True)
class Table:
    """A table and its lasting columns. ``key`` are those that identify a row."""

    kind: ChangeKind
    columns: Sequence[str]
    key: Sequence[str] = ("id",)
    binary: frozenset[str] = frozenset()
    """Columns of bytes, which are hexadecimal digits outside the index."""


TABLES: Final[Mapping[str, Table]] = {
    "users": Table("user", ("id", "name", "quota", "created_at")),
    "generations": Table("generation", ("id", "name", "user_id", "created_at", "changed_at")),
    "locations": Table("location", ("id", "name", "url", "host", "state", "created_at")),
    "recipes": Table("recipe", ("id", "name", "version", "spec")),
    "blobs": Table(
        "blob",
        ("id", "digest", "size", "media_type", "width", "height", "pixels", "created_at"),
        binary=frozenset({"digest", "pixels"}),
    ),
    "replicas": Table(
        "replica",
        ("id", "blob_id", "location_id", "nonce", "state", "since"),
        binary=frozenset({"nonce"}),
    ),
    "poses": Table(
        "pose",
        (
            *("id", "generation_id", "user_id", "name", "blob_id", "pose_library_id", "prompt"),
            *("model", "seed", "controlnet_weight", "generation_time", "status", "favourite"),
            *("downloads", "created_at", "updated_at"),
        ),
    ),
    "renditions": Table(
        "rendition",
        ("source_id", "recipe_id", "blob_id", "created_at"),
        key=("source_id", "recipe_id"),
    ),
    "aliases": Table("alias", ("id", "path", "pose_id", "recipe", "led_to", "created_at")),
}
"""In an order in which rows can be added one after the other."""

OF_KIND: Final[Mapping[str, str]] = {table.kind: name for name, table in TABLES.items()}
"""The table that a change of a kind is about."""
