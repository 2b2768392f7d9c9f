"""How the program ends when the network or the service is bad: one line, and the code for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kit.commands import Finished, Posecas
from kit.fault_proxy import FaultProxy, before
from kit.network_faults import Fault, Refuses
from kit.remote import r2_variables
from kit.servers import KEY_ID, SECRET, Bucket
from kit.tiles import tile

FOR_EVER = 10_000


@dataclass(frozen=True)
class Remote:
    """The program, on a store that writes to a bucket behind the proxy."""

    posecas: Posecas
    proxy: FaultProxy
    image: Path

    def put(self) -> Finished:
        """Put an image, and see that what is printed is one line without secrets."""
        done = self.posecas("put", "--generation", "g", "--pose", "p", self.image)
        assert (done.out, done.err.count("\n")) == ("", 1) if done.code else done.out
        assert KEY_ID not in done.err
        assert SECRET not in done.err
        return done


@pytest.fixture
def remote(
    tmp_path: Path, whole_s3_bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Remote]:
    image = tmp_path / "image.png"
    image.write_bytes(tile(1))
    with before(whole_s3_bucket) as (proxy, reached):
        for name, value in r2_variables(reached).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("STORAGE_MODE", "r2")
        program = Posecas(tmp_path / "store")
        assert program("init").code == 0
        yield Remote(program, proxy, image)


@pytest.mark.parametrize(
    ("fault", "code", "said"),
    [
        (Refuses(403, "SignatureDoesNotMatch"), 12, "check the access key"),
        (Refuses(403, "RequestTimeTooSkewed"), 12, "set the clock"),
        (Refuses(400, "ExpiredToken"), 12, "new temporary credentials"),
        (Refuses(404, "NoSuchBucket"), 1, "create the bucket"),
        (Refuses(400, "AuthorizationHeaderMalformed"), 1, "correct the region"),
    ],
    ids=lambda value: getattr(value, "code", ""),
)
def test_a_refusal_is_told_at_once_and_nothing_is_stored(
    remote: Remote, fault: Fault, code: int, said: str
) -> None:
    remote.proxy.inject(fault, times=FOR_EVER)
    done = remote.put()
    assert done.code == code
    assert said in done.err
    remote.proxy.calm()
    assert remote.posecas("ls").out == ""
    assert remote.put().code == 0


def test_what_goes_on_for_too_long_can_be_tried_again(remote: Remote) -> None:
    remote.proxy.inject(Refuses(503, "SlowDown"), times=FOR_EVER)
    done = remote.put()
    assert done.code == 5
    assert "6 times in" in done.err
    remote.proxy.calm()
    assert remote.put().code == 0


def test_wrong_credentials_are_refused_by_the_service_itself(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("R2_ACCESS_KEY_ID", "somebody-else")
    done = remote.put()
    assert done.code == 12
    assert "somebody-else" not in done.err


def test_what_is_committed_locally_is_not_held_up_by_a_bucket_that_is_away(remote: Remote) -> None:
    assert remote.put().code == 0
    remote.proxy.calm()
    remote.proxy.inject(Refuses(503, "SlowDown", headers={"Retry-After": "5"}), times=FOR_EVER)
    put = ("put", "--generation", "g", "--pose", "q", "--commit", "local", remote.image)
    done = remote.posecas(*put)
    assert (done.code, done.err.count("\n")) == (0, 1)
    assert "not journalled yet" in done.err
    assert len(remote.proxy.requests) == 1
    remote.proxy.calm()
    assert remote.posecas("replicate", "r2").code == 0
    assert remote.posecas("doctor", "--no-remote", "--json").err == ""
