"""Full decoding of a probed image, into one of few modes, by Pillow.

Pillow is handed only the parts of the file that make its pixels, and the one plugin that reads
them. So none of its metadata parsers runs, and with them go all the warnings it can give; a filter
for warnings would not do, since it is shared by all threads. Its check against bombs
(``Image.MAX_IMAGE_PIXELS``) sits in ``Image.open``, which is not used: ours came first, and the
setting stays as other users of Pillow in the process left it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import Final

from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from posecas.digest import Digest
from posecas.errors import BrokenImage, TooLarge
from posecas.images.pixels import pixel_digest, rows, without_opaque_alpha
from posecas.images.png_pixels import has_all_pixels
from posecas.images.structure import Probe

_PLUGINS: Final[Mapping[str, Callable[[BytesIO], ImageFile]]] = {
    "image/png": PngImageFile,
    "image/jpeg": JpegImageFile,
    "image/webp": WebPImageFile,
}
_NAMES: Final = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WebP"}
_ICC_HEADER_BYTES: Final = 128
_ICC_COLOURS: Final = {
    "L": b"GRAY",
    "LA": b"GRAY",
    "RGB": b"RGB ",
    "RGBA": b"RGB ",
    "CMYK": b"CMYK",
}


@dataclass(frozen=True)
class Decoded:
    """The pixels of an image as stored: not rotated, not converted to sRGB.

    ``image`` is RGB, RGBA or CMYK of 8 bits; L or LA only where ``icc`` is a profile for grey. It
    has alpha only if some pixel is not opaque, and carries no metadata. ``icc`` is None if the
    file's profile is for another kind of colour than its pixels.
    """

    image: Image.Image
    probe: Probe
    icc: bytes | None

    @cached_property
    def pixels(self) -> Digest | None:
        """What the picture shows, as a digest; None unless it is lossless with 8 bits at most."""
        if not self.probe.exact:
            return None
        return pixel_digest(self.image, icc=self.icc, orientation=self.probe.orientation)


def decode(data: bytes, probe: Probe) -> Decoded:
    """Decode every pixel of ``data``, from which ``probe`` was made.

    Takes 4 bytes a pixel, progressive JPEG 8 and WebP 16. Raises ``BrokenImage`` if Pillow fails
    in any way but for want of memory.
    """
    name = _NAMES[probe.media_type]
    try:
        with _PLUGINS[probe.media_type](BytesIO(_essence(data, probe))) as image:
            image.load()
            _check_complete(image, data, probe)
            decoded = _plain(image, probe)
    except MemoryError:
        raise
    except Image.DecompressionBombError as error:
        raise TooLarge(f"{name}: over what Pillow decodes: {error}") from error
    except Exception as error:  # Pillow raises whatever its parsers stumble over.
        cause = " ".join(str(error).split()) or type(error).__name__
        raise BrokenImage(f"{name}: it cannot be decoded ({cause}): export it again") from error
    if decoded.image.size != (probe.width, probe.height):
        raise BrokenImage(
            f"{name}: {probe.width}x{probe.height} pixels are announced and "
            f"{decoded.image.width}x{decoded.image.height} there: export it again"
        )
    return decoded


def _essence(data: bytes, probe: Probe) -> bytes:
    if probe.spans == ((0, len(data)),):
        return data
    view = memoryview(data)
    return b"".join(view[start:end] for start, end in probe.spans)


def _check_complete(image: Image.Image, data: bytes, probe: Probe) -> None:
    # Pillow leaves black what a PNG's pixels end too early for, and says nothing. Rows come in
    # order, or with the odd ones last: if both of the last two show something, nothing is missing.
    if not probe.pixel_bytes or all(_shows_something(image, row) for row in (1, 2)):
        return
    if not has_all_pixels(data, probe.pixel_bytes):
        raise ValueError("pixels are missing at its end")


def _shows_something(image: Image.Image, row_from_below: int) -> bool:
    top = image.height - row_from_below
    return top >= 0 and rows(image, top, top + 1).getbbox(alpha_only=False) is not None


def _plain(image: Image.Image, probe: Probe) -> Decoded:
    image = without_opaque_alpha(_with_alpha(_eight_bits(image), probe.transparent))
    icc = probe.icc if _fits(probe.icc, image.mode) else None
    if icc is None and image.mode in ("L", "LA"):
        image = image.convert("RGB" if image.mode == "L" else "RGBA")
    image.info.clear()
    return Decoded(image, probe, icc)


def _eight_bits(image: Image.Image) -> Image.Image:
    if image.mode == "1":
        return image.convert("L")
    if image.mode == "I;16":
        # Pillow's own conversion clips at 255; the high byte is what it takes of 16-bit colour.
        return Image.frombytes("L", image.size, image.tobytes()[1::2])
    return image


def _with_alpha(image: Image.Image, key: int | tuple[int, int, int] | None) -> Image.Image:
    if key is not None:
        image.info["transparency"] = key
        return image.convert("LA" if image.mode == "L" else "RGBA")
    if image.mode == "P":
        return image.convert("RGBA" if "transparency" in image.info else "RGB")
    return image


def _fits(icc: bytes | None, mode: str) -> bool:
    # ICC.1:2022, 7.2: the signature "acsp" at 36, the colour space of the data at 16.
    if icc is None or len(icc) < _ICC_HEADER_BYTES or icc[36:40] != b"acsp":
        return False
    return icc[16:20] == _ICC_COLOURS[mode]
