"""The process that answers for a mount: it opens the store, and may be killed at any moment."""

import gc
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Final, NoReturn

from posecas import open_store
from posecas.errors import PosecasError
from posecas.machine import Json
from posecas.reserve import INDEX
from posecas.store import Store
from posecas_fuse.files import Files, Handle
from posecas_fuse.following import Following
from posecas_fuse.kernel import replies
from posecas_fuse.kernel.abi import Feature
from posecas_fuse.kernel.access_log import logged
from posecas_fuse.kernel.appearance import Appearance
from posecas_fuse.kernel.attach import detach
from posecas_fuse.kernel.changing import Changing
from posecas_fuse.kernel.device import Device
from posecas_fuse.kernel.dispatch import Answering, operations
from posecas_fuse.kernel.file_bytes import FileBytes
from posecas_fuse.kernel.inodes import Inodes
from posecas_fuse.kernel.names import Names
from posecas_fuse.kernel.notifying import Notifying
from posecas_fuse.kernel.open_files import OpenFiles
from posecas_fuse.kernel.opening import Opening
from posecas_fuse.kernel.parents import on_death
from posecas_fuse.kernel.plan import SERVING, Plan
from posecas_fuse.kernel.pool import Pool
from posecas_fuse.kernel.reading import Reading
from posecas_fuse.kernel.recent import Recent
from posecas_fuse.kernel.requests import Malformed
from posecas_fuse.kernel.session import Session
from posecas_fuse.kernel.shared import Shared
from posecas_fuse.kernel.succession import STOPPING, succeed
from posecas_fuse.kernel.wanted import Wanted
from posecas_fuse.reporting import Engaged, status
from posecas_fuse.workspace import rules_of

FINISH: Final = signal.SIGUSR1
"""The keeper's word to end what is under way and leave."""

_ORPHANED: Final = signal.SIGRTMIN
"""The kernel's word that the keeper is dead. Those of `STOPPING` have smaller numbers, and so they
are handled first."""

_log = logging.getLogger("posecas_fuse")

_FETCHES: Final = 32
_COMMITS: Final = 16
_PATIENCE: Final = 4
"""How many times as long a write may take as a read: it may wait for others to write."""

_DRAIN_SECONDS: Final = 5.0
_SWITCH_SECONDS: Final = 0.0005
"""How long the thread that reads the device waits for one that computes."""

_MALFORMED: Final = 70
_REPLACED: Final = 71
_ANOTHER: Final = (1 << 63) - 1
"""Behind every change that there will ever be."""


class _Finish(Exception):
    """The keeper wants the worker to end."""


def run(plan: Plan) -> NoReturn:
    """Be the worker; the process ends here. 0: the mount is gone. Anything else: it died."""
    code = 1
    try:
        _take_signals(plan)
        code = _serve(plan)
    except PosecasError as error:
        code = error.exit_code
        _log.error("%s", error)
    except Exception:  # noqa: BLE001 - the keeper starts another worker
        _log.exception("the worker fails")
    finally:
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _serve(plan: Plan) -> int:
    sys.setswitchinterval(_SWITCH_SECONDS)
    with open_store(plan.estate.request.store) as store:
        worker = Worker(plan, store)
        try:
            worker.serve()
        except _Finish:
            _log.info("asked to end")
        finally:
            worker.close()
    return 0


