"""What the kernel was told of names a moment ago, and who was told that it is not so any more."""

from collections import OrderedDict
from contextlib import suppress
from typing import Final, TypeVar

from posecas.view import Entry

T = TypeVar("T")

_REMEMBERED: Final = 4096
_NEVER: Final = object()


class Recent:
    """The newest answers. Short of memory, it forgets the oldest. Any thread may call any method.

    A program that opens or changes what was replaced is answered ESTALE, and the kernel looks the
    name up anew, once, in the same thread. Where an image is replaced again at that very moment,
    the one that this look-up found is taken: a second ESTALE would reach the program.
    """

    def __init__(self) -> None:
        """Nothing was said."""
        self._entries: OrderedDict[int, Entry] = OrderedDict()
        self._refused: OrderedDict[int, object] = OrderedDict()

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
        return self._entries.get(number) if self.was_refused(thread) else None

    def was_refused(self, thread: int) -> bool:
        """Tell whether a thread was refused before; it is so treated once."""
        return self._refused.pop(thread, _NEVER) is not _NEVER


def _remember(kept: OrderedDict[int, T], key: int, value: T) -> None:
    kept.pop(key, None)
    kept[key] = value
    if len(kept) > _REMEMBERED:
        with suppress(KeyError):
            kept.popitem(last=False)
