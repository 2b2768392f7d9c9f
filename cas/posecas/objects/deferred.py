"""Objects of a location that is opened when something is first asked of it."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence

from posecas.errors import Failed
from posecas.objects.protocol import Bucket, HasBucket, ObjectInfo, Objects, Presigns


class DeferredObjects:
    """Any ``Objects`` that ``connect`` opens, by the first call that needs it.

    What that raises, the call raises, and the next one tries again.
    """

    def __init__(self, connect: Callable[[], Objects]) -> None:
        self._connect = connect
        self._guard = threading.Lock()
        self._opened: Objects | None = None

    def write(self, key: str, data: bytes, *, media_type: str, metadata: Mapping[str, str]) -> None:
        """See ``Objects.write``."""
        self._inner().write(key, data, media_type=media_type, metadata=metadata)

    def read(self, key: str) -> bytes:
        """See ``Objects.read``."""
        return self._inner().read(key)

    def stat(self, key: str) -> ObjectInfo:
        """See ``Objects.stat``."""
        return self._inner().stat(key)

    def delete(self, keys: Sequence[str]) -> Mapping[str, Exception]:
        """See ``Objects.delete``."""
        return self._inner().delete(keys)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """See ``Objects.list``."""
        return self._inner().list(prefix)

    def close(self) -> None:
        """See ``Objects.close``."""
        with self._guard:
            if self._opened is not None:
                self._opened.close()

    def _inner(self) -> Objects:
        if self._opened is None:
            with self._guard:
                if self._opened is None:
                    self._opened = self._connect()
        return self._opened


class DeferredBucket(DeferredObjects):
    """The same for a location in a bucket, which serves HTTP."""

    def url(self, key: str, *, seconds: int, download_name: str | None = None) -> str:
        """See ``Presigns.url``."""
        return self._presigning().url(key, seconds=seconds, download_name=download_name)

    def upload_url(self, key: str, *, size: int, media_type: str, seconds: int) -> str:
        """See ``Presigns.upload_url``."""
        return self._presigning().upload_url(key, size=size, media_type=media_type, seconds=seconds)

    def bucket(self) -> Bucket:
        """See ``HasBucket.bucket``."""
        inner = self._inner()
        if not isinstance(inner, HasBucket):
            raise Failed(f"{type(inner).__name__} is in no bucket")
        return inner.bucket()

    def _presigning(self) -> Presigns:
        inner = self._inner()
        if not isinstance(inner, Presigns):
            raise Failed(f"{type(inner).__name__} makes no addresses")
        return inner
