"""Texts in an EXIF block: what generators that write JPEG and WebP keep their prompts in.

Read are the user comment (EXIF 2.3, tag 0x9286, with its character code) and the camera's maker and
model (TIFF 6.0, tags 0x010F and 0x0110), which ComfyUI uses for ``workflow:{…}`` and
``prompt:{…}``.
"""

import struct
from collections.abc import Iterator, Mapping
from typing import Final

_HEADER: Final = b"Exif\0\0"
_ORDERS: Final = {b"II*\0": "<", b"MM\0*": ">"}
_ENTRY_BYTES: Final = 12
_INLINE_BYTES: Final = 4
_EXIF_FOLDER: Final = 0x8769
_NAMES: Final = {0x010F: "maker", 0x0110: "model", 0x9286: "comment"}
_BYTES_EACH: Final = {1: 1, 2: 1, 4: 4, 7: 1}
"""Of the types that matter here: bytes, ASCII, offsets, undefined."""
_CODE_BYTES: Final = 8


def exif_texts(block: bytes) -> Mapping[str, str]:
    """Return the texts under ``comment``, ``maker`` and ``model``; nothing of a broken block."""
    block = block.removeprefix(_HEADER)
    order = _ORDERS.get(block[:4])
    if order is None:
        return {}
    try:
        values = _values(block, order)
    except struct.error:
        return {}
    texts = {name: _text(name, value) for name, value in values.items()}
    return {name: text for name, text in texts.items() if text}


def _values(block: bytes, order: str) -> dict[str, bytes]:
    (first,) = struct.unpack_from(f"{order}I", block, 4)
    entries = dict(_entries(block, order, first))
    pointer = entries.get(_EXIF_FOLDER, b"")
    if len(pointer) == _INLINE_BYTES:
        entries |= dict(_entries(block, order, *struct.unpack(f"{order}I", pointer)))
    return {name: entries[tag] for tag, name in _NAMES.items() if tag in entries}


def _entries(block: bytes, order: str, at: int) -> Iterator[tuple[int, bytes]]:
    (count,) = struct.unpack_from(f"{order}H", block, at)
    wanted = {*_NAMES, _EXIF_FOLDER}
    for entry in range(at + 2, at + 2 + count * _ENTRY_BYTES, _ENTRY_BYTES):
        tag, kind, number = struct.unpack_from(f"{order}HHI", block, entry)
        if tag not in wanted:
            continue
        wanted.remove(tag)
        size = number * _BYTES_EACH.get(kind, 0)
        start = entry + 8
        if size > _INLINE_BYTES:
            (start,) = struct.unpack_from(f"{order}I", block, start)
        yield tag, block[start : start + size]


def _text(name: str, value: bytes) -> str:
    if name != "comment":
        return _decoded(value)
    code, body = value[:_CODE_BYTES], value[_CODE_BYTES:]
    if code.startswith(b"UNICODE"):
        return _utf_16(body)
    return _decoded(body)


def _utf_16(body: bytes) -> str:
    # The standard names no byte order, and writers do not keep to that of the block.
    little = body[1::2].count(0) > body[0::2].count(0)
    return body.decode("utf-16-le" if little else "utf-16-be", "replace").strip("\0\ufeff")


def _decoded(value: bytes) -> str:
    return value.strip(b"\0").decode("utf-8", "replace")
