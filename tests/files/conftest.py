from collections.abc import Iterator

import pytest

import posecas
from kit.hands import writable
from posecas_fuse.files import Files


@pytest.fixture
def files(store: posecas.Store) -> Iterator[Files]:
    """The files of a mount of `store`, in which ada has the generation g1, and bob g2."""
    store.add_generation("g1", "ada")
    store.add_generation("g2", "bob")
    with writable(store) as opened:
        yield opened
