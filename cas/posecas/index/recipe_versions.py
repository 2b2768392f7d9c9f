"""Versions of recipes: a changed recipe is a new one, and an old one never changes."""

from collections.abc import Mapping

from posecas.index.engine import Cursor, Engine


class RecipeVersionVerbs:
    """The verb of `protocol.RecipeVersions`."""

    def __init__(self, engine: Engine) -> None:
        """Run over ``engine``."""
        self._engine = engine

    def recipe_versions(self, specs: Mapping[str, str]) -> Mapping[str, int]:
        """Return the version of each named recipe; a ``spec`` that is new gets the next one."""
        with self._engine.reading() as cursor:
            found = {name: _version(cursor, name, spec) for name, spec in specs.items()}
        versions = {name: version for name, version in found.items() if version is not None}
        if len(versions) == len(specs):
            return versions
        with self._engine.writing() as cursor:
            return {name: _given(cursor, name, spec) for name, spec in specs.items()}


def _version(cursor: Cursor, name: str, spec: str) -> int | None:
    row = cursor.one("SELECT version FROM recipes WHERE name = ? AND spec = ?", name, spec)
    return None if row is None else int(row[0])


def _given(cursor: Cursor, name: str, spec: str) -> int:
    while (version := _version(cursor, name, spec)) is None:
        # Where writers are not alone, another may take the number first, for this or another spec.
        cursor.run(
            "INSERT INTO recipes (name, version, spec)"
            " SELECT ?, coalesce(max(version), 0) + 1, ? FROM recipes WHERE name = ?"
            " ON CONFLICT DO NOTHING",
            *(name, spec, name),
        )
    return version
