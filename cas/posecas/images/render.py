"""Renditions: one decoded image and one recipe make the same bytes, in any thread."""

from dataclasses import dataclass
from typing import Final

from posecas.digest import digest_of
from posecas.images.colour import to_srgb
from posecas.images.decode import Decoded
from posecas.images.encode import encode
from posecas.images.framing import padded, scaled
from posecas.images.pixels import pixel_digest, without_opaque_alpha
from posecas.images.recipes import Jpeg, Png, Recipe, Webp
from posecas.records import BlobFacts

_MEDIA_TYPES: Final = {Jpeg: "image/jpeg", Webp: "image/webp", Png: "image/png"}


@dataclass(frozen=True, slots=True)
class Rendered:
    """The bytes of a rendition and what the index records of them."""

    data: bytes
    facts: BlobFacts


def render(decoded: Decoded, recipe: Recipe) -> Rendered:
    """Make the rendition. ``decoded`` stays as it is and may be used by other threads meanwhile.

    Raises ``TooLarge`` if the result does not fit into the recipe's limit.
    """
    image = to_srgb(scaled(decoded, recipe), decoded.icc)
    image = padded(without_opaque_alpha(image), recipe)
    encoding = recipe.opaque if image.mode == "RGB" else recipe.transparent
    data = encode(image, encoding, recipe)
    exact = isinstance(encoding, Png)
    facts = BlobFacts(
        digest_of(data),
        len(data),
        _MEDIA_TYPES[type(encoding)],
        *image.size,
        pixel_digest(image, icc=None, orientation=1) if exact else None,
    )
    return Rendered(data, facts)
