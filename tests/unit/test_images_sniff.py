import pytest
from PIL import Image

from kit import pictures
from posecas.errors import NotAnImage
from posecas.images.sniff import SNIFF_BYTES, sniff

SMALL = Image.new("RGB", (1, 1))
IMAGES = {
    "image/png": pictures.png(SMALL),
    "image/jpeg": pictures.jpeg(SMALL),
    "image/webp": pictures.webp(SMALL),
}


@pytest.mark.parametrize("media_type", IMAGES)
def test_the_first_twelve_bytes_tell_the_type(media_type: str) -> None:
    assert sniff(IMAGES[media_type][:SNIFF_BYTES]) == media_type
    assert sniff(IMAGES[media_type]) == media_type


@pytest.mark.parametrize("length", range(SNIFF_BYTES))
def test_fewer_bytes_are_no_image(length: int) -> None:
    with pytest.raises(NotAnImage, match="empty" if not length else f"only {length} bytes"):
        sniff(IMAGES["image/png"][:length])


@pytest.mark.parametrize(
    ("head", "named"),
    [
        (b"GIF89a" + bytes(20), "a GIF image"),
        (b"BM" + bytes(20), "a BMP image"),
        (b"II*\0" + bytes(20), "a TIFF image"),
        (b"MM\0*" + bytes(20), "a TIFF image"),
        (b'<?xml version="1.0"?><svg/>', "markup such as SVG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "markup such as SVG"),
        (b"%PDF-1.7 and more", "a PDF document"),
        (b"PK\x03\x04" + bytes(20), "a ZIP archive"),
        (b"\0\0\0\x20ftypavif" + bytes(4), "an AVIF image"),
        (b"\0\0\0\x20ftypisom" + bytes(4), "an MP4"),
        (b"RIFF\x10\0\0\0WAVEfmt ", "52 49 46 46"),
        (b"\x89PNG\n\x1a\n" + bytes(20), "89 50 4e 47"),
        (bytes(40), "00 00 00"),
    ],
)
def test_what_is_no_image_is_named(head: bytes, named: str) -> None:
    with pytest.raises(NotAnImage, match=named) as refusal:
        sniff(head)
    assert "PNG, JPEG or WebP" in str(refusal.value)
