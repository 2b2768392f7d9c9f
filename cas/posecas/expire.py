"""Expire: drop references that are old, no favourites and never downloaded; never bytes.

Favourites and downloads often live in the application's own database. So nothing expires until the
setting ``expire.truth`` says where they are: ``store``, the poses' own attributes decide; ``ids``,
the application names the poses that may go, and the store's attributes still protect them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from posecas import faults
from posecas.backends import Backends
from posecas.errors import ConfigError
from posecas.names import PoseId
from posecas.records import Pose

_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class ExpiryPlan:
    """What may expire: made before ``before``, of ``user`` if one is named, ``limit`` at the most.

    ``named``: only these, as the application says.
    """

    before: datetime
    user: str | None = None
    limit: int | None = None
    named: Sequence[PoseId] | None = None


def expire_poses(
    backends: Backends, plan: ExpiryPlan, *, dry_run: bool = False
) -> Iterator[Pose | PoseId]:
    """Yield every pose that was dropped, the oldest first, or in the order in which they are named.

    A `PoseId` is one that was named and is not there. The conditions are decided in the transaction
    that drops a batch, which is yielded after it; a ``dry_run`` drops nothing. Raises
    ``ConfigError`` unless ``expire.truth`` allows the plan.
    """
    _check_truth(backends.config.expire_truth, named=plan.named is not None)
    return _expired(backends, plan, dry_run=dry_run)


def _expired(backends: Backends, plan: ExpiryPlan, *, dry_run: bool) -> Iterator[Pose | PoseId]:
    left = plan.limit
    for batch in _batches(backends, plan):
        candidates = [one for one in batch if isinstance(one, Pose)][:left]
        yield from (one for one in batch if isinstance(one, PoseId))
        dropped = candidates if dry_run else _drop(backends, plan, candidates)
        yield from dropped
        left = None if left is None else left - len(dropped)
        if left == 0:
            return


def _drop(backends: Backends, plan: ExpiryPlan, candidates: Sequence[Pose]) -> Sequence[Pose]:
    dropped = backends.index.remove([pose.id for pose in candidates], expired_before=plan.before)
    faults.point("expire.dropped")
    return dropped


def _batches(backends: Backends, plan: ExpiryPlan) -> Iterator[Sequence[Pose | PoseId]]:
    if plan.named is not None:
        yield from _named(backends, plan, plan.named)
        return
    after: Pose | None = None
    while found := backends.index.expirable(plan.before, user=plan.user, after=after, limit=_BATCH):
        yield found
        after = found[-1]


def _named(
    backends: Backends, plan: ExpiryPlan, named: Sequence[PoseId]
) -> Iterator[Sequence[Pose | PoseId]]:
    names = iter(dict.fromkeys(named))
    while batch := list(islice(names, _BATCH)):
        rows = backends.index.pose_rows(batch)
        unknown = [name for name, row in zip(batch, rows, strict=True) if row is None]
        there = [row for row in rows if row is not None]
        yield [
            *unknown,
            *backends.index.expirable_among(there, plan.before, user=plan.user),
        ]


def _check_truth(truth: str, *, named: bool) -> None:
    if not truth:
        raise ConfigError(
            'expire.truth is not set: write under [expire] in posecas.toml truth = "store" if the '
            'store itself knows favourites and downloads, or "ids" if another database does'
        )
    if truth == "ids" and not named:
        raise ConfigError(
            "expire.truth is ids: name the poses that may expire with --ids-from FILE"
        )
    if truth == "store" and named:
        raise ConfigError("expire.truth is store: leave --ids-from out, or set expire.truth to ids")
