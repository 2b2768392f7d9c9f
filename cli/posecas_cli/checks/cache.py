"""Whether local copies of what is elsewhere can be kept."""

import os

from posecas import Store
from posecas.units import format_size
from posecas_cli.checks.finding import Finding


def check_cache(store: Store) -> Finding:
    """Look at the cache. Raises ``ForeignStore``, ``OSError``."""
    cache = store.cache
    most = format_size(cache.max_bytes)
    if not cache.is_there():
        return Finding("ok", "cache", f"nothing is kept yet, of at most {most}")
    if not os.access(cache.folder, os.W_OK | os.X_OK):
        detail = f"{cache.folder}: this user may not write there, so nothing is kept"
        return Finding("warn", "cache", detail, "correct its owner and mode, or set cache.folder")
    detail = f"{format_size(cache.held())} of at most {most}, in {cache.folder}"
    return Finding("ok", "cache", detail)
