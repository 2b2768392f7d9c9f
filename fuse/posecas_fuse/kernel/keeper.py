"""The process that holds the kernel's descriptor and sees to it that somebody answers.

It opens no store and answers nothing but the first question, INIT; so there is little in it that
could die. What it imports, its workers have already: they are its forks, and begin at once.
"""

import importlib
import logging
import os
import selectors
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final, Self

from posecas.errors import MountFailed
from posecas_fuse import notify
from posecas_fuse.kernel import herald, worker
from posecas_fuse.kernel.abi import Feature
from posecas_fuse.kernel.attach import cut_off, detach
from posecas_fuse.kernel.establishing import establish, make_lanes
from posecas_fuse.kernel.life import Life
from posecas_fuse.kernel.plan import SERVING, Estate, Plan
from posecas_fuse.kernel.succession import STOPPING
from posecas_fuse.request import Ready, Request
from posecas_fuse.spool import ClaimedSpool

_log = logging.getLogger("posecas_fuse")

_END_SECONDS: Final = 10.0
"""How long a worker has to end once it was told to."""

_FAILURES: Final = 8
_STEADY_SECONDS: Final = 1.0
_LONGEST_PAUSE: Final = 2.0
_SHORTEST_PAUSE: Final = 0.05

_PRELOADED: Final = (
    "posecas.images.render",
    "posecas.index.sql_index",
    "posecas.index.sqlite",
    "posecas.objects.local",
    "posecas.opening",
)


@dataclass(slots=True)
class _Worker:
    pid: int
    report: int
    started: float
    serving: bool = False


