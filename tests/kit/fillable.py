"""`posecas://` as fsspec's own tests need it: with files that they can make and remove."""

from typing import Any

import posecas
from kit.tiles import tile
from posecas.filesystem import PosecasFileSystem
from posecas.names import valid_name

ALIASES = "/aliases/"


class FillableFileSystem(PosecasFileSystem):
    """Below `/aliases`, where paths are free: each file is an old path of an image."""

    cachable = False

    def fill(self, store: posecas.Store) -> None:
        """Say which store files are put into; it must be the one that is looked at."""
        self._into = store

    def mkdir(self, path: str) -> None:  # type: ignore[override]
        """Folders of old paths are there when something is in them."""

    def makedirs(self, path: str) -> None:  # type: ignore[override]
        """See `mkdir`."""

    def touch(self, path: str) -> None:  # type: ignore[override]
        """Make a file; what is in it does not matter."""
        self.pipe(path, b"0")

    def pipe(self, path: str, value: bytes) -> None:  # type: ignore[override]
        """Make a file with the tile of this number in it: only images can be stored."""
        alias = path.removeprefix(ALIASES)
        pose = valid_name(alias, fallback="file")
        self._into.put(tile(int(value)), generation="g1", pose=pose, aliases=[alias])

    def rm(self, path: str, recursive: bool) -> None:  # type: ignore[override]
        """Remove everything below a folder."""
        assert recursive
        aliases = [self._into.index.alias(one.removeprefix(ALIASES)) for one in self.find(path)]
        self._into.remove([_pose(self._into, alias.pose) for alias in aliases if alias])


def _pose(store: posecas.Store, row: Any) -> posecas.Pose:
    return store.index.pose_by_id(row)
