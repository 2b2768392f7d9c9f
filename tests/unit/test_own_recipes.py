"""Recipes in `posecas.toml`: what may be written, their versions, and who makes what once."""

import threading
from pathlib import Path

import pytest

import posecas
from kit import pictures
from kit.tiles import tile
from kit.victims import start
from posecas.errors import ConfigError, RecipeNotFound, TooLarge
from posecas.images.recipes import RECIPES, Jpeg, Png, Recipe, Webp
from posecas.objects.local import LocalObjects
from posecas.renditions import Made

BANNER = "[recipe.banner]\nwidth = 120\nheight = 40\n"


def write(folder: Path, text: str) -> Path:
    posecas.create_store(folder).close()
    (folder / "posecas.toml").write_text(f"format = 1\n{text}")
    return folder


def banner(folder: Path, text: str = BANNER) -> Recipe:
    with posecas.open_store(write(folder, text)) as store:
        return store.recipes()["banner"]


def test_a_recipe_of_ones_own_is_used_as_any_other(folder: Path) -> None:
    with posecas.open_store(write(folder, BANNER)) as store:
        store.put(pictures.png(pictures.quarters(60, 60)), generation="g", pose="p")
        image = pictures.opened(store.rendition("g/p", "banner"))
        made = store.describe("g/p").renditions
    assert (image.format, image.size) == ("JPEG", (120, 40))
    assert [(one.recipe, one.version) for one in made] == [("banner", 1), ("thumb-400", 1)]


def test_every_store_has_the_built_in_recipes_first(folder: Path) -> None:
    with posecas.open_store(write(folder, BANNER)) as store:
        assert list(store.recipes()) == [*RECIPES, "banner"]
        assert {name: store.recipes()[name] for name in RECIPES} == RECIPES


def test_what_is_not_said_has_a_default(folder: Path) -> None:
    jpeg = Jpeg(90, "4:2:0")
    assert banner(folder) == Recipe("banner", 1, 120, 40, jpeg, jpeg)


def test_everything_can_be_said(folder: Path) -> None:
    text = (
        'fit = "contain"\nfocus = "0.25,1"\npad = "navy"\nupscale = false\nformat = "jpeg"\n'
        'quality = 77\nsubsampling = "4:4:4"\nmax_bytes = "1.5MB"\n'
    )
    jpeg = Jpeg(77, "4:4:4")
    assert banner(folder, BANNER + text) == Recipe(
        *("banner", 1, 120, 40, jpeg, jpeg, "contain", (0.25, 1.0), "#000080"),
        upscale=False,
        max_bytes=1_500_000,
    )


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ('format = "webp"\nquality = 80\n', Webp(80, 4)),
        ('format = "png"\n', Png(6)),
    ],
)
def test_formats_are_chosen_by_name(folder: Path, text: str, encoding: Webp | Png) -> None:
    recipe = banner(folder, BANNER + text)
    assert (recipe.opaque, recipe.transparent) == (encoding, encoding)


