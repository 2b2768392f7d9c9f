"""What network and service do wrong, and what comes of it: each row of the page about it."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from email.utils import formatdate
from itertools import count
from typing import Any

import pytest

from kit.deadlines import at_some_pace
from kit.mounts import until
from kit.network_faults import (
    CorruptsAnswer,
    CorruptsRequest,
    Delays,
    Dribbles,
    Fault,
    Hangs,
    LosesAnswer,
    Refuses,
    Resets,
    Says,
    Truncates,
    flipped,
)
from network.conftest import HASTY, Line
from posecas.errors import (
    CredentialsRefused,
    KeyTaken,
    ListingIncomplete,
    LocationUnavailable,
    PosecasError,
    RequestRefused,
    ShortRead,
    StorageFull,
    WriteRefused,
)
from posecas.objects.hurry import Hurry
from posecas.objects.s3 import S3Objects

KEY = "objects/ab/one.png"
FOR_EVER = 10_000
OPERATIONS = ("PutObject", "GetObject", "HeadObject", "ListObjectsV2")
ASKED_ONCE = ["PutObject", "GetObject", "HeadObject", "GetObject", "ListObjectsV2"]
"""HEAD is refused without words, so it is asked by GET as well."""
PORTAL = Says(b"<html><body>Please log in</body></html>", media_type="text/html")

PASSING = [
    Refuses(500, "InternalError"),
    Refuses(502, ""),
    Says(b"<html>Bad Gateway</html>", 502, "text/html"),
    Refuses(503, "ServiceUnavailable"),
    Refuses(503, "SlowDown"),
    Refuses(504, "GatewayTimeout"),
    Refuses(429, "TooManyRequests"),
    Refuses(408, "RequestTimeout"),
    Refuses(400, "RequestTimeout"),
    Refuses(409, "OperationAborted"),
    Refuses(409, "ConditionalRequestConflict"),
    Refuses(400, "IncompleteBody"),
    Resets(),
    Resets(after_reading=True),
]

OURS = [
    Refuses(403, "AccessDenied"),
    Refuses(403, "InvalidAccessKeyId"),
    Refuses(403, "SignatureDoesNotMatch"),
    Refuses(401, "Unauthorized"),
    Refuses(400, "ExpiredToken"),
    Refuses(400, "InvalidToken"),
    Refuses(400, "InvalidArgument", "Credential access key has length 5, should be 32"),
    Refuses(403, ""),
]

REFUSED = [
    Refuses(404, "NoSuchBucket"),
    Refuses(400, "AuthorizationHeaderMalformed", "the region 'auto' is wrong"),
    Refuses(301, "PermanentRedirect"),
    Refuses(501, "NotImplemented"),
    Refuses(400, "InvalidRequest"),
]


def name(fault: object) -> str:
    later = "-late" if getattr(fault, "after_reading", False) else ""
    said = getattr(fault, "code", "") or type(fault).__name__
    return f"{getattr(fault, 'status', '')}{said}{later}"


def ask(line: Line, operation: str) -> Any:
    """Do with `KEY` what sends this operation."""
    objects = line.objects
    if operation == "PutObject":
        return line.put(KEY)
    if operation == "DeleteObjects":
        return objects.delete([KEY, "objects/other"])
    if operation == "HeadObject":
        return objects.stat(KEY).size
    if operation == "ListObjectsV2":
        return [found.key for found in objects.list("objects/")]
    return objects.read(KEY)


def raised(line: Line, operation: str) -> PosecasError:
    with pytest.raises(PosecasError) as caught:
        ask(line, operation)
    message = str(caught.value)
    assert "\n" not in message
    assert "posecas-secret" not in message
    assert "posecas-key-id" not in message
    return caught.value


@pytest.mark.parametrize("fault", PASSING, ids=name)
def test_what_passes_is_tried_again(line: Line, fault: Fault) -> None:
    for operation in ("PutObject", "GetObject", "HeadObject", "ListObjectsV2", "DeleteObjects"):
        line.proxy.inject(fault, operation)
    line.put(KEY)
    assert line.objects.read(KEY) == b"bytes"
    assert line.objects.stat(KEY).size == 5
    assert [found.key for found in line.objects.list("")] == [KEY]
    assert line.objects.delete([KEY, "objects/other"]) == {}
    assert {one.operation for one in line.proxy.requests if one.fault} == {
        *("PutObject", "GetObject", "HeadObject", "ListObjectsV2", "DeleteObjects")
    }


def test_what_does_not_pass_in_time_can_be_tried_again_later(line: Line) -> None:
    line.proxy.inject(Refuses(503, "SlowDown", "reduce your rate"), times=FOR_EVER)
    for operation in OPERATIONS:
        error = raised(line, operation)
        assert isinstance(error, LocationUnavailable)
        assert "SlowDown" in str(error) or "503" in str(error)
        assert "4 times in" in str(error)
        assert line.proxy.counts[operation] == HASTY.attempts


def test_no_attempt_begins_after_the_time_for_it(line: Line) -> None:
    def ask(pace: int) -> None:
        pause = 0.2 * pace
        hasty = replace(
            HASTY, retry_for=1.5 * pause, pause=pause, longest_pause=pause, attempts=FOR_EVER
        )
        line.proxy.calm()
        line.proxy.inject(Refuses(500), times=FOR_EVER)
        with closing(line.reached.objects(hasty)) as objects, pytest.raises(LocationUnavailable):
            objects.read(KEY)
        assert 2 <= line.proxy.counts["GetObject"] <= 3

    at_some_pace(ask)


def test_the_service_may_ask_for_a_pause(line: Line) -> None:
    line.put(KEY)
    line.proxy.inject(Refuses(503, "SlowDown", headers={"Retry-After": "1"}), "GetObject")
    began = time.monotonic()
    assert line.objects.read(KEY) == b"bytes"
    assert time.monotonic() - began >= 1


def test_a_pause_longer_than_our_patience_is_not_waited_for(line: Line) -> None:
    line.proxy.inject(Refuses(503, "SlowDown", headers={"Retry-After": "3600"}), "GetObject")
    assert isinstance(raised(line, "GetObject"), LocationUnavailable)
    assert line.proxy.operations == ["GetObject"]


@pytest.mark.parametrize("fault", OURS, ids=name)
def test_who_we_are_is_refused_once(line: Line, fault: Fault) -> None:
    line.proxy.inject(fault, times=FOR_EVER)
    for operation in OPERATIONS:
        error = raised(line, operation)
        assert isinstance(error, CredentialsRefused)
        assert error.exit_code == 12
    assert line.proxy.operations == ASKED_ONCE


@pytest.mark.parametrize("ahead", [True, False])
def test_a_clock_that_is_wrong_is_named_with_its_difference(line: Line, ahead: bool) -> None:
    theirs = formatdate(time.time() + (-7200 if ahead else 7200), usegmt=True)
    skewed = Refuses(403, "RequestTimeTooSkewed", headers={"Date": theirs})
    line.proxy.inject(skewed, times=FOR_EVER)
    error = raised(line, "PutObject")
    assert isinstance(error, CredentialsRefused)
    assert "clock is 120 min " + ("ahead" if ahead else "behind") in str(error)


@pytest.mark.parametrize("fault", REFUSED, ids=name)
def test_what_time_does_not_cure_is_asked_once_and_tells_why(line: Line, fault: Refuses) -> None:
    line.proxy.inject(fault, times=FOR_EVER)
    for operation in OPERATIONS:
        error = raised(line, operation)
        assert isinstance(error, RequestRefused | WriteRefused)
        assert error.exit_code == 1
        assert fault.code in str(error)
    assert line.proxy.operations == ASKED_ONCE


@pytest.mark.parametrize("fault", [Says(b"<html>none</html>", 404, "text/html"), PORTAL], ids=name)
def test_only_the_service_itself_can_call_an_object_missing(line: Line, fault: Fault) -> None:
    line.put(KEY)
    line.proxy.inject(Refuses(404, ""), "HeadObject", times=FOR_EVER)
    line.proxy.inject(fault, "GetObject", times=FOR_EVER)
    with pytest.raises(PosecasError) as caught:
        line.objects.stat(KEY)
    assert isinstance(caught.value, RequestRefused | LocationUnavailable)


@pytest.mark.parametrize("fault", [LosesAnswer(), Hangs(done=True)], ids=name)
def test_a_lost_acknowledgement_is_a_success(line: Line, fault: Fault) -> None:
    keys = count()

    def put(pace: int) -> None:
        line.proxy.calm()
        line.proxy.inject(fault, "PutObject")
        hasty, key = replace(HASTY, silence=0.5 * pace), f"objects/ab/{next(keys)}.png"
        with closing(line.reached.objects(hasty)) as objects:
            objects.write(key, b"bytes", media_type="image/png", metadata={})
        assert line.proxy.operations == ["PutObject", "PutObject", "HeadObject"]
        assert line.objects.read(key) == b"bytes"

    at_some_pace(put)


def test_a_lost_acknowledgement_of_another_size_is_not_ours(line: Line) -> None:
    line.put(KEY, b"others")
    with pytest.raises(KeyTaken):
        line.put(KEY, b"ours")
    assert line.objects.read(KEY) == b"others"


def test_what_was_there_and_is_gone_can_be_tried_again(line: Line) -> None:
    line.proxy.inject(Refuses(412, "PreconditionFailed"), "PutObject")
    assert isinstance(raised(line, "PutObject"), LocationUnavailable)


def test_an_object_under_a_lock_counts_as_there(line: Line) -> None:
    line.put(KEY)
    line.proxy.inject(Refuses(403, "ObjectLockedByBucketPolicy"), "PutObject")
    line.put(KEY)
    assert line.proxy.operations == ["PutObject", "PutObject", "HeadObject"]


def test_a_full_service_is_told_apart(line: Line) -> None:
    line.proxy.inject(Refuses(507, "InsufficientStorage"), "PutObject", times=FOR_EVER)
    assert isinstance(raised(line, "PutObject"), StorageFull)


def test_a_truncated_read_is_tried_again(line: Line) -> None:
    line.put(KEY, bytes(100_000))
    line.proxy.inject(Truncates(), "GetObject", times=2)
    assert line.objects.read(KEY) == bytes(100_000)
    assert line.proxy.counts["GetObject"] == 3


def test_a_read_that_stays_truncated_is_short(line: Line) -> None:
    line.put(KEY, bytes(100_000))
    line.proxy.inject(Truncates(), "GetObject", times=FOR_EVER)
    error = raised(line, "GetObject")
    assert isinstance(error, ShortRead)
    assert error.exit_code == 5
    assert line.proxy.counts["GetObject"] == HASTY.attempts


def test_a_corrupt_read_is_left_to_the_digest(line: Line) -> None:
    data = bytes(range(256)) * 10
    line.put(KEY, data)
    line.proxy.inject(CorruptsAnswer(), "GetObject")
    assert line.objects.read(KEY) == flipped(data)


def test_bytes_hurt_on_their_way_there_are_refused_and_sent_again(line: Line) -> None:
    data = bytes(range(256)) * 10
    line.proxy.inject(CorruptsRequest(), "PutObject", times=2)
    line.put(KEY, data)
    assert line.objects.read(KEY) == data
    assert [one.status for one in line.proxy.requests] == [400, 400, 200, 200]


def test_a_server_that_hangs_is_given_up(line: Line) -> None:
    line.proxy.inject(Hangs(), times=FOR_EVER)
    hasty = replace(HASTY, silence=0.3, attempts=2)
    began = time.monotonic()
    with closing(line.reached.objects(hasty)) as objects:
        for operation in OPERATIONS:
            error = raised(replace(line, objects=objects), operation)
            assert isinstance(error, LocationUnavailable)
            assert line.proxy.counts[operation] == 2
    assert time.monotonic() - began < 120


def test_one_hanging_request_holds_up_no_other(line: Line) -> None:
    line.put(KEY)
    line.put("objects/slow.png")
    line.proxy.inject(Hangs(), "GetObject", key="slow.png", times=FOR_EVER)

    def read(pace: int) -> None:
        hasty = replace(HASTY, silence=pace, attempts=1)
        with closing(line.reached.objects(hasty)) as objects:
            assert objects.read(KEY) == b"bytes"
            began = time.monotonic()
            with pytest.raises(LocationUnavailable):
                objects.read("objects/slow.png")
            assert time.monotonic() - began >= pace
            assert objects.read(KEY) == b"bytes"

    at_some_pace(read)


def test_a_body_that_dribbles_without_end_is_given_up(line: Line) -> None:
    line.put(KEY, bytes(20_000))
    line.proxy.inject(Dribbles(chunk=100, pause=0.1), "GetObject", times=FOR_EVER)
    hasty = replace(HASTY, attempt=0.5, attempts=2)
    with closing(line.reached.objects(hasty)) as objects, pytest.raises(LocationUnavailable):
        objects.read(KEY)


@pytest.mark.parametrize("fault", [Delays(0.5), Dribbles(chunk=2000, pause=0.1)], ids=name)
def test_what_is_slow_is_waited_for(line: Line, fault: Fault) -> None:
    line.put(KEY, bytes(10_000))
    line.proxy.calm()
    line.proxy.inject(fault, "GetObject")
    assert line.objects.read(KEY) == bytes(10_000)
    assert line.proxy.operations == ["GetObject"]


@pytest.mark.parametrize(
    "page",
    [PORTAL, Says(b""), Says(b"<OK/>"), Refuses(302, "", headers={"Location": "/login"})],
    ids=["page", "empty", "xml", "redirect"],
)
def test_a_portal_that_answers_instead_is_not_believed(line: Line, page: Fault) -> None:
    line.proxy.inject(page, times=FOR_EVER)
    for operation in OPERATIONS:
        assert isinstance(raised(line, operation), LocationUnavailable)
    line.proxy.calm()
    assert list(line.objects.list("")) == []


@pytest.mark.parametrize(
    "page",
    [
        b"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
        (
            b"<ListBucketResult><IsTruncated>true</IsTruncated>"
            b"<NextContinuationToken>same</NextContinuationToken></ListBucketResult>"
        ),
    ],
    ids=["no-token", "same-token"],
)
def test_a_listing_that_cannot_go_on_says_so(line: Line, page: bytes) -> None:
    line.proxy.inject(Says(page), "ListObjectsV2", times=FOR_EVER)
    assert isinstance(raised(line, "ListObjectsV2"), ListingIncomplete)


def test_a_listing_that_breaks_off_says_so(line: Line) -> None:
    page = b"""<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>next
    </NextContinuationToken></ListBucketResult>"""
    line.proxy.inject(Says(page), "ListObjectsV2")
    line.proxy.inject(Refuses(500), "ListObjectsV2", times=FOR_EVER)
    error = raised(line, "ListObjectsV2")
    assert isinstance(error, ListingIncomplete)
    assert "InternalError" in str(error)


def test_a_certificate_that_is_not_trusted_is_asked_once(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    if line.proxy.url.startswith("http:"):
        # Without TLS there is no certificate.
        assert line.objects.delete([KEY]) == {}
        return
    monkeypatch.delenv("AWS_CA_BUNDLE")
    with closing(line.reached.objects(HASTY)) as objects:
        error = raised(replace(line, objects=objects), "GetObject")
    assert isinstance(error, RequestRefused)
    assert "certificate is not trusted; set AWS_CA_BUNDLE" in str(error)
    assert line.proxy.operations == []


def test_nobody_listening_is_told_with_its_address(line: Line) -> None:
    closed = line.bucket.at("http://127.0.0.1:1")
    with closing(closed.objects(HASTY)) as objects:
        error = raised(replace(line, objects=objects), "GetObject")
    assert isinstance(error, LocationUnavailable)
    assert "127.0.0.1:1: " in str(error)
    assert f"{HASTY.attempts} times in" in str(error)


def test_a_name_that_leads_nowhere_is_told(line: Line) -> None:
    nowhere = line.bucket.at("http://nowhere.invalid")
    with closing(nowhere.objects(HASTY)) as objects:
        error = raised(replace(line, objects=objects), "GetObject")
    assert isinstance(error, LocationUnavailable)
    assert "nowhere.invalid: " in str(error)
    assert f"{HASTY.attempts} times in" in str(error)


def test_in_a_hurry_what_is_asked_again_already_is_given_up(line: Line) -> None:
    hurry = Hurry()
    line.proxy.inject(Refuses(503, "SlowDown", headers={"Retry-After": "30"}), times=FOR_EVER)
    there = line.reached
    with (
        closing(S3Objects(there.endpoint, there.name, there.prefix, hurry=hurry)) as objects,
        ThreadPoolExecutor(1) as thread,
    ):
        reading = thread.submit(objects.read, KEY)
        until(lambda: bool(line.proxy.requests))
        assert not reading.done()
        hurry.begin()
        with pytest.raises(LocationUnavailable):
            reading.result(60)
    assert line.proxy.operations == ["GetObject"]