class Keeper:
    """One mount, for as long as it is there."""

    def __init__(self, estate: Estate, *, restarts: int, ready: Ready | None = None) -> None:
        """See to a mount that is there. Call ``ready`` once, when it answers."""
        self._estate = estate
        self._request = estate.request
        self._ready = ready
        self._mountpoint = Path(estate.request.mountpoint)
        self._herald = 0
        self._restarts = restarts
        self._fresh = not restarts
        self._failures = 0
        self._stop_at: float | None = None

    def keep(self) -> None:
        """See to it until it is unmounted or a signal ends it. Main thread only.

        Raises ``MountFailed``: its workers die again and again.
        """
        for module in _PRELOADED:
            importlib.import_module(module)
        with _Signals() as signals:
            try:
                self._start_herald()
                while self._one_worker(signals):
                    self._restarts += 1
            except BaseException:
                # Otherwise it is unmounted, and perhaps something else is there by now.
                cut_off(self._mountpoint)
                raise
            finally:
                self._end_herald()

    def _one_worker(self, signals: "_Signals") -> bool:
        """Start a worker and wait for its end; True: another one is needed."""
        started = self._start()
        status = self._await(started, signals)
        os.close(started.report)
        if os.waitstatus_to_exitcode(status) == 0 or self._stop_at is not None:
            return False
        self._consider(started, os.waitstatus_to_exitcode(status))
        self._fresh = not self._estate.terms.has(Feature.HAS_RESEND)
        if self._fresh:
            self._attach_again()
        return True

    def _start_herald(self) -> None:
        keeper = os.getpid()
        pid = os.fork()
        if not pid:
            herald.run(self._estate, keeper)
        self._herald = pid

    def _end_herald(self) -> None:
        pid, self._herald = self._herald, 0
        if pid:
            os.kill(pid, herald.ENOUGH)
            # Where it waits for the kernel it ends later, and is collected with the keeper.
            os.waitpid(pid, os.WNOHANG)

    def _start(self) -> _Worker:
        reading, writing = os.pipe()
        keeper = os.getpid()
        pid = os.fork()
        if not pid:
            os.close(reading)
            worker.run(Plan(self._estate, writing, self._restarts, self._fresh, keeper))
        os.close(writing)
        return _Worker(pid, reading, time.monotonic())

    def _await(self, started: _Worker, signals: "_Signals") -> int:
        """Return the worker's status once it has ended."""
        with selectors.DefaultSelector() as selector:
            selector.register(signals.descriptor, selectors.EVENT_READ)
            selector.register(started.report, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select(self._seconds_left()):
                    if key.fd == started.report and not self._hear(started):
                        selector.unregister(started.report)
                signals.clear()
                if signals.stop and self._stop_at is None:
                    self._begin_stop()
                pid, status = os.waitpid(started.pid, os.WNOHANG)
                if pid:
                    return status
                if self._herald and os.waitpid(self._herald, os.WNOHANG)[0]:
                    self._start_herald()
                self._press(started)

    def _hear(self, started: _Worker) -> bool:
        told = os.read(started.report, 64)
        if not told.startswith(SERVING):
            return False
        started.serving = True
        if self._ready is not None:
            self._ready(told.removeprefix(SERVING).decode())
            self._ready = None
            notify.ready(f"mounted at {self._mountpoint}")
        return True

    def _begin_stop(self) -> None:
        """Nothing new from now on; who has a file open may go on for a while."""
        notify.stopping()
        self._stop_at = time.monotonic() + self._request.drain
        detach(self._mountpoint)
        # While files are let go of, the kernel needs to hear of nothing.
        self._end_herald()

    def _press(self, started: _Worker) -> None:
        left = self._seconds_left()
        if left == 0:
            _log.warning(
                "%s: files are still open after %g s; they are cut off",
                *(self._mountpoint, self._request.drain),
            )
            self._stop_at = time.monotonic() + _END_SECONDS
            number = worker.FINISH if started.serving else signal.SIGKILL
            started.serving = False
            with suppress(ProcessLookupError):
                os.kill(started.pid, number)

    def _seconds_left(self) -> float | None:
        return None if self._stop_at is None else max(self._stop_at - time.monotonic(), 0)

    def _consider(self, ended: _Worker, code: int) -> None:
        """Log a death, and wait or give up where one follows the other."""
        cause = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        _log.error("worker %d ended %s; another one takes over", ended.pid, cause)
        killed = code == -signal.SIGKILL and ended.serving
        if killed or time.monotonic() - ended.started > _STEADY_SECONDS:
            self._failures = 0
            return
        self._failures += 1
        if self._failures >= _FAILURES:
            raise MountFailed(
                f"{self._mountpoint}: {self._failures} workers in a row died as they began "
                f"(the last one {cause}); unmounted. The log above says why"
            )
        time.sleep(min(_SHORTEST_PAUSE * 2**self._failures, _LONGEST_PAUSE))

    def _attach_again(self) -> None:
        """An old kernel sends nothing again, so what waits for an answer must be cut off."""
        _log.error("%s: this kernel sends nothing again; mounting anew", self._mountpoint)
        cut_off(self._mountpoint)
        self._end_herald()
        os.close(self._estate.device)
        os.close(self._estate.memory)
        self._estate = establish(
            self._request, self._estate.spool, self._estate.lanes, self._estate.life
        )
        self._start_herald()


class _Signals:
    """Signals as something to wait for, between other things."""

    def __init__(self) -> None:
        self.stop = False
        self.descriptor, self._writing = os.pipe()
        for end in (self.descriptor, self._writing):
            os.set_blocking(end, False)

    def __enter__(self) -> Self:
        self._wakeup = signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, self._stop) for number in STOPPING}
        self._before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup)
        os.close(self.descriptor)
        os.close(self._writing)

    def clear(self) -> None:
        """Forget what was told by the pipe; the flags stay."""
        with suppress(BlockingIOError):
            os.read(self.descriptor, 512)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.stop = True


def serve(request: Request, spool: ClaimedSpool | None, *, ready: Ready) -> None:
    """Mount a store and answer for it until it is unmounted or SIGTERM or SIGINT comes.

    ``spool`` stays claimed whatever happens to workers; None: nothing is written. Raises
    ``MountFailed``: it cannot be mounted, or its workers die again and again.
    """
    # A signal that comes once it is mounted waits until somebody sees to both.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        estate = establish(request, spool, make_lanes(), Life.begin())
    except BaseException:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        raise
    Keeper(estate, restarts=0, ready=ready).keep()
