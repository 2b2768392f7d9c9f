"""Mount a store: in the foreground, or by a process of its own."""

import os
import sys
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path

from posecas import open_store
from posecas.errors import MountFailed
from posecas.view import View
from posecas_fuse.background import start
from posecas_fuse.files import Files
from posecas_fuse.portable import check_engine, serve
from posecas_fuse.reporting import Engaged, status
from posecas_fuse.request import (
    DEFAULT_DEADLINE,
    DEFAULT_DRAIN,
    DEFAULT_UMASK,
    Engine,
    Ready,
    Request,
    default_engine,
)
from posecas_fuse.spool import ClaimedSpool, claim_spool
from posecas_fuse.table import mounted_at, where
from posecas_fuse.workspace import rules_of


def _nothing(read_mode: str) -> None:
    """Nobody waits to hear that the mount is up."""
    del read_mode


def mount(
    store_path: str | Path,
    mountpoint: str | Path,
    *,
    foreground: bool,
    engine: Engine | None = None,
    user: str | None = None,
    allow_other: bool = False,
    read_only: bool = False,
    replaces: bool = True,
    deadline: float = DEFAULT_DEADLINE,
    drain: float = DEFAULT_DRAIN,
    uid: int | None = None,
    gid: int | None = None,
    umask: int = DEFAULT_UMASK,
    access_log: bool = False,
    ready: Ready = _nothing,
) -> None:
    """Mount a store at a folder; with ``user``, that user's part of it alone.

    In the foreground this serves, in the main thread, until it is unmounted or SIGTERM or SIGINT
    comes. Otherwise it returns once the mount answers, and a process of its own goes on. Without
    ``allow_other``, only the user who mounts sees anything. ``replaces`` False: what is written
    never takes the place of an image that is there. ``deadline`` is how many seconds a program
    waits for bytes that lie elsewhere before it is told that they cannot be read; ``drain``
    is how many seconds the engine `kernel` still answers for files that are open at SIGTERM.
    ``uid``, ``gid`` and ``umask`` say whose everything is that has no owner of its own.
    ``access_log``: the log tells of every request of the kernel. In the foreground ``ready`` is
    called once the mount answers. Raises ``MountFailed``, and what `open_store` raises.
    """
    store_path = Path(store_path).expanduser().absolute()
    folder = _checked(where(mountpoint), store_path)
    request = Request(
        str(store_path),
        str(folder),
        engine or default_engine(),
        user=user,
        allow_other=allow_other,
        read_only=read_only,
        replaces=replaces,
        deadline=deadline,
        drain=drain,
        uid=uid,
        gid=gid,
        umask=umask,
        access_log=access_log,
    )
    _check_engine(request)
    with open_store(store_path) as store:
        View(store, user=user)
    if foreground:
        serve_store(request, ready=ready)
    else:
        start(request)


def serve_store(request: Request, *, ready: Ready) -> None:
    """Mount, and answer until it is unmounted. See `mount`."""
    with _spool(request) as spool:
        folder = None if spool is None else spool.folder
        if request.engine == "kernel":
            from posecas_fuse.kernel import keeper  # noqa: PLC0415 - Linux alone has what it needs

            keeper.serve(request, folder, ready=ready)
        else:
            _serve_portable(request, folder, ready=ready)


def _check_engine(request: Request) -> None:
    if request.engine == "portable":
        if request.access_log:
            raise MountFailed("the engine `portable` has no access log; here: --engine kernel")
        check_engine()
    elif sys.platform != "linux":
        raise MountFailed("the engine `kernel` is Linux's own; here: --engine portable")


def _serve_portable(request: Request, spool: Path | None, *, ready: Ready) -> None:
    with open_store(request.store) as store:
        files = Files(
            store,
            user=request.user,
            status=lambda: status(store, files, Engaged("portable", "direct")),
            spool=spool,
            rules=rules_of(request),
        )
        mounted = partial(ready, "direct")
        try:
            serve(files, request.mountpoint, ready=mounted, allow_other=request.allow_other)
        finally:
            files.close()


def _spool(request: Request) -> AbstractContextManager[ClaimedSpool | None]:
    if request.read_only:
        return nullcontext()
    return claim_spool(Path(request.store), request.mountpoint, request.user)


def _checked(mountpoint: Path, store_path: Path) -> Path:
    found = mounted_at(mountpoint)
    if found is not None and found.dead:
        raise MountFailed(
            f"{mountpoint}: a mount whose process died is still there; "
            f"clean it up with: posecas unmount {mountpoint}"
        )
    if found is not None:
        raise MountFailed(
            f"{mountpoint}: something is mounted here already ({found.kind}); "
            "unmount it first, or choose another folder"
        )
    if not mountpoint.exists():
        raise MountFailed(
            f"{mountpoint}: there is no such folder; make it with: mkdir {mountpoint}"
        )
    if not mountpoint.is_dir():
        raise MountFailed(f"{mountpoint}: this is no folder; name an empty one")
    _refuse_nested(mountpoint, store_path.resolve())
    _refuse_full(mountpoint)
    if sys.platform == "linux" and not Path("/dev/fuse").exists():
        raise MountFailed(
            "there is no /dev/fuse here: load it with `modprobe fuse`, "
            "or start the container with --device /dev/fuse --cap-add SYS_ADMIN"
        )
    return mountpoint


def _refuse_nested(mountpoint: Path, store_path: Path) -> None:
    if mountpoint == store_path or store_path in mountpoint.parents:
        raise MountFailed(f"{mountpoint}: it lies in the store itself; name a folder elsewhere")


def _refuse_full(mountpoint: Path) -> None:
    try:
        with os.scandir(mountpoint) as inside:
            first = next(inside, None)
    except OSError as error:
        raise MountFailed(
            f"{mountpoint}: it cannot be looked into ({error.strerror}); choose another folder"
        ) from error
    if first is not None:
        raise MountFailed(
            f"{mountpoint}: it is not empty (it holds {first.name!r}, which would be hidden); "
            "name an empty folder"
        )
