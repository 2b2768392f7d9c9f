"""Several programs that want the same names are told what a plain directory tells them."""

import os
from pathlib import Path

import pytest

import posecas
from kit.contenders import IMAGES, NAMES, contend
from kit.mounts import Mount, mounted

pytestmark = pytest.mark.fuse

SECONDS = float(os.environ.get("POSECAS_CONTENTION_SECONDS", "1"))

_ALLOWED = {
    *(f"{what}: ENOENT" for what in ("read", "stat", "open to change", "exchange", "chmod")),
    *(f"{what}: ENOENT" for what in ("utime", "rename", "unlink")),
    "create: EEXIST",
    # What is being written for the first time is empty, and so no image yet.
    "exchange: EINVAL",
    "rename: EINVAL",
}


def test_a_name_that_is_replaced_all_the_time_is_there_all_the_time(
    store: posecas.Store, mountpoint: Path
) -> None:
    for number, name in enumerate(NAMES):
        store.put(IMAGES[number], generation="g1", pose=name.removesuffix(".png"))
    with mounted(store.path, mountpoint, engine="kernel") as mount:
        told, wrong = contend(mount / "generations/g1", "replacing", SECONDS)
    assert wrong == []
    assert set(told) == {"done"}, told


def test_names_that_come_and_go_fail_as_in_a_plain_directory(mount: Mount) -> None:
    folder = mount / "generations/g1"
    folder.mkdir()
    told, wrong = contend(folder, "removing", SECONDS)
    # libfuse knows files by name, and has none for what was replaced this moment.
    unusual = {what for what in told if not (mount.engine == "portable" and "ESTALE" in what)}
    assert wrong == []
    assert unusual <= _ALLOWED | {"done"}, told
