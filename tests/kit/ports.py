"""Ports for servers that have to be told theirs: free now, and taken a moment later.

All lie below the range from which Linux takes ports for connections that go out, so that nobody
but another server can take one meanwhile.
"""

import random
import socket
from collections.abc import Sequence


def free_ports(count: int, among: range, *, beside: int = 0) -> Sequence[int]:
    """Return ports that nothing listens on, nor on those that lie ``beside`` so far above them."""
    found: list[int] = []
    while len(found) < count:
        port = random.choice(among)  # noqa: S311 - chance, no secret
        if port not in found and _is_free(port) and _is_free(port + beside):
            found.append(port)
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as tried:
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
