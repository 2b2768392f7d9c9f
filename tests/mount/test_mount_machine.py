"""A mount against a plain directory: whatever programs do to both, both say the same."""

import errno
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from kit.mounts import Mount
from kit.tiles import tile

pytestmark = pytest.mark.fuse

EXAMPLES = int(os.environ.get("POSECAS_MOUNT_EXAMPLES", "6"))

POSES = ("images/p1.png", "images/p2.png", "images/p3.png")
FILES = ("images/tmp", "images/.p1.png.x1", "scratch/one", "scratch/a/two", "scratch/b/c d.png")
LOGS = ("images/log", "scratch/a/log")
FOLDERS = ("scratch/a", "scratch/b", "scratch/a/deep")
IMAGES = st.builds(tile, st.integers(0, 5), st.sampled_from(["", "x" * 5000]))

_numbers = itertools.count()


@dataclass
class Held:
    """The same file, open in the plain directory and in the mount."""

    plain: int
    mounted: int


class MountMachine(RuleBasedStateMachine):
    """Files are written, appended to, renamed, removed and kept open; folders come and go."""

    held = Bundle("held")

    def __init__(self, mount: Mount) -> None:
        super().__init__()
        number = next(_numbers)
        self.plain = Path(tempfile.mkdtemp(prefix="mount-machine-"))
        self.tops = {
            "images": mount / f"users/ada/g{number}",
            "scratch": mount / f".scratch/s{number}",
        }
        self.open: list[Held] = []
        for name, top in self.tops.items():
            (self.plain / name).mkdir()
            top.mkdir(parents=True)

    def teardown(self) -> None:
        for held in self.open:
            os.close(held.plain)
            os.close(held.mounted)
        for top in self.tops.values():
            shutil.rmtree(top)
            assert not top.exists()
        shutil.rmtree(self.plain)

    def mounted(self, path: str) -> Path:
        top, _, rest = path.partition("/")
        return self.tops[top] / rest

    def both(self, path: str, act: Callable[[Path], object]) -> str:
        """Do the same in both places; return what became of it."""
        plain, mounted = (outcome(act, place) for place in (self.plain / path, self.mounted(path)))
        assert mounted == plain, path
        return plain

    @rule(path=st.sampled_from(POSES + FILES), data=IMAGES)
    def write(self, path: str, data: bytes) -> None:
        self.both(path, lambda place: place.write_bytes(data))

    @rule(path=st.sampled_from(POSES + FILES), data=IMAGES)
    def write_as_bun_does(self, path: str, data: bytes) -> None:
        def act(place: Path) -> None:
            descriptor = os.open(place, os.O_WRONLY | os.O_CREAT, 0o644)
            try:
                os.write(descriptor, data)
                os.ftruncate(descriptor, len(data))
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

        self.both(path, act)

    @rule(path=st.sampled_from(POSES), temporary=st.sampled_from(FILES), data=IMAGES)
    def write_beside_and_rename(self, path: str, temporary: str, data: bytes) -> None:
        self.both(temporary, lambda place: place.write_bytes(data))
        self.rename(temporary, path)

    @rule(path=st.sampled_from(LOGS), data=st.binary(min_size=1, max_size=9000))
    def append(self, path: str, data: bytes) -> None:
        def act(place: Path) -> None:
            with place.open("ab") as file:
                file.write(data)

        self.both(path, act)

    @rule(path=st.sampled_from(LOGS), size=st.integers(0, 10_000))
    def truncate(self, path: str, size: int) -> None:
        self.both(path, lambda place: os.truncate(place, size))

    @rule(old=st.sampled_from(POSES + FILES + FOLDERS), new=st.sampled_from(POSES + FILES))
    def rename(self, old: str, new: str) -> None:
        self.renamed(old, new)

    @rule(old=st.sampled_from(LOGS + FOLDERS), new=st.sampled_from(LOGS + FOLDERS))
    def rename_log_or_folder(self, old: str, new: str) -> None:
        self.renamed(old, new)

    def renamed(self, old: str, new: str) -> None:
        # Folders have no place among images, whatever their name.
        assume(not ((self.plain / old).is_dir() and new.startswith("images")))
        plain = outcome(lambda place: place.rename(self.plain / new), self.plain / old)
        mounted = outcome(lambda place: place.rename(self.mounted(new)), self.mounted(old))
        assert mounted == plain, (old, new)

    @rule(path=st.sampled_from(POSES + FILES + LOGS + FOLDERS))
    def unlink(self, path: str) -> None:
        self.both(path, os.unlink)

    @rule(path=st.sampled_from(FOLDERS))
    def mkdir(self, path: str) -> None:
        self.both(path, os.mkdir)

    @rule(path=st.sampled_from(FOLDERS + FILES))
    def rmdir(self, path: str) -> None:
        self.both(path, os.rmdir)

    @rule(path=st.sampled_from(FILES[2:] + FOLDERS), mode=st.sampled_from([0o600, 0o755, 0o2750]))
    def chmod(self, path: str, mode: int) -> None:
        self.both(path, lambda place: place.chmod(mode))
        self.both(path, lambda place: place.stat().st_mode)

    @rule(path=st.sampled_from(POSES + FILES + LOGS), second=st.integers(1, 2_000_000_000))
    def set_times(self, path: str, second: int) -> None:
        self.both(path, lambda place: os.utime(place, (second, second)))

    @rule(target=held, path=st.sampled_from(POSES + FILES + LOGS))
    def open_to_read(self, path: str) -> object:
        places = self.plain / path, self.mounted(path)
        if not places[0].is_file():
            return multiple()
        opened = Held(*(os.open(place, os.O_RDONLY) for place in places))
        self.open.append(opened)
        return opened

    @rule(held=held, offset=st.integers(0, 6000))
    def read_on(self, held: Held, offset: int) -> None:
        plain = os.pread(held.plain, 1 << 16, offset)
        assert os.pread(held.mounted, 1 << 16, offset) == plain

    @rule(held=consumes(held))
    def close(self, held: Held) -> None:
        self.open.remove(held)
        os.close(held.plain)
        os.close(held.mounted)

    @invariant()
    def both_are_the_same(self) -> None:
        for name, top in self.tops.items():
            assert tree(top) == tree(self.plain / name)


def outcome(act: Callable[[Path], object], place: Path) -> str:
    """Which number a call returned, or which error it raised."""
    try:
        found = act(place)
        return str(found) if isinstance(found, int) else "done"
    except OSError as error:
        return errno.errorcode[error.errno or 0]


def tree(top: Path) -> dict[str, bytes | None]:
    """Every path below a folder and what it holds; the JSON of poses is none of a plain folder."""
    return {
        str(path.relative_to(top)): None if path.is_dir() else path.read_bytes()
        for path in top.rglob("*")
        if path.suffix != ".json"
    }


def test_a_mount_does_what_a_plain_directory_does(mount: Mount) -> None:
    run_state_machine_as_test(
        lambda: MountMachine(mount),  # type: ignore[arg-type]
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=40,
            deadline=None,
            phases=[Phase.explicit, Phase.generate, Phase.target],
            suppress_health_check=list(HealthCheck),
        ),
    )
