"""What is answered: headers, conditions, parts, and the bytes, which are verified first."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from io import UnsupportedOperation
from pathlib import Path
from typing import BinaryIO, Final

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from posecas.digest import Digest, digest_of_file
from posecas.gateway.ranges import effective_range
from posecas.gateway.redirects import Redirect, redirected
from posecas.gateway.shown import Shown
from posecas.store import Store

YEAR: Final = 31_536_000
"""Seconds; caches need keep nothing longer (RFC 9111)."""

_SMALL: Final = 1 << 18
"""Bytes. What is no larger is sent from memory, which takes half the work."""

_SECONDS: Final = 20
"""How long to fetch from a location before the client is told to come again."""


class FileAnswer(FileResponse):
    """An open file, whole or in parts; it is sent to its end even if its name goes meanwhile."""

    chunk_size = 1 << 20

    def __init__(self, file: BinaryIO, headers: Mapping[str, str], media_type: str) -> None:
        """Take the file over: it is closed when it is sent, or nobody waits for it any more."""
        super().__init__(
            _path(file),
            headers=headers,
            media_type=media_type,
            stat_result=os.fstat(file.fileno()),
        )
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            size = int(self.headers["content-length"])
            headers = list(_with_effective_range(scope["headers"], size))
            await super().__call__({**scope, "headers": headers}, receive, send)
        finally:
            self._file.close()


@dataclass(frozen=True, slots=True)
class Answering:
    """How images are answered. ``private``: shared caches keep nothing."""

    store: Store
    private: bool
    redirect: Redirect | None

    def answer(self, shown: Shown, request: Request) -> Response:
        """Answer with the image, where it is, or that the client has it.

        HEAD, and whoever has the bytes already, is answered by the index alone. Raises like
        `Store.get`.
        """
        headers = _headers(shown, private=self.private)
        media_type = shown.facts.media_type
        if _has_it(request, shown.facts.digest):
            return Response(status_code=304, headers=headers)
        if request.method == "HEAD":
            told = {"content-length": str(shown.facts.size), "accept-ranges": "bytes"}
            return Response(headers={**headers, **told}, media_type=media_type)
        if self.redirect and (found := redirected(self.store, shown, self.redirect)):
            return found
        file = _open_verified(self.store, shown.facts.digest)
        if shown.facts.size > _SMALL or "range" in request.headers:
            return FileAnswer(file, headers, media_type)
        with file:
            whole = {**headers, "accept-ranges": "bytes"}
            return Response(file.read(), headers=whole, media_type=media_type)


def _headers(shown: Shown, *, private: bool) -> Mapping[str, str]:
    who = "private" if private else "public"
    return {
        "etag": f'"{shown.facts.digest}"',
        "last-modified": format_datetime(shown.modified, usegmt=True),
        "cache-control": f"{who}, max-age={YEAR}, immutable"
        if shown.lasting
        else f"{who}, no-cache",
    }


def _has_it(request: Request, digest: Digest) -> bool:
    known = request.headers.get("if-none-match", "")
    tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
    return not tags.isdisjoint({"*", f'"{digest}"'})


def _open_verified(store: Store, digest: Digest) -> BinaryIO:
    """Open bytes that are what their digest says: whoever gets them may keep them for a year."""
    file = store.open(digest, seconds=_SECONDS)
    try:
        right = digest_of_file(Path(_path(file))) == digest
    except UnsupportedOperation:
        # It was verified on its way, and is in memory alone, since nothing may be cached.
        return _unnamed_file(file.read())
    if right:
        file.seek(0)
        return file
    file.close()
    # Marks it, and looks for another copy.
    return _unnamed_file(store.get(digest))


def _unnamed_file(data: bytes) -> BinaryIO:
    file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - whoever sends it closes it
    file.write(data)
    file.seek(0)
    return file


def _path(file: BinaryIO) -> str:
    # Opens what is open, whether or not it has a name any more.
    return f"/dev/fd/{file.fileno()}"


def _with_effective_range(
    headers: list[tuple[bytes, bytes]], size: int
) -> Iterator[tuple[bytes, bytes]]:
    for name, value in headers:
        if name != b"range":
            yield name, value
        elif found := effective_range(value.decode("latin-1"), size):
            yield name, found.encode("latin-1")
