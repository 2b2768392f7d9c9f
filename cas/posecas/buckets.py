"""What a bucket does by itself for the store, and whether a location can be relied on.

Rules of a bucket are set as a whole, and others may have set some: those stay.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from posecas.backends import Backends
from posecas.check.trial import Trial, try_location
from posecas.errors import LocationNotFound, PosecasError, UsageError
from posecas.objects.protocol import Bucket, HasBucket, Rule, RuleKind
from posecas.uploads import INCOMING

RuleState = Literal["there", "missing", "set", "failed"]

_MULTIPART_DAYS: Final = 7
_CORS_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class BucketWish:
    """What a bucket is to do.

    Scripts of pages of ``origins`` may read its objects and upload to signed addresses; an upload
    that nobody adopted goes after ``keep_days``.
    """

    origins: Sequence[str] = ()
    keep_days: int = 7


@dataclass(frozen=True, slots=True)
class BucketRule:
    """A rule that a bucket has, lacks or was given. ``failure``: why that is not known or done."""

    kind: RuleKind
    purpose: str
    rule: Rule
    state: RuleState
    failure: PosecasError | None = None


class StoreBuckets:
    """The part of `Store` that knows what its locations can do."""

    _backends: Backends

    def try_location(self, name: str) -> Iterator[Trial]:
        """Try whether a location does what a store relies on; an object is written and deleted.

        Raises ``LocationNotFound``, and ``ConfigError`` if settings are missing.
        """
        return try_location(self._backends, name)

    def bucket_rules(self, location: str, wish: BucketWish) -> Iterator[BucketRule]:
        """Yield which rules a location's bucket has and lacks; nothing is changed.

        Raises ``LocationNotFound``, and ``UsageError`` for a location in no bucket.
        """
        for kind, wanted in _wanted(wish, bucket := self._bucket(location)).items():
            yield from _compared(bucket, kind, wanted)

    def set_bucket_rules(self, location: str, wish: BucketWish) -> Iterator[BucketRule]:
        """Give a location's bucket the rules that it lacks, and yield what became of each.

        Rules of others stay. Raises like `bucket_rules`.
        """
        for kind, wanted in _wanted(wish, bucket := self._bucket(location)).items():
            yield from _set(bucket, kind, list(_compared(bucket, kind, wanted)))

    def _bucket(self, location: str) -> Bucket:
        if location not in self._backends.places and location in self._backends.config.locations:
            raise LocationNotFound(
                f"location {location}: the store has not used it yet; "
                f"run: posecas location add {location}"
            )
        place = self._backends.place(location)
        if not isinstance(place.objects, HasBucket):
            raise UsageError(f"location {location}: it is in no bucket, and needs no rules")
        self._backends.check_place(place)
        return place.objects.bucket()


def _wanted(wish: BucketWish, bucket: Bucket) -> Mapping[RuleKind, Mapping[str, Rule]]:
    """Return by kind and purpose the rules in the shapes of the S3 API."""
    incoming = f"{bucket.prefix}{INCOMING}"
    cors: dict[str, Rule] = {}
    if wish.origins:
        cors["browsers"] = {
            "ID": _named("browsers", bucket),
            "AllowedOrigins": list(wish.origins),
            "AllowedMethods": ["GET", "HEAD", "PUT"],
            "AllowedHeaders": ["content-type", "if-none-match"],
            "ExposeHeaders": ["ETag"],
            "MaxAgeSeconds": _CORS_SECONDS,
        }
    lifecycle: dict[str, Rule] = {
        "incoming": {
            "ID": _named("incoming", bucket),
            "Status": "Enabled",
            "Filter": {"Prefix": incoming},
            "Expiration": {"Days": wish.keep_days},
        },
        "multipart": {
            "ID": _named("multipart", bucket),
            "Status": "Enabled",
            "Filter": {"Prefix": bucket.prefix},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": _MULTIPART_DAYS},
        },
    }
    return {"cors": cors, "lifecycle": lifecycle}


def _named(purpose: str, bucket: Bucket) -> str:
    return "-".join(["posecas", *bucket.prefix.split("/")[:-1], purpose])


def _compared(bucket: Bucket, kind: RuleKind, wanted: Mapping[str, Rule]) -> Iterator[BucketRule]:
    if not wanted:
        return
    try:
        there = [_plain(rule) for rule in bucket.rules(kind)]
    except PosecasError as error:
        for purpose, rule in wanted.items():
            yield BucketRule(kind, purpose, rule, "failed", error)
        return
    for purpose, rule in wanted.items():
        yield BucketRule(kind, purpose, rule, "there" if _plain(rule) in there else "missing")


def _set(bucket: Bucket, kind: RuleKind, found: Sequence[BucketRule]) -> Iterator[BucketRule]:
    failure = None
    if any(one.state == "missing" for one in found):
        try:
            ours = {one.rule["ID"] for one in found}
            others = [rule for rule in bucket.rules(kind) if rule.get("ID") not in ours]
            bucket.set_rules(kind, [*others, *(one.rule for one in found)])
        except PosecasError as error:
            failure = error
    for one in found:
        if one.state != "missing":
            yield one
        else:
            yield replace(one, state="failed" if failure else "set", failure=failure)


def _plain(rule: Rule) -> Rule:
    """Return a rule as it is compared: without its name, lists in one order and spelling."""
    return {name: _spelled(value) for name, value in rule.items() if name != "ID"}


def _spelled(value: Any) -> Any:
    return sorted(str(one).lower() for one in value) if isinstance(value, list) else value
