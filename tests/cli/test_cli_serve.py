"""`posecas serve`: the program as a service manager runs it."""

import json
import socket
from pathlib import Path

import pytest

import posecas as library
from kit.commands import Posecas
from kit.pictures import large
from kit.serving import serving
from kit.tiles import tile


@pytest.fixture
def image(posecas: Posecas, tmp_path: Path) -> str:
    """The address of an image that was imported."""
    (tmp_path / "up").mkdir()
    (tmp_path / "up" / "p1.png").write_bytes(tile(1))
    (done,) = posecas("import", tmp_path / "up", "--json").objects
    return str(done["path"])


def test_images_are_served_until_it_is_terminated(posecas: Posecas, image: str) -> None:
    everywhere = ("--host", "0.0.0.0")  # noqa: S104 - it says that this needs a token
    with serving(posecas, "--aliases-at", "/uploads", *everywhere) as server:
        for path in (image, "/aliases/p1.png", "/uploads/p1.png"):
            assert server.client.get(path).content == tile(1)
        code, out, err = server.terminate()
    assert (code, out, err.count("\n")) == (0, "", 1)
    assert "POSECAS_SERVE_TOKEN" in err


def test_what_is_under_way_may_end(posecas: Posecas) -> None:
    data = large()
    with library.open_store(posecas.store) as store:
        path = store.put(data, generation="g1", pose="large").path
    with serving(posecas) as server, server.client.stream("GET", path) as answer:
        pieces = answer.iter_raw(1024)
        first = next(pieces)
        server.process.terminate()
        assert first + b"".join(pieces) == data
        assert server.process.wait(timeout=60) == 0


def test_it_tells_of_each_request_and_journals_what_it_made(posecas: Posecas, image: str) -> None:
    with library.open_store(posecas.store) as store:
        store.add_alias("p1.png", "t.png", recipe="thumb-300")
    with serving(posecas, "--access-log", "--json") as server:
        assert set(json.loads(server.said)) == {"store", "address"}
        for path in (image, "/aliases/t.png", "/hashes/absent?secret=1"):
            server.client.get(path)
        code, out, _ = server.terminate()
    assert code == 0
    asked = [(one["method"], one["status"]) for one in map(json.loads, out.splitlines())]
    assert asked == [("GET", 200), ("GET", 200), ("GET", 404)]
    with library.open_store(posecas.store) as store:
        assert store.index.unjournalled().changes == 0


def test_the_token_comes_from_the_environment(posecas: Posecas, image: str) -> None:
    with serving(posecas, "-v", environment={"POSECAS_SERVE_TOKEN": "t0ken"}) as server:
        assert server.client.get(image).status_code == 401
        given = {"authorization": "Bearer t0ken"}
        assert server.client.get(image, headers=given).content == tile(1)
        assert "t0ken" not in "".join([server.said, *map(str, server.terminate())])


def test_a_port_that_is_taken_is_told_in_one_line(posecas: Posecas) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = posecas("serve", "--port", str(port))
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert f"127.0.0.1:{port}" in done.err
    assert "--port" in done.err


@pytest.mark.parametrize("path", ["uploads", "/uploads/", "/hashes", "/a{b}", "/a%20b", ""])
def test_a_path_that_is_none_is_refused(posecas: Posecas, path: str) -> None:
    done = posecas("serve", "--aliases-at", path)
    assert (done.code, done.err.count("\n")) == (2, 1)


@pytest.mark.parametrize("origin", ["app.example.com", "https://app.example.com/", "ftp://a", ""])
def test_an_origin_that_is_none_is_refused(posecas: Posecas, origin: str) -> None:
    done = posecas("serve", "--origin", origin)
    assert (done.code, done.err.count("\n")) == (2, 1)


def test_without_a_store_nothing_is_served(nowhere: Posecas) -> None:
    assert nowhere("serve").code == 10
