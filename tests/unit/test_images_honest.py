"""What generators, editors and cameras write is accepted, and its thumbnail is right."""

import struct
import zlib
from collections.abc import Callable
from typing import Final

import pytest
from PIL import Image

from kit import hostile, pictures, profiles
from kit.pictures import BLUE, GREEN, RED, YELLOW
from posecas.images.decode import Decoded, decode
from posecas.images.limits import POSE_LIMITS
from posecas.images.probe import probe
from posecas.images.recipes import recipe_named
from posecas.images.render import Rendered, render

PICTURE: Final = pictures.quarters(96, 64)
SCAN: Final = b"\xff\xda"
CORNERS: Final = {RED: (20, 20), GREEN: (379, 20), BLUE: (20, 379), YELLOW: (379, 379)}
EXIF: Final = pictures.exif_block(1)

PLAIN: Final = pictures.png(PICTURE)
SUGGESTED: Final = PLAIN[:33] + hostile.chunk(b"PLTE", bytes(range(30))) + PLAIN[33:]

HONEST: Final = {
    "png": PLAIN,
    "png of a palette": pictures.png(PICTURE.quantize(16)),
    "png of 4 bits": pictures.png(PICTURE.quantize(16), bits=4),
    "png with alpha, all opaque": pictures.png(PICTURE.convert("RGBA")),
    "png with text": pictures.png_with_text(PICTURE, parameters="a heron, steps: 20", prompt="{}"),
    "png with exif": pictures.png(PICTURE, exif=EXIF),
    "png with a suggested palette": SUGGESTED,
    "jpeg": pictures.jpeg(PICTURE, subsampling=0),
    "jpeg, progressive": pictures.jpeg(PICTURE, progressive=True, subsampling=0),
    "jpeg, optimized": pictures.jpeg(PICTURE, optimize=True, subsampling=0),
    "jpeg with restart markers": pictures.jpeg(PICTURE, restart_marker_blocks=1, subsampling=0),
    "jpeg with exif and a comment": pictures.jpeg(PICTURE, exif=EXIF, comment=b"by hand"),
    "jpeg of ink": pictures.jpeg(PICTURE.convert("CMYK"), subsampling=0),
    "jpeg with fill bytes": pictures.jpeg(PICTURE, subsampling=0).replace(SCAN, b"\xff\xff" + SCAN),
    "jpeg with photoshop data": hostile.jpeg_with(
        pictures.jpeg(PICTURE), hostile.segment(0xED, b"Photoshop 3.0\0" + bytes(500))
    ),
    "jpeg with a list of pictures": hostile.jpeg_with(
        pictures.jpeg(PICTURE), hostile.segment(0xE2, b"MPF\0MM\0*" + bytes(60))
    ),
    "jpeg with broken exif": hostile.jpeg_with(
        pictures.jpeg(PICTURE), hostile.segment(0xE1, b"Exif\0\0MM\0*\xff\xff\xff\xff")
    ),
    "webp": pictures.webp(PICTURE, quality=98),
    "webp, lossless": pictures.webp(PICTURE, lossless=True),
    "webp with exif": pictures.webp(PICTURE, lossless=True, exif=EXIF),
}


def decoded(data: bytes) -> Decoded:
    return decode(data, probe(data, POSE_LIMITS))


def rendered(data: bytes, recipe: str = "thumb-400") -> Rendered:
    return render(decoded(data), recipe_named(recipe))


def thumbnail(data: bytes, recipe: str = "thumb-400") -> Image.Image:
    return pictures.opened(rendered(data, recipe).data)


def at(image: Image.Image, place: tuple[int, int]) -> tuple[int, ...]:
    value = image.getpixel(place)
    assert isinstance(value, tuple)
    return tuple(int(sample) for sample in value)


def assert_near(found: tuple[int, ...], wanted: tuple[int, ...], within: int = 6) -> None:
    assert len(found) == len(wanted)
    assert max(abs(a - b) for a, b in zip(found, wanted, strict=True)) <= within, (found, wanted)


