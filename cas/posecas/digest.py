"""BLAKE3-256, the name of a blob: 64 lower-case hex digits outside, 32 bytes in the index."""

import re
from pathlib import Path
from typing import NewType

from blake3 import blake3

from posecas.errors import DamagedObject

Digest = NewType("Digest", str)
"""The digest of a blob's bytes, 64 lower-case hexadecimal digits."""

DIGEST_LENGTH = 64
SHORTEST_PREFIX = 8

_PREFIX = re.compile(rf"[0-9a-f]{{{SHORTEST_PREFIX},{DIGEST_LENGTH}}}")
_READ_SIZE = 1 << 20


def digest_of(data: bytes | bytearray | memoryview) -> Digest:
    """Return the digest of ``data``.

    Single-threaded on purpose: at a megabyte, BLAKE3's own threads cost more than they save.
    """
    return Digest(blake3(data).hexdigest())


def digest_of_file(path: Path) -> Digest:
    """Return the digest of a file's bytes in flat memory. Raises ``OSError``."""
    hasher = blake3()
    with path.open("rb") as file:
        while chunk := file.read(_READ_SIZE):
            hasher.update(chunk)
    return Digest(hasher.hexdigest())


def verify(data: bytes, expected: Digest, *, where: str) -> None:
    """Raise ``DamagedObject`` unless ``data`` has the digest ``expected``.

    Every path on which bytes enter or leave as a whole goes through here. ``where`` names the
    object in the message.
    """
    found = digest_of(data)
    if found != expected:
        raise DamagedObject(
            f"{where}: its bytes have the digest {found[:12]}…, the index says {expected[:12]}…; "
            "it is not served. Put the same image again to heal it"
        )


def is_digest_prefix(text: str) -> bool:
    """Tell whether ``text`` is a digest or a prefix of at least eight digits."""
    return _PREFIX.fullmatch(text) is not None
