"""From the spool into the store: what was written becomes a pose, or the attributes of one.

A commit that fails leaves the stored image as it was and the spool as it is, with the reason. What
failed for a cause that may pass is tried again.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from weakref import WeakValueDictionary

from posecas import faults
from posecas.errors import PosecasError, PoseNotFound
from posecas.put import PutItem
from posecas.records import Annotation, Attributes, Pose
from posecas.store import Store
from posecas_fuse.attribute_texts import moment_of, note_of, notes_of
from posecas_fuse.drafts import Draft, Drafts
from posecas_fuse.health import Health, may_pass
from posecas_fuse.naming import ImageName, JsonName, meaning_of, names_beside
from posecas_fuse.spool import Spool, Spooled

_log = logging.getLogger("posecas.mount")

_NOTHING = Annotation(Attributes())


class Commits:
    """Commits spooled files. Thread-safe: a file's commits and writes exclude each other."""

    def __init__(
        self,
        store: Store,
        spool: Spool,
        drafts: Drafts,
        health: Health,
        *,
        user: str | None,
        replaces: bool,
    ) -> None:
        """Store for ``user`` alone, or for whose generation it is.

        ``replaces`` False: an image that is there is never replaced.
        """
        self._user = user
        self._store = store
        self._spool = spool
        self._drafts = drafts
        self._health = health
        self._replaces = replaces
        self._guard = threading.Lock()
        self._turns: WeakValueDictionary[tuple[str, bytes], threading.Lock] = WeakValueDictionary()
        self.landed = 0
        """Grows whenever a name stops leading to the spool, since it leads to a pose."""
        self.retry: Callable[[int], None] = lambda _: None
        """Called with a file whose commit failed for a cause that may pass."""

    def commit(self, row_id: int) -> None:
        """Store what a file holds and is not stored; when this returns, it is durable.

        Nothing is done for a file whose name is none of a pose, or without bytes: an empty file is
        one that is still to be written. Raises what `Store.put` and `Store.annotate` raise.
        """
        while (row := self._spool.find(row_id)) is not None and row.dirty:
            draft = self._drafts.get(row_id)
            with self.turns((row.place, row.name)), draft.lock:
                now = self._spool.find(row_id)
                if now is not None and (now.place, now.name) != (row.place, row.name):
                    continue
                if now is not None and now.dirty and now.attached and now.generation is not None:
                    self._commit(now, draft)
                return

    def annotate_held(self, row_id: int) -> bool:
        """Set the attributes that wait for their image, if another process has put it meanwhile.

        False: they wait on. Raises what `Store.annotate` raises.
        """
        row = self._spool.find(row_id)
        if row is None or not is_held(row):
            return True
        with self.turns((row.place, row.name)):
            now = self._spool.find(row_id)
            if now is None or not is_held(now) or now.name != row.name:
                return True
            pose = row.name.decode().rpartition(".")[0]
            try:
                found = self._store.index.pose(now.generation or "", pose)
            except PoseNotFound:
                return False
            self._store.index.annotate([(found.id, note_of(self._text(now)))])
            self._stored(now)
        return True

    def commit_as(self, row: Spooled, *, replaces: bool) -> None:
        """Store a file that is being renamed: ``row`` has its new name, which it has afterwards.

        Raises like `commit`, and ``PoseExists`` unless ``replaces``; then nothing was renamed.
        """
        draft = self._drafts.get(row.id)
        with self.turns((row.place, row.name)), draft.lock:
            self._drafts.copied_up(row)
            try:
                self._keep(row, draft, replaces=replaces)
            except PosecasError as error:
                told = "not stored (%s): %s; the file keeps its old name"
                _log.warning(told, type(error).__name__, error)
                self._health.failed(error)
                raise

    @contextmanager
    def turns(self, *names: tuple[str, bytes]) -> Iterator[None]:
        """Wait for those who are storing under these names, in a place each, and keep others off.

        So, of two who commit to one name, the one who comes second wins.
        """
        with ExitStack() as stack:
            for lock in self._locks(*names):
                stack.enter_context(lock)
            yield

    @contextmanager
    def turn_soon(self, place: str, name: bytes, *, seconds: float) -> Iterator[None]:
        """Do as `turns` for one name, but wait no longer than this, and go on without it then."""
        (lock,) = self._locks((place, name))
        held = lock.acquire(timeout=seconds)
        try:
            yield
        finally:
            if held:
                lock.release()

    def _locks(self, *names: tuple[str, bytes]) -> list[threading.Lock]:
        keys = sorted({(place, name.rpartition(b".")[0]) for place, name in names})
        with self._guard:
            return [self._turns.setdefault(key, threading.Lock()) for key in keys]

    def let_go(self, row: Spooled) -> None:
        """Take a file's name away; its bytes stay for those who have it open."""
        with self._spool.together():
            # Somebody may have opened it since it was looked at.
            now = self._spool.find(row.id)
            if now is None:
                return
            if now.opens:
                self._spool.change(row.id, listed=0, attached=0)
                return
            self._spool.delete(row.id)
        self._drafts.drop(row.id)
        if now.reservation is not None:
            with suppress(PosecasError):
                self._store.index.give_back(now.reservation)

    def _commit(self, row: Spooled, draft: Draft) -> None:
        if not draft.size:
            return
        try:
            self._keep(row, draft, replaces=self._replaces)
        except PosecasError as error:
            self._failed(row, error)
            raise

    def _keep(self, row: Spooled, draft: Draft, *, replaces: bool) -> None:
        meaning = meaning_of(row.name)
        if isinstance(meaning, ImageName):
            self._put(row, draft, meaning, replaces=replaces)
        elif isinstance(meaning, JsonName):
            self._annotate(row, draft, meaning)

    def _put(self, row: Spooled, draft: Draft, name: ImageName, *, replaces: bool) -> None:
        held = self._held(row, name)
        note = notes_of([*([] if held is None else [self._text(held)]), row.said])
        item = self._item(row, draft, name, note.attributes)
        item = replace(item, replace=replaces or self._is_own(item, draft))
        faults.point("spool.putting")
        result = next(iter(self._store.put_many([item])))
        if result.error is not None:
            raise result.error
        faults.point("spool.put")
        self._health.worked()
        if result.pose is not None:
            draft.stored = result.pose.digest
            self._finish(result.pose, row, note if result.status == "unchanged" else _NOTHING)
        self._stored(row)
        if held is not None:
            self.let_go(held)

    def _item(self, row: Spooled, draft: Draft, name: ImageName, attributes: Attributes) -> PutItem:
        generation = row.generation or ""
        return PutItem(
            image=draft.read(0, draft.size),
            generation=generation,
            pose=name.pose,
            user=self._owner(row, generation),
            attributes=attributes,
            reservation=row.reservation,
            label=f"{generation}/{name.pose}.{name.suffix}",
        )

    def _owner(self, row: Spooled, generation: str) -> str | None:
        """Whose the pose is to be; None: the generation's owner, who may be another one by now."""
        if self._user is not None:
            return self._user
        return None if self._store.index.generation(generation) else row.owner

    def _is_own(self, item: PutItem, draft: Draft) -> bool:
        """Whether what would be replaced was put by this very file, which was synced meanwhile."""
        if draft.stored is None:
            return False
        with suppress(PoseNotFound):
            return self._store.index.pose(item.generation, item.pose).digest == draft.stored
        return False

    def _finish(self, pose: Pose, row: Spooled, note: Annotation) -> None:
        if note != _NOTHING:
            self._store.index.annotate([(pose.id, note)])
        if row.modified is not None:
            with suppress(PoseNotFound):
                self._store.index.touch(pose.id, moment_of(row.modified))

    def _annotate(self, row: Spooled, draft: Draft, name: JsonName) -> None:
        """Set the attributes of the pose, if there is one; else hold them until it comes."""
        note = note_of(draft.read(0, draft.size))
        try:
            pose = self._store.index.pose(row.generation or "", name.pose)
        except PoseNotFound:
            self._hold(row)
            return
        self._store.index.annotate([(pose.id, note)])
        self._stored(row)

    def _hold(self, row: Spooled) -> None:
        with self._spool.together():
            other = self._spool.listed(row.place, row.name)
            if other is not None and other.id != row.id:
                self.let_go(other)
            self._settle(row, listed=1)
        self.retry(row.id)

    def _held(self, row: Spooled, name: ImageName) -> Spooled | None:
        """The attributes that were written before the image came."""
        held = self._spool.listed(row.place, f"{name.pose}.json".encode())
        return held if held is not None and not held.dirty else None

    def _text(self, row: Spooled) -> bytes:
        draft = self._drafts.get(row.id)
        return draft.read(0, draft.size)

    def _stored(self, row: Spooled) -> None:
        """Everything of a file is stored: its name leads to the pose from now on."""
        with self._spool.together():
            still = self._spool.find(row.id)
            if still is None:
                return
            if not still.attached:
                # Its name was removed while it was being stored.
                self._take_back(row)
            self.landed += 1
            self._settle(row, listed=0)
            faults.point("spool.settling")
            for name in names_beside(row.name):
                for other in self._spool.named(row.place, name):
                    # What failed before under this name is out of date.
                    if other.id != row.id and other.opens == 0:
                        self.let_go(other)
        if still.opens == 0:
            self.let_go(still)

    def _settle(self, row: Spooled, *, listed: int) -> None:
        self._spool.change(
            row.id,
            place=row.place,
            name=row.name,
            owner=row.owner,
            listed=listed,
            dirty=0,
            reservation=None,
            said=None,
            modified=None,
            error=None,
            message=None,
            retried=0,
        )

    def _take_back(self, row: Spooled) -> None:
        meaning = meaning_of(row.name)
        stored = self._drafts.get(row.id).stored
        if isinstance(meaning, ImageName):
            with suppress(PoseNotFound):
                pose = self._store.index.pose(row.generation or "", meaning.pose)
                if pose.digest == stored:
                    self._store.index.remove([pose.id])

    def _failed(self, row: Spooled, error: PosecasError) -> None:
        passing = may_pass(error)
        if row.message != str(error):
            after = "it will be tried again" if passing else "what was stored before is as it was"
            _log.warning("not stored (%s): %s; %s", type(error).__name__, error, after)
        self._spool.change(
            row.id, error=type(error).__name__, message=str(error), retried=int(passing)
        )
        self._health.failed(error)
        if passing:
            self.retry(row.id)


def is_held(row: Spooled) -> bool:
    """Tell whether a file holds attributes that wait for their image."""
    waits = row.attached and row.listed and not row.dirty and not row.opens and not row.folder
    return bool(waits and row.generation and isinstance(meaning_of(row.name), JsonName))
