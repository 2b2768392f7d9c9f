"""The view as an fsspec filesystem: ``posecas:///users/ada/g1/p1.png``, read only.

The paths are those of a mount. What fsspec offers beyond them (globs, walks, copies to a local
folder, text and compression, chained caches) is its own, over what is here.
"""

import errno
import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Final, NoReturn

from fsspec import AbstractFileSystem
from fsspec.callbacks import DEFAULT_CALLBACK, Callback
from fsspec.utils import isfilelike, stringify_path

from posecas.config import resolve_store_path
from posecas.digest import digest_of
from posecas.errnos import as_oserror
from posecas.owners import pages
from posecas.view import Content, Entry, View
from posecas.view.opened import ViewFile, open_content
from posecas.view.paths import entry_at
from posecas.view.shared import SharedView, shared_view

Info = dict[str, Any]

_CREATED: Final = "created_at"
_READ_ONLY: Final = "posecas:// is read-only; use the command posecas or posecas.open_store()"


class _WhereDefaultsLead:
    """What a store that is left out or relative means: read whenever an instance is asked for."""

    def __get__(self, instance: object, owner: type) -> tuple[str, str]:
        here = ""
        with suppress(FileNotFoundError):
            here = str(Path.cwd())
        return here, str(resolve_store_path(None))


