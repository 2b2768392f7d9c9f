"""The storm: starts the processes, kills and stops them at random, and ends them all."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from storm.harbour import Harbour, harbour
from storm.records import Note, notes

CREW: Final = ("writer", "writer", "writer", "remover", "collector", "collector", "reader")
_PAUSE: Final = (0.05, 0.4)
_STOPPED: Final = (0.1, 2.5)
"""Seconds; also longer than a lease, and than a collector's claim."""

_KILLED: Final = 0.4
"""The share of blows that kill; the others stop."""

_LONGER: Final = 5
"""Times as long as asked for, at the most."""

_THAWED: Final = 0.3
"""The share of those who stopped themselves that go on after each pause: most within a lease, some
long after it."""


@dataclass
class Sailor:
    """One of the crew: a process, and the one that takes its place when it is killed."""

    role: str
    record: Path
    folder: Path
    seed: str
    mutant: str
    pid: int = 0
    started: int = 0
    stopped_until: float | None = None
    ended_by_itself: list[int] = field(default_factory=list)

    def start(self, home: Harbour) -> None:
        """Start it, or its successor, to which other things happen by chance."""
        self.started += 1
        seed = f"{self.seed}-{self.record.name}-{self.started}"
        self.pid = home.start(self.role, str(self.folder), str(self.record), seed, self.mutant)

    def kill(self, home: Harbour) -> None:
        """End it, stopped or not, and wait until it is gone."""
        os.kill(self.pid, signal.SIGKILL)
        ended = home.wait(self.pid)
        if ended != -signal.SIGKILL:
            self.ended_by_itself.append(ended)
        self.stopped_until = None

    def stop(self, until: float) -> None:
        """Freeze it as it is."""
        os.kill(self.pid, signal.SIGSTOP)
        self.stopped_until = until

    def go_on(self) -> None:
        """Let it go on, whoever stopped it; nothing happens to one that is not stopped."""
        os.kill(self.pid, signal.SIGCONT)
        self.stopped_until = None


@dataclass(frozen=True)
class Passed:
    """A storm that is over."""

    crew: Sequence[Sailor]
    kills: int
    stops: int
    began: int

    def told(self, kind: str) -> list[Note]:
        """What the crew told of one kind, in order."""
        found = [one for sailor in self.crew for one in notes(sailor.record) if one.kind == kind]
        return sorted(found, key=lambda one: one.at)

    def sum(self, kind: str) -> int:
        """The sum of what the crew told of one kind."""
        return sum(int(one.text) for one in self.told(kind))

    def first_told(self, kind: str) -> str:
        """After how many seconds something of one kind was told first."""
        found = self.told(kind)
        return f"{(found[0].at - self.began) / 1e9:.1f} s" if found else "never"


def rage(folder: Path, records: Path, *, seconds: float, seed: str, mutant: str) -> Passed:
    """Storm over a store for so long, or until a reader tells of something wrong.

    Longer where little has happened by then: on a busy machine most of the crew die young.
    """
    dice = random.Random(seed)  # noqa: S311 - chance, no secret
    records.mkdir()
    crew = [
        Sailor(role, records / f"{role}-{number}", folder, seed, mutant)
        for number, role in enumerate(CREW)
    ]
    blows = Counter[str]()
    with harbour() as home:
        for sailor in crew:
            sailor.start(home)
        began = time.monotonic_ns()
        while _goes_on(crew, (time.monotonic_ns() - began) / 1e9, seconds):
            time.sleep(dice.uniform(*_PAUSE))
            _release(crew, dice)
            blows[_strike(dice.choice(crew), home, dice)] += 1
        for sailor in crew:
            sailor.kill(home)
    return Passed(crew, blows["kill"], blows["stop"], began)


def _goes_on(crew: Sequence[Sailor], passed: float, seconds: float) -> bool:
    if _something_wrong(crew):
        return False
    return passed < seconds or (passed < seconds * _LONGER and not _enough(crew, seconds))


def _enough(crew: Sequence[Sailor], seconds: float) -> bool:
    told = [one for sailor in crew for one in notes(sailor.record)]
    return all(
        sum(int(one.text) for one in told if one.kind == kind) > seconds
        for kind in ("read", "swept")
    )


def _strike(sailor: Sailor, home: Harbour, dice: random.Random) -> str:
    if dice.random() < _KILLED:
        sailor.kill(home)
        sailor.start(home)
        return "kill"
    if sailor.stopped_until is None:
        sailor.stop(time.monotonic() + dice.uniform(*_STOPPED))
        return "stop"
    return "none"


def _release(crew: Sequence[Sailor], dice: random.Random) -> None:
    for sailor in crew:
        if sailor.stopped_until is None:
            if dice.random() < _THAWED:
                sailor.go_on()
        elif sailor.stopped_until < time.monotonic():
            sailor.go_on()


def _something_wrong(crew: Sequence[Sailor]) -> bool:
    readers = [sailor for sailor in crew if sailor.role == "reader"]
    return any(one.kind == "wrong" for sailor in readers for one in notes(sailor.record))
