"""Exports: what each fit shows, what fills the rest, and how a limit is kept."""

from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

import pytest
from PIL import Image

from kit import pictures, profiles
from kit.pictures import BLUE, GREEN, RED, YELLOW
from posecas.errors import TooLarge
from posecas.images.decode import Decoded, decode
from posecas.images.limits import POSE_LIMITS
from posecas.images.probe import probe
from posecas.images.recipes import RECIPES, Encoding, Jpeg, Png, Recipe, Webp
from posecas.images.render import render

FINE: Final = Jpeg(quality=95, subsampling="4:4:4")
WHITE: Final = (255, 255, 255)
LANDSCAPE: Final = pictures.quarters(300, 200)
EXPORTS: Final = [name for name, recipe in RECIPES.items() if not recipe.makes_thumbnails]
FEED: Final = '{"jpeg":{"quality":90,"subsampling":"4:2:0"}}'
WARES: Final = '{"jpeg":{"quality":95,"subsampling":"4:4:4"}}'


def recipe(width: int, height: int, encoding: Encoding = FINE, **fields: Any) -> Recipe:
    return replace(Recipe("own", 1, width, height, encoding, encoding), **fields)


def decoded(data: bytes) -> Decoded:
    return decode(data, probe(data, POSE_LIMITS))


def shown(image: Image.Image, wanted: Recipe, **options: object) -> Image.Image:
    return pictures.opened(render(decoded(pictures.png(image, **options)), wanted).data)


def near(image: Image.Image, place: tuple[int, int], wanted: tuple[int, ...]) -> bool:
    found = image.getpixel(place)
    assert isinstance(found, tuple)
    return max(abs(a - b) for a, b in zip(found, wanted, strict=True)) <= 8


