"""Is it safe to decode: size, type and structure of a file, found without decoding it."""

from collections.abc import Callable, Mapping
from typing import Final

from posecas.images.jpeg import inspect_jpeg
from posecas.images.limits import Limits
from posecas.images.png import inspect_png
from posecas.images.sniff import SNIFF_BYTES, sniff
from posecas.images.structure import Probe
from posecas.images.webp import inspect_webp

_INSPECTORS: Final[Mapping[str, Callable[[bytes, Limits], Probe]]] = {
    "image/png": inspect_png,
    "image/jpeg": inspect_jpeg,
    "image/webp": inspect_webp,
}


def probe(data: bytes, limits: Limits) -> Probe:
    """Return what the structure of ``data`` says, in time and memory bounded by its size.

    Raises ``TooLarge`` (bytes, sides, pixels, chunks, scans, text), ``NotAnImage`` and
    ``BrokenImage`` (animations, and bytes after the end, too). A file that passes may still fail to
    decode.
    """
    limits.check_bytes(len(data))
    return _INSPECTORS[sniff(data[:SNIFF_BYTES])](data, limits)