def assert_quarters(image: Image.Image, within: int = 6) -> None:
    assert image.size == (400, 400)
    for colour, place in CORNERS.items():
        assert_near(at(image, place), colour, within)


@pytest.mark.parametrize("name", HONEST)
def test_every_honest_image_gives_an_upright_thumbnail_of_its_colours(name: str) -> None:
    found = probe(HONEST[name], POSE_LIMITS)
    assert (found.width, found.height) == (96, 64)
    thumb = thumbnail(HONEST[name])
    assert (thumb.format, thumb.mode) == ("JPEG", "RGB")
    assert_quarters(thumb, within=12)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("media_type", ["png", "jpeg", "webp"])
def test_exif_orientation_is_applied(orientation: int, media_type: str) -> None:
    stored, exif = pictures.oriented(PICTURE, orientation)
    write = {"png": pictures.png, "jpeg": pictures.jpeg, "webp": pictures.webp}[media_type]
    data = write(stored, exif=exif)
    assert probe(data, POSE_LIMITS).orientation == orientation
    assert_quarters(thumbnail(data), within=12)


@pytest.mark.parametrize("order", ["<", ">"])
def test_orientation_is_read_in_both_byte_orders(order: str) -> None:
    mark = b"II*\0" if order == "<" else b"MM\0*"
    entries = struct.pack(f"{order}IH", 8, 1) + struct.pack(f"{order}HHIHH", 0x0112, 3, 1, 6, 0)
    data = hostile.png_with(hostile.chunk(b"eXIf", mark + entries))
    assert probe(data, POSE_LIMITS).orientation == 6


@pytest.mark.parametrize("value", [0, 9, 65_535])
def test_an_orientation_that_does_not_exist_is_none(value: int) -> None:
    entries = struct.pack(">IH", 8, 1) + struct.pack(">HHIHH", 0x0112, 3, 1, value, 0)
    data = hostile.png_with(hostile.chunk(b"eXIf", b"MM\0*" + entries))
    assert probe(data, POSE_LIMITS).orientation == 1


@pytest.mark.parametrize("shape", [(900, 300), (300, 900), (401, 400), (3, 2), (1, 500), (1, 1)])
def test_a_thumbnail_covers_its_size_whatever_the_source(shape: tuple[int, int]) -> None:
    thumb = thumbnail(pictures.png(Image.new("RGB", shape, YELLOW)))
    assert thumb.size == (400, 400)
    assert_near(at(thumb, (200, 200)), YELLOW)


def test_the_centre_is_kept() -> None:
    image = Image.new("RGB", (900, 300), RED)
    image.paste(GREEN, (300, 0, 600, 300))
    thumb = thumbnail(pictures.png(image), "thumb-400-png")
    for place in ((8, 8), (391, 8), (200, 200), (391, 391)):
        assert_near(at(thumb, place), GREEN)


def test_grey_of_16_bits_is_scaled_and_not_clipped() -> None:
    data = pictures.png(pictures.grey_16(512, 512))
    thumb = thumbnail(data, "thumb-400-png")
    assert_near(at(thumb, (100, 200)), (64, 64, 64), within=2)
    assert_near(at(thumb, (300, 200)), (192, 192, 192), within=2)
    assert decoded(data).pixels is None


