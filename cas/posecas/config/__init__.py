"""Settings: what there is, where each value comes from, and where the store is.

A value given to the call wins over the environment, that over `posecas.toml`, that over the
default. A setting ``profile.pose.max_bytes`` is the environment's
``POSECAS_PROFILE_POSE_MAX_BYTES``. A location's settings are those of the table
``[location.<name>]``; the location ``r2`` also has the variables ``R2_…``.
"""

from posecas.config.locations import LOCAL, Credential, LocationSettings
from posecas.config.reading import config_without_store, load_config
from posecas.config.settings import Setting, Value
from posecas.config.store_folder import resolve_store_path, store_setting
from posecas.config.template import FILE, FORMAT, TEMPLATE
from posecas.config.values import Config, Profile

__all__ = [
    "FILE",
    "FORMAT",
    "LOCAL",
    "TEMPLATE",
    "Config",
    "Credential",
    "LocationSettings",
    "Profile",
    "Setting",
    "Value",
    "config_without_store",
    "load_config",
    "resolve_store_path",
    "store_setting",
]
