"""Where the crew of a storm comes from: one process that has imported everything, and forks.

Importing takes longer than the life that most of the crew have. The harbour opens no store and
starts no thread; what it starts is waited for here alone, so that no process id is used again while
somebody may still send it a signal.

``python -m storm.harbour`` answers each line it reads with one: ``start ROLE STORE RECORD SEED
MUTANT`` with a process id, ``wait ID`` with how it ended. At the end of its input it ends the crew.
"""

import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, NoReturn

import posecas.objects.s3_filesystem
import posecas.opening  # noqa: F401 - what every one of the crew needs, imported once for all
from storm.actors import act

_LONGEST_WAIT: Final = 60


class Harbour:
    """The running harbour, as the storm uses it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(self, *words: str) -> int:
        """Start one of the crew; return its process id, good until it was waited for."""
        return self._ask("start", *words)

    def wait(self, pid: int) -> int:
        """Wait for its end; return its exit code, or the negative signal that ended it."""
        return self._ask("wait", str(pid))

    def _ask(self, *words: str) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{' '.join(words)}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@contextmanager
def harbour() -> Iterator[Harbour]:
    """Run a harbour; at the end it and all of the crew are gone."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-m", "storm.harbour"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**environment, "OPENBLAS_NUM_THREADS": "1"},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield Harbour(process)
        finally:
            process.stdin.close()
            try:
                process.wait(_LONGEST_WAIT)
            finally:
                process.kill()


def main() -> None:
    """Answer until the input ends, then end whoever is left."""
    crew: set[int] = set()
    print("ready", flush=True)  # noqa: T201 - the protocol
    try:
        for line in sys.stdin:
            request, *words = line.removesuffix("\n").split(" ")
            print(_answer(crew, request, words), flush=True)  # noqa: T201
    finally:
        for pid in crew:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            _wait(pid)


def _answer(crew: set[int], request: str, words: list[str]) -> int:
    if request == "start":
        pid = _start(words)
        crew.add(pid)
        return pid
    crew.remove(int(words[0]))
    return _wait(int(words[0]))


def _start(words: list[str]) -> int:
    parent = os.getpid()
    return os.fork() or _sail(words, parent)


def _sail(words: list[str], parent: int) -> NoReturn:
    code = 1
    try:
        act(*words, parent=parent)
        code = 0
    except Exception:  # noqa: BLE001 - the code tells the storm, and this whoever reads it
        traceback.print_exc()
    finally:
        os._exit(code)


def _wait(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    main()
