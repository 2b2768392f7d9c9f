"""Images are told to the kernel in two ways, and the quick one tells the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posecas.digest import DIGEST_LENGTH, Digest
from posecas.index.images_protocol import ListedImage
from posecas.names import EXTENSIONS
from posecas.view import Node
from posecas.view.listed import ListedFiles, first_cookie
from posecas.view.nodes import Kind, make_node
from posecas_fuse import entries
from posecas_fuse.kernel.appearance import Appearance
from posecas_fuse.kernel.inodes import Inodes

IMAGES = st.builds(
    ListedImage,
    id=st.integers(1, 2**40),
    name=st.text(st.characters(codec="utf-8"), min_size=1, max_size=60),
    digest=st.text("0123456789abcdef", min_size=DIGEST_LENGTH, max_size=DIGEST_LENGTH).map(Digest),
    size=st.integers(1, 2**40),
    media_type=st.sampled_from(sorted(EXTENSIONS)),
    updated=st.integers(-(2**40), 2**43),
    thumbnail=st.none(),
    controlnet_weight=st.none(),
    generation_time=st.none(),
    values=st.just(0),
)
FILES = st.lists(st.tuples(IMAGES, st.integers(0, 2**20)), max_size=5)


def _files(listed: list[tuple[ListedImage, int]], *, after: int) -> ListedFiles:
    return ListedFiles([image for image, _ in listed], [told for _, told in listed], after=after)


@given(listed=FILES, within=st.booleans(), followed=st.booleans(), writable=st.booleans())
def test_images_are_told_as_their_entries_are(
    listed: list[tuple[ListedImage, int]], within: bool, followed: bool, writable: bool
) -> None:
    files = _files(listed, after=first_cookie(listed[0][0].id) if listed and within else 0)
    folder = make_node(Kind.GENERATION, 1)

    def appearance() -> Appearance:
        looks = entries.Appearance(1, 2, 0o022, writable=writable)
        return Appearance(Inodes(Node(1)), looks, lambda: followed)

    assert appearance().listed(folder, files) == appearance().listed(folder, list(files))


@given(listed=FILES, within=st.booleans(), part=st.slices(12))
def test_files_that_are_listed_are_a_sequence(
    listed: list[tuple[ListedImage, int]], within: bool, part: slice
) -> None:
    files = _files(listed, after=first_cookie(listed[0][0].id) if listed and within else 0)
    whole = list(files)
    assert len(files) == len(whole)
    assert [files[place] for place in range(-len(whole), len(whole))] == whole * 2
    assert files[part] == whole[part]
    for place in (len(whole), -len(whole) - 1):
        with pytest.raises(IndexError):
            files[place]
