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
    from posecas.opening import create_store, open_store
    from posecas.put import PutItem, PutResult
    from posecas.records import Attributes, Blob, Generation, Pose, Rendition, Replica, Stats, User
    from posecas.store import Description, Store

__version__ = "0.1.0"

__all__ = [
    "Attributes",
    "Blob",
    "Description",
    "Generation",
    "Pose",
    "PosecasError",
    "PutItem",
    "PutResult",
    "Rendition",
    "Replica",
    "Stats",
    "Store",
    "User",
    "__version__",
    "create_store",
    "open_store",
]

_HOMES = {
    **dict.fromkeys(("create_store", "open_store"), "posecas.opening"),
    **dict.fromkeys(("PutItem", "PutResult"), "posecas.put"),
    **dict.fromkeys(("Description", "Store"), "posecas.store"),
    **dict.fromkeys(
        ("Attributes", "Blob", "Generation", "Pose", "Rendition", "Replica", "Stats", "User"),
        "posecas.records",
    ),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
