"""What a service manager is told: the protocol of sd_notify(3)."""

import os
import socket
from contextlib import suppress


def ready(status: str) -> None:
    """The mount answers."""
    _tell(f"READY=1\nMAINPID={os.getpid()}\nSTATUS={status}")


def stopping() -> None:
    """The mount is on its way out."""
    _tell("STOPPING=1")


def _tell(text: str) -> None:
    """Do nothing where nobody listens. A leading @ stands for a zero: an abstract address."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect(f"\0{address[1:]}" if address.startswith("@") else address)
        sender.sendall(text.encode())
