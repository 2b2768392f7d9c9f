"""Renditions on demand: made once, kept while a pose names their source."""

from posecas.backends import Backends
from posecas.digest import Digest
from posecas.errors import Damage
from posecas.images.decode import decode
from posecas.images.limits import Limits
from posecas.images.probe import probe
from posecas.images.recipes import Recipe, recipe_named
from posecas.images.render import Rendered, render
from posecas.index.protocol import Intake, NewRendition
from posecas.ingest import Ingest, Prepared
from posecas.read import read_blob
from posecas.records import Blob


def rendition_bytes(backends: Backends, ingest: Ingest, source: Blob, recipe_name: str) -> bytes:
    """Return what the recipe makes of a blob; make it if it is not there, or is damaged.

    It is kept only while a pose names the source. Raises ``RecipeNotFound``, and what `read_blob`
    raises for the source.
    """
    recipe = recipe_named(recipe_name)
    made = backends.index.rendition(source.digest, recipe.key)
    if made is not None:
        try:
            return read_blob(backends, made.facts.digest)
        except Damage:
            # What was made once can be made again, and heals the damaged one if it is the same.
            return _make(backends, ingest, source, recipe).data
    return _make(backends, ingest, source, recipe).data


def _make(backends: Backends, ingest: Ingest, source: Blob, recipe: Recipe) -> Rendered:
    rendered = _render(read_blob(backends, source.digest), source.digest, recipe)
    intake = Intake(source.facts, None, (NewRendition(recipe.key, rendered.facts),))
    # The outcome may be that no pose names the source any more: then it is served and not kept.
    ingest.run([Prepared(intake, {rendered.facts.digest: rendered.data})])
    return rendered


def _render(data: bytes, digest: Digest, recipe: Recipe) -> Rendered:
    # It was accepted when it was put; limits that were lowered since do not apply.
    accepted = Limits(len(data), 1 << 62, 1 << 31, f"blob {digest[:12]}")
    return render(decode(data, probe(data, accepted)), recipe)
