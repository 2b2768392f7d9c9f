"""A mount's status in Prometheus' text exposition format, for `/.posecas/metrics`.

https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from posecas.machine import Json

_LABELS: Final = ("engine", "read_mode", "backend")

_NUMBERS: Final[Mapping[str, tuple[str, str, str]]] = {
    "restarts": (
        *("posecas_mount_restarts_total", "counter"),
        "Times that the process which answers was replaced.",
    ),
    "dirty": ("posecas_mount_dirty_files", "gauge", "Files whose bytes are still to be stored."),
    "spooled": ("posecas_mount_spooled_files", "gauge", "Files in the spool."),
    "cache_bytes": (
        *("posecas_mount_cache_bytes", "gauge"),
        "Bytes of local copies of what is at remote locations.",
    ),
}
_STATES: Final[Mapping[str, tuple[str, str, int]]] = {
    "backend_error": ("posecas_mount_backend_up", "Whether images can be stored.", 0),
    "last_error": ("posecas_mount_commit_failed", "Whether a file could not be stored.", 1),
}
"""What is told by an error: its value while there is one, and the other one while there is none."""


def metrics(status: Json) -> bytes:
    """Return the text for the names of `status.json`; what is not in it is not told."""
    return "".join(_lines(status)).encode()


def _lines(status: Json) -> Iterator[str]:
    labels = ",".join(
        f'{name}="{_escaped(str(status[name]))}"' for name in _LABELS if name in status
    )
    if labels:
        meaning = "How the mount works, in its labels."
        yield _metric("posecas_mount_info", "gauge", meaning, 1, labels)
    for name, (metric, kind, meaning) in _NUMBERS.items():
        value = status.get(name)
        if value is not None:
            yield _metric(metric, kind, meaning, value)
    for name, (metric, meaning, failing) in _STATES.items():
        if name in status:
            yield _metric(metric, "gauge", meaning, failing if status[name] else 1 - failing)


def _metric(name: str, kind: str, meaning: str, value: object, labels: str = "") -> str:
    labelled = f"{name}{{{labels}}}" if labels else name
    return f"# HELP {name} {meaning}\n# TYPE {name} {kind}\n{labelled} {value}\n"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
