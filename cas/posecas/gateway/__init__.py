"""Images over HTTP, read only: addresses that stay whatever the location of the bytes is.

The only package that imports Starlette; it comes with the extra ``posecas[web]``.
"""

from posecas.gateway.app import gateway

__all__ = ["gateway"]
