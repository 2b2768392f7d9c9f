"""Where an S3 service is, and that who we are there is never seen."""

import pickle
from dataclasses import asdict

import pytest

from posecas.errors import ConfigError
from posecas.objects.endpoint import Endpoint
from posecas.objects.s3 import S3Objects
from posecas.secret import Secret

HIDDEN = Secret("hidden-value")


def endpoint(url: str) -> Endpoint:
    return Endpoint(url, key_id=HIDDEN, secret=HIDDEN, token=HIDDEN)


def test_a_secret_is_never_printed() -> None:
    found = endpoint("https://account.r2.cloudflarestorage.com")
    objects = S3Objects(found, "poses")
    for shown in (repr(found), str(found), f"{HIDDEN}", f"{HIDDEN!r}", str(vars(objects))):
        assert "hidden-value" not in shown
    assert found.secret.reveal() == "hidden-value"
    assert "hidden-value" not in str(asdict(found))
    assert pickle.loads(pickle.dumps(HIDDEN)) == HIDDEN  # noqa: S301 - our own


def test_an_empty_secret_counts_as_none() -> None:
    assert HIDDEN
    assert not Secret("")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "account.r2.cloudflarestorage.com",
        "ftp://host",
        "https://",
        "https://user:pw@host",
        "https://host/?a=b",
    ],
)
def test_what_is_no_address_of_a_service_is_refused(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        endpoint(url)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://account.eu.r2.cloudflarestorage.com", "account.eu.r2.cloudflarestorage.com"),
        ("https://project.storage.supabase.co/storage/v1/s3", "project.storage.supabase.co"),
        ("http://127.0.0.1:8333", "127.0.0.1:8333"),
    ],
)
def test_messages_name_host_and_port(url: str, host: str) -> None:
    assert endpoint(url).host == host
