"""Annotate: say something of poses that are there, of a few or of all in a file."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from posecas.annotations import annotation_from
from posecas.attribute_files import AttributeRow
from posecas.backends import Backends
from posecas.errors import NotFound, OtherUser, PoseNotFound, UsageError
from posecas.names import DigestPrefix, PoseId, parse_id
from posecas.records import Annotation, Pose


@dataclass(frozen=True, slots=True)
class AttributeImport:
    """What a file said: its rows, how many poses they name, how many rows changed their pose.

    ``changed`` None: nothing was set, it was only looked at.
    """

    rows: int
    poses: int
    changed: int | None


@dataclass(frozen=True, slots=True)
class _Target:
    pose: int
    generation: str


def annotate_poses(
    backends: Backends, poses: Sequence[Pose], words: Mapping[str, object]
) -> list[Pose]:
    """Say the same of all these poses, and return them as they are then. All or nothing."""
    note = annotation_from(words)
    done = backends.index.annotate([(pose.id, note) for pose in poses])
    for position in done.missing:
        gone = poses[position]
        raise PoseNotFound(f"pose {gone.generation}/{gone.name}: it was removed meanwhile")
    return [backends.index.pose_by_id(pose.id) for pose in poses]


def import_attributes(
    backends: Backends,
    rows: Iterable[AttributeRow],
    find: Callable[[str], Pose],
    *,
    dry_run: bool,
) -> AttributeImport:
    """Say what the rows say, in their order: all of it, or nothing if one row is wrong.

    ``find`` gives the pose of an ID. An error names the row's file and line.
    """
    read = list(rows)
    targets = list(_targets(backends, read, find))
    _check_owners(backends, read, targets)
    notes = [(target.pose, row.annotation) for target, row in zip(targets, read, strict=True)]
    changed = None if dry_run else _annotate(backends, read, notes)
    return AttributeImport(len(read), len({target.pose for target in targets}), changed)


def _annotate(
    backends: Backends, rows: Sequence[AttributeRow], notes: Sequence[tuple[int, Annotation]]
) -> int:
    done = backends.index.annotate(notes)
    for position in done.missing:
        raise PoseNotFound(f"{rows[position].where}: the pose was removed meanwhile; import again")
    return done.changed


def _targets(
    backends: Backends, rows: Sequence[AttributeRow], find: Callable[[str], Pose]
) -> Iterator[_Target]:
    names = [row.which if isinstance(row.which, PoseId) else _name_in(row) for row in rows]
    found = iter(backends.index.pose_rows([name for name in names if name is not None]))
    for row, name in zip(rows, names, strict=True):
        pose = None if name is None else next(found)
        if name is None or pose is None:
            yield _found(row, find)
        else:
            yield _Target(pose, name.generation)


def _name_in(row: AttributeRow) -> PoseId | None:
    """The pose's name, if the row's ID is one."""
    try:
        read = parse_id(str(row.which))
    except UsageError:
        return None
    return None if isinstance(read, DigestPrefix) else read


def _found(row: AttributeRow, find: Callable[[str], Pose]) -> _Target:
    try:
        pose = find(str(row.which))
    except (NotFound, UsageError) as error:
        raise type(error)(f"{row.where}: {error}") from error
    return _Target(pose.id, pose.generation)


def _check_owners(
    backends: Backends, rows: Sequence[AttributeRow], targets: Sequence[_Target]
) -> None:
    """A user that a row tells must be the owner: the row would be taken for giving the pose away.

    Raises ``OtherUser``.
    """
    owners: dict[str, str | None] = {}
    for row, target in zip(rows, targets, strict=True):
        if row.user is None:
            continue
        name = target.generation
        if name not in owners:
            generation = backends.index.generation(name)
            owners[name] = generation.user if generation else None
        if owners[name] != row.user:
            raise OtherUser(
                f"{row.where}: generation {name} is not user {row.user}'s; leave the user out, or "
                "move the generation first"
            )
