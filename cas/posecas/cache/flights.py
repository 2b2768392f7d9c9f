"""One download for all threads of a process that ask for the same bytes meanwhile."""

import threading
from collections.abc import Callable
from concurrent.futures import Future

from posecas.digest import Digest
from posecas.errors import LocationUnavailable


class Flights:
    """What is under way, by digest. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[Digest, Future[bytes]] = {}

    def join(
        self, digest: Digest, work: Callable[[], bytes], *, seconds: float | None = None
    ) -> bytes:
        """Return what ``work`` returns, or whoever asked first for this digest; raise alike.

        Waits for at most ``seconds`` and then raises ``LocationUnavailable``, while the work goes
        on in a thread of its own, and for the others who wait for it.
        """
        with self._lock:
            flight = self._under_way.get(digest)
            first = flight is None
            if flight is None:
                flight = self._under_way[digest] = Future()
        if first and seconds is None:
            self._fly(digest, flight, work)
        elif first:
            arguments = (digest, flight, work)
            threading.Thread(
                target=self._fly, args=arguments, name="posecas-fetch", daemon=True
            ).start()
        try:
            return flight.result(seconds)
        except TimeoutError:
            if flight.done():
                raise
            raise LocationUnavailable(
                f"blob {digest[:12]}…: it did not come within {seconds:g} s; it is still being "
                "fetched: try again, or see whether the location answers: posecas doctor"
            ) from None

    def _fly(self, digest: Digest, flight: Future[bytes], work: Callable[[], bytes]) -> None:
        try:
            data = work()
        except BaseException as error:  # noqa: BLE001 - everybody who waits is to be told
            self._landed(digest)
            flight.set_exception(error)
        else:
            self._landed(digest)
            flight.set_result(data)

    def _landed(self, digest: Digest) -> None:
        with self._lock:
            del self._under_way[digest]
