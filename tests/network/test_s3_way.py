"""How a service is reached: connections that are kept, proxies, and whom to trust."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from kit.forward_proxy import ForwardProxy, forward_proxy
from kit.servers import KEY_ID, SECRET
from network.conftest import HASTY, Line
from posecas.errors import ConfigError, LocationUnavailable, ShortRead
from posecas.objects.endpoint import Endpoint
from posecas.objects.s3 import S3Objects
from posecas.secret import Secret

KEY = "objects/ab/one.png"
GIVES = b"HTTP/1.1 200 OK\r\nETag: x\r\nContent-Length: 5\r\n\r\nbytes"


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[ForwardProxy]:
    """A proxy that the environment names for everything."""
    with forward_proxy() as running:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
            monkeypatch.setenv(name, running.url)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        yield running


@contextmanager
def answering(answers: Sequence[Sequence[bytes | Sequence[bytes]]]) -> Iterator[S3Objects]:
    """Objects at a service that says this on each connection, one answer a request.

    An answer may come in pieces, one after the other.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for said in answers:
                connection, _ = listener.accept()
                with connection:
                    for answer in said:
                        while not connection.recv(1 << 16).endswith(b"\r\n\r\n"):
                            pass
                        first, *more = [answer] if isinstance(answer, bytes) else answer
                        connection.sendall(first)
                        for piece in more:
                            time.sleep(0.2)
                            connection.sendall(piece)

        server = threading.Thread(target=serve, daemon=True)
        server.start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        endpoint = Endpoint(address, key_id=Secret(KEY_ID), secret=Secret(SECRET))
        with closing(S3Objects(endpoint, "poses", patience=HASTY)) as objects:
            yield objects
        server.join(60)
        assert not server.is_alive()


def test_a_proxy_is_used_and_told_who_asks(line: Line, proxy: ForwardProxy) -> None:
    line.put(KEY)
    assert line.objects.read(KEY) == b"bytes"
    assert line.objects.stat(KEY).size == 5
    first = "CONNECT 127.0.0.1:" if line.proxy.url.startswith("https:") else "PUT http://127.0.0.1:"
    assert proxy.asked[0].startswith(first)


def test_hosts_that_need_no_proxy_are_reached_without(
    line: Line, proxy: ForwardProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    line.put(KEY)
    assert line.objects.read(KEY) == b"bytes"
    assert proxy.asked == []


def test_a_proxy_that_cannot_be_used_is_named_without_its_password(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "socks5://ada:hidden@127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(
        ConfigError, match=r"_PROXY: socks5://127\.0\.0\.1 cannot be used"
    ) as caught:
        line.objects.read(KEY)
    assert "hidden" not in str(caught.value)


def test_authorities_that_cannot_be_read_are_named(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "authorities.pem"
    broken.write_text("no certificate")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(broken))
    if line.proxy.url.startswith("http:"):
        line.put(KEY)
        return
    with pytest.raises(ConfigError, match="correct AWS_CA_BUNDLE"):
        line.put(KEY)


def test_a_connection_is_kept_for_the_next_request(line: Line) -> None:
    for number in range(4):
        line.put(f"objects/ab/{number}.png")
        assert line.objects.read(f"objects/ab/{number}.png") == b"bytes"
    assert len(line.proxy.requests) == 8
    assert len({one.connection for one in line.proxy.requests}) == 1


def test_a_connection_that_was_closed_meanwhile_costs_no_pause_and_no_error() -> None:
    with answering([[GIVES], [GIVES]]) as objects:
        assert objects.read(KEY) == b"bytes"
        assert objects.read(KEY) == b"bytes"


def test_the_last_answer_of_a_connection_may_come_in_pieces() -> None:
    head, body = GIVES.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n ").split(b" b")
    with answering([[(head, b"b" + body)], [GIVES]]) as objects:
        assert objects.read(KEY) == b"bytes"
        assert objects.read(KEY) == b"bytes"


def test_what_comes_unasked_is_no_answer() -> None:
    with answering([[GIVES + b"HTTP/1.1 200 OK\r\n"], [GIVES]]) as objects:
        assert objects.read(KEY) == b"bytes"
        assert objects.read(KEY) == b"bytes"


def test_a_size_that_is_only_claimed_takes_no_memory() -> None:
    claims = GIVES.replace(b"Content-Length: 5", b"Content-Length: 5000000000000")
    with answering([[claims]] * HASTY.attempts) as objects, pytest.raises(ShortRead):
        objects.read(KEY)


def test_an_answer_that_is_none_of_http_can_be_tried_again_later() -> None:
    said = [[b"SSH-2.0-OpenSSH_9.2\r\n"]] * HASTY.attempts
    with answering(said) as objects, pytest.raises(LocationUnavailable):
        objects.read(KEY)
