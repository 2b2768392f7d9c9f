"""Reading one path: which form it has, and what that says."""

from collections.abc import Set as AbstractSet

from posecas.importing.files import FoundFile, path_digits
from posecas.importing.product import AVATARS, GENERATOR, library_id, split, stamped
from posecas.importing.readings import NotRead, ReadName, Rules
from posecas.names import is_name, valid_name

Reading = ReadName | NotRead
_TREE = 2
_BUCKET = "poses"


def parts_of(file: FoundFile, rules: Rules) -> tuple[str, ...]:
    """Return the folders of a file; the imported folder is one if it is one of the product's."""
    parts = tuple(file.folder.split("/")) if file.folder else ()
    return (rules.root, *parts) if rules.root in (GENERATOR, AVATARS) else parts


def read_path(file: FoundFile, rules: Rules) -> Reading:
    """Return what a path says, before generations of several files are brought together."""
    if rules.generation is not None:
        return _in_generation(file, rules, rules.generation)
    if rules.pattern is not None:
        return _by_pattern(file, rules)
    parts = parts_of(file, rules)
    if AVATARS in parts[:-1]:
        return _avatar(file, rules, parts[parts.index(AVATARS) + 1 :])
    return _stamped(file, rules, parts) or _by_folder(file, rules, parts)


def _in_generation(file: FoundFile, rules: Rules, generation: str) -> ReadName:
    return ReadName(file, "folder", rules.user, generation, _pose(file), file.modified)


def _by_pattern(file: FoundFile, rules: Rules) -> Reading:
    assert rules.pattern is not None  # noqa: S101 - for the type checker; asked before
    fields = rules.pattern.read(file.path)
    if isinstance(fields, str):
        return NotRead(file, fields)
    made = int(fields.get("ms", file.modified))
    user, pose = rules.user or fields.get("user"), fields["pose"]
    library = library_id(pose)
    if "generation" in fields:
        generation = fields["generation"]
        return ReadName(file, "pattern", user, generation, pose, made, library_id=library)
    generation = _from_folder(file, rules)
    return ReadName(file, "pattern", user, generation, pose, made, file.folder, library)


def _avatar(file: FoundFile, rules: Rules, below: tuple[str, ...]) -> Reading:
    user, *folders = below
    generation = f"avatars-{user}"
    if not is_name(generation):
        return NotRead(file, f"{user!r} is no valid user id; give one with --user or --pattern")
    pose = valid_name("-".join([*folders, file.stem]), fallback=f"image-{path_digits(file.path)}")
    owner = rules.user or user
    return ReadName(file, "avatar", owner, generation, pose, file.modified, profile="avatar")


def _stamped(file: FoundFile, rules: Rules, parts: tuple[str, ...]) -> Reading | None:
    stamp = stamped(file.stem)
    if stamp is None:
        return None
    folder = parts[-1] if parts else ""
    if parts[-2:-1] == (_BUCKET,) and is_name(folder) and is_name(stamp.name):
        return ReadName(
            *(file, "bucket", rules.user, folder, stamp.name, stamp.made),
            library_id=library_id(stamp.name),
        )
    tree = _user_of_tree(rules, parts)
    found = split(stamp.name, _known(rules, folder if tree else None))
    if isinstance(found, str):
        if tree and is_name(stamp.name):
            return ReadName(
                *(file, "tree", tree, folder, stamp.name, stamp.made),
                library_id=library_id(stamp.name),
            )
        return NotRead(file, found)
    if found is None:
        return None
    user = rules.user or (tree if found.generation == folder else None)
    return ReadName(
        *(file, "product", user, found.generation, found.pose, stamp.made),
        library_id=found.library_id,
    )


def _known(rules: Rules, folder: str | None) -> AbstractSet[str]:
    return rules.owners.keys() | ({folder} if folder else set())


def _by_folder(file: FoundFile, rules: Rules, parts: tuple[str, ...]) -> ReadName:
    if user := _user_of_tree(rules, parts):
        return ReadName(file, "tree", user, parts[1], _pose(file), file.modified)
    generation = _from_folder(file, rules)
    return ReadName(
        *(file, "folder", rules.user, generation, _pose(file), file.modified),
        own_folder=file.folder,
    )


def _user_of_tree(rules: Rules, parts: tuple[str, ...]) -> str | None:
    """Return the user of ``<user>/<generation>/``; the product's own folders are no such tree."""
    if rules.user is not None or len(parts) != _TREE or not all(map(is_name, parts)):
        return None
    return None if GENERATOR in parts or AVATARS in parts else parts[0]


def _from_folder(file: FoundFile, rules: Rules) -> str:
    text = file.folder.replace("/", "-") or rules.root
    return valid_name(text, fallback=f"folder-{path_digits(file.folder)}")


def _pose(file: FoundFile) -> str:
    return valid_name(file.stem, fallback=f"image-{path_digits(file.path)}")