@pytest.mark.parametrize(
    ("word", "point"),
    [
        ("centre", (0.5, 0.5)),
        ("center", (0.5, 0.5)),
        ("top", (0.5, 0)),
        ("right", (1, 0.5)),
        ("bottom-left", (0, 1)),
        ("0.1, 0.9", (0.1, 0.9)),
    ],
)
def test_focus_is_a_word_or_two_fractions(
    folder: Path, word: str, point: tuple[float, float]
) -> None:
    assert banner(folder, f'{BANNER}focus = "{word}"\n').focus == point


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (BANNER + "widht = 5\n", "banner.widht .*no such key; use width, height, fit"),
        ("[recipe.banner]\nwidth = 5\n", "banner.height .*missing"),
        ("[recipe.banner]\nheight = 5\n", "banner.width .*missing"),
        ("[recipe.banner]\nwidth = 0\nheight = 5\n", "banner.width .*from 1 to 8192"),
        ("[recipe.banner]\nwidth = 9000\nheight = 5\n", "banner.width"),
        ("[recipe.banner]\nwidth = true\nheight = 5\n", "banner.width"),
        ("[recipe.banner]\nwidth = '5'\nheight = 5\n", "banner.width"),
        (BANNER + "fit = 'stretch'\n", "banner.fit .*cover or contain"),
        (BANNER + "fit = ['cover']\n", "banner.fit"),
        (BANNER + "focus = 'up'\n", "banner.focus .*centre, top"),
        (BANNER + "focus = '0.5,1.5'\n", "banner.focus"),
        (BANNER + "focus = 'nan,0'\n", "banner.focus"),
        (BANNER + "focus = '0.5'\n", "banner.focus"),
        (BANNER + "focus = [0.5, 0.5]\n", "banner.focus"),
        (BANNER + "fit = 'contain'\npad = 'mauvish'\n", "banner.pad .*blur, none, or a colour"),
        (BANNER + "fit = 'contain'\npad = '#11223344'\n", "banner.pad"),
        (BANNER + "fit = 'contain'\npad = ['blur']\n", "banner.pad"),
        (BANNER + "pad = 'blur'\n", "banner.pad .*contain"),
        (BANNER + "upscale = 'no'\n", "banner.upscale .*true or false"),
        (BANNER + "format = 'gif'\n", "banner.format .*jpeg or webp or png"),
        (BANNER + "quality = 101\n", "banner.quality"),
        (BANNER + "quality = 90.5\n", "banner.quality"),
        (BANNER + "format = 'png'\nquality = 90\n", "banner.quality .*PNG has none"),
        (BANNER + "format = 'webp'\nsubsampling = '4:4:4'\n", "banner.subsampling .*only JPEG"),
        (BANNER + "subsampling = '4:1:1'\n", "banner.subsampling"),
        (BANNER + "max_bytes = 'large'\n", "banner.max_bytes .*no size"),
        (BANNER + "max_bytes = 0\n", "banner.max_bytes"),
        (BANNER + "max_bytes = true\n", "banner.max_bytes"),
        (BANNER + "[recipe.banner.deep]\nx = 1\n", "banner.deep .*no such key"),
        ("recipe = 5\n", r"recipe .*\[recipe.banner\]"),
        ("[recipe]\nbanner = 5\n", "recipe.banner .*table"),
        ("[recipe.'a b']\nwidth = 5\nheight = 5\n", "recipe.a b .*no name"),
        ("[recipe.shopee]\nwidth = 5\nheight = 5\n", "recipe.shopee .*every store has"),
        ("[recipe.thumb-400]\nwidth = 5\nheight = 5\n", "recipe.thumb-400 .*every store has"),
    ],
)
def test_a_wrong_key_or_value_is_named(folder: Path, text: str, named: str) -> None:
    write(folder, text)
    with pytest.raises(ConfigError, match=named) as caught:
        posecas.open_store(folder)
    assert "posecas.toml" in str(caught.value)


def test_a_changed_recipe_is_a_new_version_and_the_old_spelling_the_old_one(folder: Path) -> None:
    changed = BANNER.replace("40", "50")
    texts = [BANNER, BANNER, changed, changed, BANNER + 'pad = "white"\n', BANNER]
    assert [banner(folder, text).version for text in texts] == [1, 1, 2, 2, 1, 1]


def test_what_a_changed_recipe_makes_does_not_replace_what_it_made(folder: Path) -> None:
    with posecas.open_store(write(folder, BANNER)) as store:
        store.put(tile(1), generation="g", pose="p")
        before = store.rendition("g/p", "banner")
    with posecas.open_store(write(folder, BANNER.replace("40", "50"))) as store:
        after = store.rendition("g/p", "banner")
        made = [(one.version, one.facts.height) for one in store.describe("g/p").renditions]
    assert pictures.opened(after).size == (120, 50)
    assert made == [(1, 40), (2, 50), (1, 400)]
    with posecas.open_store(write(folder, BANNER)) as store:
        assert store.rendition("g/p", "banner") == before


def test_a_recipe_that_is_gone_from_the_settings_is_not_found(folder: Path) -> None:
    with posecas.open_store(write(folder, BANNER)) as store:
        store.put(tile(1), generation="g", pose="p")
    with (
        posecas.open_store(write(folder, "")) as store,
        pytest.raises(RecipeNotFound, match=r"'banner'.*tiktok"),
    ):
        store.rendition("g/p", "banner")


def test_processes_that_see_a_changed_recipe_first_agree_on_its_version(folder: Path) -> None:
    banner(folder)
    write(folder, BANNER.replace("40", "50") + BANNER.replace("banner", "other"))
    script = (
        "import posecas\n"
        "with posecas.open_store(sys.argv[1]) as store:\n"
        "    print([store.recipes()[name].version for name in ('banner', 'other')])\n"
    )
    workers = [start(script, folder) for _ in range(4)]
    assert [worker.communicate(timeout=60)[0] for worker in workers] == ["[2, 1]\n"] * 4


