"""Deleting batches when some of it fails: what was deleted is known key by key."""

import pytest

from kit.network_faults import Fault, LosesAnswer, Refuses, Resets, Says
from network.conftest import HASTY, Line
from posecas.errors import CredentialsRefused, LocationUnavailable, RequestRefused

KEYS = [f"objects/{number:02d}.png" for number in range(8)]
FOR_EVER = 10_000


@pytest.fixture(autouse=True)
def _eight_objects(line: Line) -> None:
    for key in KEYS:
        line.put(key)
    line.proxy.calm()


def left(line: Line) -> list[str]:
    return sorted(found.key for found in line.objects.list(""))


def answer(line: Line, deleted: list[str], errors: dict[str, str]) -> Says:
    """What DeleteObjects says: these are deleted, these are not, and others are not mentioned."""
    root = f"{line.bucket.prefix}/"
    done = "".join(f"<Deleted><Key>{root}{key}</Key></Deleted>" for key in deleted)
    not_ = "".join(
        f"<Error><Key>{root}{key}</Key><Code>{code}</Code><Message>injected</Message></Error>"
        for key, code in errors.items()
    )
    return Says(f"<DeleteResult>{done}{not_}</DeleteResult>".encode())


def test_an_error_of_one_key_is_told_for_that_key(line: Line) -> None:
    line.proxy.inject(answer(line, KEYS[1:], {KEYS[0]: "AccessDenied"}), "DeleteObjects")
    failed = line.objects.delete(KEYS)
    assert list(failed) == [KEYS[0]]
    assert isinstance(failed[KEYS[0]], CredentialsRefused)
    assert line.proxy.operations == ["DeleteObjects"]


def test_a_key_that_is_missing_counts_as_deleted(line: Line) -> None:
    line.proxy.inject(answer(line, KEYS[1:], {KEYS[0]: "NoSuchKey"}), "DeleteObjects")
    assert line.objects.delete(KEYS) == {}


@pytest.mark.parametrize("errors", [{KEYS[0]: "InternalError", KEYS[1]: "SlowDown"}, {}])
def test_keys_that_failed_in_passing_or_were_not_mentioned_are_asked_again(
    line: Line, errors: dict[str, str]
) -> None:
    line.proxy.inject(answer(line, KEYS[2:], errors), "DeleteObjects")
    assert line.objects.delete(KEYS) == {}
    assert line.proxy.operations == ["DeleteObjects"] * 2
    assert left(line) == KEYS[2:]


def test_a_batch_that_fails_inside_the_service_is_halved(line: Line) -> None:
    line.proxy.inject(Refuses(500, "InternalError"), "DeleteObjects", times=3)
    assert line.objects.delete(KEYS) == {}
    assert left(line) == []
    # 8 fail, 4 fail, 2 fail; then 1, 1, 2 and 4 go through.
    assert line.proxy.operations.count("DeleteObjects") == 7


@pytest.mark.parametrize("fault", [LosesAnswer(), Resets(after_reading=True)])
def test_a_lost_answer_is_asked_for_again(line: Line, fault: Fault) -> None:
    line.proxy.inject(fault, "DeleteObjects")
    assert line.objects.delete(KEYS) == {}
    assert left(line) == []


def test_a_page_in_between_deletes_nothing(line: Line) -> None:
    portal = Says(b"<html><body>Please log in</body></html>", media_type="text/html")
    line.proxy.inject(portal, "DeleteObjects", times=FOR_EVER)
    with pytest.raises(LocationUnavailable, match="names no key"):
        line.objects.delete(KEYS)
    line.proxy.calm()
    assert left(line) == KEYS


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Refuses(503, "SlowDown"), LocationUnavailable),
        (Refuses(403, "AccessDenied"), CredentialsRefused),
        (Refuses(404, "NoSuchBucket"), RequestRefused),
    ],
)
def test_when_nothing_is_known_of_any_key_it_is_raised(
    line: Line, fault: Fault, error: type[Exception]
) -> None:
    line.proxy.inject(fault, "DeleteObjects", times=FOR_EVER)
    with pytest.raises(error):
        line.objects.delete(KEYS)
    line.proxy.calm()
    assert left(line) == KEYS


def test_a_service_that_never_deletes_is_given_up(line: Line) -> None:
    line.proxy.inject(Refuses(500, "InternalError"), "DeleteObjects", times=FOR_EVER)
    with pytest.raises(LocationUnavailable):
        line.objects.delete(KEYS)
    assert line.proxy.counts["DeleteObjects"] <= 2 * len(KEYS) * HASTY.attempts
