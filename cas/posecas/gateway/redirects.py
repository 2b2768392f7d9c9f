"""Sending whoever asks to the bucket or to its CDN, which spares this server the bytes."""

from typing import Final, Literal

from starlette.responses import RedirectResponse, Response

from posecas.addresses import HOUR
from posecas.errors import NoAddress
from posecas.gateway.shown import Shown
from posecas.store import Store

Redirect = Literal["presigned", "public"]
"""To which address: a signed one for an hour, or that of the CDN."""

_KEPT: Final = {"presigned": f"private, max-age={HOUR // 2}", "public": "public, max-age=300"}
"""For how long the way may be remembered: less than a signed address lives, and for the CDN's less
than a location takes to be dropped."""


def redirected(store: Store, shown: Shown, to: Redirect) -> Response | None:
    """Return where the bytes can be got, by GET; None for an image in no such place."""
    digest = shown.facts.digest
    try:
        found = store.url(digest) if to == "presigned" else store.public_url(digest)
    except NoAddress:
        return None
    # Its own address, as the setting has it, would lead in a circle.
    if found.location is None:
        return None
    return RedirectResponse(found.url, 302, headers={"cache-control": _KEPT[to]})