class PosecasFileSystem(AbstractFileSystem):
    """The view of one store. Thread-safe; in another process or after a fork it opens its own.

    Failures are ``OSError`` and its kinds, with the store's own error as their cause:
    ``FileNotFoundError``, ``NotADirectoryError``, ``IsADirectoryError``, and ``EIO`` for damage and
    for a location that is away. Whatever would write raises ``EROFS``. No listing is cached.
    """

    protocol: ClassVar = "posecas"
    root_marker: ClassVar = "/"
    _where_defaults_lead = _WhereDefaultsLead()
    _extra_tokenize_attributes: ClassVar = ("_where_defaults_lead",)

    def __init__(self, store: str | os.PathLike[str] | None = None, **options: Any) -> None:
        """Open the store in the folder ``store``; None: where the command line would find it.

        Raises ``FileNotFoundError`` if there is none.
        """
        super().__init__(**options)
        self._folder = resolve_store_path(None if store is None else os.fspath(store)).absolute()
        with as_oserror(str(self._folder)):
            self._shared: SharedView | None = shared_view(self._folder)

    def close(self) -> None:
        """Let go of the store, which closes it unless others look at it; the next call opens it."""
        self._shared = None

    def ls(self, path: str, detail: bool = True, **options: Any) -> list[Any]:
        """Return what is in a folder, or the file itself: each one's `info`, or its path.

        What is there from beginning to end is listed once, whatever comes and goes meanwhile.
        """
        del options
        found = self._listed(self._strip_protocol(path))
        return found if detail else [info["name"] for info in found]

    def info(self, path: str, **options: Any) -> Info:
        """Return ``name``, ``type``, ``size``, ``mtime`` (seconds since 1970), ``digest``.

        The digest is that of the blob that a file is; None for folders and JSON.
        """
        del options
        path = self._strip_protocol(path)
        return _info(path, self._found(path)[1])

    def exists(self, path: str, **options: Any) -> bool:
        """Tell whether there is something. Damage and a store that cannot be read are raised."""
        try:
            self.info(path, **options)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def cat_file(
        self, path: str, start: int | None = None, end: int | None = None, **options: Any
    ) -> bytes:
        """Return a file's bytes, verified against their digest; or a part, by a slice's rules.

        A part is not verified, as with `open`.
        """
        if start is None and end is None:
            return self._verified(self._strip_protocol(path))
        with self.open(path, **options) as file:
            first, last, _ = slice(start, end).indices(file.size)
            file.seek(first)
            return bytes(file.read(max(last - first, 0)))

    def get_file(
        self,
        rpath: str,
        lpath: Any = None,
        callback: Callback = DEFAULT_CALLBACK,
        outfile: Any = None,
        **options: Any,
    ) -> None:
        """Copy one file to a local path or open file, once all of it is verified; see `cat_file`.

        Of a folder, only the folder itself is made.
        """
        del options
        path = self._strip_protocol(rpath)
        target = lpath if outfile is None and isfilelike(lpath) else outfile
        if target is None and self._found(path)[1].folder:
            Path(lpath).mkdir(parents=True, exist_ok=True)
            return
        data = self._verified(path)
        callback.set_size(len(data))
        if target is None:
            Path(lpath).parent.mkdir(parents=True, exist_ok=True)
            Path(lpath).write_bytes(data)
        else:
            target.write(data)
        callback.relative_update(len(data))

    def ukey(self, path: str) -> str:
        """Return the digest of a file's bytes; of a folder, a hash of its `info`."""
        path = self._strip_protocol(path)
        shared, entry = self._found(path)
        if entry.folder:
            return str(super().ukey(path))
        with as_oserror(path):
            content = _content(shared.view, entry, path)
        return digest_of(content) if isinstance(content, bytes) else content

    def checksum(self, path: str) -> int:
        """Return `ukey` as a number."""
        return int(self.ukey(path), 16)

    def modified(self, path: str) -> datetime:
        """Return when it last changed, in UTC; of a fixed folder, when the store was opened."""
        return self._found(self._strip_protocol(path))[1].modified

    def created(self, path: str) -> datetime:
        """Return when a file's pose was made, in UTC; of what tells no pose, `modified`."""
        path = self._strip_protocol(path)
        shared, entry = self._found(path)
        with as_oserror(path):
            text = shared.view.attributes(entry.node).get(_CREATED)
        return entry.modified if text is None else datetime.fromisoformat(text)

    def _refuse(self, *paths: Any, **options: Any) -> NoReturn:
        del paths, options
        raise OSError(errno.EROFS, _READ_ONLY)

    mkdir = makedirs = rmdir = touch = _refuse
    pipe = pipe_file = put = put_file = write_text = _refuse
    copy = cp_file = mv = rm = rm_file = _rm = _refuse

    def _open(self, path: str, mode: str = "rb", **options: Any) -> ViewFile:
        del options
        if mode != "rb":
            self._refuse(path)
        shared, entry = self._found(path)
        with as_oserror(path):
            content = _content(shared.view, entry, path)
            size = len(content) if isinstance(content, bytes) else entry.size
            return open_content(shared.store, content, path=path, size=size)

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        if isinstance(path, list):
            return [cls._strip_protocol(one) for one in path]
        text = stringify_path(path).removeprefix("posecas://").removeprefix("posecas::")
        return "/" + "/".join(filter(None, text.split("/")))

    def _looking(self) -> SharedView:
        shared = self._shared
        if shared is None or not shared.usable:
            shared = self._shared = shared_view(self._folder)
        return shared

    def _found(self, path: str) -> tuple[SharedView, Entry]:
        with as_oserror(path):
            shared = self._looking()
            return shared, entry_at(shared.view, path)

    def _listed(self, path: str) -> list[Info]:
        shared, entry = self._found(path)
        if not entry.folder:
            return [_info(path, entry)]
        below = path.removesuffix("/")
        with as_oserror(path):
            entries = pages(lambda after: shared.view.children(entry.node, after=after))
            return [_info(f"{below}/{one.name}", one) for one in entries]

    def _verified(self, path: str) -> bytes:
        shared, entry = self._found(path)
        with as_oserror(path):
            content = _content(shared.view, entry, path)
            return content if isinstance(content, bytes) else shared.store.get(content)


def _content(view: View, entry: Entry, path: str) -> Content:
    if entry.folder:
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    return entry.blob or view.content(entry.node)


def _info(path: str, entry: Entry) -> Info:
    return {
        "name": path,
        "type": "directory" if entry.folder else "file",
        "size": entry.size,
        "mtime": entry.modified.timestamp(),
        "digest": entry.blob,
    }