def test_threads_that_give_different_specs_get_different_versions(folder: Path) -> None:
    with posecas.create_store(folder) as store:
        found: dict[int, int] = {}

        def ask(number: int) -> None:
            found[number] = store.index.recipe_versions({"banner": f"spec {number % 4}"})["banner"]

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(found.values()) == [1, 1, 2, 2, 3, 3, 4, 4]
    assert all(found[number] == found[number + 4] for number in range(4))


def test_opening_with_known_recipes_writes_nothing(folder: Path) -> None:
    banner(folder)
    with posecas.open_store(folder) as writer, writer.index._engine.writing():  # type: ignore[attr-defined]
        settings = {"lock_wait": "1s"}
        with posecas.open_store(folder, settings=settings) as store:
            assert store.recipes()["banner"].version == 1


def test_a_profiles_thumbnail_may_be_ones_own(folder: Path) -> None:
    text = BANNER.replace("banner", "thumb-wide") + '[profile.pose]\nthumbnail = "thumb-wide"\n'
    with posecas.open_store(write(folder, text)) as store:
        pose = store.put(tile(1), generation="g", pose="p")
    assert pose.thumbnail is not None
    assert (pose.thumbnail.recipe, pose.thumbnail.facts.width) == ("thumb-wide", 120)


@pytest.mark.parametrize("name", ["thumb-wide", "tiktok", "banner"])
def test_a_thumbnail_that_is_none_is_named_when_the_store_opens(folder: Path, name: str) -> None:
    write(folder, f'{BANNER}[profile.avatar]\nthumbnail = "{name}"\n')
    named = rf"profile\.avatar\.thumbnail \(posecas\.toml\): '{name}'.*thumb-400"
    with pytest.raises(ConfigError, match=named):
        posecas.open_store(folder)
    with pytest.raises(ConfigError, match=r"profile\.pose\.thumbnail \(given\): 'card'"):
        posecas.create_store(folder / "new", settings={"profile.pose.thumbnail": "card"})
    assert not (folder / "new" / "index.sqlite").exists()


def test_several_renditions_are_made_from_one_decoding(
    store: posecas.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put(tile(1), generation="g", pose="p")
    names = ["shopee", "tiktok-square", "thumb-300"]
    reads: list[str] = []
    read = LocalObjects.read

    def noted(objects: LocalObjects, key: str) -> bytes:
        reads.append(key)
        return read(objects, key)

    monkeypatch.setattr(LocalObjects, "read", noted)
    first = store.renditions("g/p", names)
    assert len([key for key in reads if key.startswith("objects/")]) == 1
    assert [one.rendition.recipe for one in first if isinstance(one, Made)] == names
    assert store.renditions("g/p", names) == first
    assert {one.recipe for one in store.describe("g/p").renditions} == {*names, "thumb-400"}


def test_equal_pixels_share_an_export(store: posecas.Store) -> None:
    store.put(tile(1), generation="g", pose="p")
    store.put(tile(1, "another prompt"), generation="g", pose="q")
    store.rendition("g/p", "shopee")
    blobs = store.stats().blobs
    again = store.rendition("g/q", "shopee")
    assert again == store.rendition("g/p", "shopee")
    assert store.stats().blobs == blobs
    assert {one.recipe for one in store.describe("g/q").renditions} == {"shopee", "thumb-400"}


def test_one_recipe_that_cannot_keep_its_limit_leaves_the_others_alone(folder: Path) -> None:
    with posecas.open_store(write(folder, f"{BANNER}max_bytes = 50\n")) as store:
        store.put(tile(1), generation="g", pose="p")
        refused, made = store.renditions("g/p", ["banner", "shopee"])
        assert isinstance(refused, TooLarge)
        assert isinstance(made, Made)
        with pytest.raises(TooLarge, match="recipe banner"):
            store.rendition("g/p", "banner")
        assert {one.recipe for one in store.describe("g/p").renditions} == {"shopee", "thumb-400"}


def test_an_unknown_recipe_stops_before_anything_is_made(store: posecas.Store) -> None:
    store.put(tile(1), generation="g", pose="p")
    with pytest.raises(RecipeNotFound, match="'nope'"):
        store.renditions("g/p", ["shopee", "nope"])
    assert [one.recipe for one in store.describe("g/p").renditions] == ["thumb-400"]
