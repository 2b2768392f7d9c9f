"""Renditions on demand: made once, kept while a pose names their source."""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from posecas.backends import Backends
from posecas.digest import Digest
from posecas.errors import Damage, TooLarge
from posecas.images.decode import Decoded, decode
from posecas.images.limits import Limits
from posecas.images.probe import probe
from posecas.images.recipes import Recipe
from posecas.images.render import render
from posecas.index.intake import Intake, NewRendition
from posecas.ingest import Ingest, Prepared
from posecas.read import read_blob
from posecas.records import Blob, BlobFacts, Rendition


@dataclass(frozen=True, slots=True)
class Made:
    """A rendition and its bytes."""

    rendition: Rendition
    data: bytes


def make_renditions(
    backends: Backends, ingest: Ingest, source: Blob, names: Sequence[str]
) -> Sequence[Made | TooLarge]:
    """Return what recipes make of a blob, in their order; make what is not there, or is damaged.

    The blob is decoded once at most, and what is new is kept in one go, while a pose names the
    source. A recipe whose limit the result is over has the refusal as its outcome. Raises
    ``RecipeNotFound`` before anything is made, and what `read_blob` raises for the source.
    """
    recipes = [backends.recipe(name) for name in names]
    kept = {recipe: _kept(backends, source, recipe) for recipe in recipes}
    known = {
        recipe: made or _of_equal_pixels(backends, source, recipe) for recipe, made in kept.items()
    }
    fresh = _make(backends, source, [recipe for recipe, made in known.items() if made is None])
    outcomes = {recipe: made or fresh[recipe] for recipe, made in known.items()}
    new = [
        (recipe, one)
        for recipe, one in outcomes.items()
        if kept[recipe] is None and isinstance(one, Made)
    ]
    if new:
        _keep(ingest, source, new)
    return [outcomes[recipe] for recipe in recipes]


def rendition_facts(backends: Backends, ingest: Ingest, source: Blob, name: str) -> BlobFacts:
    """Return what a recipe makes of a blob; its bytes are neither made nor read if it is there.

    Raises what `make_renditions` raises, and ``TooLarge``.
    """
    kept = backends.index.rendition(source.digest, backends.recipe(name).key)
    if kept is not None and backends.index.replicas(kept.facts.digest):
        return kept.facts
    made = make_renditions(backends, ingest, source, (name,))[0]
    if isinstance(made, TooLarge):
        raise made
    return made.rendition.facts


def _kept(backends: Backends, source: Blob, recipe: Recipe) -> Made | None:
    found = backends.index.rendition(source.digest, recipe.key)
    return None if found is None else _read(backends, found)


def _of_equal_pixels(backends: Backends, source: Blob, recipe: Recipe) -> Made | None:
    pixels = source.facts.pixels
    facts = backends.index.shared_rendition(pixels, recipe.key) if pixels else None
    return None if facts is None else _read(backends, _rendition(source, recipe, facts))


def _read(backends: Backends, rendition: Rendition) -> Made | None:
    try:
        return Made(rendition, read_blob(backends, rendition.facts.digest))
    except Damage:
        # What was made once can be made again, and heals the damaged one if it is the same.
        return None


def _make(
    backends: Backends, source: Blob, recipes: Sequence[Recipe]
) -> Mapping[Recipe, Made | TooLarge]:
    if not recipes:
        return {}
    decoded = _decode(backends, source.digest)

    def make(recipe: Recipe) -> Made | TooLarge:
        try:
            rendered = render(decoded, recipe)
        except TooLarge as refusal:
            return refusal
        return Made(_rendition(source, recipe, rendered.facts), rendered.data)

    if len(recipes) == 1:
        return {recipes[0]: make(recipes[0])}
    with ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="posecas-render") as pool:
        return dict(zip(recipes, pool.map(make, recipes), strict=True))


def _keep(ingest: Ingest, source: Blob, new: Sequence[tuple[Recipe, Made]]) -> None:
    renditions = tuple(NewRendition(recipe.key, made.rendition.facts) for recipe, made in new)
    data = {made.rendition.facts.digest: made.data for _, made in new}
    # The outcome may be that no pose names the source any more: then it is served and not kept.
    ingest.run([Prepared(Intake(source.facts, None, renditions), data)])


def _rendition(source: Blob, recipe: Recipe, facts: BlobFacts) -> Rendition:
    return Rendition(source.digest, recipe.name, recipe.version, facts)


def _decode(backends: Backends, digest: Digest) -> Decoded:
    # It was accepted when it was put; limits that were lowered since do not apply.
    data = read_blob(backends, digest)
    accepted = Limits(len(data), 1 << 62, 1 << 31, f"blob {digest[:12]}")
    return decode(data, probe(data, accepted))
