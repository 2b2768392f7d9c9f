"""The kernel's numbers of files: a node, and for an image also which bytes it has.

The kernel keeps one size, one cache and one way of reading for each number. So a pose whose image
is replaced gets another number: who has the old one open keeps it whole, mapped memory included,
and nobody reads a mixture. A program that comes with the number of what was replaced is answered
ESTALE, upon which the kernel looks the name up again by itself.

A number is made of node and digest alone, so every worker makes the same. Twenty bits of the digest
are in it: where two images of one pose agree in those, `reading` keeps them apart.
"""

from typing import Final

from posecas.digest import Digest
from posecas.view import Entry, Node
from posecas.view.nodes import KIND_SHIFT, Kind
from posecas_fuse.kernel.abi import ROOT_ID

_TAG_SHIFT: Final = 36
_TAG_BITS: Final = 20
_TAG_DIGITS: Final = _TAG_BITS // 4
_TAG_MASK: Final = ((1 << _TAG_BITS) - 1) << _TAG_SHIFT
_TAGGED: Final = frozenset({Kind.POSE, Kind.THUMBNAIL, Kind.ALIAS})


class Inodes:
    """Nodes to the kernel's numbers and back."""

    def __init__(self, root: Node) -> None:
        """``root`` is the mount's top, which the kernel calls 1."""
        self._root = root

    def number(self, entry: Entry) -> int:
        """Return the number of what a name stands for now."""
        node, blob = entry.node, entry.blob
        if blob is None or node >> KIND_SHIFT not in _TAGGED:
            return self.of(node)
        return tagged(node, blob)

    def of(self, node: Node) -> int:
        """Return the number of a node that is no image: a folder, say."""
        return ROOT_ID if node == self._root else node

    def node(self, number: int) -> Node:
        """Return the node of a number."""
        if number == ROOT_ID:
            return self._root
        return Node(number & ~_TAG_MASK if number >> KIND_SHIFT in _TAGGED else number)


def tagged(node: int, blob: Digest) -> int:
    """Return the number of an image, a thumbnail or an alias that has these bytes."""
    return node if node & _TAG_MASK else node | int(blob[:_TAG_DIGITS], 16) << _TAG_SHIFT


def is_spooled(node: Node) -> bool:
    """Tell whether a node, or a handle, is of a file that is being written."""
    return node >> KIND_SHIFT == Kind.SPOOLED


def content(entry: Entry) -> int:
    """Return 64 bits that tell the bytes of an entry from others; 0: they are not known."""
    return 0 if entry.blob is None else int(entry.blob[:16], 16) | 1
