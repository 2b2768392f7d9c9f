"""The recipes of one store: those that every store has, and its owner's."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from posecas.config import FILE, Config
from posecas.errors import ConfigError
from posecas.images.own_recipes import with_own_recipes
from posecas.images.recipes import RECIPES, THUMBNAIL_PREFIX, Recipe
from posecas.index.protocol import RecipeVersions


def recipes_of(config: Config) -> Mapping[str, Recipe]:
    """Return the recipes that the settings name; the owner's have no version yet.

    Raises ``ConfigError``, which names the key of a recipe, or the profile whose thumbnail is none.
    """
    recipes = with_own_recipes(config.recipes, source=FILE)
    for profile in config.profiles.values():
        if profile.thumbnail:
            _check_thumbnail(config, f"profile.{profile.name}.thumbnail", recipes)
    return recipes


def with_versions(recipes: Mapping[str, Recipe], index: RecipeVersions) -> Mapping[str, Recipe]:
    """Return the recipes with the versions that the index knows the owner's under."""
    own = {name: one.key.spec for name, one in recipes.items() if name not in RECIPES}
    versions = index.recipe_versions(own) if own else {}
    return MappingProxyType(
        {
            name: replace(one, version=versions.get(name, one.version))
            for name, one in recipes.items()
        }
    )


def _check_thumbnail(config: Config, setting: str, recipes: Mapping[str, Recipe]) -> None:
    name, source = next(
        (str(one.value), one.source) for one in config.settings if one.name == setting
    )
    known = [one for one, recipe in recipes.items() if recipe.makes_thumbnails]
    if name in known:
        return
    raise ConfigError(
        f"{setting} ({source}): {name!r} is no recipe for thumbnails, whose names begin with "
        f"{THUMBNAIL_PREFIX}: use {', '.join(known)}, or write [recipe.{THUMBNAIL_PREFIX}…]"
    )