@pytest.mark.parametrize(
    ("name", "size", "encoding", "limit", "padded"),
    [
        ("instagram-square", (1080, 1080), FEED, 8_000_000, False),
        ("instagram-portrait", (1080, 1350), FEED, 8_000_000, False),
        ("instagram-landscape", (1080, 566), FEED, 8_000_000, False),
        ("instagram-story", (1080, 1920), FEED, 8_000_000, True),
        ("tiktok", (1080, 1920), FEED, 20_000_000, True),
        ("tiktok-square", (1080, 1080), FEED, 20_000_000, False),
        ("shopee", (1024, 1024), WARES, 2_000_000, False),
        ("shopee-3x4", (1080, 1440), FEED, 2_000_000, False),
    ],
)
def test_an_exports_key_never_changes(
    name: str, size: tuple[int, int], encoding: str, limit: int, *, padded: bool
) -> None:
    fit = '"fit":"contain",' if padded else ""
    pad = '"pad":"blur",' if padded else ""
    spec = (
        f'{{{fit}"height":{size[1]},"max_bytes":{limit},"opaque":{encoding},{pad}'
        f'"transparent":{encoding},"width":{size[0]}}}'
    )
    assert (RECIPES[name].version, RECIPES[name].key.spec) == (1, spec)


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_is_a_plain_jpeg_of_its_size_within_its_limit(name: str) -> None:
    wanted = RECIPES[name]
    image = pictures.with_alpha(200, 140)
    data = pictures.png(image, icc_profile=profiles.display_p3(), exif=pictures.exif_block(1))
    made = render(decoded(data), wanted)
    found = pictures.opened(made.data)
    assert (found.format, found.mode, found.size) == ("JPEG", "RGB", (wanted.width, wanted.height))
    assert (made.facts.width, made.facts.height) == found.size
    assert set(found.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert near(found, (found.width // 2, found.height // 2), WHITE)
    assert wanted.max_bytes is not None
    assert len(made.data) <= wanted.max_bytes


@pytest.mark.parametrize(
    ("focus", "left", "right"),
    [((0.5, 0.5), RED, GREEN), ((0.0, 0.5), RED, RED), ((1.0, 0.5), GREEN, GREEN)],
)
def test_cover_keeps_what_lies_at_the_focus(
    focus: tuple[float, float], left: tuple[int, ...], right: tuple[int, ...]
) -> None:
    image = shown(pictures.quarters(400, 100), recipe(100, 100, focus=focus))
    assert near(image, (10, 20), left)
    assert near(image, (90, 20), right)


def test_cover_has_the_focus_in_its_middle_where_there_is_room() -> None:
    image = Image.new("RGB", (400, 100), RED)
    image.paste(GREEN, (290, 0, 310, 100))
    made = shown(image, recipe(100, 100, focus=(0.75, 0.5)))
    assert near(made, (50, 50), GREEN)
    assert near(made, (30, 50), RED)
    assert near(made, (70, 50), RED)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_focus_is_a_point_of_the_upright_picture(orientation: int) -> None:
    stored, exif = pictures.oriented(pictures.quarters(400, 200), orientation)
    made = shown(stored, recipe(100, 150, focus=(1.0, 0.0)), exif=exif)
    assert near(made, (20, 20), GREEN)
    assert near(made, (20, 140), YELLOW)
    made = shown(stored, recipe(400, 50, focus=(0.5, 1.0)), exif=exif)
    assert near(made, (20, 10), BLUE)
    assert near(made, (380, 10), YELLOW)


def test_contain_shows_everything_on_the_colour_of_the_padding() -> None:
    made = shown(LANDSCAPE, recipe(300, 400, fit="contain", pad="#102030"))
    assert made.size == (300, 400)
    for place in ((5, 5), (290, 90), (5, 310), (290, 395)):
        assert near(made, place, (16, 32, 48))
    for colour, place in {RED: (5, 110), GREEN: (290, 110), BLUE: (5, 290)}.items():
        assert near(made, place, colour)


@pytest.mark.parametrize(("down", "top"), [(0.0, 0), (0.5, 100), (1.0, 200)])
def test_focus_places_the_picture_in_its_padding(down: float, top: int) -> None:
    made = shown(LANDSCAPE, recipe(300, 400, fit="contain", focus=(0.5, down)))
    assert near(made, (20, top + 10), RED)
    assert near(made, (20, top + 190), BLUE)
    assert near(made, (20, (top + 300) % 400), WHITE)


def test_a_blurred_padding_has_the_pictures_colours_and_no_edges() -> None:
    made = shown(LANDSCAPE, recipe(540, 960, fit="contain", pad="blur"))
    assert near(made, (20, 20), RED)
    assert near(made, (520, 20), GREEN)
    row = [made.getpixel((x, 100)) for x in range(540)]
    steps = [
        max(abs(a - b) for a, b in zip(one, two, strict=True))
        for one, two in pairwise(row)
        if isinstance(one, tuple) and isinstance(two, tuple)
    ]
    assert max(steps) < 12
    assert near(made, (250, 480 - 100), RED)
    assert near(made, (290, 480 - 100), GREEN)


def test_without_padding_the_whole_picture_makes_the_size_of_the_result() -> None:
    made = render(
        decoded(pictures.png(LANDSCAPE)), recipe(150, 400, Png(6), fit="contain", pad="none")
    )
    assert pictures.opened(made.data).size == (150, 100)
    assert (made.facts.width, made.facts.height) == (150, 100)


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ({}, (200, 200)),
        ({"fit": "contain", "pad": "none"}, (300, 200)),
        ({"fit": "contain"}, (900, 900)),
    ],
)
def test_a_small_picture_is_not_enlarged_without_upscale(
    fields: dict[str, Any], size: tuple[int, int]
) -> None:
    made = shown(LANDSCAPE, recipe(900, 900, upscale=False, **fields))
    assert made.size == size
    if size == (900, 900):
        assert near(made, (290, 450), WHITE)
        assert near(made, (310, 360), RED)
    large = shown(LANDSCAPE, recipe(90, 90, upscale=False, **fields))
    assert max(large.size) == 90


@pytest.mark.parametrize(
    ("fields", "ground"),
    [
        ({}, WHITE),
        ({"pad": "#102030"}, (16, 32, 48)),
        ({"fit": "contain", "pad": "#102030"}, (16, 32, 48)),
        ({"fit": "contain", "pad": "blur"}, WHITE),
        ({"fit": "contain", "pad": "none"}, WHITE),
    ],
)
def test_what_is_transparent_shows_the_ground(
    fields: dict[str, Any], ground: tuple[int, ...]
) -> None:
    made = shown(pictures.with_alpha(200, 200), recipe(200, 200, **fields))
    assert near(made, (100, 100), ground)


def test_webp_and_png_stay_transparent_where_nothing_is_filled() -> None:
    for encoding in (Webp(90, 4), Png(6)):
        made = shown(pictures.with_alpha(200, 200), recipe(100, 100, encoding))
        assert made.mode == "RGBA"
        assert made.getpixel((50, 50)) == (0, 0, 0, 0)


def test_quality_is_stepped_down_until_the_limit_is_kept() -> None:
    source = decoded(pictures.png(pictures.photo(300, 300)))
    best = render(source, recipe(300, 300)).data
    small = recipe(300, 300, Jpeg(95 - 5, "4:4:4"))
    limit = len(render(source, small).data)
    assert limit < len(best)
    assert render(source, recipe(300, 300, max_bytes=limit)).data == render(source, small).data
    assert render(source, recipe(300, 300, max_bytes=len(best))).data == best


@pytest.mark.parametrize("encoding", [Jpeg(93, "4:2:0"), Webp(93, 2)])
def test_quality_ends_at_50_and_then_it_is_refused_by_the_recipes_name(
    encoding: Jpeg | Webp,
) -> None:
    source = decoded(pictures.png(pictures.photo(300, 300)))
    floor = render(source, recipe(300, 300, replace(encoding, quality=50))).data
    assert render(source, recipe(300, 300, encoding, max_bytes=len(floor))).data == floor
    with pytest.raises(TooLarge, match=r"recipe own: .*max_bytes"):
        render(source, recipe(300, 300, encoding, max_bytes=len(floor) - 1))


def test_a_limit_on_png_is_kept_or_refused() -> None:
    source = decoded(pictures.png(pictures.photo(60, 60)))
    whole = render(source, recipe(60, 60, Png(6))).data
    assert render(source, recipe(60, 60, Png(6), max_bytes=len(whole))).data == whole
    with pytest.raises(TooLarge, match="recipe own"):
        render(source, recipe(60, 60, Png(6), max_bytes=len(whole) - 1))


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (2, 3)])
@pytest.mark.parametrize("name", ["tiktok", "shopee"])
def test_pictures_of_any_shape_can_be_exported(shape: tuple[int, int], name: str) -> None:
    made = shown(Image.new("RGB", shape, RED), RECIPES[name])
    assert near(made, (made.width // 2, made.height // 2), RED)
