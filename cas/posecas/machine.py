"""The stable shapes of machine output, one JSON object each; the mount's `<pose>.json` is one too.

A name that is here stays, with its meaning. New names may come. A value that is not known is
``null`` and never left out. Sizes are bytes, times ISO 8601 in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from posecas.cost import Cost
    from posecas.drop import Dropped
    from posecas.errors import PosecasError
    from posecas.findings import Checked, Finding
    from posecas.images.recipes import Recipe
    from posecas.records import (
        Address,
        Blob,
        Collected,
        Generation,
        LocationUse,
        Pose,
        PutStatus,
        Rendition,
        Replica,
        Stats,
        Upload,
        User,
    )
    from posecas.replicate import NotCopied, Replicated


Json = Mapping[str, "JsonValue"]
JsonValue = str | int | float | bool | None | Json | Sequence["JsonValue"]


def time_text(moment: datetime) -> str:
    """Write a moment as ISO 8601 in UTC, to the millisecond: ``2026-11-23T08:15:00.000Z``."""
    exact = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return exact.removesuffix("+00:00") + "Z"


def pose_json(pose: Pose) -> dict[str, JsonValue]:
    """Return a pose: where it is, what its bytes are, and its attributes."""
    return {
        "user": pose.user,
        "generation": pose.generation,
        "pose": pose.name,
        "digest": pose.digest,
        "size": pose.size,
        "media_type": pose.media_type,
        "width": pose.width,
        "height": pose.height,
        "path": pose.path,
        "thumbnail": None if pose.thumbnail is None else _thumbnail_json(pose.thumbnail),
        "favourite": pose.favourite,
        "downloads": pose.downloads,
        "status": pose.status,
        "pose_library_id": pose.pose_library_id,
        "prompt": pose.prompt,
        "model": pose.model,
        "seed": pose.seed,
        "controlnet_weight": pose.controlnet_weight,
        "generation_time": pose.generation_time,
        "created_at": time_text(pose.created_at),
        "updated_at": time_text(pose.updated_at),
    }


def address_json(address: Address) -> Json:
    """Return where an image can be got."""
    expires_at = None if address.expires_at is None else time_text(address.expires_at)
    return {"url": address.url, "expires_at": expires_at, "location": address.location}


def upload_json(upload: Upload) -> Json:
    """Return where one image can be put, and what must be sent with it."""
    return {
        "url": upload.url,
        "expires_at": time_text(upload.expires_at),
        "location": upload.location,
        "key": upload.key,
        "headers": upload.headers,
        "size": upload.size,
    }


def blob_json(blob: Blob) -> dict[str, JsonValue]:
    """Return bytes that no pose names, in the shape of a pose."""
    facts = blob.facts
    return {
        "user": None,
        "generation": None,
        "pose": None,
        "digest": facts.digest,
        "size": facts.size,
        "media_type": facts.media_type,
        "width": facts.width,
        "height": facts.height,
        "path": blob.path,
        "created_at": time_text(blob.created_at),
    }


def description_json(
    pose: Pose | None,
    blob: Blob,
    *,
    replicas: Sequence[Replica],
    renditions: Sequence[Rendition],
    aliases: Sequence[str],
) -> dict[str, JsonValue]:
    """Return everything about one pose, or about bytes that no pose names."""
    return {
        **(blob_json(blob) if pose is None else pose_json(pose)),
        "references": blob.references,
        "replicas": [replica_json(replica) for replica in replicas],
        "renditions": [rendition_json(rendition) for rendition in renditions],
        "aliases": list(aliases),
    }


def put_json(pose: Pose, *, file: str, status: PutStatus) -> dict[str, JsonValue]:
    """Return a pose that was put, with the file it came from and what became of it.

    ``status`` is that of the put; the pose's own is told by everything else that shows a pose.
    """
    return {"file": file, **pose_json(pose), "status": status}


def alias_json(pose: Pose, rendition: Rendition, *, file: str) -> dict[str, JsonValue]:
    """Return an old file that leads to what is made of a pose, whose name it tells."""
    return {
        "file": file,
        "user": pose.user,
        "generation": pose.generation,
        "pose": pose.name,
        **rendition_json(rendition),
        "status": "alias",
    }


def refused_json(error: PosecasError, *, file: str) -> dict[str, JsonValue]:
    """Return a file that was not put, and why."""
    return {"file": file, "status": "refused", **error_json(error)}


def error_json(error: PosecasError) -> dict[str, JsonValue]:
    """Return an error: its class, its one line, and the exit code it stands for."""
    return {
        "error": type(error).__name__,
        "message": str(error),
        "exit_code": error.exit_code,
    }


def replica_json(replica: Replica) -> dict[str, JsonValue]:
    """Return one object that holds a blob."""
    return {
        "location": replica.location,
        "key": replica.key,
        "state": replica.state,
        "size": replica.size,
    }


def rendition_json(rendition: Rendition) -> dict[str, JsonValue]:
    """Return one image made from another."""
    return {
        "recipe": rendition.recipe,
        "version": rendition.version,
        "digest": rendition.facts.digest,
        "size": rendition.facts.size,
        "media_type": rendition.facts.media_type,
        "width": rendition.facts.width,
        "height": rendition.facts.height,
        "path": rendition.path,
    }


def export_json(pose: Pose, rendition: Rendition, *, file: str) -> dict[str, JsonValue]:
    """Return a pose whose bytes, from ``digest`` to ``path``, are those a recipe made of it.

    ``source`` is the digest of its own.
    """
    return {
        "file": file,
        **pose_json(pose),
        "source": pose.digest,
        **rendition_json(rendition),
    }


def export_refused_json(pose: Pose, error: PosecasError, *, recipe: str) -> dict[str, JsonValue]:
    """Return a pose of which a recipe could not make anything, and why."""
    return {**pose_json(pose), "recipe": recipe, **error_json(error)}


def recipe_json(recipe: Recipe, *, own: bool) -> dict[str, JsonValue]:
    """Return a recipe; ``own``: it is of `posecas.toml`. ``quality`` null: the format has none.

    ``transparent_format`` is that of a result in which something is transparent.
    """
    return {
        "recipe": recipe.name,
        "version": recipe.version,
        "own": own,
        "width": recipe.width,
        "height": recipe.height,
        "fit": recipe.fit,
        "focus": list(recipe.focus),
        "pad": recipe.pad,
        "upscale": recipe.upscale,
        "format": recipe.opaque.name,
        "transparent_format": recipe.transparent.name,
        "quality": getattr(recipe.opaque, "quality", None),
        "subsampling": getattr(recipe.opaque, "subsampling", None),
        "max_bytes": recipe.max_bytes,
    }


def user_json(user: User) -> dict[str, JsonValue]:
    """Return a user with the use of the quota; ``quota`` null is no limit."""
    return {
        "user": user.name,
        "quota": user.quota,
        "used": user.used,
        "reserved": user.reserved,
        "poses": user.poses,
        "created_at": time_text(user.created_at),
    }


def location_json(use: LocationUse, *, writes: bool, backups: bool) -> dict[str, JsonValue]:
    """Return a location with its objects.

    ``host`` null: every host of the store reaches it. ``writes``: new objects go there;
    ``backups``: the index's journal does.
    """
    location = use.location
    return {
        "location": location.name,
        "url": location.url,
        "state": location.state,
        "host": location.host,
        "writes": writes,
        "backups": backups,
        "objects": use.live.count,
        "bytes": use.live.bytes,
        "pending_objects": use.pending.count,
        "condemned_objects": use.condemned.count,
        "condemned_bytes": use.condemned.bytes,
        "damaged_objects": use.damaged.count,
    }


def replicated_json(done: Replicated) -> dict[str, JsonValue]:
    """Return what a replication copied; ``expected`` is what was lacking when it began."""
    return {
        "copied": done.copied,
        "bytes": done.bytes,
        "skipped": done.skipped,
        "failed": done.failed,
        "expected": done.expected,
        "expected_bytes": done.expected_bytes,
        "retired": done.retired,
    }


def not_copied_json(one: NotCopied) -> dict[str, JsonValue]:
    """Return a blob that could not be copied, and why; ``pose`` is one that it belongs to."""
    return {"digest": one.digest, "pose": one.named, **error_json(one.error)}


def dropped_json(name: str, done: Dropped) -> dict[str, JsonValue]:
    """Return how far the drop of a location is."""
    return {
        "location": name,
        "state": done.state,
        "retired": done.retired,
        "bytes_retired": done.bytes_retired,
        "deleted": done.deleted,
        "bytes_freed": done.bytes_freed,
        "failed": done.failed,
        "waiting": done.waiting,
        "expected": done.expected,
        "expected_bytes": done.expected_bytes,
    }


def cost_json(cost: Cost) -> dict[str, JsonValue]:
    """Return what one location costs in a month, in dollars."""
    return {
        "location": cost.location,
        "prices": cost.prices,
        "stored_bytes": cost.stored,
        "writes": cost.writes,
        "reads": cost.reads,
        "served_bytes": cost.served,
        "storage_cost": cost.storage_cost,
        "writes_cost": cost.writes_cost,
        "reads_cost": cost.reads_cost,
        "egress_cost": cost.egress_cost,
        "total": cost.total,
    }


def generation_json(generation: Generation) -> dict[str, JsonValue]:
    """Return a generation and its owner."""
    return {
        "generation": generation.name,
        "user": generation.user,
        "created_at": time_text(generation.created_at),
        "changed_at": time_text(generation.changed_at),
    }


def stats_json(stats: Stats) -> dict[str, JsonValue]:
    """Return the use of a store, or of one user's part of it."""
    return {
        "users": stats.users,
        "generations": stats.generations,
        "poses": stats.poses,
        "blobs": stats.blobs,
        "renditions": stats.renditions,
        "logical_bytes": stats.logical_bytes,
        "stored_bytes": stats.stored_bytes,
        "rendition_bytes": stats.rendition_bytes,
        "garbage_bytes": stats.garbage_bytes,
        "dedupe_ratio": round(stats.dedupe_ratio, 4),
        "image_bytes": stats.image_bytes,
        "recipes": [
            {
                "recipe": one.recipe,
                "version": one.version,
                "renditions": one.renditions,
                "bytes": one.bytes,
            }
            for one in stats.recipes
        ],
        "pending_objects": stats.pending.count,
        "pending_bytes": stats.pending.bytes,
        "condemned_objects": stats.condemned.count,
        "condemned_bytes": stats.condemned.bytes,
        "damaged_objects": stats.damaged.count,
        "damaged_bytes": stats.damaged.bytes,
    }


def _thumbnail_json(rendition: Rendition) -> dict[str, JsonValue]:
    return {
        "recipe": rendition.recipe,
        "digest": rendition.facts.digest,
        "path": rendition.path,
    }


def collected_json(collected: Collected) -> Json:
    """What a collection did, or would do."""
    return {
        "condemned": collected.condemned,
        "bytes_condemned": collected.bytes_condemned,
        "deleted": collected.deleted,
        "bytes_freed": collected.bytes_freed,
        "failed": collected.failed,
    }


def finding_json(finding: Finding) -> Json:
    """Return something that a check found; ``repaired``: it is right again."""
    return {
        "kind": finding.kind,
        "digest": finding.digest,
        "pose": finding.pose,
        "user": finding.user,
        "detail": finding.detail,
        "repaired": finding.repaired,
    }


def checked_json(checked: Checked) -> Json:
    """Return what a check came to; ``read`` of the ``objects`` were hashed, ``bytes`` long."""
    return {
        "findings": checked.findings,
        "repaired": checked.repaired,
        "blobs": checked.blobs,
        "poses": checked.poses,
        "objects": checked.objects,
        "read": checked.read,
        "bytes": checked.bytes,
        "unreachable": len(checked.away),
    }
