"""Damage anywhere: the image decodes to the size it announces, or is refused. Nothing else."""

import os
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit import hostile, pictures, profiles
from posecas.errors import Refused
from posecas.images.decode import decode
from posecas.images.limits import Limits
from posecas.images.probe import probe
from posecas.images.recipes import RECIPES
from posecas.images.render import render

EXAMPLES: Final = int(os.environ.get("POSECAS_DAMAGE_EXAMPLES", "40"))
LIMITS: Final = Limits(1_000_000, 100_000, 1_000, "profile.test")
PICTURE: Final = pictures.photo(24, 18)
ICC: Final = profiles.display_p3()
EXIF: Final = pictures.exif_block(6)
FILES: Final = {
    "png": pictures.png(PICTURE, icc_profile=ICC, exif=EXIF),
    "palette": pictures.png(PICTURE.quantize(32), transparency=bytes(range(0, 256, 8))),
    "deep": pictures.png(pictures.grey_16(24, 18)),
    "text": pictures.png_with_text(PICTURE, prompt="a heron", parameters="Steps: 20"),
    "jpeg": pictures.jpeg(PICTURE, icc_profile=ICC, exif=EXIF, comment=b"by hand"),
    "progressive": pictures.jpeg(PICTURE, progressive=True, restart_marker_blocks=1),
    "ink": pictures.jpeg(
        PICTURE.convert("CMYK"), icc_profile=profiles.press_with_green_cyan(), subsampling=0
    ),
    "webp": pictures.webp(PICTURE, icc_profile=ICC, exif=EXIF),
    "lossless": pictures.webp(pictures.with_alpha(24, 18), lossless=True),
    "alpha": pictures.webp(pictures.with_alpha(24, 18), quality=60),
}


def assert_decodes_or_is_refused(data: bytes) -> None:
    try:
        found = probe(data, LIMITS)
        decoded = decode(data, found)
    except Refused:
        return
    assert decoded.image.size == (found.width, found.height)
    for recipe in RECIPES.values():
        assert render(decoded, recipe).data


@pytest.mark.parametrize("name", FILES)
def test_every_prefix_is_refused(name: str) -> None:
    data = FILES[name]
    for length in range(len(data)):
        with pytest.raises(Refused):
            probe(data[:length], LIMITS)


@pytest.mark.parametrize("name", FILES)
def test_bytes_after_the_end_are_refused(name: str) -> None:
    for more in (b"\0", b"\xff", hostile.ZIP, FILES[name]):
        with pytest.raises(Refused, match="follow its end"):
            probe(FILES[name] + more, LIMITS)


@pytest.mark.parametrize("name", [name for name in FILES if FILES[name][1:4] == b"PNG"])
def test_no_flipped_bit_of_a_png_is_accepted(name: str) -> None:
    data = FILES[name]
    for at in range(len(data)):
        with pytest.raises(Refused):
            probe(hostile.flipped(data, at, 1 << at % 8), LIMITS)


@settings(max_examples=EXAMPLES, deadline=None)
@given(name=st.sampled_from(sorted(FILES)), data=st.data())
def test_flipped_bytes_decode_or_are_refused(name: str, data: st.DataObject) -> None:
    file = bytearray(FILES[name])
    places = st.integers(0, len(file) - 1)
    for at, bits in data.draw(st.lists(st.tuples(places, st.integers(1, 255)), max_size=4)):
        file[at] ^= bits
    assert_decodes_or_is_refused(bytes(file))


@settings(max_examples=EXAMPLES // 2, deadline=None)
@given(name=st.sampled_from(sorted(FILES)), data=st.data())
def test_removed_and_repeated_parts_decode_or_are_refused(name: str, data: st.DataObject) -> None:
    file = FILES[name]
    start, end = sorted(data.draw(st.lists(st.integers(12, len(file)), min_size=2, max_size=2)))
    copies = data.draw(st.sampled_from([0, 2, 5]))
    assert_decodes_or_is_refused(file[:start] + file[start:end] * copies + file[end:])


@settings(max_examples=80, deadline=None)
@given(
    kind=st.sampled_from([b"IHDR", b"PLTE", b"tRNS", b"iCCP", b"eXIf", b"zTXt", b"iTXt", b"IDAT"]),
    body=st.binary(max_size=40),
    depth=st.sampled_from([1, 2, 4, 8, 16]),
    colour=st.sampled_from([0, 2, 3, 4, 6]),
)
def test_any_chunk_with_a_right_checksum_decodes_or_is_refused(
    kind: bytes, body: bytes, depth: int, colour: int
) -> None:
    assert_decodes_or_is_refused(
        hostile.png_of(
            hostile.png_header(4, 4, depth=depth, colour=colour),
            hostile.chunk(b"PLTE", bytes(6)) if colour == 3 and kind != b"PLTE" else b"",
            hostile.chunk(kind, body),
            hostile.png_pixels(4, 4, samples=8),
            hostile.chunk(b"IEND"),
        )
    )
