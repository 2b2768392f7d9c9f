"""What the operations of one worker share."""

from dataclasses import dataclass

from posecas_fuse.files import Files
from posecas_fuse.kernel.appearance import Appearance
from posecas_fuse.kernel.inodes import Inodes
from posecas_fuse.kernel.notifying import Notifying
from posecas_fuse.kernel.open_files import OpenFiles
from posecas_fuse.kernel.reading import Reading
from posecas_fuse.kernel.recent import Recent
from posecas_fuse.kernel.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Shared:
    """The files, and what the kernel was told of them."""

    files: Files
    inodes: Inodes
    opened: OpenFiles
    reading: Reading
    appearance: Appearance
    recent: Recent
    wanted: Wanted
    notifying: Notifying
