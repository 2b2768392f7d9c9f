"""Any order of reads, evictions, drops, power cuts and emptied folders, by several processes."""

import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kit.origins import Origin, blob, held
from posecas.cache import Cache
from posecas.cache.use import Use

PROCESSES = 3
SIZES = (100, 250, 400)
LIMIT = 1000
WHO = st.integers(0, PROCESSES - 1)
NUMBERS = st.integers(0, 5)
COUNTS = ("", "0", f"another-boot {0:020} {0:020}\n")
SPOILT = st.sampled_from([b"", b"torn", bytes(SIZES[0]), bytes(SIZES[1])])


class CacheMachine(RuleBasedStateMachine):
    """Three processes' caches in one folder; a blob's number says its size."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="cache-machine-")) / "cache"
        self.origins = [Origin(size) for size in SIZES]
        self.opened: list[tuple[int, BinaryIO]] = []
        self.spoilt = False
        self.start()

    def start(self) -> None:
        self.caches = [
            Cache(self.folder, store="this-store", max_bytes=LIMIT, kept_free=lambda _: 0)
            for _ in range(PROCESSES)
        ]

    def teardown(self) -> None:
        self.close_all()
        shutil.rmtree(self.folder.parent)

    def origin(self, number: int) -> Origin:
        return self.origins[number % len(SIZES)]

    def path(self, number: int) -> Path:
        digest = self.origin(number).digest(number)
        return self.folder / digest[:2] / digest

    @rule(who=WHO, number=NUMBERS)
    def read(self, who: int, number: int) -> None:
        here, origin = self.path(number).exists(), self.origin(number)
        before = len(origin.fetched)
        origin.read(self.caches[who], number)
        assert len(origin.fetched) == before or not here or self.spoilt

    @rule(who=WHO, number=NUMBERS)
    def open(self, who: int, number: int) -> None:
        origin = self.origin(number)
        file = self.caches[who].open(origin.digest(number), origin.size, origin.fetch(number))
        self.opened.append((number, file))

    @precondition(lambda self: self.opened)
    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        position = data.draw(st.integers(0, len(self.opened) - 1))
        self.opened.pop(position)[1].close()

    @rule(who=WHO, number=NUMBERS)
    def keep(self, who: int, number: int) -> None:
        origin = self.origin(number)
        self.caches[who].keep(origin.digest(number), blob(number, origin.size))

    @rule(who=WHO, number=NUMBERS)
    def drop(self, who: int, number: int) -> None:
        self.caches[who].drop(self.origin(number).digest(number))
        assert not self.path(number).exists()

    @rule(spoilt=st.dictionaries(NUMBERS, SPOILT), count=st.sampled_from(COUNTS))
    def lose_power(self, spoilt: dict[int, bytes], count: str) -> None:
        self.close_all()
        for number, content in spoilt.items():
            if self.path(number).exists():
                self.path(number).write_bytes(content)
        if self.folder.exists():
            (self.folder / "use").write_text(count, "ascii")
        self.spoilt = True
        self.start()

    @rule()
    def empty_the_folder(self) -> None:
        if self.folder.exists():
            for inside in self.folder.iterdir():
                shutil.rmtree(inside) if inside.is_dir() else inside.unlink()

    @invariant()
    def what_is_open_is_right(self) -> None:
        for number, file in self.opened:
            file.seek(0)
            assert file.read() == blob(number, self.origin(number).size)

    @invariant()
    def it_stays_in_bounds_and_knows_at_least_what_it_holds(self) -> None:
        if self.folder.exists():
            known = Use(self.folder / "use").known()
            assert known is None or held(self.caches[0]) <= known <= LIMIT

    def close_all(self) -> None:
        for _, file in self.opened:
            file.close()
        self.opened.clear()


CacheMachine.TestCase.settings = settings(
    max_examples=20,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestCacheMachine = CacheMachine.TestCase
