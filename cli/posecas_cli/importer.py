"""Storing what `import` has read, file after file."""

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import click

from posecas.digest import digest_of
from posecas.errors import NotFound, PosecasError, Refused
from posecas.importing import FoundFile, Orphan, Plan, ReadName
from posecas.machine import alias_json
from posecas.put import PutItem, PutResult
from posecas.records import Attributes, Pose, Rendition
from posecas.store import Store
from posecas_cli import output, session
from posecas_cli.mapfile import MapFile
from posecas_cli.putting import tell, tell_refusal
from posecas_cli.tally import Tally
from posecas_cli.text import count


@dataclass(slots=True)
class Importer:
    """One import: where from, where to, and what has become of it so far."""

    store: Store
    folder: Path
    plan: Plan
    replace: bool
    map_to: Path | None
    tally: Tally = field(default_factory=Tally)
    led: int = 0
    refused: int = 0

    def run(self) -> int:
        """Store everything, tell the counts however it ends; return how many files were refused."""
        ended = "stopped after "
        try:
            with nullcontext() if self.map_to is None else MapFile(self.map_to) as rows:
                self._store_poses(rows)
                for orphan in self.plan.orphans:
                    self._lead_orphan(orphan, rows)
            ended = ""
        finally:
            self._tell_counts(ended)
        return self.refused + self.tally.refused

    def _store_poses(self, rows: MapFile | None) -> None:
        said = session.current()
        hidden = said.verbose or said.quiet or said.json or not sys.stderr.isatty()
        renditions = self._renditions()
        results = self.store.put_many(self._items(renditions))
        with click.progressbar(length=len(self.plan.poses), file=sys.stderr, hidden=hidden) as bar:
            for name, result in zip(self.plan.poses, results, strict=True):
                self._conclude(name, result, renditions.get(name.file.path, {}), rows)
                bar.update(1)

    def _renditions(self) -> Mapping[str, Mapping[FoundFile, str]]:
        found: dict[str, dict[FoundFile, str]] = defaultdict(dict)
        for one in self.plan.renditions:
            found[one.of.file.path][one.file] = one.recipe
        return found

    def _items(self, renditions: Mapping[str, Mapping[FoundFile, str]]) -> Iterator[PutItem]:
        fix = self.store.config.extension_mismatch == "fix"
        mismatch: Literal["fix", "refuse"] = "fix" if fix else "refuse"
        for name in self.plan.poses:
            of_it = renditions.get(name.file.path, {})
            yield PutItem(
                self.folder / name.file.path,
                name.generation,
                name.pose,
                name.user,
                Attributes(created_at=name.created_at, pose_library_id=name.library_id),
                replace=self.replace or self._takes_over(name),
                profile=name.profile,
                aliases=(name.file.alias,),
                extension_mismatch=mismatch,
                rendition_aliases={file.alias: recipe for file, recipe in of_it.items()},
                reads_text=True,
            )

    def _takes_over(self, name: ReadName) -> bool:
        """Tell whether the pose has the bytes of an older file, which gets its own name now."""
        for older in name.supersedes:
            alias = self.store.index.alias(older.alias)
            if alias is None or alias.pose is None:
                continue
            pose = self.store.index.pose_by_id(alias.pose)
            if (pose.generation, pose.name) == (name.generation, name.pose):
                return digest_of((self.folder / older.path).read_bytes()) == pose.digest
        return False

    def _conclude(
        self,
        name: ReadName,
        result: PutResult,
        renditions: Mapping[FoundFile, str],
        rows: MapFile | None,
    ) -> None:
        self.tally.add(result)
        verbose = session.current().verbose
        tell(result, file=result.item.called, human=verbose)
        if verbose:
            for cause in result.ignored:
                output.note(f"{result.item.called}: its text is passed over: {cause}")
        if result.pose is not None and rows is not None:
            rows.add(name.file.alias, result.pose.digest, result.pose.path)
        for file, recipe in renditions.items():
            if result.pose is None:
                self._refuse(file, Refused(f"{self.folder / file.path}: its image was not taken"))
            else:
                self._lead(file, recipe, result.pose, rows)

    def _lead(self, file: FoundFile, recipe: str, pose: Pose, rows: MapFile | None) -> None:
        """Tell of an old path that leads to a rendition, which is made if need be."""
        try:
            made = _rendition(self.store, pose, recipe)
        except PosecasError as error:
            self._refuse(file, type(error)(f"{self.folder / file.path}: {error}"))
            return
        self.led += 1
        if session.current().json or session.current().verbose:
            path = str(self.folder / file.path)
            line = (
                f"{'alias':<12}  {made.facts.digest[:12]}  {recipe}  {pose.generation}/{pose.name}"
            )
            output.report(alias_json(pose, made, file=path), line)
        if rows is not None:
            rows.add(file.alias, made.facts.digest, made.path)

    def _lead_orphan(self, orphan: Orphan, rows: MapFile | None) -> None:
        pose = pose_of_orphan(self.store, orphan)
        if pose is None:
            self._refuse(orphan.file, no_image(self.folder, orphan))
            return
        self.store.add_alias(pose, orphan.file.alias, recipe=orphan.recipe)
        self._lead(orphan.file, orphan.recipe, pose, rows)

    def _refuse(self, file: FoundFile, error: PosecasError) -> None:
        self.refused += 1
        tell_refusal(error, file=str(self.folder / file.path))

    def _tell_counts(self, ended: str) -> None:
        if session.current().json:
            return
        led = f"; {count(self.led, 'alias', 'aliases')} of renditions" if self.led else ""
        output.report({}, f"{ended}{self.tally.sentence()}{led}")


def pose_of_orphan(store: Store, orphan: Orphan) -> Pose | None:
    """Return the pose that a thumbnail's image became when it was imported before."""
    for path in orphan.originals:
        alias = store.index.alias(FoundFile(path, 0).alias)
        if alias is not None and alias.pose is not None and alias.recipe is None:
            return store.index.pose_by_id(alias.pose)
    return None


def no_image(folder: Path, orphan: Orphan) -> NotFound:
    """The error for a thumbnail whose image is nowhere."""
    return NotFound(
        f"{folder / orphan.file.path}: it is the thumbnail of an image that is neither here nor in "
        "the store; it is not taken for an image itself"
    )


def _rendition(store: Store, pose: Pose, recipe: str) -> Rendition:
    wanted = store.recipes()[recipe]
    known = pose.thumbnail
    if known is not None and (known.recipe, known.version) == (recipe, wanted.version):
        return known
    made = store.index.rendition(pose.digest, wanted.key)
    if made is not None:
        return made
    outcome = store.renditions(pose, (recipe,))[0]
    if isinstance(outcome, PosecasError):
        raise outcome
    return outcome.rendition


def plan_orphans(store: Store, plan: Plan) -> Sequence[Orphan]:
    """Return the thumbnails whose image is nowhere."""
    return [one for one in plan.orphans if pose_of_orphan(store, one) is None]
