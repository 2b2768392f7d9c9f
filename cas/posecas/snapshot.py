"""Snapshots: one moment of the whole index, in objects that depend on no engine.

``backups/snapshots/<name>.zst`` is the head: Zstandard over one line of JSON and, on a second line,
its BLAKE3 digest. It says format, store, index, history, the sequence of the last change in it,
times, how many rows of each table there are, and the digest of each part. The parts
``backups/snapshots/<name>/<number>.zst`` are Zstandard over lines of JSON: the table and its
columns, then a row a line. The head is written last, so what has none is no snapshot; and a part
that is damaged, cut or another one does not have the digest that the head says.

The name begins with the time in UTC, so that names sort as the moments do.
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from posecas import faults
from posecas.digest import Digest, digest_of
from posecas.errors import DamagedObject, ObjectMissing, PosecasError, StoreTooNew
from posecas.index.journal_protocol import Exported, Identity, Rows
from posecas.objects.protocol import Objects

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

FORMAT: Final = 1
FOLDER: Final = "backups/snapshots/"
_MEDIA_TYPE: Final = "application/zstd"
# `json.dumps` would make an encoder for every row.
_encode: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
_NAME: Final = re.compile(r"\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the head of a snapshot says. Times are milliseconds since 1970, sizes bytes."""

    name: str
    identity: Identity
    created_at: int
    taken_at: int
    sequence: int
    counts: Mapping[str, int]
    parts: Sequence[Digest]
    size: int

    def encoded(self) -> bytes:
        """Return the head as it is stored."""
        said = {"format": FORMAT, **asdict(self)}
        line = json.dumps(said | said.pop("identity")).encode()
        return zstd.compress(line + b"\n" + digest_of(line).encode())


def is_snapshot_name(text: str) -> bool:
    """Tell whether a snapshot can be called this."""
    return _NAME.fullmatch(text) is not None


def write_snapshot(
    objects: Objects, identity: Identity, exported: Exported, *, name: str
) -> Snapshot:
    """Write all that is exported, durably; memory is that of one part."""
    counts: Counter[str] = Counter()
    parts: list[Digest] = []
    size = 0
    for rows in exported.rows:
        data = _part(rows)
        _write(objects, part_key(name, len(parts)), data)
        faults.point("backup.part")
        counts[rows.table] += len(rows.rows)
        parts.append(digest_of(data))
        size += len(data)
    made = Snapshot(
        *(name, identity, exported.created_at, exported.taken_at, exported.sequence),
        *(dict(counts), parts, size),
    )
    _write(objects, head_key(name), made.encoded())
    return made


def snapshot_names(objects: Objects) -> Sequence[str]:
    """Return the names of the snapshots that have a head, oldest first."""
    found = (info.key.removeprefix(FOLDER) for info in objects.list(FOLDER))
    names = (name.removesuffix(".zst") for name in found if name.endswith(".zst"))
    return sorted(name for name in names if is_snapshot_name(name))


def read_snapshot(objects: Objects, name: str) -> Snapshot:
    """Read a head. Raises ``ObjectMissing``, ``DamagedObject`` and ``StoreTooNew``."""
    where = head_key(name)
    try:
        line, _, digest = zstd.decompress(objects.read(where)).partition(b"\n")
        if digest_of(line) != digest.decode():
            raise ValueError("its digest is another one")  # noqa: TRY301 - as any other damage
        said = json.loads(line)
        newer = said.pop("format") > FORMAT
        if not newer:
            identity = Identity(said.pop("store"), said.pop("index"), said.pop("history"))
            return Snapshot(identity=identity, **said)
    except (zstd.ZstdError, ValueError, KeyError, TypeError) as error:
        raise DamagedObject(
            f"{where}: the snapshot is damaged ({error}); nothing was changed. "
            "Use an older one with --from: the journal makes up for the difference"
        ) from error
    raise StoreTooNew(f"{where}: it was written by a newer posecas; update posecas")


def read_rows(objects: Objects, snapshot: Snapshot) -> Iterator[Rows]:
    """Yield all rows, part by part, each verified.

    Raises ``DamagedObject``, also at the end if rows are missing.
    """
    counts: Counter[str] = Counter()
    for number, digest in enumerate(snapshot.parts):
        rows = _read_part(objects, part_key(snapshot.name, number), digest)
        counts[rows.table] += len(rows.rows)
        yield rows
    if counts != snapshot.counts:
        raise _damaged(head_key(snapshot.name), "rows are missing")


def head_key(name: str) -> str:
    """Return where a snapshot's head lies."""
    return f"{FOLDER}{name}.zst"


def part_key(name: str, number: int) -> str:
    """Return where one of a snapshot's parts lies."""
    return f"{FOLDER}{name}/{number:06d}.zst"


def part_number(name: str) -> int:
    """Return which part of its snapshot is called this; -1 if none is."""
    number = name.removesuffix(".zst")
    return int(number) if number.isdecimal() else -1


def _write(objects: Objects, key: str, data: bytes) -> None:
    try:
        objects.write(key, data, media_type=_MEDIA_TYPE, metadata={})
    except PosecasError as error:
        raise type(error)(f"the snapshot could not be written: {error}") from error


def _part(rows: Rows) -> bytes:
    head = {"table": rows.table, "columns": list(rows.columns)}
    lines = [_encode(head), *(_encode(list(row)) for row in rows.rows)]
    return zstd.compress("\n".join(lines).encode())


def _read_part(objects: Objects, key: str, digest: Digest) -> Rows:
    try:
        data = objects.read(key)
    except ObjectMissing as error:
        raise _damaged(key, "it is missing") from error
    if digest_of(data) != digest:
        raise _damaged(key, "its digest is another one")
    # The decoder is called once, not for each line.
    lines = zstd.decompress(data).decode().replace("\n", ",")
    said, *found = json.loads(f"[{lines}]")
    return Rows(said["table"], said["columns"], found)


def _damaged(key: str, reason: str) -> DamagedObject:
    return DamagedObject(
        f"{key}: the snapshot is damaged ({reason}); nothing was changed. "
        "Use an older one with --from: the journal makes up for the difference"
    )
