"""Whether an intake's pose may be, and the statements that make it so."""

from dataclasses import dataclass
from typing import Final

from posecas.errors import ConfigError, InvalidName, PoseExists, PoseNotFound
from posecas.index import rows
from posecas.index.engine import Cursor, Value
from posecas.index.intake import Intake, NewPose, NewRendition, Settled
from posecas.index.owners import (
    check_quota,
    generation_named,
    insert_generation,
    must,
    other_user,
    user_named,
)
from posecas.index.protocol import Alias
from posecas.records import Attributes, BlobFacts, PutStatus, RecipeKey

_COLUMNS: Final = (
    *("pose_library_id", "prompt", "model", "seed", "controlnet_weight", "generation_time"),
    *("status", "favourite", "downloads"),
)
_REFERENCED: Final = f"SELECT 1 FROM blobs b WHERE b.digest = ? AND {rows.REFERENCED}"


@dataclass(frozen=True, slots=True)
class Admission:
    """The pose may be: whose it is, what it replaces, and what it adds to the owner's use."""

    owner: str
    existing: int | None
    unchanged: bool
    charge: int


def admit(cursor: Cursor, new: NewPose, source: BlobFacts) -> Admission:
    """Decide whether ``new`` may name ``source``.

    Raises ``OtherUser``, ``PoseExists``, ``OverQuota``, and ``InvalidName`` if nobody is named.
    """
    owner = _owner(cursor, new)
    row = cursor.one(
        "SELECT p.id, b.digest, b.size FROM poses p JOIN blobs b ON b.id = p.blob_id"
        " JOIN generations g ON g.id = p.generation_id WHERE g.name = ? AND p.name = ?",
        *(new.generation, new.name),
    )
    existing, digest, size = row or (None, None, 0)
    if digest == rows.stored(source.digest):
        return Admission(owner, existing, unchanged=True, charge=0)
    if existing is not None and not new.replace:
        raise PoseExists(
            f"{new.generation}/{new.name}: it exists with other bytes; "
            "choose another pose id, or ask to replace it"
        )
    charge = max(0, source.size - size)
    user = user_named(cursor, owner)
    if user is not None:
        check_quota(user, charge)
    return Admission(owner, existing, unchanged=False, charge=charge)


def _owner(cursor: Cursor, new: NewPose) -> str:
    generation = generation_named(cursor, new.generation)
    if generation is not None:
        if new.user is not None and new.user != generation.user:
            raise other_user(generation)
        return generation.user
    owner = new.user or new.default_user
    if not owner:
        raise InvalidName(
            f"generation {new.generation}: it is new and no user is given; "
            "give one, or set default_user"
        )
    return owner


def settle(cursor: Cursor, intake: Intake, *, wrote: bool, now: int) -> Settled:
    """Commit the references of an intake whose blobs are all live at the write location.

    ``wrote`` tells whether its source's bytes were new. Raises what `admit` raises, and
    ``PoseNotFound`` for a rendition whose source no pose names any more, and for copies of what
    nothing refers to any more.
    """
    if intake.copies and intake.pose is None and not intake.renditions:
        return _copied(cursor, intake, wrote=wrote)
    blob_id = blob_row(cursor, intake.source)
    pose_id: int | None = None
    status: PutStatus = "stored"
    if intake.pose is not None:
        pose_id, status = _place(cursor, intake.pose, intake.source, blob_id, now)
        if status == "stored" and not wrote:
            status = "deduplicated"
        _lead_aliases(cursor, intake.pose, pose_id, now)
    elif cursor.one("SELECT 1 FROM poses WHERE blob_id = ? LIMIT 1", blob_id) is None:
        raise PoseNotFound(
            f"blob {intake.source.digest[:12]}…: no pose names it any more, "
            "so what is made from it is not kept"
        )
    for rendition in intake.renditions:
        _record(cursor, blob_id, rendition, now)
    if pose_id is None:
        return Settled(status, None)
    return Settled(status, rows.pose(must(cursor.one(f"{rows.POSE} WHERE p.id = ?", pose_id))))


def _copied(cursor: Cursor, intake: Intake, *, wrote: bool) -> Settled:
    for blob in intake.copies:
        if cursor.one(_REFERENCED, rows.stored(blob.digest)) is None:
            raise PoseNotFound(
                f"blob {blob.digest[:12]}…: nothing refers to it any more, so it is not copied"
            )
    return Settled("stored" if wrote else "deduplicated", None)


