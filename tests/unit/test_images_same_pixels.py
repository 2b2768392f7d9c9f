"""One picture, one rendition: whatever the file, the thread or the hour."""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

import pytest
from blake3 import blake3
from PIL import Image

from kit import pictures, profiles
from posecas.images.decode import Decoded, decode
from posecas.images.limits import POSE_LIMITS
from posecas.images.pixels import pixel_digest
from posecas.images.probe import probe
from posecas.images.recipes import RECIPES, recipe_named
from posecas.images.render import render

PICTURE: Final = pictures.photo(120, 80)
FEW: Final = pictures.quarters(60, 60)
ALPHA: Final = pictures.with_alpha(60, 60)
GREY: Final = Image.linear_gradient("L")
ICC: Final = profiles.display_p3()


def decoded(data: bytes) -> Decoded:
    return decode(data, probe(data, POSE_LIMITS))


SAME: Final = {
    "another prompt": (
        pictures.png_with_text(PICTURE, prompt="a heron"),
        pictures.png_with_text(PICTURE, prompt="a crane", workflow="{}" * 5000),
    ),
    "no prompt": (pictures.png(PICTURE), pictures.png_with_text(PICTURE, prompt="a heron")),
    "another compression": (
        pictures.png(PICTURE, compress_level=1),
        pictures.png(PICTURE, compress_level=9),
    ),
    "alpha that is opaque": (pictures.png(PICTURE), pictures.png(PICTURE.convert("RGBA"))),
    "lossless webp": (pictures.png(PICTURE), pictures.webp(PICTURE, lossless=True)),
    "lossless webp with alpha": (
        pictures.png(ALPHA),
        pictures.webp(ALPHA, lossless=True, exact=True),
    ),
    "a palette": (pictures.png(FEW), pictures.png(FEW.quantize(4))),
    "grey": (pictures.png(GREY), pictures.png(GREY.convert("RGB"))),
    "camera and place": (
        pictures.png(PICTURE),
        pictures.png(PICTURE, exif=pictures.exif_block(1)),
    ),
    "a profile for other colours": (
        pictures.png(PICTURE),
        pictures.png(PICTURE, icc_profile=profiles.linear_grey()),
    ),
}

ONE_LEVEL: Final = PICTURE.copy()
ONE_LEVEL.putpixel((7, 7), (1, 2, 3))
DIFFERENT: Final = {
    "one pixel": pictures.png(ONE_LEVEL),
    "a profile": pictures.png(PICTURE, icc_profile=ICC),
    "an orientation": pictures.png(PICTURE, exif=pictures.exif_block(6)),
    "another shape": pictures.png(Image.frombytes("RGB", (80, 120), PICTURE.tobytes())),
    "alpha": pictures.png(Image.merge("RGBA", (*PICTURE.split(), Image.new("L", (120, 80), 254)))),
}


@pytest.mark.parametrize("name", SAME)
def test_equal_pixels_have_one_digest_and_one_rendition(name: str) -> None:
    first, second = map(decoded, SAME[name])
    assert SAME[name][0] != SAME[name][1]
    assert first.pixels == second.pixels
    assert first.pixels is not None
    for recipe in RECIPES.values():
        assert render(first, recipe).data == render(second, recipe).data


@pytest.mark.parametrize("name", DIFFERENT)
def test_what_looks_different_has_another_digest(name: str) -> None:
    assert decoded(DIFFERENT[name]).pixels != decoded(pictures.png(PICTURE)).pixels


@pytest.mark.parametrize(
    "data",
    [pictures.jpeg(PICTURE), pictures.webp(PICTURE), pictures.png(pictures.grey_16(8, 8))],
    ids=["jpeg", "lossy webp", "16 bits"],
)
def test_lossy_and_deep_images_have_no_pixel_digest(data: bytes) -> None:
    assert decoded(data).pixels is None


def test_the_digest_is_of_the_documented_bytes() -> None:
    head = b"posecas-pixels-1 RGB 120x80 - 1\n"
    wanted = blake3(head + PICTURE.tobytes()).hexdigest()
    assert decoded(pictures.png(PICTURE)).pixels == wanted


def test_hashing_in_bands_changes_nothing() -> None:
    tall = Image.linear_gradient("L").resize((2048, 5000)).convert("RGB")
    head = b"posecas-pixels-1 RGB 2048x5000 - 1\n"
    assert pixel_digest(tall, icc=None, orientation=1) == blake3(head + tall.tobytes()).hexdigest()


def test_renditions_are_equal_in_every_thread() -> None:
    files = [
        pictures.png(PICTURE),
        pictures.jpeg(PICTURE, icc_profile=ICC),
        pictures.png(ALPHA, exif=pictures.exif_block(6)),
    ]
    once = [(file, recipe) for file in files for recipe in RECIPES.values()]
    work = once * 3

    def make(job: int) -> bytes:
        file, recipe = work[job]
        return render(decoded(file), recipe).data

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(make, range(len(work))))
    assert made == [make(job) for job in range(len(once))] * 3


def test_one_decoded_image_serves_many_threads() -> None:
    source = decoded(pictures.png(ALPHA))
    recipe = recipe_named("thumb-400")
    with ThreadPoolExecutor(4) as pool:
        made = set(pool.map(lambda _: render(source, recipe).data, range(16)))
    assert made == {render(source, recipe).data}
    assert source.pixels == decoded(pictures.png(ALPHA)).pixels
