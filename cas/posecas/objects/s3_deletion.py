"""Deleting many keys with few requests, and believing only what the service says of each key."""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from posecas.errors import PosecasError
from posecas.objects.retrying import Failure, Patience
from posecas.objects.s3_errors import write_failure
from posecas.objects.s3_failures import Refusal, Unanswered
from posecas.objects.s3_session import S3Session

MOST: Final = 1000
"""Keys in one request: no service takes more."""

_ONE_BY_ONE: Final = frozenset({"MissingContentMD5", "MethodNotAllowed", "NotImplemented"})
"""What services answer that have no DeleteObjects, or want an old checksum with it."""

_TOO_MUCH: Final = "InternalError"
"""What R2 may answer to many keys at once, where fewer go through."""

_WIDTH: Final = 16

Failed = dict[str, PosecasError]


class Deleter:
    """Deletes keys of one bucket. Any thread.

    A batch that fails inside the service is halved until it goes through; so are keys that the
    service did not mention. All of that ends ``Patience.retry_for`` after the first failure.
    """

    def __init__(self, session: S3Session, patience: Patience, host: str) -> None:
        self._session = session
        self._patience = patience
        self._host = host
        self._one_by_one = False

    def delete(self, keys: Sequence[str]) -> Mapping[str, PosecasError]:
        """Return the keys that were not deleted, and why; a missing one counts as deleted.

        Raises what the first request met if nothing is known about any key.
        """
        call = _Call(time.monotonic() + self._patience.retry_for)
        failed: Failed = {}
        for start in range(0, len(keys), MOST):
            failed |= self._delete(keys[start : start + MOST], call)
        if keys and len(failed) == len(keys) and not call.answered:
            raise next(iter(failed.values()))
        return failed

    def _delete(self, keys: Sequence[str], call: "_Call") -> Failed:
        if self._one_by_one:
            return self._singly(keys, call)
        final = {_TOO_MUCH, *_ONE_BY_ONE} if len(keys) > 1 else _ONE_BY_ONE
        named = {"Objects": [{"Key": key} for key in keys], "Quiet": False}
        try:
            answer = self._session.ask("delete_objects", final=final, Delete=named)
        except Failure as failure:
            return self._recover(keys, failure, call)
        if not answer.get("Errors") and not answer.get("Deleted"):
            return self._all(keys, Unanswered("its answer names no key"))
        call.answered = True
        return self._read(answer, keys, call)

    def _recover(self, keys: Sequence[str], failure: Failure, call: "_Call") -> Failed:
        code = failure.code if isinstance(failure, Refusal) else ""
        if code in _ONE_BY_ONE:
            self._one_by_one = True
            return self._singly(keys, call)
        if code == _TOO_MUCH:
            return self._again(keys, len(keys), failure, call)
        return self._all(keys, failure)

    def _read(self, answer: Mapping[str, Any], keys: Sequence[str], call: "_Call") -> Failed:
        """Take what the service says of each key; what it does not say is asked again."""
        told = {one["Key"]: _of_key(one) for one in answer.get("Errors", ())}
        deleted = {one["Key"] for one in answer.get("Deleted", ())}
        open_, failed = [], Failed()
        for key in keys:
            refusal = told.get(key)
            if (refusal is None and key not in deleted) or (refusal and refusal.passing):
                open_.append(key)
            elif refusal is not None and refusal.code != "NoSuchKey":
                failed[key] = self._error(key, refusal)
        if not open_:
            return failed
        why = told.get(open_[0]) or Unanswered("its answer does not name this key")
        return failed | self._again(open_, len(keys), why, call)

    def _again(self, keys: Sequence[str], asked: int, why: Failure, call: "_Call") -> Failed:
        """Ask about fewer keys than before, or give up."""
        if asked == 1 or time.monotonic() > call.until:
            return self._all(keys, why)
        size = len(keys) if len(keys) < asked else (len(keys) + 1) // 2
        failed: Failed = {}
        for start in range(0, len(keys), size):
            failed |= self._delete(keys[start : start + size], call)
        return failed

    def _singly(self, keys: Sequence[str], call: "_Call") -> Failed:
        with ThreadPoolExecutor(_WIDTH) as pool:
            failed = dict(one for found in pool.map(self._one, keys) for one in found)
        call.answered = call.answered or len(failed) < len(keys)
        return failed

    def _one(self, key: str) -> Iterator[tuple[str, PosecasError]]:
        try:
            self._session.ask("delete_object", Key=key)
        except Failure as failure:
            if not (isinstance(failure, Refusal) and failure.code == "NoSuchKey"):
                yield key, self._error(key, failure)

    def _all(self, keys: Sequence[str], failure: Failure) -> Failed:
        return {key: self._error(key, failure) for key in keys}

    def _error(self, key: str, failure: Failure) -> PosecasError:
        return write_failure(failure, self._session.where(key), self._host)


class _Call:
    """What is known of one call of ``delete``: until when it goes on, and if anybody answered."""

    def __init__(self, until: float) -> None:
        self.until = until
        self.answered = False


def _of_key(error: Mapping[str, Any]) -> Refusal:
    return Refusal(0, str(error.get("Code", "")), str(error.get("Message", "")))
