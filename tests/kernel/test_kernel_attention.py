"""When the thread that reads the device looks for a question before it sleeps."""

import os
import time

import pytest

from posecas_fuse.kernel.attention import Attention


class _Device:
    """Counts how often somebody looks."""

    def __init__(self, *, asked: bool) -> None:
        self.asked = asked
        self.looks = 0

    def is_asked(self) -> bool:
        self.looks += 1
        return self.asked


@pytest.mark.skipif(len(os.sched_getaffinity(0)) == 1, reason="there is one processor")
def test_a_program_is_waited_for_until_another_one_asks_and_again_after_a_while() -> None:
    device = _Device(asked=True)
    attention = Attention(device.is_asked)

    def looks(thread: int) -> int:
        before = device.looks
        attention.asked(thread)
        attention.look(lambda: None)
        return device.looks - before

    assert [looks(thread) for thread in (1, 0, 1, 2, 1)] == [1, 1, 1, 0, 0]
    time.sleep(0.03)
    assert looks(1) == 1


def test_a_question_is_not_awaited_for_ever_nor_at_all_where_several_ask() -> None:
    device = _Device(asked=False)
    attention = Attention(device.is_asked)
    attention.asked(1)
    attention.look(lambda: None)
    attention.asked(2)
    looks = device.looks
    attention.look(lambda: None)
    assert device.looks == looks


def test_a_question_that_is_there_is_looked_for_once() -> None:
    device = _Device(asked=True)
    attention = Attention(device.is_asked)
    attention.asked(1)
    attention.look(lambda: None)
    assert device.looks <= 1


def test_what_nobody_waits_for_is_done_in_a_pause_and_not_before_a_question() -> None:
    done: list[int] = []
    device = _Device(asked=True)
    attention = Attention(device.is_asked)
    if len(os.sched_getaffinity(0)) > 1:
        attention.asked(1)
        attention.look(lambda: done.append(1))
        assert not done
    device.asked = False
    attention.look(lambda: done.append(2))
    assert 2 in done
