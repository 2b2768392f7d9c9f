"""What the parts of `Files` work on: a store's view, and the spool of one mount."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from posecas.errors import PoseNotFound
from posecas.names import MEDIA_TYPES
from posecas.records import Generation, Pose
from posecas.store import Store
from posecas.view import Node, View
from posecas.view.nodes import Kind, gone, kind_of, row_of
from posecas_fuse.admission import Admission
from posecas_fuse.commits import Commits, is_held
from posecas_fuse.drafts import Drafts
from posecas_fuse.entries import Appearance
from posecas_fuse.health import Health
from posecas_fuse.pins import Handle
from posecas_fuse.recovery import Recovery, settle
from posecas_fuse.request import DEFAULT_DEADLINE, Request
from posecas_fuse.retries import Retries
from posecas_fuse.spool import Spool, Spooled, in_generation


@dataclass(frozen=True, slots=True)
class Rules:
    """How a mount is read and written to.

    ``replaces`` False: a stored image is never replaced by writing. ``retry_seconds`` is the wait
    after a commit's first failure. ``held``: this process takes over from one that died, and these
    are the handles that programs have from it, each as often as it was opened; None: from none.
    ``deadline`` is how many seconds bytes that are elsewhere are waited for.
    """

    replaces: bool = True
    retry_seconds: float = 1.0
    held: Collection[Handle] | None = None
    deadline: float = DEFAULT_DEADLINE
    appearance: Appearance = Appearance(os.getuid(), os.getgid())  # noqa: RUF009 - frozen


def rules_of(request: Request, *, held: Collection[Handle] | None = None) -> Rules:
    """Return the rules that a mount was asked for with; ``held`` as `Rules` has it."""
    looks = Appearance(
        os.getuid() if request.uid is None else request.uid,
        os.getgid() if request.gid is None else request.gid,
        request.umask,
    )
    return Rules(replaces=request.replaces, held=held, deadline=request.deadline, appearance=looks)


@dataclass(frozen=True, slots=True)
class Workspace:
    """The parts of a mount that can be written to, put together."""

    store: Store
    view: View
    rules: Rules
    spool: Spool
    drafts: Drafts
    health: Health
    admission: Admission
    commits: Commits
    retries: Retries
    recovery: Recovery | None

    @classmethod
    def open(
        cls, store: Store, view: View, rules: Rules, folder: Path, *, user: str | None
    ) -> Self:
        """Open the spool in a folder, for one user's mount or a whole one.

        Raises ``WriteRefused``, ``StorageFull``.
        """
        spool, health = Spool(folder), Health()
        drafts = Drafts(spool, store.get)
        commits = Commits(store, spool, drafts, health, user=user, replaces=rules.replaces)
        retries = Retries(store, spool, commits, health, seconds=rules.retry_seconds)
        admission = Admission(store, spool, health)
        for row in settle(spool, commits, rules.held):
            retries.add(row.id, at_once=True)
        recovery = Recovery(store) if rules.held is None else None
        for row in spool.everything():
            if is_held(row):
                retries.add(row.id)
        return cls(
            *(store, view, rules, spool, drafts, health, admission, commits, retries, recovery)
        )

    def close(self) -> None:
        """Stop trying again, and close the spool; what it holds stays."""
        if self.recovery is not None:
            self.recovery.close()
        self.retries.close()
        self.drafts.close()
        self.spool.close()

    def generation(self, node: Node) -> Generation:
        """Return the generation whose folder a node is. Raises ``NotFound``."""
        found = self.store.index.generation_by_id(row_of(node))
        if found is None:
            raise gone("generation")
        return found

    def writer_of(self, node: Node) -> Spooled | None:
        """Return the newest draft of a stored image or its JSON that somebody is writing."""
        pose = self.store.index.pose_by_id(row_of(node))
        suffixes = ("json",) if kind_of(node) is Kind.POSE_JSON else MEDIA_TYPES
        names = [f"{pose.name}.{suffix}".encode() for suffix in suffixes]
        return self.spool.writer(in_generation(pose.generation), names)

    def pose(self, generation: str, name: str) -> Pose | None:
        """Return a pose, if it is there."""
        try:
            return self.store.index.pose(generation, name)
        except PoseNotFound:
            return None
