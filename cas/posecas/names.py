"""Which names are allowed, how an ID is read, and how bytes are named outside the store."""

import re
from dataclasses import dataclass
from typing import Final

from posecas.digest import Digest, is_digest_prefix
from posecas.errors import InvalidName

LONGEST_NAME: Final = 128

EXTENSIONS: Final = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
"""Media type to file extension, for keys, the view and `/hashes`."""

MEDIA_TYPES: Final = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
}
"""File extension, lower case and without its dot, to media type."""

_KEY = re.compile(r"objects/([0-9a-f]{2})/(\1[0-9a-f]{62})-([0-9a-f]{12})\.(png|jpg|webp)")
_HASH_PATH = re.compile(r"(?:.*/)?hashes/([0-9a-f]{2})/(\1[0-9a-f]{62})\.(?:png|jpg|webp)")
_OBJECT_PATH = re.compile(
    r"(?:.*/)?(objects/([0-9a-f]{2})/\2[0-9a-f]{62}-[0-9a-f]{12}\.(?:png|jpg|webp))"
)
_NAME = re.compile(rf"[A-Za-z0-9_-][A-Za-z0-9._-]{{0,{LONGEST_NAME - 1}}}")
_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class PoseId:
    """The name of a pose: its generation's id and its own."""

    generation: str
    pose: str

    def __str__(self) -> str:
        return f"{self.generation}/{self.pose}"


@dataclass(frozen=True, slots=True)
class ObjectName:
    """What the key of a replica says."""

    digest: Digest
    nonce: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class DigestPrefix:
    """A digest, or its first eight or more digits."""

    digits: str


def is_name(text: str) -> bool:
    """Tell whether ``text`` may name a user, a generation or a pose."""
    return _NAME.fullmatch(text) is not None


def check_name(kind: str, text: str) -> str:
    """Return ``text`` if it may name a ``kind`` (user, generation, pose).

    Raises ``InvalidName``.
    """
    if not is_name(text):
        raise InvalidName(
            f"{kind} {text!r}: use 1 to {LONGEST_NAME} characters of A-Z a-z 0-9 . _ -, "
            "not starting with a dot"
        )
    return text


def valid_name(text: str, *, fallback: str) -> str:
    """Make a name of any text: what is not allowed becomes a dash.

    The same text always gives the same name; different texts may give the same one.
    """
    name = _NOT_ALLOWED.sub("-", text).strip("-").lstrip(".")[:LONGEST_NAME]
    return name or fallback


def parse_id(text: str) -> PoseId | DigestPrefix:
    """Read ``<generation>/<pose>``, a digest, or a digest prefix of at least eight digits.

    Raises ``InvalidName``.
    """
    generation, slash, pose = text.partition("/")
    if slash:
        return PoseId(check_name("generation", generation), check_name("pose", pose))
    if is_digest_prefix(text.lower()):
        return DigestPrefix(text.lower())
    raise InvalidName(
        f"{text!r} is no ID: give <generation>/<pose>, or at least 8 digits of a digest"
    )


def hash_path(digest: Digest, media_type: str) -> str:
    """Return the address that is the same in the mount, behind a gateway and in JSON."""
    return f"/hashes/{digest[:2]}/{digest}.{EXTENSIONS[media_type]}"


def object_key(digest: Digest, nonce: bytes, media_type: str) -> str:
    """Return the key of a replica: ``objects/<2>/<digest>-<12 hex>.<ext>``.

    The six random bytes make it a key that was never used before and never will be again.
    """
    return f"objects/{digest[:2]}/{digest}-{nonce.hex()}.{EXTENSIONS[media_type]}"


def parse_object_key(key: str) -> ObjectName | None:
    """Read what `object_key` writes; None for any other text."""
    match = _KEY.fullmatch(key)
    if match is None:
        return None
    return ObjectName(Digest(match[2]), bytes.fromhex(match[3]), MEDIA_TYPES[match[4]])


def parse_hash_path(path: str) -> Digest | None:
    """Read the digest in a path that ends like what `hash_path` writes; None for any other."""
    match = _HASH_PATH.fullmatch(path)
    return None if match is None else Digest(match[2])


def object_key_in(path: str) -> str | None:
    """Return the key of a replica with which a path ends, as a bucket's addresses do."""
    match = _OBJECT_PATH.fullmatch(path)
    return None if match is None else match[1]
