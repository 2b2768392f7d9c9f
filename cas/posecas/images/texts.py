"""The texts that a file carries beside its pixels, by keyword, within a bound."""

import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from posecas.errors import Refused
from posecas.images import jpeg, png_chunks, webp
from posecas.images.exif_text import exif_texts
from posecas.images.limits import PNG_TEXT_BYTES

_APP1: Final = 0xE1
_EXIF: Final = b"Exif\0\0"
_COMFYUI: Final = ("prompt", "workflow")

Texts = Iterator[tuple[str, str]]


def texts_in(data: bytes, media_type: str) -> Mapping[str, str]:
    """Return the texts of an image by keyword; of several under one keyword, the first.

    PNG gives its text chunks; EXIF gives ``parameters`` for a user comment, and what ComfyUI writes
    as ``prompt:…``. The image has passed `probe`. At most ``PNG_TEXT_BYTES`` are inflated and read;
    what is over that, or broken, is left out. Nothing is raised.
    """
    found: dict[str, str] = {}
    room = PNG_TEXT_BYTES
    try:
        for keyword, text in _READERS[media_type](data):
            room -= len(text)
            if room < 0:
                break
            found.setdefault(keyword, text)
    except Refused:
        pass
    return found


def _png(data: bytes) -> Texts:
    for chunk in png_chunks.chunks(memoryview(data)):
        if chunk.kind == b"eXIf":
            yield from _exif(bytes(chunk.body[:PNG_TEXT_BYTES]))
        elif chunk.kind in _PNG_TEXTS and len(chunk.body) <= PNG_TEXT_BYTES:
            keyword, _, rest = bytes(chunk.body).partition(b"\0")
            text = _PNG_TEXTS[chunk.kind](rest)
            if text is not None:
                yield keyword.decode("latin-1"), _decoded(text)


def _plain(rest: bytes) -> bytes | None:
    return rest


def _compressed(rest: bytes) -> bytes | None:
    return _inflated(rest[1:]) if rest[:1] == b"\0" else None


def _international(rest: bytes) -> bytes | None:
    # Flag and method, language tag, translated keyword, text (PNG, third edition, 11.3.3.4).
    text = rest[2:].split(b"\0", 2)[-1]
    return _inflated(text) if rest[:1] == b"\1" else text


def _inflated(compressed: bytes) -> bytes | None:
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(compressed, PNG_TEXT_BYTES)
    except zlib.error:
        return None
    return text if inflater.eof else None


def _decoded(text: bytes) -> str:
    # Plain text is Latin-1 by the standard, and UTF-8 by the hands of some writers.
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _jpeg(data: bytes) -> Texts:
    for segment in jpeg.segments(data):
        if segment.code == _APP1 and segment.body[: len(_EXIF)].tobytes() == _EXIF:
            yield from _exif(bytes(segment.body))


def _webp(data: bytes) -> Texts:
    for chunk in webp.chunks(memoryview(data)):
        if chunk.kind == b"EXIF" and len(chunk.body) <= PNG_TEXT_BYTES:
            yield from _exif(bytes(chunk.body))


def _exif(block: bytes) -> Texts:
    texts = exif_texts(block)
    if "comment" in texts:
        yield "parameters", texts["comment"]
    for name in ("maker", "model"):
        keyword, colon, text = texts.get(name, "").partition(":")
        if colon and keyword.lower() in _COMFYUI:
            yield keyword.lower(), text


_PNG_TEXTS: Final[Mapping[bytes, Callable[[bytes], bytes | None]]] = {
    b"tEXt": _plain,
    b"zTXt": _compressed,
    b"iTXt": _international,
}
_READERS: Final[Mapping[str, Callable[[bytes], Texts]]] = {
    "image/png": _png,
    "image/jpeg": _jpeg,
    "image/webp": _webp,
}
