"""What type of image the first bytes begin; names and declared types count for nothing."""

from typing import Final

from posecas.errors import NotAnImage

SNIFF_BYTES: Final = 12
"""How many bytes decide. No image of an accepted type is shorter."""

_STARTS: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF")
_OTHERS: Final = (
    (b"GIF8", "a GIF image"),
    (b"BM", "a BMP image"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"8BPS", "a Photoshop document"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL image"),
    (b"\xff\x0a", "a JPEG XL image"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"<", "markup such as SVG or HTML"),
    (b"\xef\xbb\xbf<", "markup such as SVG or HTML"),
    (b"{", "JSON text"),
)
_BRANDS: Final = {b"avif": "an AVIF image", b"heic": "a HEIC image", b"mif1": "a HEIF image"}


def sniff(head: bytes) -> str:
    """Return the media type that ``head``, the first ``SNIFF_BYTES`` or more, begins.

    Raises ``NotAnImage``, also for fewer bytes: whoever receives a file in pieces asks once it has
    ``SNIFF_BYTES``, or the end.
    """
    if len(head) < SNIFF_BYTES:
        raise NotAnImage(
            f"only {len(head)} bytes, too few to be an image: was it written to its end?"
            if head
            else "the file is empty: was it written to its end?"
        )
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    raise NotAnImage(f"{_guess(head)}: convert it to PNG, JPEG or WebP")


def check_start(head: bytes) -> None:
    """Raise ``NotAnImage`` if no image begins with these bytes, however few they are."""
    if len(head) >= SNIFF_BYTES:
        sniff(head)
        return
    if not any(_agree(head, start) for start in _STARTS):
        raise NotAnImage(f"{_guess(head)}: convert it to PNG, JPEG or WebP")


def _agree(head: bytes, start: bytes) -> bool:
    known = min(len(head), len(start))
    return head[:known] == start[:known]


def _guess(head: bytes) -> str:
    if head[4:8] == b"ftyp":
        return f"it is {_BRANDS.get(head[8:12], 'an MP4, HEIF or AVIF file')}"
    for magic, name in _OTHERS:
        if head.startswith(magic):
            return f"it is {name}"
    return f"no image type begins with the bytes {head[:8].hex(' ')}"
