"""What the how-tos about servers and boot say, beyond the commands that they show."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Final

import pytest

import posecas
from kit import mounts, pages, samples
from kit.commands import Posecas

SERVE: Final = pages.DOCS / "how-to" / "serve.md"
GATEWAY: Final = pages.DOCS / "how-to" / "gateway.md"
BOOT: Final = pages.DOCS / "how-to" / "mount-at-boot.md"


@contextmanager
def served(home: Path) -> Iterator[int]:
    """Run the server that the page shows, until the block ends."""
    node = shutil.which("node")
    assert node, "Node is missing; run: apt-get install nodejs"
    port = pages.free_port()
    pages.write_files(SERVE, home, port)
    with subprocess.Popen([node, "server.mjs"], cwd=home) as server:
        try:
            mounts.until(lambda: answers(port))
            yield port
        finally:
            server.terminate()


def answers(port: int) -> bool:
    try:
        get(port, "/")
    except ConnectionRefusedError:
        return False
    return True


def get(server: int, path: str) -> tuple[HTTPResponse, bytes]:
    with closing(HTTPConnection("127.0.0.1", server, timeout=60)) as connection:
        connection.request("GET", path)
        response = connection.getresponse()
        return response, response.read()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[int]:
    """The page's server over the mount of a store that an application's uploads were moved to."""
    samples.uploads(tmp_path / "uploads")
    there = Posecas(tmp_path / "poses")
    there("init")
    assert there("import", tmp_path / "uploads").code == 0
    mounted = mounts.mounted(there.store, tmp_path / "mnt")
    with mounted, served(tmp_path) as port:
        yield port


@pytest.mark.fuse
def test_every_old_address_leads_to_its_image(server: int, tmp_path: Path) -> None:
    uploads = tmp_path / "uploads"
    images = [path for path in uploads.rglob("*.*") if path.suffix in (".png", ".jpg")]
    with posecas.open_store(tmp_path / "poses") as store:
        for image in images:
            old = image.relative_to(uploads)
            response, data = get(server, f"/uploads/{old}")
            assert response.status == 200
            if old.name.startswith("thumb_"):
                assert response.headers["content-type"] == "image/jpeg"
                name = next(uploads.rglob(old.name.removeprefix("thumb_"))).relative_to(uploads)
                assert data == store.rendition(str(name), "thumb-400")
            else:
                kinds = {".png": "image/png", ".jpg": "image/jpeg"}
                assert response.headers["content-type"] == kinds[old.suffix]
                assert data == image.read_bytes()
    assert len(images) == 9


@pytest.mark.fuse
def test_nothing_else_is_served(server: int) -> None:
    for path in (
        "/",
        "/uploads/",
        "/uploads/pose-generator",
        "/uploads/pose-generator/generated/absent.png",
        "/pose-generator/generated",
        "/uploads/../../poses/posecas.toml",
        "/uploads/..%2f..%2fposes/posecas.toml",
        "/uploads/%2e%2e/%2e%2e/poses/posecas.toml",
        "/uploads/%00",
        "/uploads/%ff",
        "//[/",
    ):
        response, data = get(server, path)
        assert (response.status, data) == (404, b""), path


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A reader's home with the files of the page about boot, a store, and a folder to mount at."""
    pages.write_files(BOOT, tmp_path, pages.free_port())
    there = Posecas(tmp_path / "poses")
    there("init")
    samples.birds(tmp_path)
    there("put", tmp_path / "heron.png", "--user", "ada", "--generation", "g1")
    (tmp_path / "mnt").mkdir()
    yield tmp_path
    if (tmp_path / "mnt").is_mount():
        subprocess.run(["umount", "-l", str(tmp_path / "mnt")], check=True)  # noqa: S607


def is_shown(home: Path) -> bool:
    return (home / "mnt" / "users" / "ada" / "g1" / "heron.png").exists()


@pytest.mark.fuse
def test_the_unit_for_systemd_mounts_until_it_is_stopped(home: Path) -> None:
    unit = ConfigParser()
    unit.read(home / "posecas-mount.service")
    start, stop = (here(unit["Service"][name], home).split() for name in ("ExecStart", "ExecStop"))
    with subprocess.Popen(start, env=pages.environment(home)) as service:
        try:
            mounts.until(lambda: is_shown(home))
            subprocess.run(stop, check=True, stdout=subprocess.DEVNULL)
            assert service.wait(timeout=60) == 0
        finally:
            service.terminate()
    assert not (home / "mnt").is_mount()


@pytest.mark.fuse
@pytest.mark.skipif(os.geteuid() != 0, reason="only root has mount namespaces and fstab")
def test_the_line_for_fstab_mounts(home: Path) -> None:
    (line,) = [block.text for block in pages.blocks(BOOT) if block.language == "text"]
    table = home / "fstab"
    # Nobody is called ada here.
    table.write_text(here(line, home).replace("setuid=ada", "setuid=root"))
    (home / "sbin").mkdir()
    helper = Path(sys.executable).with_name("mount.posecas")
    (home / "sbin" / "mount.posecas").symlink_to(helper)
    # The helper is in /sbin in a namespace of this test alone, and so is what it mounts.
    script = f"""
        mount -t overlay -o lowerdir={home}/sbin:/usr/sbin none /usr/sbin &&
        mount --fstab {table} {home}/mnt &&
        cmp {home}/heron.png {home}/mnt/users/ada/g1/heron.png &&
        umount {home}/mnt && ! mountpoint -q {home}/mnt
    """
    command = ["unshare", "--mount", "sh", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_unit_for_systemd_serves_until_it_is_stopped(tmp_path: Path) -> None:
    port = pages.free_port()
    pages.write_files(GATEWAY, tmp_path, port)
    Posecas(tmp_path / "poses")("init")
    unit = ConfigParser()
    unit.read(tmp_path / "posecas-serve.service")
    start = here(unit["Service"]["ExecStart"], tmp_path).split()
    with subprocess.Popen(
        start, env=pages.environment(tmp_path), stdout=subprocess.DEVNULL
    ) as service:
        try:
            mounts.until(lambda: answers(port))
            response, data = get(port, "/health")
            assert (response.status, data) == (200, b"ok\n")
        finally:
            service.terminate()
        assert service.wait(timeout=60) == 0


def here(text: str, home: Path) -> str:
    """Where the page's programs and folders are in this test."""
    programs = f"{Path(sys.executable).parent}/posecas"
    return text.replace("/usr/local/bin/posecas", programs).replace(pages.HOME, str(home))
