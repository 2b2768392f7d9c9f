"""Renditions on demand: made once, kept while a pose names their source."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from posecas.backends import Backends
from posecas.digest import Digest
from posecas.errors import Damage, TooLarge
from posecas.images.decode import Decoded, decode
from posecas.images.limits import Limits
from posecas.images.probe import probe
from posecas.images.recipes import Recipe
from posecas.images.render import render
from posecas.index.protocol import Intake, NewRendition
from posecas.ingest import Ingest, Prepared
from posecas.read import read_blob
from posecas.records import Blob, BlobFacts, Rendition


@dataclass(frozen=True, slots=True)
class Made:
    """A rendition and its bytes."""

    rendition: Rendition
    data: bytes


@dataclass(frozen=True, slots=True)
class _Work:
    """One source's bytes are read and decoded at most once, when the first recipe needs them."""

    backends: Backends
    source: Blob
    decoded: Callable[[], Decoded]


def make_renditions(
    backends: Backends, ingest: Ingest, source: Blob, names: Sequence[str]
) -> Sequence[Made | TooLarge]:
    """Return what recipes make of a blob, in their order; make what is not there, or is damaged.

    The blob is decoded once at most, and what is new is kept in one go, while a pose names the
    source. A recipe whose limit the result is over has the refusal as its outcome. Raises
    ``RecipeNotFound`` before anything is made, and what `read_blob` raises for the source.
    """
    recipes = [backends.recipe(name) for name in names]
    work = _Work(backends, source, cache(lambda: _decode(backends, source.digest)))
    outcomes: list[Made | TooLarge] = []
    fresh: dict[Recipe, Made] = {}
    for recipe in recipes:
        kept = _kept(work, recipe)
        outcome = kept or fresh.get(recipe) or _made(work, recipe)
        if isinstance(outcome, Made) and kept is None:
            fresh[recipe] = outcome
        outcomes.append(outcome)
    if fresh:
        _keep(ingest, source, fresh)
    return outcomes


def _keep(ingest: Ingest, source: Blob, fresh: dict[Recipe, Made]) -> None:
    renditions = tuple(
        NewRendition(recipe.key, made.rendition.facts) for recipe, made in fresh.items()
    )
    data = {made.rendition.facts.digest: made.data for made in fresh.values()}
    # The outcome may be that no pose names the source any more: then it is served and not kept.
    ingest.run([Prepared(Intake(source.facts, None, renditions), data)])


def _kept(work: _Work, recipe: Recipe) -> Made | None:
    found = work.backends.index.rendition(work.source.digest, recipe.key)
    return None if found is None else _read(work, recipe, found.facts)


def _made(work: _Work, recipe: Recipe) -> Made | TooLarge:
    if (shared := _of_equal_pixels(work, recipe)) is not None:
        return shared
    try:
        rendered = render(work.decoded(), recipe)
    except TooLarge as refusal:
        return refusal
    return Made(_rendition(work, recipe, rendered.facts), rendered.data)


def _of_equal_pixels(work: _Work, recipe: Recipe) -> Made | None:
    pixels = work.source.facts.pixels
    facts = work.backends.index.shared_rendition(pixels, recipe.key) if pixels else None
    return None if facts is None else _read(work, recipe, facts)


def _read(work: _Work, recipe: Recipe, facts: BlobFacts) -> Made | None:
    try:
        data = read_blob(work.backends, facts.digest)
    except Damage:
        # What was made once can be made again, and heals the damaged one if it is the same.
        return None
    return Made(_rendition(work, recipe, facts), data)


def _rendition(work: _Work, recipe: Recipe, facts: BlobFacts) -> Rendition:
    return Rendition(work.source.digest, recipe.name, recipe.version, facts)


def _decode(backends: Backends, digest: Digest) -> Decoded:
    # It was accepted when it was put; limits that were lowered since do not apply.
    data = read_blob(backends, digest)
    accepted = Limits(len(data), 1 << 62, 1 << 31, f"blob {digest[:12]}")
    return decode(data, probe(data, accepted))
