"""Images like those that generators write: crops of real photographs, as PNG with a text chunk."""

import random
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image, PngImagePlugin

from bench.place import ROOT

PHOTOGRAPHS: Final = ROOT / ".photographs"

_SIDE: Final = 1024
_SMALLEST: Final = 1_000_000
_LARGEST: Final = 2_000_000
_SEED: Final = 20_250
_PROMPT: Final = '{{"3": {{"class_type": "KSampler", "inputs": {{"seed": {seed}, "steps": 20}}}}}}'


def make_corpus(folder: Path, count: int) -> list[Path]:
    """Write ``count`` different PNG files of 1024x1024 pixels and 1 to 2 MB into ``folder``.

    The same photographs give the same crops each time. Raises ``FileNotFoundError`` if there are
    no photographs.
    """
    folder.mkdir(parents=True)
    images = _crops(sorted(PHOTOGRAPHS.glob("*.jpg")))
    files = [folder / f"{number:05}.png" for number in range(count)]
    for file in files:
        file.write_bytes(next(images))
    _photograph.cache_clear()
    return files


def _crops(photographs: list[Path]) -> Iterator[bytes]:
    if not photographs:
        raise FileNotFoundError(f"{PHOTOGRAPHS}: no photographs are here; run: make demo")
    dice = random.Random(_SEED)  # noqa: S311 - which crops, no secret
    while True:
        image = _photograph(dice.choice(photographs))
        left = dice.randrange(image.width - _SIDE + 1)
        top = dice.randrange(image.height - _SIDE + 1)
        data = _png(image.crop((left, top, left + _SIDE, top + _SIDE)), dice.getrandbits(48))
        if _SMALLEST <= len(data) <= _LARGEST:
            yield data


@cache
def _photograph(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")


def _png(image: Image.Image, seed: int) -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_text("prompt", _PROMPT.format(seed=seed))
    file = BytesIO()
    image.save(file, "PNG", pnginfo=text)
    return file.getvalue()
