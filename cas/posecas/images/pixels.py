"""What a picture shows, however it was compressed or labelled."""

from typing import Final

from blake3 import blake3
from PIL import Image
from PIL.Image import Resampling

from posecas.digest import Digest, digest_of

_VERSION: Final = "posecas-pixels-1"
_BAND_PIXELS: Final = 1 << 18
_OPAQUE: Final = 255


def without_opaque_alpha(image: Image.Image) -> Image.Image:
    """Return LA as L and RGBA as RGB if every pixel is opaque, any other image as it is."""
    if image.mode not in ("LA", "RGBA"):
        return image
    if image.getchannel("A").getextrema() != (_OPAQUE, _OPAQUE):
        return image
    return image.convert(image.mode[:-1])


def rows(image: Image.Image, top: int, bottom: int) -> Image.Image:
    """Return a copy of the rows from ``top`` to before ``bottom``."""
    # Image.crop obeys Pillow's limit against bombs, which is for the whole process to set.
    box = (0, top, image.width, bottom)
    return image.resize((image.width, bottom - top), Resampling.NEAREST, box)


def pixel_digest(image: Image.Image, *, icc: bytes | None, orientation: int) -> Digest:
    """Return the digest of version, mode, size, profile, orientation and 8-bit RGB or RGBA samples.

    ``image`` has no alpha where every pixel is opaque. Equal digests mean equal renditions. The
    samples are hashed in bands, since a copy of all would double the memory that they take.
    """
    mode = "RGBA" if image.mode in ("RGBA", "LA") else "RGB"
    profile = digest_of(icc) if icc else "-"
    head = f"{_VERSION} {mode} {image.width}x{image.height} {profile} {orientation}\n"
    hasher = blake3(head.encode("ascii"))
    step = max(1, _BAND_PIXELS // image.width)
    for top in range(0, image.height, step):
        bottom = min(top + step, image.height)
        band = image if step >= image.height else rows(image, top, bottom)
        hasher.update((band if band.mode == mode else band.convert(mode)).tobytes())
    return Digest(hasher.hexdigest())
