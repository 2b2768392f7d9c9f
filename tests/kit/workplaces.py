"""A place in a mount for one test, and programs that run in it."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import posecas
from kit.commands import Posecas
from kit.mounts import Mount

SECONDS: Final = 120


@dataclass(frozen=True)
class Workplace:
    """A mounted store, and a generation of it that is nobody else's."""

    store: posecas.Store
    mount: Mount
    generation: str

    @property
    def folder(self) -> Path:
        """The generation in the mount; it is there."""
        return self.mount / "generations" / self.generation

    def stored(self, pose: str) -> bytes:
        """The bytes of a pose of the generation, as the store has them."""
        return self.store.get(f"{self.generation}/{pose}")

    def poses(self) -> list[str]:
        """The poses of the generation, as the store has them."""
        return sorted(pose.name for pose in self.store.poses(generation=self.generation))

    def posecas(self, *words: str) -> None:
        """Run the program on the store."""
        done = Posecas(self.store.path)(*words)
        assert (done.code, done.err) == (0, "")

    def sh(self, script: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a line of shell in the generation's folder; ``$1`` is the first argument."""
        return subprocess.run(
            ["bash", "-c", script, "bash", *map(str, arguments)],  # noqa: S607 - the reader's own
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def run(self, script: str, *arguments: str | Path) -> str:
        """Run a line of shell that must succeed without a complaint, and return what it prints."""
        done = self.sh(script, *arguments)
        assert (done.returncode, done.stderr) == (0, ""), script
        return done.stdout
