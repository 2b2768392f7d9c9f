"""``posecas recipes``."""

from posecas.images.recipes import RECIPES, Recipe
from posecas.machine import recipe_json
from posecas.units import format_size
from posecas_cli import output, session
from posecas_cli.command import command

_HEADINGS = ("recipe", ">size", "fit", "format", ">limit", "from")


@command(
    "recipes",
    examples="""
posecas recipes
posecas recipes --json | jq -r .recipe
""",
    exits=(0, 1, 2, 5, 8, 10, 11, 130),
)
def recipes() -> None:
    """List the recipes for `export` and `get --recipe`: what every store has, then this one's.

    A recipe of your own is a table in the store's posecas.toml. A changed one is a new version;
    what the old one made stays. Names that begin with thumb- are for thumbnails.

    \b
    [recipe.banner]
    width = 1200            # pixels; height too
    height = 400
    fit = "cover"           # fill it and cut, or "contain": the whole picture
    focus = "centre"        # what cover keeps: "top", "bottom-left", …, "0.5,0.3"
    pad = "white"           # behind the picture; contain: also "blur" or "none"
    upscale = true          # whether a smaller picture is enlarged
    format = "jpeg"         # or "webp", "png"
    quality = 90            # 1 to 100; png has none
    subsampling = "4:2:0"   # or "4:4:4"; jpeg alone has it
    max_bytes = "2MB"       # quality is lowered, down to 50, until it fits
    """  # noqa: D301 - click's mark for lines that stay as they are
    with session.open_store() as store:
        output.table(_HEADINGS, map(_row, store.recipes().values()))


def _row(recipe: Recipe) -> output.Row:
    own = recipe.name not in RECIPES
    return recipe_json(recipe, own=own), (
        recipe.name,
        f"{recipe.width}x{recipe.height}",
        f"contain, {recipe.pad}" if recipe.fit == "contain" else recipe.fit,
        _format(recipe),
        "none" if recipe.max_bytes is None else format_size(recipe.max_bytes),
        "posecas.toml" if own else "posecas",
    )


def _format(recipe: Recipe) -> str:
    quality = getattr(recipe.opaque, "quality", None)
    return recipe.opaque.name if quality is None else f"{recipe.opaque.name} {quality}"
