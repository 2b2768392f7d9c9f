"""Where the store is."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from posecas.config.settings import Setting

_MEANING: Final = "the store's folder"


def store_setting(option: str | None, environ: Mapping[str, str] = os.environ) -> Setting:
    """Return where the store is: the option, POSECAS_STORE, $UPLOAD_DIR/posecas, ./posecas-store.

    ``$UPLOAD_DIR`` itself may hold other things and is never the store.
    """
    for value, source, variable in (
        (option, "given", ""),
        (environ.get("POSECAS_STORE"), "environment", "POSECAS_STORE"),
        (_below(environ.get("UPLOAD_DIR")), "environment", "UPLOAD_DIR"),
    ):
        if value:
            path = Path(value).expanduser()
            return Setting("store", str(path), source, _MEANING, variable)
    return Setting("store", "posecas-store", "default", _MEANING)


def _below(uploads: str | None) -> str | None:
    return f"{uploads}/posecas" if uploads else None


def resolve_store_path(option: str | None, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the path that `store_setting` tells."""
    return Path(str(store_setting(option, environ).value))
