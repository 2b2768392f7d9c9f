"""Answers to look-ups that will probably come next, made while a program uses the last one.

A program that opens some images of a generation mostly opens more of them, and those together that
were put one after the other. To make many answers at once costs a third for each.
"""

from typing import Final, NamedTuple

from posecas.view import Entry, Node
from posecas_fuse.files import Files
from posecas_fuse.kernel.appearance import Appearance
from posecas_fuse.kernel.inodes import Inodes

_NEAR: Final = 64
"""Row ids of poses that are near each other: the same multiple of it is not above them."""

_REMEMBERED: Final = 4096
"""Answers: a few megabytes."""


class Answer(NamedTuple):
    """What a name leads to, its number, and how the kernel is told so."""

    number: int
    entry: Entry
    told: bytes
    validity: int


class Ahead:
    """Answers that hold as long as nothing is committed. Used by the thread that reads the device.

    Folders are named by the kernel's number.
    """

    def __init__(self, files: Files, inodes: Inodes, appearance: Appearance) -> None:
        """Nothing is known."""
        self._files = files
        self._inodes = inodes
        self._appearance = appearance
        self._answers: dict[tuple[int, bytes], Answer] = {}
        self._missed: dict[tuple[int, int], bytes] = {}

    def answer(self, folder: int, name: bytes) -> Answer | None:
        """Return what is true now; None: look it up."""
        answer = self._answers.get((folder, name))
        if answer is None or not self._files.is_current(answer.entry):
            return None
        return answer if answer.validity == self._appearance.validity else None

    def prepare(self, folder: int, entry: Entry) -> None:
        """Make answers for images near one that had to be looked up.

        One is no sign that more will be asked for. Two that are near each other are.
        """
        image = entry.image
        if image is None:
            return
        if len(self._answers) + len(self._missed) > _REMEMBERED:
            self._answers, self._missed = {}, {}
        block = image.id // _NEAR
        if self._missed.get((folder, block)) == image.revision:
            self._make(folder, self._inodes.node(folder), block)
        self._missed[folder, block] = image.revision

    def _make(self, folder: int, parent: Node, block: int) -> None:
        validity = self._appearance.validity
        entries = self._files.images(parent, range(block * _NEAR, (block + 1) * _NEAR))
        for entry in entries:
            number, told = self._inodes.number(entry), self._appearance.named(parent, entry)
            answer = Answer(number, entry, told, validity)
            self._answers[folder, entry.name.encode()] = answer
