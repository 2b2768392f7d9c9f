"""Repair: mark what is damaged, and make its blob live again from what there is.

A damaged object is kept, not served and not deduplicated against. Its bytes come again from any
object that has them, be it this one, read once more; or, if it is a rendition, from its source. As
in any put they get a fresh key, and the damaged object is condemned when they are live. Dying
anywhere leaves what a put would leave.
"""

from contextlib import suppress
from dataclasses import replace

from posecas import faults
from posecas.backends import Backends
from posecas.check.reach import UNREACHED
from posecas.digest import Digest
from posecas.errors import Damage, NotFound, Refused
from posecas.findings import Finding
from posecas.ingest import Ingest
from posecas.places import Place
from posecas.read import read_blob
from posecas.records import Blob, Rendition, Replica
from posecas.renditions import make_renditions
from posecas.salvage import bring_back, salvage


class Repair:
    """Repairs what a check finds, one finding at a time."""

    def __init__(self, backends: Backends, ingest: Ingest) -> None:
        """Write through ``ingest``, as every put does."""
        self._backends = backends
        self._ingest = ingest

    def of_replica(self, finding: Finding, replica: Replica) -> Finding:
        """Mark a replica damaged and bring its blob back; tell what came of it."""
        self._backends.index.checked(replica.id, intact=False)
        faults.point("check.marked")
        return self._told(finding, replica.digest, self._place_of(replica))

    def of_blob(self, finding: Finding) -> Finding:
        """Bring a blob back that has no live replica; anything else was repaired or cannot be."""
        if finding.digest is None or finding.kind not in {"damaged", "lost"}:
            return finding
        return self._told(finding, finding.digest, self._backends.write_place)

    def _place_of(self, replica: Replica) -> Place:
        """Where it lies, so that the location has it again; one that drains takes nothing."""
        for location in self._backends.index.locations():
            if location.name == replica.location and location.state == "active":
                return self._backends.place(replica.location)
        return self._backends.write_place

    def _told(self, finding: Finding, digest: Digest, place: Place) -> Finding:
        blob = self._backends.index.blob(digest)
        if blob.references == 0:
            how = "nothing refers to it, so gc takes it"
        elif self._fetch(blob, place):
            how = f"written again at {place.name} from a copy that is good"
        elif self._render(blob):
            how = "made again from its source"
        else:
            return finding
        return replace(finding, detail=f"{finding.detail}; {how}", repaired=True)

    def _fetch(self, blob: Blob, place: Place) -> bool:
        with suppress(*UNREACHED):
            data = salvage(self._backends, blob.digest)
            return data is not None and bring_back(self._ingest, blob, data, place)
        return False

    def _render(self, blob: Blob) -> bool:
        made = [one for one in self._backends.index.renditions_to(blob.digest) if self._knows(one)]
        for one in made:
            if self._make(one) and self._is_live(blob.digest):
                return True
        if not made or not all(map(self._can_be_read, made)):
            return False
        # Another version of the encoder makes other bytes; those take the place of the old ones.
        self._backends.index.unmake(blob.digest)
        faults.point("check.unmade")
        remade = [self._make(one) for one in made]
        return all(remade)

    def _make(self, rendition: Rendition) -> bool:
        source = self._backends.index.blob(rendition.source)
        with suppress(Damage, NotFound, Refused, *UNREACHED):
            made = make_renditions(self._backends, self._ingest, source, [rendition.recipe])[0]
            return not isinstance(made, Refused)
        return False

    def _can_be_read(self, rendition: Rendition) -> bool:
        with suppress(Damage, *UNREACHED):
            return bool(read_blob(self._backends, rendition.source))
        return False

    def _knows(self, rendition: Rendition) -> bool:
        recipe = self._backends.recipes.get(rendition.recipe)
        return recipe is not None and recipe.version == rendition.version

    def _is_live(self, digest: Digest) -> bool:
        return self._backends.index.known(digest, self._backends.write_place.name) is not None
