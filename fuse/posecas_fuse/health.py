"""Whether the write location is known to be away, as far as the last commits told."""

import threading
from typing import Final

from posecas.errors import (
    CredentialsRefused,
    LocationUnavailable,
    Locked,
    PosecasError,
    StorageFull,
    Temporary,
    WriteRefused,
)

_AWAY: Final = (LocationUnavailable, CredentialsRefused)
_PASSING: Final = (Temporary, Locked, StorageFull, WriteRefused, CredentialsRefused)


def may_pass(error: PosecasError) -> bool:
    """Tell whether the same commit may succeed later."""
    return isinstance(error, _PASSING)


class Health:
    """What is known of the write location. Thread-safe."""

    def __init__(self) -> None:
        """Take it for well."""
        self._guard = threading.Lock()
        self._failure: PosecasError | None = None

    @property
    def failure(self) -> PosecasError | None:
        """Why nothing can be written there, if nothing can."""
        return self._failure

    def check(self) -> None:
        """Raise ``LocationUnavailable`` while the location is known to be away."""
        failure = self._failure
        if failure is not None:
            raise LocationUnavailable(f"nothing can be stored at present: {failure}")

    def failed(self, error: PosecasError) -> None:
        """Be told of a commit that failed."""
        if isinstance(error, _AWAY):
            with self._guard:
                self._failure = error

    def worked(self) -> None:
        """Be told that the location answered."""
        with self._guard:
            self._failure = None
