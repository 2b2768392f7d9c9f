"""What reading the names of a folder gives."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from posecas.importing.files import FoundFile, moment
from posecas.importing.pattern import Pattern

Form = Literal["pattern", "avatar", "bucket", "product", "tree", "folder"]
Profile = Literal["pose", "avatar"]


def _nobody(_generation: str) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Rules:
    """How names are to be read.

    ``root`` is the name of the imported folder. With ``user``, folders name generations only; with
    ``generation``, nothing is read from them. ``default_user`` owns what names no user; ``owners``
    says whose a generation is, and that it is one; ``owner_of`` tells whose it is in the store
    already. ``thumbnails`` gives the recipe of each profile's, ``recipes`` those that an export may
    be of.
    """

    root: str
    user: str | None = None
    generation: str | None = None
    default_user: str | None = None
    owners: Mapping[str, str] = field(default_factory=dict)
    pattern: Pattern | None = None
    owner_of: Callable[[str], str | None] = _nobody
    thumbnails: Mapping[str, str] = field(
        default_factory=lambda: {"pose": "thumb-400", "avatar": "thumb-300"}
    )
    recipes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ReadName:
    """What a file is imported as. ``user`` None: whoever owns the generation.

    ``made`` is when the image was made, in milliseconds since 1970. ``own_folder`` tells a
    generation that was made of a folder's path from an id that several folders may name.
    ``supersedes`` holds the older files of the same pose.
    """

    file: FoundFile
    form: Form
    user: str | None
    generation: str
    pose: str
    made: int
    own_folder: str | None = None
    library_id: str | None = None
    profile: Profile = "pose"
    supersedes: Sequence[FoundFile] = ()

    @property
    def created_at(self) -> datetime | None:
        """When the image was made, as far as names and files tell; None for an absurd time."""
        return moment(self.made)


@dataclass(frozen=True, slots=True)
class ReadRendition:
    """A file that is an old name of what ``recipe`` makes of another file's pose."""

    file: FoundFile
    recipe: str
    of: ReadName


@dataclass(frozen=True, slots=True)
class Orphan:
    """A thumbnail whose image is not in the folder; ``originals`` are the paths it may have had."""

    file: FoundFile
    recipe: str
    originals: Sequence[str]


@dataclass(frozen=True, slots=True)
class NotRead:
    """A file that is not imported, and why. ``fault``: it may hold something worth importing."""

    file: FoundFile
    reason: str
    fault: bool = True


@dataclass(frozen=True, slots=True)
class Prefixed:
    """A generation whose id is another user's, and what it is called instead."""

    wanted: str
    user: str
    name: str
    in_store: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that was read, each part sorted by path."""

    poses: Sequence[ReadName] = ()
    renditions: Sequence[ReadRendition] = ()
    orphans: Sequence[Orphan] = ()
    not_read: Sequence[NotRead] = ()
    prefixed: Sequence[Prefixed] = ()
