"""From a profile's colours to sRGB."""

from io import BytesIO
from typing import Final

from PIL import Image, ImageCms

_WITH_ALPHA: Final = {"LA": "L", "RGBA": "RGB"}


def to_srgb(image: Image.Image, icc: bytes | None) -> Image.Image:
    """Return ``image`` (L, LA, RGB, RGBA or CMYK) as RGB or RGBA in sRGB.

    A profile that LittleCMS cannot use counts as none, as in browsers; grey and RGB are sRGB then.
    """
    opaque = _WITH_ALPHA.get(image.mode)
    if opaque is None:
        return _opaque_to_srgb(image, icc)
    result = _opaque_to_srgb(image.convert(opaque), icc)
    result.putalpha(image.getchannel("A"))
    return result


def _opaque_to_srgb(image: Image.Image, icc: bytes | None) -> Image.Image:
    if icc is not None:
        try:
            return _through_profile(image, icc)
        except (ImageCms.PyCMSError, OSError):
            pass
    return image.convert("RGB")


def _through_profile(image: Image.Image, icc: bytes) -> Image.Image:
    source = ImageCms.ImageCmsProfile(BytesIO(icc))
    target = ImageCms.createProfile("sRGB")
    transform = ImageCms.buildTransform(source, target, image.mode, "RGB")
    result = Image.new("RGB", image.size)
    transform.apply(image, result)
    # It labels the result with a profile that names the time at which it was made.
    result.info.clear()
    return result
