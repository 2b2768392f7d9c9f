"""What an object in a bucket says of itself, so that a lost index can be made again of objects.

Lower-case names and ASCII values: ``format``, ``digest``, and ``kind``, which is ``pose`` with the
first ``user``, ``generation`` and ``pose`` that named the bytes, or ``rendition`` with the digest
of its ``source``, the ``recipe`` and its ``version``. No prompts: whoever may read a public object
sees its headers. Local files carry none; a local store relies on its journal.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from posecas.digest import Digest
from posecas.index.intake import Intake, NewPose
from posecas.index.protocol import Index

_FORMAT: Final = "1"

Metadata = Mapping[str, str]


def metadata_of(index: Index, intakes: Sequence[Intake]) -> Mapping[Digest, Metadata]:
    """Return what the objects of these intakes are to say, those of copies as the index knows."""
    said: dict[Digest, Metadata] = {}
    for intake in intakes:
        if intake.pose is not None:
            said.setdefault(intake.source.digest, _of_pose(index, intake.pose))
        for one in intake.renditions:
            recipe, version = one.recipe.name, one.recipe.version
            made = _of_rendition(intake.source.digest, recipe, version)
            said.setdefault(one.target.digest, made)
        for copy in intake.copies:
            said.setdefault(copy.digest, _of_copy(index, copy.digest))
    return {digest: {"format": _FORMAT, "digest": digest, **more} for digest, more in said.items()}


def _of_pose(index: Index, new: NewPose) -> Metadata:
    owner = new.user
    if owner is None:
        generation = index.generation(new.generation)
        owner = new.default_user if generation is None else generation.user
    return _named(owner, new.generation, new.name)


def _of_copy(index: Index, digest: Digest) -> Metadata:
    if poses := index.poses_of(digest, limit=1).items:
        return _named(poses[0].user, poses[0].generation, poses[0].name)
    for made in index.renditions_to(digest):
        return _of_rendition(made.source, made.recipe, made.version)
    return {"kind": "unnamed"}


def _named(user: str, generation: str, pose: str) -> Metadata:
    return {"kind": "pose", "user": user, "generation": generation, "pose": pose}


def _of_rendition(source: Digest, recipe: str, version: int) -> Metadata:
    return {"kind": "rendition", "source": source, "recipe": recipe, "version": str(version)}
