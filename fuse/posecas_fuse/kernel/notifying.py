"""Tells the kernel what to forget. Threads of its own, since the kernel may make them wait.

It takes locks for that, which it also holds while a program waits for our answer in the same
folder. So a notice is never sent by a thread that answers, and one that has to wait holds up few.
"""

import queue
import threading
from collections.abc import Sequence
from typing import Final

from posecas.view import Node
from posecas.view.nodes import Kind, make_node, row_of
from posecas_fuse.files import Files
from posecas_fuse.kernel import replies
from posecas_fuse.kernel.abi import EXPIRE_ONLY
from posecas_fuse.kernel.appearance import Appearance
from posecas_fuse.kernel.device import Device
from posecas_fuse.kernel.inodes import Inodes
from posecas_fuse.kernel.open_files import OpenFiles

_THREADS: Final = 4
_KIND_SHIFT: Final = 56
_GENERATIONS: Final = (Kind.GENERATION, Kind.USER_GENERATION)


class Notifying:
    """The notices of one worker; see ``Notices``. Any thread may call any method."""

    def __init__(
        self,
        device: Device,
        files: Files,
        opened: OpenFiles,
        appearance: Appearance,
        *,
        expires: bool,
    ) -> None:
        """``expires``: the kernel can ask again for a name without forgetting what has it open."""
        self._device = device
        self._files = files
        self._opened = opened
        self._appearance = appearance
        self._inodes = Inodes(files.root)
        self._flags = EXPIRE_ONLY if expires else 0
        self._waiting: queue.SimpleQueue[tuple[Node, Sequence[bytes]]] = queue.SimpleQueue()
        self._closed = False

    def start(self) -> None:
        """Begin to send."""
        for number in range(_THREADS):
            name = f"posecas-notices-{number}"
            threading.Thread(target=self._send_all, name=name, daemon=True).start()

    def close(self) -> None:
        """Send nothing more: the mount is on its way out."""
        self._closed = True

    def changed(self, parent: Node, names: Sequence[bytes]) -> None:
        """See ``Notices``."""
        self._waiting.put((parent, names))

    def here(self, parent: Node, name: bytes) -> None:
        """A name was changed through this mount: the same folder in the other tree shows it too."""
        if parent >> _KIND_SHIFT in _GENERATIONS:
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
            self.changed(root, [entry.name.encode() for entry in page.items])
            after = page.next

    def followed(self, sequence: int) -> None:
        """See ``Notices``."""
        self._opened.follow(sequence)

    def _send_all(self) -> None:
        while True:
            parent, names = self._waiting.get()
            if not self._closed:
                self._send(parent, names)

    def _send(self, parent: Node, names: Sequence[bytes]) -> None:
        self._appearance.touch(parent)
        number = self._inodes.of(parent)
        if not self._device.notify(replies.invalid_inode(number)):
            return
        for name in names:
            self._device.notify(replies.invalid_name(number, name, self._flags))
