"""What the tests of check share."""

import pytest

import posecas
from kit.tiles import tile
from posecas.put import PutItem

COUNT = 6


@pytest.fixture
def filled(store: posecas.Store) -> posecas.Store:
    """A store with six poses of one user, `g/p0` to `g/p5`, each with a thumbnail."""
    items = [PutItem(tile(n), "g", f"p{n}", user="ada") for n in range(COUNT)]
    assert {result.error for result in store.put_many(items)} == {None}
    return store
