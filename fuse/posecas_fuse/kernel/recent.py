"""What the kernel was told of names a moment ago, and who was told that it is not so any more."""

from collections import OrderedDict
from typing import Final, TypeVar

from posecas.view import Entry

T = TypeVar("T")

_REMEMBERED: Final = 4096


class Recent:
    """The newest answers. Short of memory, it forgets the oldest. One thread at a time.

    A program that opens what was replaced is answered ESTALE, and the kernel looks the name up
    anew, once, in the same thread. Where an image is replaced again at that very moment, the one
    that this look-up found is opened: a second ESTALE would reach the program.
    """

    def __init__(self) -> None:
        """Nothing was said."""
        self._entries: OrderedDict[int, Entry] = OrderedDict()
        self._refused: OrderedDict[int, None] = OrderedDict()

    def told(self, number: int, entry: Entry) -> None:
        """A name was found to lead to this."""
        _remember(self._entries, number, entry)

    def entry(self, number: int) -> Entry | None:
        """Return what a number stood for when it was last given to the kernel."""
        return self._entries.get(number)

    def refuse(self, thread: int) -> None:
        """A thread was told to look a name up anew."""
        _remember(self._refused, thread, None)

    def found_anew(self, thread: int, number: int) -> Entry | None:
        """Return what a thread was told that was refused before; it is so treated once."""
        if thread not in self._refused:
            return None
        del self._refused[thread]
        return self._entries.get(number)


def _remember(kept: OrderedDict[int, T], key: int, value: T) -> None:
    kept.pop(key, None)
    kept[key] = value
    if len(kept) > _REMEMBERED:
        kept.popitem(last=False)
