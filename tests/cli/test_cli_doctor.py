"""`doctor` says what works, and what to do about what does not."""

from pathlib import Path

import pytest

from kit.commands import Posecas, tree
from posecas import create_store
from posecas.digest import digest_of
from posecas_cli.checks.host import has_wal_reset_bug


def states(posecas: Posecas) -> dict[str, str]:
    return {one["check"]: one["state"] for one in posecas("doctor", "--json").objects}


def test_a_sound_store_is_ok(posecas: Posecas) -> None:
    done = posecas.process("doctor")
    assert (done.code, done.err) == (0, "")
    found = states(posecas)
    for check in ("python", "pillow", "formats", "store", "index", "marker", "writing", "room"):
        assert found[check] == "ok", check


def test_nothing_is_left_behind(posecas: Posecas) -> None:
    def files() -> set[str]:
        return {name for name, (_, _, data) in tree(posecas.store).items() if data}

    before = files()
    posecas("doctor")
    assert files() - {"index.sqlite-wal", "index.sqlite-shm"} == before


def test_without_a_store_it_says_how_to_make_one(nowhere: Posecas) -> None:
    done = nowhere("doctor")
    assert done.code == 0
    line = next(line for line in done.out.splitlines() if "store" in line.split()[1])
    assert line.startswith("warn")
    assert line.endswith("→ make one with: posecas init")


def test_a_damaged_index_fails(posecas: Posecas) -> None:
    index = posecas.store / "index.sqlite"
    data = bytearray(index.read_bytes())
    data[8192:16384] = b"\xa5" * 8192
    index.write_bytes(data)
    done = posecas("doctor", "--json")
    assert done.code == 1
    assert "fail" in states(posecas).values()


def test_another_stores_marker_fails(posecas: Posecas) -> None:
    marker = posecas.store / "posecas.json"
    marker.write_text('{"format": 1, "store": "another", "index": "another"}')
    done = posecas("doctor", "--json")
    assert done.code == 1
    assert states(posecas)["marker"] == "fail"


def test_another_stores_cache_fails(posecas: Posecas, tmp_path: Path) -> None:
    assert states(posecas)["cache"] == "ok"
    shared = tmp_path / "shared"
    for name in ("one", "other"):
        settings = {"cache.folder": str(shared)}
        with create_store(tmp_path / name, settings=settings) as store:
            store.cache.keep(digest_of(b"bytes"), b"bytes")
    (posecas.store / "posecas.toml").write_text(f'format = 1\n[cache]\nfolder = "{shared}"\n')
    done = posecas("doctor")
    assert done.code == 1
    assert "→ name another folder: cache.folder" in done.out


def test_a_newer_store_fails(posecas: Posecas) -> None:
    (posecas.store / "posecas.toml").write_text("format = 99\n")
    done = posecas("doctor")
    assert done.code == 1
    assert "→ update posecas" in done.out


def test_a_disk_without_room_fails(posecas: Posecas) -> None:
    done = posecas.process("doctor", "--json", environment={"POSECAS_MIN_FREE": "900TB"})
    assert done.code == 1
    room = next(one for one in done.objects if one["check"] == "room")
    assert (room["state"], "min_free" in room["detail"]) == ("fail", True)


@pytest.mark.parametrize(
    ("version", "bad"),
    [
        ((3, 6, 23), False),
        ((3, 7, 0), True),
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 0), True),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 53, 4), False),
    ],
)
def test_which_sqlite_has_the_bug(version: tuple[int, ...], bad: bool) -> None:
    assert has_wal_reset_bug(version) is bad
