"""Contestants take turns, so that what disturbs the machine disturbs them alike."""

import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """One run: how many items, how long, and the processor time of user and system."""

    items: int
    seconds: float
    cpu_seconds: float

    @property
    def rate(self) -> float:
        """Items a second."""
        return self.items / self.seconds

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of processor time an item."""
        return self.cpu_seconds * 1000 / self.items


Samples = Mapping[str, Sequence[Sample]]
Contestant = Callable[[], Sample]


def measured(work: Callable[[], int]) -> Sample:
    """Run ``work``, which returns its number of items, in this process."""
    before, began = os.times(), time.perf_counter()
    items = work()
    seconds, after = time.perf_counter() - began, os.times()
    return Sample(items, seconds, sum(after[:4]) - sum(before[:4]))


def take_turns(contestants: Mapping[str, Contestant], rounds: int) -> Samples:
    """Run every contestant once a round, each round beginning with the next one.

    What was written before is on the disk when a run begins, so nobody pays for a neighbour.
    """
    samples: dict[str, list[Sample]] = {name: [] for name in contestants}
    names = list(contestants)
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            os.sync()
            samples[name].append(contestants[name]())
    return samples


def median_rate(samples: Sequence[Sample]) -> float:
    """Items a second in the middle one of the runs."""
    return statistics.median(sample.rate for sample in samples)


def median_cpu_ms(samples: Sequence[Sample]) -> float:
    """Processor milliseconds an item in the middle one of the runs."""
    return statistics.median(sample.cpu_ms for sample in samples)


def ratio(samples: Samples, name: str, peer: str) -> float:
    """How many times ``peer``'s rate ``name`` has: the median over rounds, not of medians."""
    pairs = zip(samples[name], samples[peer], strict=True)
    return statistics.median(mine.rate / its.rate for mine, its in pairs)


def cpu_ratio(samples: Samples, name: str, peer: str) -> float:
    """How many times ``name``'s processor time an item ``peer`` takes: the median over rounds."""
    pairs = zip(samples[name], samples[peer], strict=True)
    return statistics.median(its.cpu_ms / mine.cpu_ms for mine, its in pairs)


def spread(samples: Samples, name: str, peer: str) -> tuple[float, float]:
    """The lowest and the highest of the rounds' ratios."""
    pairs = zip(samples[name], samples[peer], strict=True)
    ratios = [mine.rate / its.rate for mine, its in pairs]
    return min(ratios), max(ratios)