class Worker:
    """Everything that one worker is made of."""

    def __init__(self, plan: Plan, store: Store) -> None:
        """Take over from the worker before, if there was one."""
        self._plan = plan
        self._store = store
        estate = plan.estate
        self._device = Device(estate.device)
        self._opened = OpenFiles(estate.memory)
        held = None if plan.fresh else [Handle(one) for one in self._opened.handles()]
        self._files = Files(
            store,
            user=estate.request.user,
            status=self.status,
            spool=estate.spool_folder,
            rules=rules_of(estate.request, held=held),
        )
        seconds = estate.request.deadline
        self._fetches = Pool("fetch", threads=_FETCHES, seconds=seconds)
        self._commits = Pool("commit", threads=_COMMITS, seconds=_PATIENCE * seconds)
        passthrough = estate.terms.has(Feature.PASSTHROUGH)
        self._reading = Reading(self._device, self._opened, passthrough=passthrough)
        self._appearance = Appearance(
            Inodes(self._files.root), self._files.appearance, self._is_followed
        )
        self._notifying = Notifying(
            [put for put, _ in estate.lanes],
            self._files,
            self._opened,
            self._appearance,
            expires=estate.terms.has(Feature.HAS_EXPIRE_ONLY),
        )
        if plan.fresh:
            # Written down at once: what changes before the first notice is missed by nobody.
            self._opened.follow(store.index.last_change())
        after = self._opened.followed
        self._following = Following(
            store.index, self._notifying, after=after, replaced=self._begin_anew
        )
        table = operations(self._answering())
        self._session = Session(
            self._device,
            logged(table) if estate.request.access_log else table,
            interruptible=self._fetches,
            malformed=_give_up,
        )

    def _answering(self) -> Answering:
        files = self._files
        shared = Shared(
            files=files,
            inodes=Inodes(files.root),
            opened=self._opened,
            reading=self._reading,
            appearance=self._appearance,
            recent=Recent(),
            wanted=Wanted(files.give_back, self._opened),
            notifying=self._notifying,
        )
        opening = Opening(shared)
        return Answering(
            names=Names(shared),
            opening=opening,
            bytes=FileBytes(files, self._opened, opening),
            changing=Changing(shared),
            fetches=self._fetches,
            commits=self._commits,
        )

    def serve(self) -> None:
        """Answer until the mount is gone."""
        self._notifying.start()
        self._following.start()
        if not self._plan.fresh:
            self._device.notify(replies.resend())
        os.write(self._plan.report, SERVING + self._reading.mode.encode())
        gc.freeze()
        self._session.serve()

    def close(self) -> None:
        """End what is under way, within a bound."""
        self._following.close()
        self._notifying.close()
        left = self._commits.drain(_DRAIN_SECONDS) + self._fetches.drain(0)
        if left:
            _log.warning("%d requests were not answered in time", left)
        self._files.close()

    def _begin_anew(self) -> None:
        """End, if there is another index by now, such as one that was restored."""
        if not (self._store.path / INDEX).exists():
            return
        # Whatever number the newest change of that one has: the kernel is to forget everything.
        self._opened.follow(_ANOTHER)
        _log.error("the index was replaced; another worker opens the one that is there now")
        logging.shutdown()
        os._exit(_REPLACED)

    def _is_followed(self) -> bool:
        return self._following.healthy

    def status(self) -> Json:
        """What ``/.posecas/status.json`` says."""
        plan = self._plan
        engaged = Engaged("kernel", self._reading.mode, plan.keeper, plan.restarts)
        return status(self._store, self._files, engaged)


def _give_up(error: Malformed) -> NoReturn:
    _log.critical("the kernel sent what is no message: %s; this worker ends", error)
    logging.shutdown()
    os._exit(_MALFORMED)


def _take_signals(plan: Plan) -> None:
    """Signals for the whole group are the keeper's business, as long as there is one."""
    asked, leaving = False, False

    def finish(*_: object) -> None:
        raise _Finish

    def leave() -> None:
        nonlocal leaving
        if not leaving:
            leaving = True
            detach(Path(plan.estate.request.mountpoint))
            raise _Finish

    def stop(*_: object) -> None:
        nonlocal asked
        asked = True
        if os.getppid() != plan.keeper:
            leave()

    def orphaned(*_: object) -> None:
        if asked:
            leave()
        else:
            succeed(plan.estate, restarts=plan.restarts + 1)

    signal.set_wakeup_fd(-1)
    signal.signal(FINISH, finish)
    for number in STOPPING:
        signal.signal(number, stop)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(_ORPHANED, orphaned)
    on_death(_ORPHANED)
    if os.getppid() != plan.keeper:
        orphaned()
