"""What a worker tells the kernel to forget, by way of the `herald`."""

import queue
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Final

from posecas.view import Node
from posecas.view.nodes import KIND_SHIFT, Kind, make_node, row_of
from posecas_fuse.files import Files
from posecas_fuse.kernel.abi import EXPIRE_ONLY
from posecas_fuse.kernel.appearance import Appearance
from posecas_fuse.kernel.herald import packets
from posecas_fuse.kernel.inodes import Inodes
from posecas_fuse.kernel.open_files import OpenFiles

_GENERATIONS: Final = (Kind.GENERATION, Kind.USER_GENERATION)


class _Lane:
    """One way to the herald, and the thread that waits where it is full."""

    def __init__(self, sender: socket.socket) -> None:
        self._sender = sender
        self._waiting: queue.SimpleQueue[bytes | Callable[[], object] | None] = queue.SimpleQueue()

    def start(self, name: str) -> None:
        threading.Thread(target=self._send_all, name=name, daemon=True).start()

    def put(self, what: bytes | Callable[[], object] | None) -> None:
        """Send this, or call it when everything before is sent. None ends the lane."""
        self._waiting.put(what)

    def _send_all(self) -> None:
        while (what := self._waiting.get()) is not None:
            if callable(what):
                what()
                continue
            try:
                self._sender.send(what)
            except OSError:
                # Keeper and herald are gone, and the mount with them.
                return


class Notifying:
    """The notices of one worker; see ``Notices``. Any thread may call any method."""

    def __init__(
        self,
        senders: Sequence[socket.socket],
        files: Files,
        opened: OpenFiles,
        appearance: Appearance,
        *,
        expires: bool,
    ) -> None:
        """``expires``: the kernel can ask again for a name without forgetting what has it open."""
        self._lanes = [_Lane(sender) for sender in senders]
        self._files = files
        self._opened = opened
        self._appearance = appearance
        self._inodes = Inodes(files.root)
        self._flags = EXPIRE_ONLY if expires else 0
        self._closed = False

    def start(self) -> None:
        """Begin to send."""
        for number, lane in enumerate(self._lanes):
            lane.start(f"posecas-notices-{number}")

    def close(self) -> None:
        """Send nothing more: the mount is on its way out."""
        self._closed = True
        for lane in self._lanes:
            lane.put(None)

    def changed(self, parent: Node, names: Sequence[bytes]) -> None:
        """See ``Notices``."""
        self._tell(parent, names, self._flags)

    def here(self, parent: Node, name: bytes) -> None:
        """A name was changed through this mount: the same folder in the other tree shows it too."""
        if parent >> KIND_SHIFT in _GENERATIONS:
            for kind in _GENERATIONS:
                node = make_node(kind, row_of(parent))
                if node != parent:
                    self.changed(node, [name])

    def everything(self) -> None:
        """See ``Notices``. What lies below a name is forgotten with it."""
        root = self._files.root
        after: int | None = 0
        while after is not None:
            page = self._files.children(root, after=after, limit=1000)
            # Not only asked for again: what lies below would be believed on.
            self._tell(root, [entry.name.encode() for entry in page.items], 0)
            after = page.next

    def _tell(self, parent: Node, names: Sequence[bytes], flags: int) -> None:
        if self._closed:
            return
        self._appearance.touch(parent)
        number = self._inodes.of(parent)
        lane = self._lanes[number % len(self._lanes)]
        for packet in packets(number, names, flags):
            lane.put(packet)

    def followed(self, sequence: int) -> None:
        """See ``Notices``."""
        left = [len(self._lanes)]
        guard = threading.Lock()

        def passed() -> None:
            with guard:
                left[0] -= 1
                if not left[0]:
                    self._opened.follow(sequence)

        for lane in self._lanes:
            lane.put(passed)
