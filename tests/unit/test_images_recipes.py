import pytest
from PIL import Image

from kit import pictures
from posecas.digest import digest_of
from posecas.errors import RecipeNotFound
from posecas.images.decode import decode
from posecas.images.limits import POSE_LIMITS
from posecas.images.probe import probe
from posecas.images.recipes import RECIPES, recipe_named
from posecas.images.render import render
from posecas.records import RecipeKey

JPEG_92 = '{"jpeg":{"quality":92,"subsampling":"4:4:4"}}'
JPEG_85 = '{"jpeg":{"quality":85,"subsampling":"4:2:0"}}'
PNG = '{"png":{"level":6}}'
WEBP = '{"webp":{"method":2,"quality":95}}'


@pytest.mark.parametrize(
    ("name", "opaque", "transparent", "side"),
    [
        ("thumb-400", JPEG_92, WEBP, 400),
        ("thumb-400-png", PNG, PNG, 400),
        ("thumb-300", JPEG_85, JPEG_85, 300),
    ],
)
def test_a_recipes_key_never_changes(name: str, opaque: str, transparent: str, side: int) -> None:
    spec = f'{{"height":{side},"opaque":{opaque},"transparent":{transparent},"width":{side}}}'
    assert recipe_named(name).key == RecipeKey(name, 1, spec)


def test_an_unknown_recipe_is_answered_with_those_there_are() -> None:
    with pytest.raises(RecipeNotFound, match=r"'thumb-9'.* thumb-400, thumb-400-png, thumb-300"):
        recipe_named("thumb-9")


@pytest.mark.parametrize(
    ("name", "alpha", "media_type", "file_format"),
    [
        ("thumb-400", False, "image/jpeg", "JPEG"),
        ("thumb-400", True, "image/webp", "WEBP"),
        ("thumb-400-png", False, "image/png", "PNG"),
        ("thumb-400-png", True, "image/png", "PNG"),
        ("thumb-300", False, "image/jpeg", "JPEG"),
        ("thumb-300", True, "image/jpeg", "JPEG"),
    ],
)
def test_the_facts_are_those_of_the_bytes(
    name: str, alpha: bool, media_type: str, file_format: str
) -> None:
    image = pictures.with_alpha(64, 64) if alpha else pictures.quarters(64, 64)
    data = pictures.png(image)
    made = render(decode(data, probe(data, POSE_LIMITS)), RECIPES[name])
    again = probe(made.data, POSE_LIMITS)
    facts = made.facts
    assert pictures.opened(made.data).format == file_format
    assert (facts.media_type, facts.width, facts.height) == (media_type, again.width, again.height)
    assert facts.media_type == again.media_type
    assert (facts.digest, facts.size) == (digest_of(made.data), len(made.data))
    assert facts.pixels == decode(made.data, again).pixels
    assert (facts.pixels is None) == (media_type != "image/png")


def test_a_thumbnail_as_png_is_truecolour() -> None:
    data = pictures.png(Image.new("P", (64, 64)))
    made = render(decode(data, probe(data, POSE_LIMITS)), RECIPES["thumb-400-png"])
    assert pictures.opened(made.data).mode == "RGB"


def test_a_jpeg_thumbnail_keeps_full_colour_resolution() -> None:
    data = pictures.png(pictures.photo(64, 64))
    made = render(decode(data, probe(data, POSE_LIMITS)), RECIPES["thumb-400"])
    frame = made.data.index(b"\xff\xc0")
    assert made.data[frame + 11 : frame + 20 : 3] == b"\x11\x11\x11"
