"""Objects put into a bucket and got from it, beside what others use for that."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import click

from bench.distance import far_away
from bench.place import load, work_folder
from bench.report import Bars, number, plot, table, write
from bench.rounds import (
    Contestant,
    Sample,
    Samples,
    measured,
    median_cpu_ms,
    median_rate,
    ratio,
    take_turns,
)
from kit.servers import BUCKET, Bucket, seaweedfs
from posecas.digest import digest_of
from posecas.objects.endpoint import Endpoint
from posecas.objects.s3 import S3Objects

OURS: Final = "posecas"
RCLONE: Final = "rclone copy"
BOTO3: Final = "boto3"
OBSTORE: Final = "obstore"
_WIDTH: Final = 32
"""What a store gives a location that is far away; the others get what serves them best."""

_TRANSFERS: Final = 16


@dataclass(frozen=True, slots=True)
class Load:
    """So many objects of so many bytes."""

    name: str
    size: int
    count: int

    def bodies(self) -> Sequence[bytes]:
        """Random, so that nothing can be saved by compressing or sharing."""
        return [os.urandom(self.size) for _ in range(self.count)]


Task = Callable[[], object]


class Client:
    """Puts and gets objects by key, from threads."""

    def __init__(self, put: Callable[[str, bytes], object], get: Callable[[str], bytes]) -> None:
        self.put = put
        self.get = get


@contextmanager
def _ours(endpoint: Endpoint) -> Iterator[Client]:
    with closing(S3Objects(endpoint, BUCKET)) as objects:
        put = partial(objects.write, media_type="image/png", metadata={"format": "1"})

        def verified(key: str) -> bytes:
            data = objects.read(key)
            digest_of(data)
            return data

        yield Client(put, verified)


@contextmanager
def _obstore(endpoint: Endpoint) -> Iterator[Client]:
    from obstore.store import S3Store  # noqa: PLC0415 - a peer

    store = S3Store(
        BUCKET,
        endpoint=endpoint.url,
        region="auto",
        access_key_id=endpoint.key_id.reveal(),
        secret_access_key=endpoint.secret.reveal(),
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
    )
    yield Client(store.put, lambda key: bytes(store.get(key).bytes()))


@contextmanager
def _boto3(endpoint: Endpoint) -> Iterator[Client]:
    import boto3  # noqa: PLC0415 - a peer
    from botocore.config import Config  # noqa: PLC0415

    client = boto3.client(
        "s3",
        endpoint_url=endpoint.url,
        region_name="auto",
        aws_access_key_id=endpoint.key_id.reveal(),
        aws_secret_access_key=endpoint.secret.reveal(),
        config=Config(
            s3={"addressing_style": "path"},
            max_pool_connections=2 * _WIDTH,
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )

    def put(key: str, data: bytes) -> object:
        return client.put_object(Bucket=BUCKET, Key=key, Body=data, ContentType="image/png")

    def get(key: str) -> bytes:
        data: bytes = client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return data

    with closing(client):
        yield Client(put, get)


_CLIENTS: Final[Mapping[str, tuple[Any, int]]] = {
    OURS: (_ours, _WIDTH),
    BOTO3: (_boto3, _WIDTH),
    OBSTORE: (_obstore, _WIDTH),
}


class Rclone:
    """rclone copy of a folder; what it needs for an empty one is not counted."""

    def __init__(self, endpoint: Endpoint, folder: Path) -> None:
        self._folder = folder
        self._environment = {
            **os.environ,
            "RCLONE_CONFIG": os.devnull,
            "RCLONE_S3_PROVIDER": "Other",
            "RCLONE_S3_ENDPOINT": endpoint.url,
            "RCLONE_S3_ACCESS_KEY_ID": endpoint.key_id.reveal(),
            "RCLONE_S3_SECRET_ACCESS_KEY": endpoint.secret.reveal(),
            "RCLONE_S3_NO_CHECK_BUCKET": "true",
        }

    def copy(self, source: str, target: str, count: int) -> Sample:
        """Copy so many files. Raises ``CalledProcessError``."""
        empty = self._folder / "empty"
        empty.mkdir(exist_ok=True)
        nothing = measured(partial(self._run, str(empty), f"{target}-nothing", 0))
        whole = measured(partial(self._run, source, target, count))
        return Sample(
            count, whole.seconds - nothing.seconds, whole.cpu_seconds - nothing.cpu_seconds
        )

    def _run(self, source: str, target: str, count: int) -> int:
        program = str(Path(sys.prefix, "bin", "rclone"))
        command = [program, "copy", "--transfers", str(_TRANSFERS), source, target]
        subprocess.run(command, env=self._environment, check=True)  # noqa: S603
        return count


class Match:
    """One load, put and got in turns by everybody."""

    def __init__(self, endpoint: Endpoint, load_: Load, folder: Path, stack: ExitStack) -> None:
        self._load = load_
        self._bodies = load_.bodies()
        self._folder = folder
        self._rclone = Rclone(endpoint, folder)
        self._clients = {
            name: (stack.enter_context(make(endpoint)), width)
            for name, (make, width) in _CLIENTS.items()
        }
        self._turn = 0
        # Each match has keys of its own: what is there already would cost a second look.
        self._place = f"bench/{os.urandom(4).hex()}"
        self._source = folder / "source"
        self._source.mkdir()
        for number_, body in enumerate(self._bodies):
            (self._source / f"{number_:04d}.png").write_bytes(body)

    def run(self, rounds: int) -> tuple[Samples, Samples]:
        """Return what putting took, and what getting took."""
        puts: dict[str, Contestant] = {RCLONE: self._rclone_puts}
        gets: dict[str, Contestant] = {RCLONE: self._rclone_gets}
        for name in self._clients:
            puts[name] = partial(self._put_all, name)
            gets[name] = partial(self._get_all, name)
            self._put_all(name)
        self._rclone_puts()
        return take_turns(puts, rounds), take_turns(gets, rounds)

    def _put_all(self, name: str) -> Sample:
        client, width = self._clients[name]
        self._turn += 1
        prefix = self._prefix(name, self._turn)
        items = [(f"{prefix}/{n:04d}.png", body) for n, body in enumerate(self._bodies)]
        return self._threads(width, [partial(client.put, key, body) for key, body in items])

    def _get_all(self, name: str) -> Sample:
        client, width = self._clients[name]
        # What each of them put first.
        first = list(self._clients).index(name) + 1
        prefix = self._prefix(name, first)
        keys = [f"{prefix}/{number_:04d}.png" for number_ in range(self._load.count)]
        return self._threads(width, [partial(client.get, key) for key in keys])

    def _prefix(self, name: str, turn: int) -> str:
        return f"{self._place}/{name}/{turn}"

    def _threads(self, width: int, tasks: Sequence[Task]) -> Sample:
        def work() -> int:
            with ThreadPoolExecutor(width) as pool:
                for done in [pool.submit(task) for task in tasks]:
                    done.result()
            return len(tasks)

        return measured(work)

    def _rclone_puts(self) -> Sample:
        self._turn += 1
        target = f":s3:{BUCKET}/{self._prefix('rclone', self._turn)}"
        self._last = target
        return self._rclone.copy(str(self._source), target, self._load.count)

    def _rclone_gets(self) -> Sample:
        target = self._folder / "target"
        done = self._rclone.copy(self._last, str(target), self._load.count)
        shutil.rmtree(target)
        return done


def _compared(head: str, samples: Mapping[str, Samples]) -> str:
    rows = [
        [
            what,
            name,
            number(median_rate(runs[name])),
            number(ratio(runs, name, RCLONE)),
            number(median_cpu_ms(runs[name])),
        ]
        for what, runs in samples.items()
        for name in (OURS, RCLONE, BOTO3, OBSTORE)
    ]
    titles = ["work", "who", "objects/s", f"times {RCLONE}", "CPU ms/object"]
    return f"## {head}\n\n{table(titles, rows)}"


def _series(endpoint: Endpoint, loads: Sequence[Load], rounds: int) -> Mapping[str, Samples]:
    found: dict[str, Samples] = {}
    for load_ in loads:
        with work_folder() as folder, ExitStack() as stack:
            puts, gets = Match(endpoint, load_, folder, stack).run(rounds)
        found[f"put {load_.name}"], found[f"get {load_.name}"] = puts, gets
    return found


@click.command()
@click.option("--large", default=64, show_default=True, help="Objects of 1 MB.")
@click.option("--small", default=400, show_default=True, help="Objects of 30 KB.")
@click.option("--rounds", default=3, show_default=True)
@click.option(
    "--round-trip", default=0.04, show_default=True, help="Seconds, in the second series."
)
def main(large: int, small: int, rounds: int, round_trip: float) -> None:
    """Compare, and write bench/results/s3.md and s3.png."""
    loads = [Load("1 MB", 1_000_000, large), Load("30 KB", 30_000, small)]
    said = load()
    with work_folder() as folder, seaweedfs(folder / "server") as near:
        on_loopback = _series(near, loads, rounds)
        with far_away(urlsplit(near.url).port or 0, round_trip) as port:
            away = replace(
                near, url=Bucket(near, BUCKET, "").at(f"http://127.0.0.1:{port}").endpoint.url
            )
            from_afar = _series(away, loads, rounds)
    sections = [
        f"{large} objects of 1 MB and {small} of 30 KB, {rounds} rounds, one SeaweedFS. {said}",
        _compared("On loopback", on_loopback),
        _compared(f"{round_trip * 1000:.0f} ms there and back", from_afar),
    ]
    click.echo(write("s3", "Objects in a bucket", sections))
    plot(
        "s3",
        [
            Bars(
                f"{where}: times the objects/s of {RCLONE}",
                [f"{what}, {name}" for what in samples for name in _CLIENTS],
                [ratio(runs, name, RCLONE) for runs in samples.values() for name in _CLIENTS],
            )
            for where, samples in (("loopback", on_loopback), ("far away", from_afar))
        ],
    )


if __name__ == "__main__":
    main()
