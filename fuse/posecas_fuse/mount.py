"""Mount a store: in the foreground, or by a process of its own."""

import os
import shlex
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

from posecas import open_store
from posecas.errors import MountFailed
from posecas.view import View
from posecas_fuse.background import start
from posecas_fuse.files import Files
from posecas_fuse.portable import check_engine, serve
from posecas_fuse.reporting import Engaged, status
from posecas_fuse.request import Ready, Request
from posecas_fuse.spool import ClaimedSpool, claim_spool
from posecas_fuse.table import OURS, mounted_at, where
from posecas_fuse.unmount import unmount
from posecas_fuse.workspace import rules_of


def _nothing(read_mode: str) -> None:
    """Nobody waits to hear that the mount is up."""
    del read_mode


def mount(request: Request) -> None:
    """Mount a store by a process of its own; return once the mount answers.

    Raises ``MountFailed``, and what `open_store` raises.
    """
    start(_checked(request))


def mount_here(request: Request, *, ready: Ready = _nothing) -> None:
    """Mount, and answer until it is unmounted or SIGTERM or SIGINT comes. Main thread only.

    ``ready`` is called once the mount answers. Raises what `mount` raises.
    """
    serve_store(_checked(request), ready=ready)


def serve_store(request: Request, *, ready: Ready) -> None:
    """Do as `mount_here` with a request that was checked."""
    with _spool(request) as spool:
        if request.engine == "kernel":
            from posecas_fuse.kernel import keeper  # noqa: PLC0415 - Linux alone has what it needs

            keeper.serve(request, spool, ready=ready)
        else:
            _serve_portable(request, None if spool is None else spool.folder, ready=ready)


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
            serve(files, request, ready=mounted)
        finally:
            files.close()


def _spool(request: Request) -> AbstractContextManager[ClaimedSpool | None]:
    if request.read_only:
        return nullcontext()
    return claim_spool(Path(request.store), request.mountpoint, request.user)


def _checked(request: Request) -> Request:
    """Return the request with absolute paths, once all seems well. Raises what `mount` raises."""
    store_path = Path(request.store).expanduser().absolute()
    folder = where(request.mountpoint)
    _check_engine(request)
    with open_store(store_path) as store:
        View(store, user=request.user)
    _check_free(folder)
    _check_folder(folder, store_path)
    return replace(request, store=str(store_path), mountpoint=str(folder))


def _check_free(mountpoint: Path) -> None:
    """Refuse a folder on which something is mounted.

    A dead mount of ours makes room, so that a container that is started again needs nobody.
    """
    found = mounted_at(mountpoint)
    if found is not None and (found.kind, found.condition) == (OURS, "cut off"):
        unmount(mountpoint)
        found = mounted_at(mountpoint)
    if found is not None and found.dead:
        command = "posecas unmount" if found.kind == OURS else "umount -l"
        raise MountFailed(
            f"{mountpoint}: what is mounted here already ({found.kind}) does not answer; "
            f"take it away with: {command} {shlex.quote(str(mountpoint))}"
        )
    if found is not None:
        raise MountFailed(
            f"{mountpoint}: something is mounted here already ({found.kind}); "
            "unmount it first, or choose another folder"
        )


def _check_folder(mountpoint: Path, store_path: Path) -> None:
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