def _place(
    cursor: Cursor, new: NewPose, source: BlobFacts, blob_id: int, now: int
) -> tuple[int, PutStatus]:
    admission = admit(cursor, new, source)
    if admission.unchanged:
        return must(admission.existing), "unchanged"
    if admission.existing is not None:
        values = _values(new.attributes)
        values |= {"blob_id": blob_id, "created_at": _made_at(new.attributes, now)}
        _update(cursor, admission.existing, values, now)
        return admission.existing, "replaced"
    return _insert(cursor, new, admission.owner, blob_id, now), "stored"


def _insert(cursor: Cursor, new: NewPose, owner: str, blob_id: int, now: int) -> int:
    found = generation_named(cursor, new.generation)
    if found is None:
        generation = insert_generation(cursor, new.generation, owner, now)
    else:
        generation = found.id
    user = must(user_named(cursor, owner))
    values: dict[str, Value] = {
        "generation_id": generation,
        "user_id": user.id,
        "name": new.name,
        "blob_id": blob_id,
        "created_at": _made_at(new.attributes, now),
        "updated_at": now,
        **_values(new.attributes),
    }
    marks = ", ".join("?" * len(values))
    row = cursor.one(
        f"INSERT INTO poses ({', '.join(values)}) VALUES ({marks}) RETURNING id", *values.values()
    )
    return int(must(row)[0])


def _update(cursor: Cursor, pose: int, values: dict[str, Value], now: int) -> None:
    changes = ", ".join(f"{column} = ?" for column in values)
    cursor.run(
        f"UPDATE poses SET {changes}, updated_at = ? WHERE id = ?", *values.values(), now, pose
    )


def _made_at(attributes: Attributes, now: int) -> int:
    return now if attributes.created_at is None else rows.milliseconds(attributes.created_at)


def attribute_columns(attributes: Attributes) -> dict[str, Value]:
    """The columns of the attributes that are said."""
    values = _values(attributes)
    if attributes.created_at is not None:
        values["created_at"] = rows.milliseconds(attributes.created_at)
    return values


def _values(attributes: Attributes) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for column in _COLUMNS:
        value = getattr(attributes, column)
        if value is not None:
            values[column] = _column_value(column, value)
    return values


def _column_value(column: str, value: str | float | bool) -> Value:
    # Seeds reach 2**64 - 1, one bit more than SQLite's integers have.
    if column == "seed":
        return str(value)
    if column in {"controlnet_weight", "generation_time"}:
        return float(value)
    return int(value) if isinstance(value, bool) else value


def _lead_aliases(cursor: Cursor, new: NewPose, pose_id: int, now: int) -> None:
    for path, recipe in (*((path, None) for path in new.aliases), *new.rendition_aliases.items()):
        alias = Alias(0, path, pose_id, recipe, f"{new.generation}/{new.name}")
        lead_alias(cursor, alias, now)


def lead_alias(cursor: Cursor, alias: Alias, now: int) -> None:
    """Make an old path lead where ``alias`` says, whose id counts for nothing."""
    cursor.run(
        "INSERT INTO aliases (path, pose_id, recipe, led_to, created_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (path) DO UPDATE SET pose_id = excluded.pose_id, recipe = excluded.recipe,"
        " led_to = excluded.led_to WHERE aliases.pose_id IS NOT excluded.pose_id"
        " OR aliases.recipe IS NOT excluded.recipe",
        *(alias.path, alias.pose, alias.recipe, alias.led_to, now),
    )


def _record(cursor: Cursor, source_id: int, rendition: NewRendition, now: int) -> None:
    recipe_id, target_id = _recipe_row(cursor, rendition.recipe), blob_row(cursor, rendition.target)
    cursor.run(
        "INSERT INTO renditions (source_id, recipe_id, blob_id, created_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        *(source_id, recipe_id, target_id, now),
    )


def _recipe_row(cursor: Cursor, recipe: RecipeKey) -> int:
    find = "SELECT id, spec FROM recipes WHERE name = ? AND version = ?"
    row = cursor.one(find, recipe.name, recipe.version)
    if row is None:
        row = cursor.one(
            "INSERT INTO recipes (name, version, spec) VALUES (?, ?, ?) RETURNING id, spec",
            *(recipe.name, recipe.version, recipe.spec),
        )
    found, spec = must(row)
    if spec != recipe.spec:
        raise ConfigError(
            f"recipe {recipe.name} version {recipe.version}: this store made renditions with other "
            "parameters under the same version; give the changed recipe a new version"
        )
    return int(found)


def blob_row(cursor: Cursor, facts: BlobFacts) -> int:
    """The id of a blob that is in the index."""
    row = cursor.one("SELECT id FROM blobs WHERE digest = ?", rows.stored(facts.digest))
    return int(must(row)[0])
