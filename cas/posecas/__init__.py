"""A content-addressed store for generated images.

::

    import posecas

    with posecas.create_store("poses") as store:
        pose = store.put(Path("a.png"), user="ada", generation="g1", pose="p1", prompt="a heron")
        data = store.get("g1/p1")

Importing this package is cheap: what opens a store is imported when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from posecas.errors import PosecasError

if TYPE_CHECKING:
    from posecas.annotate import AttributeImport
    from posecas.attribute_files import AttributeRow
    from posecas.check import CheckPlan
    from posecas.check.chain import Link
    from posecas.expire import ExpiryPlan
    from posecas.findings import Checked, Finding
    from posecas.images.recipes import Recipe
    from posecas.lookup import Description, Found
    from posecas.names import PoseId
    from posecas.opening import create_store, open_store
    from posecas.put import PutItem, PutResult
    from posecas.records import (
        Address,
        Attributes,
        Blob,
        Generation,
        Pose,
        Rendition,
        Replica,
        Stats,
        Upload,
        User,
    )
    from posecas.renditions import Made
    from posecas.store import Store

__version__ = "0.1.0"

__all__ = [
    "Address",
    "AttributeImport",
    "AttributeRow",
    "Attributes",
    "Blob",
    "CheckPlan",
    "Checked",
    "Description",
    "ExpiryPlan",
    "Finding",
    "Found",
    "Generation",
    "Link",
    "Made",
    "Pose",
    "PoseId",
    "PosecasError",
    "PutItem",
    "PutResult",
    "Recipe",
    "Rendition",
    "Replica",
    "Stats",
    "Store",
    "Upload",
    "User",
    "__version__",
    "create_store",
    "open_store",
]

_HOMES = {
    "AttributeImport": "posecas.annotate",
    "AttributeRow": "posecas.attribute_files",
    "CheckPlan": "posecas.check",
    "Link": "posecas.check.chain",
    "ExpiryPlan": "posecas.expire",
    **dict.fromkeys(("Checked", "Finding"), "posecas.findings"),
    **dict.fromkeys(("Description", "Found"), "posecas.lookup"),
    "PoseId": "posecas.names",
    "Made": "posecas.renditions",
    "Recipe": "posecas.images.recipes",
    **dict.fromkeys(("create_store", "open_store"), "posecas.opening"),
    **dict.fromkeys(("PutItem", "PutResult"), "posecas.put"),
    "Store": "posecas.store",
    **dict.fromkeys(
        (
            *("Address", "Attributes", "Blob", "Generation", "Pose", "Rendition", "Replica"),
            *("Stats", "Upload", "User"),
        ),
        "posecas.records",
    ),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
