"""Files of the view, opened by programs of this process."""

import io
from typing import Any, BinaryIO

from posecas.store import Store
from posecas.view.nodes import Content


class ViewFile(io.BufferedReader):
    """An open file of the view: ``size`` bytes, which stay readable whatever happens to its name.

    Over a file of the store or its cache nothing is copied, and `fileno` gives its descriptor.
    """

    mode = "rb"

    def __init__(self, raw: Any, path: str, size: int) -> None:
        """``path`` is where it was found in the view."""
        super().__init__(raw)
        self.path = path
        self.size = size


def open_content(store: Store, content: Content, *, path: str, size: int) -> ViewFile:
    """Open bytes of the view; ``size`` is theirs. Raises like `Store.open`.

    An object on a local disk is checked for its size only; others are verified files of the cache.
    """
    if isinstance(content, bytes):
        return ViewFile(io.BytesIO(content), path, size)
    return ViewFile(_unbuffered(store.open(content)), path, size)


def _unbuffered(file: BinaryIO) -> Any:
    return file.detach() if isinstance(file, io.BufferedReader) else file
