"""Signatures are botocore's, to the letter."""

import time

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from posecas.objects.endpoint import Endpoint
from posecas.objects.s3_signing import NOTHING, UNSIGNED, Signer
from posecas.secret import Secret

URL = "https://account.r2.cloudflarestorage.com"
KEYS = st.from_regex(r"\A[A-Za-z0-9._-]{1,20}(/[A-Za-z0-9._-]{1,20}){0,3}\Z")
NAMES = st.sampled_from(["content-md5", "content-type", "if-none-match", "x-amz-meta-a", "z"])
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)


class Theirs(S3SigV4Auth):  # type: ignore[misc]
    """botocore's signer, told what the body hashes to."""

    def payload(self, request: AWSRequest) -> str:
        hashed: str = request.context["payload"]
        return hashed


def theirs(
    method: str, path: str, headers: dict[str, str], payload: str, token: str | None
) -> dict[str, str]:
    request = AWSRequest(method, URL + path, headers=headers)
    request.context["payload"] = payload
    Theirs(Credentials("id", "secret", token), "s3", "auto").add_auth(request)
    return {name.lower(): value for name, value in request.headers.items()}


@given(
    method=st.sampled_from(["GET", "PUT"]),
    key=KEYS,
    headers=st.dictionaries(NAMES, VALUES),
    payload=st.sampled_from([UNSIGNED, NOTHING]),
    token=st.none() | st.just("token"),
)
def test_what_we_sign_is_what_botocore_signs(
    method: str, key: str, headers: dict[str, str], payload: str, token: str | None
) -> None:
    path = f"/poses/{key}"
    said = {**headers, "host": "account.r2.cloudflarestorage.com"}
    kept = Secret(token) if token else None
    signer = Signer(Endpoint(URL, key_id=Secret("id"), secret=Secret("secret"), token=kept))
    for _ in range(100):
        ours = dict(signer.signed(method, path, said, payload=payload))
        botocores = theirs(method, path, said, payload, token)
        if ours["x-amz-date"] == botocores["x-amz-date"]:
            break
        # One clock is up to ten milliseconds behind the other.
        time.sleep(0.005)
    assert ours["authorization"] == botocores["authorization"]


def test_the_key_that_signs_is_another_each_day(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = Signer(Endpoint(URL, key_id=Secret("id"), secret=Secret("secret")))
    moments = [time.gmtime(0), time.gmtime(86_400), time.gmtime(0)]
    signatures = []
    for moment in moments:
        monkeypatch.setattr(time, "gmtime", lambda moment=moment: moment)
        signed = signer.signed("GET", "/poses/a", {"host": "h"}, payload=NOTHING)
        signatures.append(signed["authorization"])
    assert signatures[0] == signatures[2] != signatures[1]
    assert "/19700102/auto/" in signatures[1]
