"""Check: the index against itself, against the objects, and the objects' bytes.

Nothing is changed but when an object was last found intact, unless repair is asked for.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from posecas import faults
from posecas.backends import Backends
from posecas.check.objects import LookedAt, look, read
from posecas.check.orphans import find_orphans
from posecas.check.reach import Reach
from posecas.check.repair import Repair
from posecas.errors import UsageError
from posecas.findings import Checked, Finding
from posecas.index.audit_protocol import Census
from posecas.ingest import Ingest
from posecas.records import Page

Step = Finding | Checked

_PAGE: Final = 2000
_UNMARKED: Final = frozenset({"missing", "wrong_size", "wrong_bytes"})
_WITHOUT_BYTES: Final = _UNMARKED | {"damaged", "lost"}
_REPAIRABLE: Final = _WITHOUT_BYTES | {"references", "renditions", "user"}


@dataclass(frozen=True, slots=True)
class CheckPlan:
    """What to check beyond the index itself and that its objects are there.

    ``data``: read and hash objects, those first whose last check is oldest. ``sample`` is the share
    of them to read, above 0 and up to 1; ``older_than`` leaves out what was read in the last so
    many seconds. ``orphans``: list the locations for objects that no row names.
    """

    data: bool = False
    sample: float = 1.0
    older_than: int = 0
    orphans: bool = False
    repair: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.sample <= 1:
            raise UsageError(f"a sample of {self.sample:g}: give a share above 0% and up to 100%")


def check_store(backends: Backends, ingest: Ingest, plan: CheckPlan) -> Iterator[Step]:
    """Yield every finding, and after each page how far the check is; the last is the summary.

    A location that cannot be reached is a finding, the last ones, and what is there is left out:
    nothing is known of it, and none of it is taken for damaged. Raises what the index raises, and
    ``ForeignStore`` and ``ListingIncomplete``.
    """
    census = backends.index.census()
    repair = Repair(backends, ingest) if plan.repair else None
    done = Checked(census.blobs, census.poses, expected=_expected(plan, census))
    reach = Reach(backends)
    for step in _steps(backends, reach, repair, plan, census):
        if isinstance(step, Finding):
            done = done.found(step)
            yield _with_way_out(step, plan)
        else:
            done = done.plus(objects=step.objects, read=step.read, bytes_read=step.bytes)
            yield done
    yield replace(done, away=tuple(reach.away))


def _steps(
    backends: Backends, reach: Reach, repair: Repair | None, plan: CheckPlan, census: Census
) -> Iterator[Finding | LookedAt]:
    index, mends = backends.index, repair is not None
    yield from index.audit_itself(thorough=plan.data)
    yield from _paged(lambda after: index.audit_users(after=after, limit=_PAGE, repair=mends))
    for finding in _paged(lambda after: index.audit(after=after, limit=_PAGE, repair=mends)):
        yield finding if repair is None else repair.of_blob(finding)
    if mends:
        faults.point("check.recounted")
    told: set[int] = set()
    yield from look(backends, reach, repair, told)
    if plan.data:
        most = -(-sum(census.live.values()) * plan.sample // 1)
        yield from read(backends, reach, repair, told, older_than=plan.older_than, most=int(most))
    if plan.orphans:
        yield from find_orphans(backends, reach, census, claim=mends)
    for error in reach.away:
        yield Finding("unreachable", str(error))


def _with_way_out(finding: Finding, plan: CheckPlan) -> Finding:
    way = "" if finding.repaired else _way_out(finding, plan)
    return replace(finding, detail=f"{finding.detail}; {way}") if way else finding


def _way_out(finding: Finding, plan: CheckPlan) -> str:
    repair = "check --repair" if not plan.repair and finding.kind in _REPAIRABLE else ""
    if repair and finding.kind in _UNMARKED:
        # Until it is marked, a put takes it for a good copy.
        return f"{repair}, and what that does not bring back, put again after it"
    again = "put the same image again" if finding.kind in _WITHOUT_BYTES else ""
    return ", or ".join(filter(None, [repair, again]))


def _paged(page: Callable[[int], Page[Finding]]) -> Iterator[Finding]:
    after: int | None = 0
    while after is not None:
        found = page(after)
        yield from found.items
        after = found.next


def _expected(plan: CheckPlan, census: Census) -> int:
    objects = sum(census.live.values())
    return objects + (int(objects * plan.sample) if plan.data else 0)
