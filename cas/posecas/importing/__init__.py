"""How the names in a folder of images are read when it is imported.

What a name says comes from the path alone, the time from the name or else the file, and whose a
generation is already from the store. So a second import of the same folder gives the same names and
changes nothing. A file's name has one of these forms, the first that fits:

- ``pattern``: what the caller's pattern says (see `pattern`);
- ``avatar``: ``avatar-creator/<user>/<name>``, a pose of the generation ``avatars-<user>``;
- ``bucket``: ``poses/<generation>/<pose>_<13-digit ms>_<16 hex>``;
- ``product``: ``<generation>_<pose>_<13-digit ms>_<16 hex>`` in any folder, read from the end (see
  `product`);
- ``tree``: ``<user>/<generation>/<pose>``, where both folders are valid ids;
- ``folder``: anything else. The folder's path is the generation (``a/b`` becomes ``a-b``, the top
  folder gives its own name) and the file's stem the pose, both made valid.

``thumb_…`` beside or near an image, and an export of one, are old names of renditions (see
`leftovers`). A name with several readings is not read at all.

No two generations of an import get one id (see `generations`). Where two files come to one pose,
the newest keeps the name and the older ones become ``<pose>.<milliseconds since 1970>``.
"""

from posecas.importing.files import FoundFile, has_image_name
from posecas.importing.owners import read_owners
from posecas.importing.pattern import Pattern, parse_pattern
from posecas.importing.plan import read_names
from posecas.importing.readings import (
    Form,
    NotRead,
    Orphan,
    Plan,
    Prefixed,
    ReadName,
    ReadRendition,
    Rules,
)

__all__ = [
    "Form",
    "FoundFile",
    "NotRead",
    "Orphan",
    "Pattern",
    "Plan",
    "Prefixed",
    "ReadName",
    "ReadRendition",
    "Rules",
    "has_image_name",
    "parse_pattern",
    "read_names",
    "read_owners",
]
