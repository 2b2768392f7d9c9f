"""What is open is remembered by memory that outlives whoever wrote it down."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posecas_fuse.kernel.abi import RESENT
from posecas_fuse.kernel.open_files import OpenFile, OpenFiles, make_memory

_FILE = OpenFile(
    nodeid=7, handle=8, unique=10, size=11, modified_ns=-12, content=13, backing=3, flags=128
)


@pytest.fixture
def memory() -> Iterator[int]:
    descriptor = make_memory()
    yield descriptor
    os.close(descriptor)


def test_the_next_worker_finds_what_is_open(memory: int) -> None:
    first = OpenFiles(memory)
    kept, gone = first.add(_FILE), first.add(_FILE._replace(unique=12))
    first.remove(gone)
    first.follow(99)
    second = OpenFiles(memory)
    assert (second.get(kept), second.get(gone), len(second)) == (_FILE, None, 1)
    assert second.followed == 99
    assert second.asked_by(10 | RESENT) == kept
    assert list(second.of(7)) == [_FILE]


def test_what_was_opened_for_a_request_that_was_sent_again_is_found_by_the_next_one(
    memory: int,
) -> None:
    kept = OpenFiles(memory).add(_FILE._replace(unique=10 | RESENT))
    assert OpenFiles(memory).asked_by(10 | RESENT) == kept


def test_a_number_is_never_given_twice_not_even_by_another_worker(memory: int) -> None:
    given_before = set()
    for _ in range(5):
        files = OpenFiles(memory)
        number = files.add(_FILE)
        assert number not in given_before
        given_before.add(number)
        assert files.remove(number) == _FILE
        assert files.remove(number) is None


def test_what_was_done_is_remembered_for_a_while(memory: int) -> None:
    first = OpenFiles(memory)
    first.done(20)
    second = OpenFiles(memory)
    assert second.was_done(20 | RESENT)
    assert not second.was_done(22 | RESENT)
    for unique in range(100, 1100, 2):
        second.done(unique)
    assert not second.was_done(20)
    assert second.was_done(1098)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(0, 20)), max_size=60))
def test_workers_that_change_at_any_moment_agree(steps: list[int | None]) -> None:
    memory = make_memory()
    try:
        files, open_now = OpenFiles(memory), dict[int, OpenFile]()
        for step in steps:
            if step is None:
                files = OpenFiles(memory)
            elif step < 12 or not open_now:
                opened = _FILE._replace(nodeid=step + 1, unique=2 * len(open_now) + 1000 * step)
                open_now[files.add(opened)] = opened
            else:
                number = sorted(open_now)[step % len(open_now)]
                assert files.remove(number) == open_now.pop(number)
        again = OpenFiles(memory)
        assert {number: again.get(number) for number in open_now} == open_now
        assert len(again) == len(open_now)
    finally:
        os.close(memory)
