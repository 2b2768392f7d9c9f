import json
from pathlib import Path

import posecas
from kit.commands import Posecas
from kit.hands import close, opened, writable, write
from kit.tiles import tile


def test_what_is_spooled_is_listed_with_its_state_and_cleared_once_its_mount_is_gone(
    tmp_path: Path,
) -> None:
    there = Posecas(tmp_path / "poses")
    there("init")
    with posecas.open_store(there.store) as store:
        store.add_generation("g1", "ada")
        with writable(store, at="/mnt") as files:
            write(files, "generations/g1/tmp", b"temporary")
            handle = opened(files, "generations/g1/p1.png")
            files.write(handle, 0, memoryview(tile(1)))
            listed = there("--json", "spool", "ls")
            found = [json.loads(line) for line in listed.out.splitlines()]
            assert [(one["path"], one["state"], one["size"]) for one in found] == [
                ("g1/tmp", "temporary", 9),
                ("g1/p1.png", "open", len(tile(1))),
            ]
            assert {one["mountpoint"] for one in found} == {"/mnt"}
            assert Path(found[0]["file"]).read_bytes() == b"temporary"
            assert there("spool", "clear").out == ""
            close(files, handle)
    assert "would delete  /mnt: g1/tmp (9 B)" in there("spool", "clear", "--dry-run").out
    assert "deleted  /mnt: g1/tmp (9 B)" in there("spool", "clear").out
    assert there("spool", "ls").out == ""
