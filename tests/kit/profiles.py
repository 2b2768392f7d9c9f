"""Small ICC profiles, built tag by tag (ICC.1:2001, version 2.4)."""

import struct
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Final

P3_PRIMARIES: Final = (
    (0.51512, 0.24120, -0.00105),
    (0.29198, 0.69225, 0.04189),
    (0.15710, 0.06657, 0.78407),
)
"""Display P3, adapted to D50."""

_D50: Final = (0.9642, 1.0, 0.8249)
_GREEN_LAB: Final = (50, -60, 40)


def display_p3() -> bytes:
    """Display P3 with a plain gamma of 2.2."""
    red, green, blue = map(_xyz, P3_PRIMARIES)
    curve = _gamma(2.2)
    tags = {b"rXYZ": red, b"gXYZ": green, b"bXYZ": blue}
    return _profile(
        b"mntr", b"RGB ", b"XYZ ", {**tags, b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    )


def linear_grey() -> bytes:
    """Grey without gamma: half the value is half the light."""
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": _gamma(1.0)})


def press_with_green_cyan() -> bytes:
    """A press on which full cyan ink is green, and all but cyan and black print nothing."""
    nodes = [_lab_of_inks(inks) for inks in product((0, 1), repeat=4)]
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"A2B0": _table(nodes)})


def _lab_of_inks(inks: tuple[int, ...]) -> tuple[int, int, int]:
    cyan, _, _, black = inks
    if black:
        return (0, 0, 0)
    return _GREEN_LAB if cyan else (100, 0, 0)


def _table(nodes: Sequence[tuple[int, int, int]]) -> bytes:
    identity = bytes(range(256))
    matrix = struct.pack(">9i", *(65_536 if at % 4 == 0 else 0 for at in range(9)))
    cells = b"".join(bytes((light * 255 // 100, a + 128, b + 128)) for light, a, b in nodes)
    return b"mft1" + bytes(4) + bytes((4, 3, 2, 0)) + matrix + identity * 4 + cells + identity * 3


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(value * 65_536) for value in values))


def _gamma(exponent: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(exponent * 256))


def _profile(kind: bytes, colours: bytes, connection: bytes, tags: Mapping[bytes, bytes]) -> bytes:
    name = b"posecas test\0"
    described = b"desc" + bytes(4) + struct.pack(">I", len(name)) + name + bytes(78)
    everything = {b"desc": described, b"wtpt": _xyz(_D50), **tags}
    at = 128 + 4 + 12 * len(everything)
    table, bodies = struct.pack(">I", len(everything)), b""
    for tag, body in everything.items():
        padded = body + bytes(-len(body) % 4)
        table += tag + struct.pack(">II", at + len(bodies), len(body))
        bodies += padded
    # Without its first field, the size, which is known at the end: offsets are 4 too low.
    head = struct.pack(">4xI", 0x02400000) + kind + colours + connection
    head = head.ljust(32, b"\0") + b"acsp"
    head = head.ljust(64, b"\0") + struct.pack(">3i", *(round(value * 65_536) for value in _D50))
    rest = head.ljust(124, b"\0") + table + bodies
    return struct.pack(">I", len(rest) + 4) + rest
