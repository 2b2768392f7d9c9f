"""Every hostile file is refused by its structure: `probe` has no decoder to be attacked."""

import subprocess
import sys
import tracemalloc
import zlib
from dataclasses import replace
from typing import Final

import pytest
from PIL import Image

from kit import hostile, pictures
from posecas.errors import BrokenImage, NotAnImage, Refused, TooLarge
from posecas.images.decode import decode
from posecas.images.limits import AVATAR_LIMITS, POSE_LIMITS, Limits
from posecas.images.probe import probe
from posecas.images.recipes import recipe_named
from posecas.images.render import render

PICTURE: Final = pictures.quarters(40, 30)
PNG: Final = pictures.png(PICTURE)
JPEG: Final = pictures.jpeg(PICTURE)
WEBP: Final = pictures.webp(PICTURE)
LOSSLESS: Final = pictures.webp(PICTURE, lossless=True)
END: Final = hostile.chunk(b"IEND")
PALETTE: Final = hostile.chunk(b"PLTE", bytes(6))
WIDE_HEADER: Final = hostile.png_header(8, 8, colour=3)

NO_IMAGES: Final = {
    "empty": (b"", "empty"),
    "one byte": (b"\x89", "only 1 bytes"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"></svg>', "SVG"),
    "gif": (b"GIF89a" + bytes(30), "GIF"),
    "bmp": (b"BM" + bytes(60), "BMP"),
    "tiff": (b"II*\0" + bytes(60), "TIFF"),
    "zip": (hostile.ZIP, "50 4b 05 06"),
}

TOO_LARGE: Final = {
    "13000 squared": (hostile.png_bomb(13_000), r"40 megapixels \(profile.pose.max_pixels\)"),
    "2 billion squared": (hostile.png_bomb(2**31 - 1), r"16384 \(profile.pose.max_side\)"),
    "a long line": (hostile.png_bomb(16_385), r"16384 \(profile.pose.max_side\)"),
    "1000 scans": (hostile.scan_bomb(1000), "more than 32 scans"),
    "33 scans": (hostile.scan_bomb(33), "more than 32 scans"),
    "700,000 chunks": (
        hostile.png_with(hostile.chunk(b"prVt") * 700_000),
        "more than 16384 chunks",
    ),
    "63 texts of 1 MB": (hostile.png_with(*[hostile.compressed_text(1)] * 63), "text and colour"),
    "text of 100 MB": (hostile.png_with(hostile.compressed_text(100)), "text and colour"),
    "international text": (hostile.png_with(hostile.international_text(100)), "text and colour"),
    "profile of 100 MB": (hostile.png_with(hostile.compressed_profile(100)), "text and colour"),
    "plain text": (hostile.png_with(hostile.chunk(b"tEXt", b"a\0" + bytes(1 << 20))), "text and"),
    "jpeg 60000 squared": (hostile.with_frame_size(JPEG, 60_000, 60_000), "profile.pose.max_side"),
    "jpeg 10000 squared": (
        hostile.with_frame_size(JPEG, 10_000, 10_000),
        "profile.pose.max_pixels",
    ),
    "jpeg comments": (hostile.jpeg_with(JPEG, hostile.segment(0xFE) * 5000), "4096 segments"),
    "jpeg profile": (
        hostile.jpeg_with(
            JPEG,
            *(
                hostile.segment(0xE2, b"ICC_PROFILE\0" + bytes((n, 80)) + bytes(65_000))
                for n in range(1, 81)
            ),
        ),
        "colour profile of more than",
    ),
    "webp canvas": (
        hostile.webp_of(hostile.webp_canvas(1 << 24, 1 << 24), hostile.webp_picture(WEBP)),
        "profile.pose.max_side",
    ),
    "webp chunks": (
        hostile.webp_of(
            hostile.webp_canvas(40, 30),
            hostile.webp_picture(WEBP),
            hostile.webp_chunk(b"junk", b"") * 100,
        ),
        "more than 64 chunks",
    ),
    "webp profile": (
        hostile.webp_of(
            hostile.webp_canvas(40, 30),
            hostile.webp_chunk(b"ICCP", bytes(5 << 20)),
            hostile.webp_picture(WEBP),
        ),
        "profile of over",
    ),
}

BROKEN_PNGS: Final = {
    "animation": (hostile.animated_png(), "animation"),
    "frames without control": (hostile.png_with(hostile.chunk(b"fdAT", bytes(8))), "animation"),
    "zip behind it": (PNG + hostile.ZIP, "22 bytes follow its end"),
    "no end": (hostile.without_end(PNG), "before its IEND"),
    "end not empty": (hostile.without_end(PNG) + hostile.chunk(b"IEND", b"x"), "IEND .* not empty"),
    "pixel checksum": (
        hostile.with_wrong_pixel_checksum(PNG),
        "IDAT at byte 33 has a wrong checks",
    ),
    "text checksum": (
        hostile.png_with(hostile.chunk(b"tEXt", b"a\0b", checksum=1)),
        "tEXt .* wrong",
    ),
    "cut in a chunk": (PNG[:-20], "IDAT at byte 33 is cut off"),
    "no width": (hostile.png_of(hostile.png_header(0, 8), hostile.png_pixels(), END), "0x8 pixels"),
    "no height": (
        hostile.png_of(hostile.png_header(8, 0), hostile.png_pixels(), END),
        "8x0 pixels",
    ),
    "short header": (
        hostile.png_of(hostile.chunk(b"IHDR", bytes(12)), END),
        "12 bytes instead of 13",
    ),
    "no header": (hostile.png_of(hostile.png_pixels(), END), "before IHDR"),
    "two headers": (hostile.png_with(hostile.png_header()), "IHDR .* is there twice"),
    "no pixels": (hostile.png_of(hostile.png_header(), END), "no pixels"),
    "pixels apart": (
        hostile.png_with(hostile.png_pixels(), hostile.chunk(b"tEXt", b"a\0b")),
        "apart from the other pixels",
    ),
    "colour type 5": (hostile.png_bomb(8).replace(b"\x08\x02\0", b"\x08\x05\0"), "checksum"),
    "truecolour of 4 bits": (
        hostile.png_of(hostile.png_header(depth=4), hostile.png_pixels(), END),
        "no colour type 2 of 4 bits",
    ),
    "unknown filter": (
        hostile.png_of(hostile.png_header(methods=b"\0\1\0"), hostile.png_pixels(), END),
        "unknown compression, filter or interlace",
    ),
    "unknown interlace": (
        hostile.png_of(hostile.png_header(methods=b"\0\0\2"), hostile.png_pixels(), END),
        "unknown compression, filter or interlace",
    ),
    "unknown critical chunk": (hostile.png_with(hostile.chunk(b"ABCD")), "critical and unknown"),
    "no chunk name": (hostile.png_with(bytes(12)), "no chunk begins at byte 33"),
    "no palette": (
        hostile.png_of(WIDE_HEADER, hostile.png_pixels(samples=1), END),
        "before the pal",
    ),
    "odd palette": (hostile.png_of(WIDE_HEADER, hostile.chunk(b"PLTE", bytes(7))), "does not fit"),
    "palette of 257": (
        hostile.png_of(WIDE_HEADER, hostile.chunk(b"PLTE", bytes(257 * 3))),
        "PLTE .* does not fit",
    ),
    "two palettes": (hostile.png_of(WIDE_HEADER, PALETTE, PALETTE), "PLTE .* is there twice"),
    "late palette": (
        hostile.png_of(hostile.png_header(), hostile.png_pixels(), PALETTE, END),
        "after the pixels",
    ),
    "more transparency than colours": (
        hostile.png_of(WIDE_HEADER, PALETTE, hostile.chunk(b"tRNS", bytes(3))),
        "tRNS .* does not fit",
    ),
    "text that does not inflate": (
        hostile.png_with(hostile.chunk(b"zTXt", b"a\0\0" + b"no deflate")),
        "zTXt .* cannot be decompressed",
    ),
    "profile without a name": (
        hostile.png_with(hostile.chunk(b"iCCP", zlib.compress(b"icc"))),
        "no name or an unknown compression",
    ),
}

BROKEN_JPEGS: Final = {
    "arithmetic": (hostile.with_frame_code(JPEG, 0xC9), "arithmetic coded"),
    "lossless": (hostile.with_frame_code(JPEG, 0xC3), "lossless"),
    "hierarchical": (hostile.with_frame_code(JPEG, 0xC5), "hierarchical"),
    "12 bits": (hostile.with_frame_bits(JPEG, 12), "12 bits a sample"),
    "no width": (hostile.with_frame_size(JPEG, 0, 30), "0x30 pixels"),
    "no height": (hostile.with_frame_size(JPEG, 40, 0), "40x0 pixels"),
    "junk": (hostile.jpeg_with(JPEG, hostile.segment(0xFE), b"junk"), "junk between the segments"),
    "stuffed zero": (hostile.jpeg_with(JPEG, hostile.segment(0xFE), b"\xff\0"), "junk between"),
    "second start": (hostile.jpeg_with(JPEG, b"\xff\xd8"), "FFD8 at byte 2 has no place"),
    "restart outside a scan": (hostile.jpeg_with(JPEG, b"\xff\xd0"), "FFD0 at byte 2 has no place"),
    "lines defined later": (
        JPEG[:-2] + hostile.segment(0xDC, b"\0\x1e") + hostile.JPEG_END,
        "FFDC .* has no place",
    ),
    "text behind it": (JPEG + b"<script>", "8 bytes follow its end"),
    "a second picture": (JPEG + JPEG, "bytes follow its end"),
    "no end": (JPEG[:-2], "cut off inside its pixels"),
    "only a start": (b"\xff\xd8\xff\xe0" + bytes(8), "cut off|is cut off"),
    "no pixels": (b"\xff\xd8" + hostile.segment(0xFE, bytes(10)) + hostile.JPEG_END, "no pixels"),
    "a scan before the frame": (
        b"\xff\xd8" + hostile.segment(0xDA, bytes(10)) + hostile.JPEG_END,
        "before the frame",
    ),
    "two frames": (
        hostile.jpeg_with(JPEG, hostile.segment(0xC0, bytes((8, 0, 9, 0, 9, 1, 1, 17, 0)))),
        "begins a second frame",
    ),
    "two components": (
        b"\xff\xd8" + hostile.segment(0xC0, bytes((8, 0, 9, 0, 9, 2)) + bytes(6)),
        "has 2 components",
    ),
}

BROKEN_WEBPS: Final = {
    "animation": (hostile.animated_webp(), "animation"),
    "too short": (hostile.with_riff_size(WEBP, 2), "cut off after"),
    "too long": (hostile.with_riff_size(WEBP, -2), "2 bytes follow its end"),
    "zip behind it": (WEBP + hostile.ZIP, "22 bytes follow its end"),
    "chunk behind it": (
        hostile.webp_of(hostile.webp_picture(WEBP), hostile.webp_chunk(b"zip ", hostile.ZIP)),
        "follows the picture's end",
    ),
    "lying canvas": (
        hostile.webp_of(hostile.webp_canvas(41, 30), hostile.webp_picture(WEBP)),
        "40x30 pixels, which its canvas does not",
    ),
    "two pictures": (
        hostile.webp_of(hostile.webp_canvas(40, 30), *[hostile.webp_picture(WEBP)] * 2),
        "second picture",
    ),
    "no picture": (hostile.webp_of(hostile.webp_canvas(40, 30)), "no pixels"),
    "no first chunk": (hostile.webp_of(hostile.webp_chunk(b"EXIF", b"")), "no place there"),
    "nothing": (hostile.webp_of(), "no whole chunk begins at byte 12"),
    "chunk cut off": (hostile.webp_of(hostile.webp_picture(WEBP)[:-40]), "is cut off"),
    "no key frame": (hostile.webp_of(hostile.webp_chunk(b"VP8 ", bytes(40))), "key frame"),
    "no lossless header": (
        hostile.webp_of(hostile.webp_chunk(b"VP8L", bytes(40))),
        "lossless head",
    ),
    "no width": (
        hostile.webp_of(hostile.webp_chunk(b"VP8 ", b"\0\0\0\x9d\x01\x2a\0\0\x09\0")),
        "0x9 pixels",
    ),
    "short canvas": (
        hostile.webp_of(hostile.webp_chunk(b"VP8X", bytes(9))),
        "9 bytes instead of 10",
    ),
    "late alpha": (
        hostile.webp_of(
            hostile.webp_canvas(40, 30),
            hostile.webp_picture(WEBP),
            hostile.webp_chunk(b"ALPH", bytes(4)),
        ),
        "after the pixels",
    ),
}
BROKEN: Final = {
    f"{kind}: {name}": case
    for kind, cases in (("PNG", BROKEN_PNGS), ("JPEG", BROKEN_JPEGS), ("WebP", BROKEN_WEBPS))
    for name, case in cases.items()
}


def assert_refused(data: bytes, error: type[Refused], cause: str) -> None:
    with pytest.raises(error, match=cause) as refusal:
        probe(data, POSE_LIMITS)
    assert type(refusal.value) is error
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", NO_IMAGES)
def test_what_is_no_image_is_refused(name: str) -> None:
    assert_refused(NO_IMAGES[name][0], NotAnImage, NO_IMAGES[name][1])


@pytest.mark.parametrize("name", TOO_LARGE)
def test_what_is_too_large_is_refused(name: str) -> None:
    assert_refused(TOO_LARGE[name][0], TooLarge, TOO_LARGE[name][1])


@pytest.mark.parametrize("name", BROKEN)
def test_what_breaks_its_format_is_refused(name: str) -> None:
    assert_refused(BROKEN[name][0], BrokenImage, BROKEN[name][1])


def test_thirty_two_scans_are_accepted() -> None:
    own = len(list(hostile.segment_starts(hostile.scan_bomb(0), 0xDA)))
    assert probe(hostile.scan_bomb(32 - own), POSE_LIMITS).width == 64


def test_bytes_over_the_limit_are_refused_before_they_are_looked_at() -> None:
    with pytest.raises(TooLarge, match=r"limit of 10 MB \(profile.avatar.max_bytes\)"):
        probe(b"x" * (AVATAR_LIMITS.max_bytes + 1), AVATAR_LIMITS)


def test_a_limit_is_the_last_value_accepted() -> None:
    exact = Limits(len(PNG), 40 * 30, 40, "profile.test")
    assert probe(PNG, exact).width == 40
    for smaller, setting in (
        (Limits(len(PNG) - 1, 40 * 30, 40, "profile.test"), "profile.test.max_bytes"),
        (Limits(len(PNG), 40 * 30 - 1, 40, "profile.test"), "profile.test.max_pixels"),
        (Limits(len(PNG), 40 * 30, 39, "profile.test"), "profile.test.max_side"),
    ):
        with pytest.raises(TooLarge, match=setting):
            probe(PNG, smaller)


@pytest.mark.parametrize("bomb", ["text of 100 MB", "international text", "profile of 100 MB"])
def test_a_bomb_is_inflated_no_further_than_its_room(bomb: str) -> None:
    data = TOO_LARGE[bomb][0]
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            probe(data, POSE_LIMITS)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 << 20


def test_probing_loads_no_decoder() -> None:
    code = "import sys, posecas.images.probe; sys.exit('PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("data", [PNG, JPEG, LOSSLESS], ids=["png", "jpeg", "webp"])
def test_pixels_that_do_not_decode_are_refused_with_the_cause(data: bytes) -> None:
    found = probe(data, POSE_LIMITS)
    nothing = bytes(len(data))
    with pytest.raises(BrokenImage, match="cannot be decoded"):
        decode(nothing, found)


@pytest.mark.parametrize("rows", [0, 20, 63])
@pytest.mark.parametrize("methods", [bytes(3), b"\0\0\1"], ids=["in order", "interlaced"])
def test_a_png_with_too_few_pixels_is_refused(rows: int, methods: bytes) -> None:
    header = hostile.png_header(64, 64, methods=methods)
    short = hostile.png_of(header, hostile.png_pixels(64, rows), END)
    with pytest.raises(BrokenImage, match=r"pixels are missing at its end|is truncated"):
        decode(short, probe(short, POSE_LIMITS))


def test_pixels_of_another_size_than_announced_are_refused() -> None:
    other = pictures.png(pictures.quarters(30, 40))
    announced = replace(probe(other, POSE_LIMITS), width=40, height=30)
    with pytest.raises(BrokenImage, match="40x30 pixels are announced and 30x40 there"):
        decode(other, announced)


def test_a_png_whose_pixels_do_not_inflate_to_their_end_is_refused() -> None:
    pixels = zlib.compress(pictures.photo(64, 64).tobytes())
    cut = hostile.png_of(hostile.png_header(64, 64), hostile.chunk(b"IDAT", pixels[:4000]), END)
    with pytest.raises(BrokenImage, match="cannot be decoded"):
        decode(cut, probe(cut, POSE_LIMITS))


def test_another_users_bomb_limit_in_pillow_stays_and_does_not_bite(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    wide = pictures.quarters(2100, 2100)
    for data in (pictures.png(wide), pictures.jpeg(wide)):
        decoded = decode(data, probe(data, POSE_LIMITS))
        assert decoded.image.size == (2100, 2100)
        assert (decoded.pixels is None) == (data[:2] == b"\xff\xd8")
        assert render(decoded, recipe_named("thumb-400")).facts.width == 400
    with pytest.raises(TooLarge, match="over what Pillow decodes"):
        decode(WEBP, probe(WEBP, POSE_LIMITS))
    assert Image.MAX_IMAGE_PIXELS == 100