def test_colour_of_16_bits_is_accepted() -> None:
    row = struct.pack(">B24H", 0, *(0x8000, 0x4000, 0xFFFF) * 8)
    pixels = hostile.chunk(b"IDAT", zlib.compress(row * 8))
    data = hostile.png_of(hostile.png_header(depth=16), pixels, hostile.chunk(b"IEND"))
    assert_near(at(thumbnail(data, "thumb-400-png"), (200, 200)), (128, 64, 255), within=1)
    assert decoded(data).pixels is None


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("interlaced", [False, True])
def test_grey_of_few_bits_spans_black_to_white(bits: int, interlaced: bool) -> None:
    columns = _COLUMNS_OF_8_BY_8 if interlaced else (8,) * 8
    rows = b"".join(b"\0" + b"\xff" * ((width * bits + 7) // 8) for width in columns)
    white = (1 << bits) - 1
    data = hostile.png_of(
        hostile.png_header(depth=bits, colour=0, methods=bytes((0, 0, interlaced))),
        hostile.chunk(b"tRNS", struct.pack(">H", white)),
        hostile.chunk(b"IDAT", zlib.compress(rows)),
        hostile.chunk(b"IEND"),
    )
    assert at(decoded(data).image, (3, 3)) == (255, 255, 255, 0)


_COLUMNS_OF_8_BY_8: Final = (1, 1, 2, 2, 2, 4, 4, 4, 4, 4, 4, 8, 8, 8, 8)
"""Of each row of each pass of Adam7."""


def test_transparent_palette_entries_are_transparent() -> None:
    image = Image.new("P", (64, 64), 0)
    image.putpalette([*RED, *GREEN])
    image.paste(1, (0, 0, 64, 32))
    thumb = thumbnail(pictures.png(image, transparency=1))
    assert (thumb.format, thumb.mode) == ("WEBP", "RGBA")
    assert at(thumb, (200, 40))[3] == 0
    assert_near(at(thumb, (200, 360)), (*RED, 255))


def test_half_transparent_palette_entries_are_half_transparent() -> None:
    image = Image.new("P", (64, 64), 0)
    image.putpalette([*RED, *GREEN])
    thumb = thumbnail(pictures.png(image, transparency=bytes((128, 255))), "thumb-400-png")
    assert_near(at(thumb, (200, 200)), (*RED, 128), within=1)


def test_the_one_transparent_colour_is_transparent() -> None:
    thumb = thumbnail(pictures.png(PICTURE, transparency=GREEN), "thumb-400-png")
    assert at(thumb, CORNERS[GREEN])[3] == 0
    assert at(thumb, CORNERS[RED]) == (*RED, 255)


@pytest.mark.parametrize("write", [pictures.png, pictures.webp], ids=["png", "webp"])
def test_real_alpha_gives_a_webp_with_alpha(write: Callable[..., bytes]) -> None:
    made = rendered(write(pictures.with_alpha(256, 256), lossless=True))
    assert made.facts.media_type == "image/webp"
    thumb = pictures.opened(made.data)
    assert at(thumb, (200, 200))[3] == 0
    for colour, place in CORNERS.items():
        assert_near(at(thumb, place), (*colour, 255), within=12)


def test_alpha_that_is_opaque_everywhere_gives_a_jpeg() -> None:
    assert rendered(HONEST["png with alpha, all opaque"]).facts.media_type == "image/jpeg"


def test_alpha_is_kept_in_a_png_and_becomes_white_in_an_avatar() -> None:
    data = pictures.png(pictures.with_alpha(256, 256))
    assert at(thumbnail(data, "thumb-400-png"), (200, 200))[3] == 0
    avatar = thumbnail(data, "thumb-300")
    assert (avatar.format, avatar.size) == ("JPEG", (300, 300))
    assert at(avatar, (150, 150)) == (255, 255, 255)


def test_transparent_pixels_do_not_bleed_their_colour() -> None:
    image = Image.new("RGBA", (800, 800), (*RED, 255))
    image.paste((0, 255, 0, 0), (0, 0, 401, 800))
    thumb = thumbnail(pictures.png(image), "thumb-400-png")
    edge = at(thumb, (200, 200))
    assert 0 < edge[3] < 255
    assert_near(edge[:3], RED, within=4)


@pytest.mark.parametrize("write", [pictures.png, pictures.jpeg, pictures.webp])
def test_a_wide_gamut_becomes_srgb(write: Callable[..., bytes]) -> None:
    image = Image.new("RGB", (64, 64), (180, 100, 100))
    options = {"icc_profile": profiles.display_p3(), "quality": 100}
    thumb = thumbnail(write(image, **options), "thumb-400-png")
    assert_near(at(thumb, (200, 200)), (194, 97, 98), within=3)


def test_a_profile_keeps_alpha() -> None:
    image = pictures.with_alpha(64, 64)
    data = pictures.png(image, icc_profile=profiles.display_p3())
    assert at(thumbnail(data, "thumb-400-png"), (200, 200))[3] == 0


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_a_grey_profile_is_applied(mode: str) -> None:
    image = Image.new(mode, (64, 64), 128 if mode == "L" else (128, 200))
    data = pictures.png(image, icc_profile=profiles.linear_grey())
    found = at(thumbnail(data, "thumb-400-png"), (200, 200))
    assert_near(found[:3], (188, 188, 188), within=2)
    assert found[3:] == (() if mode == "L" else (200,))


def test_a_press_profile_is_applied() -> None:
    image = Image.new("CMYK", (64, 64), (255, 0, 0, 0))
    data = pictures.jpeg(image, icc_profile=profiles.press_with_green_cyan())
    red, green, blue = at(thumbnail(data, "thumb-400-png"), (200, 200))
    assert green > 120
    assert red < 60
    assert blue < 90
    assert_near(at(thumbnail(pictures.jpeg(image), "thumb-400-png"), (200, 200)), (0, 255, 255))


@pytest.mark.parametrize(
    "icc",
    [
        b"no profile at all",
        profiles.press_with_green_cyan(),
        profiles.linear_grey(),
        profiles.display_p3()[:140],
        profiles.display_p3()[:128] + bytes(400),
    ],
    ids=["junk", "for ink", "for grey", "cut off", "no tags"],
)
def test_a_profile_that_cannot_be_used_counts_as_none(icc: bytes) -> None:
    assert_quarters(thumbnail(pictures.png(PICTURE, icc_profile=icc)))


def test_a_profile_in_parts_is_joined_in_order() -> None:
    icc = profiles.display_p3()
    parts = [icc[:100], icc[100:300], icc[300:]]
    segments = [
        hostile.segment(0xE2, b"ICC_PROFILE\0" + bytes((number, 3)) + part)
        for number, part in enumerate(parts, 1)
    ]
    jpeg = pictures.jpeg(PICTURE)
    assert probe(hostile.jpeg_with(jpeg, *reversed(segments)), POSE_LIMITS).icc == icc
    assert probe(hostile.jpeg_with(jpeg, *segments[:2]), POSE_LIMITS).icc is None


@pytest.mark.parametrize("recipe", ["thumb-400", "thumb-400-png", "thumb-300"])
@pytest.mark.parametrize("image", [PICTURE, pictures.with_alpha(64, 64)], ids=["opaque", "alpha"])
def test_nothing_but_pixels_reaches_a_rendition(recipe: str, image: Image.Image) -> None:
    secret = b"Kamera-Hersteller"
    icc = profiles.display_p3()
    sources = [
        pictures.png_with_text(image, Comment=secret.decode()),
        pictures.png(image, exif=pictures.exif_block(6), icc_profile=icc, dpi=(300, 300)),
        pictures.webp(image, exif=EXIF, xmp=secret, icc_profile=icc),
        pictures.jpeg(image.convert("RGB"), exif=EXIF, comment=secret, icc_profile=icc, xmp=secret),
    ]
    assert all(secret in source for source in sources)
    for source in sources:
        made = rendered(source, recipe)
        assert secret not in made.data
        assert set(pictures.opened(made.data).info) <= _HARMLESS


_HARMLESS: Final = {
    *("jfif", "jfif_version", "jfif_unit", "jfif_density"),
    *("loop", "background", "timestamp", "duration"),
}


def test_a_last_row_of_black_is_no_missing_row() -> None:
    image = Image.new("RGB", (64, 64), RED)
    image.paste((0, 0, 0), (0, 60, 64, 64))
    assert at(decoded(pictures.png(image)).image, (0, 63)) == (0, 0, 0)
    assert decoded(pictures.png(Image.new("RGBA", (3, 1)))).image.size == (3, 1)
