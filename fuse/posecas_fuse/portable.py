"""The portable engine: `Files` by way of libfuse 2 or 3, through mfusepy.

What is told to the kernel, and what follows:

- Files are read past its cache (``direct_io``). libfuse keeps one inode for a name, and an inode
  has one size and one cache: with them, who reads a pose that is replaced meanwhile would get a
  mixture of both images, or the old one cut at the new one's size. The bytes come from the page
  cache of the store's own files anyway. The price is that there are no shared memory maps, except
  below `/hashes`, where a name never changes its bytes, and of temporary files, which nobody else
  writes: there the kernel may keep them.
- A name is believed for a second (``entry_timeout``), what `stat` says for a tenth of one
  (``attr_timeout``), and nothing for a name that is not there. So `stat` may show a pose as it was
  a tenth of a second ago; what opening it gives is always decided anew.
- With libfuse 3 a folder is listed with what `stat` says of each file when the kernel asks for that
  part of the listing; it is believed for as long.
"""

import contextlib
import sys
from collections.abc import Callable
from typing import Any, Final

from posecas.errors import MountFailed
from posecas_fuse.files import Files
from posecas_fuse.libfuse import mended
from posecas_fuse.operations import Operations
from posecas_fuse.paths import REMEMBERED_SECONDS
from posecas_fuse.request import Request
from posecas_fuse.source import escaped

_ATTRIBUTES_SECONDS: Final = 0.1
_LIBFUSE_3: Final = 3


class EngineFailed(MountFailed):
    """libfuse would not mount. It has written its reason to stderr itself."""


def check_engine() -> None:
    """Raise ``MountFailed`` if this machine lacks what the portable engine needs."""
    _library()


def serve(files: Files, request: Request, *, ready: Callable[[], None]) -> None:
    """Mount, and answer until it is unmounted or SIGTERM or SIGINT comes. Main thread only.

    Relative paths do not work meanwhile: libfuse changes to ``/``. Raises
    ``EngineFailed``.
    """
    library = _library()
    options = {
        "foreground": True,
        "fsname": escaped(request.store),
        "default_permissions": True,
        "use_ino": True,
        "entry_timeout": REMEMBERED_SECONDS,
        "attr_timeout": _ATTRIBUTES_SECONDS,
        "negative_timeout": 0,
        **dict.fromkeys(("hard_remove", "nosuid", "nodev", "noexec"), True),
    }
    if not files.writable:
        options["ro"] = True
    if library.fuse_version_major < _LIBFUSE_3:
        options |= {"atomic_o_trunc": True, "big_writes": True}
    if sys.platform == "linux":
        options["subtype"] = "posecas"
    if request.allow_other:
        options["allow_other"] = True
    operations = Operations(files, ready=ready, caller=lambda: library.fuse_get_context()[:2])
    try:
        with contextlib.chdir("/"):
            mended(library)(operations, request.mountpoint, raw_fi=True, **options)
    except RuntimeError as error:
        # Also how it says that a signal ended it; it has unmounted by then.
        if operations.served:
            return
        raise EngineFailed(
            f"{request.mountpoint}: libfuse refused to mount here (code {error}); "
            "its reason stands above"
        ) from error


def _library() -> Any:
    try:
        import mfusepy  # noqa: PLC0415 - an extra, and loading it loads libfuse
    except ImportError:
        raise MountFailed(
            "mounting needs mfusepy, which is not installed: pip install 'posecas[fuse]'"
        ) from None
    except (OSError, AttributeError) as error:
        raise MountFailed(
            f"mounting needs libfuse ({error}): apt install fuse3, or macFUSE on macOS"
        ) from error
    return mfusepy
