"""Folders of images as people have them, cut from the real photographs."""

import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from PIL import Image

from kit import pictures

PHOTOGRAPHS: Final = Path(__file__).parents[2] / ".photographs"

_SIDE: Final = 512
_PROMPTS: Final = {
    "Bridge_by_Sander_Klootwijk": "a bridge over a canal, red coat walking, evening light",
    "Dragonfly_by_Bolly": "a dragonfly on a stem, macro",
    "Wine_by_Jakkub_Mede": "a glass of wine, red and dark",
    "sunset_by_Aitzol_Berasategi": "sunset over the sea",
    "picosdeeuropa_by_Aitzol_Berasategi": "mountains in mist, morning light",
    "seeding_by_Clements_Engelhardt": "a dandelion seeding, macro",
}


def photographs() -> list[Path]:
    """Return the real photographs. They must be there: `make test` fetches them."""
    found = sorted(PHOTOGRAPHS.glob("*.jpg"))
    assert len(found) > len(_PROMPTS), f"{PHOTOGRAPHS}: no photographs; run: make test"
    return found


def crop(photograph: Path, side: int = _SIDE) -> Image.Image:
    """Cut a square from the middle, as a generator would have made it."""
    with Image.open(photograph) as image:
        left, top = (image.width - side) // 2, (image.height - side) // 2
        return image.crop((left, top, left + side, top + side)).convert("RGB")


def birds(folder: Path) -> Path:
    """Three PNGs of 89 to 380 kB that pages put: heron, bridge and stork."""
    for name, photograph in zip(("heron", "bridge", "stork"), photographs(), strict=False):
        write(folder / f"{name}.png", pictures.png(crop(photograph)), hour=0)
    return folder


def copies(folder: Path) -> Path:
    """The birds, the heron's bytes once more, and its pixels with another prompt in the file."""
    heron = (birds(folder) / "heron.png").read_bytes()
    write(folder / "copy.png", heron, hour=1)
    tagged = pictures.png_with_text(pictures.opened(heron), parameters="a heron, once more")
    write(folder / "tagged.png", tagged, hour=2)
    return folder


def outputs(folder: Path) -> Path:
    """Six PNGs in two folders by day, as Automatic1111 and ComfyUI leave them, one of them twice.

    Prompt, seed and model stand in the text chunks that each of the two writes.
    """
    made = list(_generated())
    for number, (prompt, image) in enumerate(made[:4]):
        text = automatic1111(prompt, seed=1000 + number)
        data = pictures.png_with_text(image, parameters=text)
        write(folder / "2026-11-21" / f"{number:05}-{1000 + number}.png", data, hour=number)
    for number, (prompt, image) in enumerate(made[4:], 1):
        data = pictures.png_with_text(image, prompt=json.dumps(comfyui(prompt, seed=number)))
        write(folder / "2026-11-22" / f"ComfyUI_{number:05}_.png", data, hour=24 + number)
    again = (folder / "2026-11-21" / "00000-1000.png").read_bytes()
    write(folder / "2026-11-22" / "bridge-again.png", again, hour=30)
    return folder


def uploads(folder: Path) -> Path:
    """The upload folder of a web application: images, thumbnails, exports and avatars."""
    images = [pictures.png(image) for _, image in _generated()]
    generator = folder / "pose-generator"
    for number, data in enumerate(images[:4]):
        name = f"gen{number // 2 + 1}_text_var{number % 2 + 1}_{stamp(number)}"
        write(generator / "generated" / f"{name}.png", data, hour=number)
        write(generator / "thumbnails" / f"thumb_{name}.png", small(data), hour=number)
    avatar = pictures.jpeg(pictures.opened(images[4]))
    write(folder / "avatar-creator" / "ada" / f"avatar_{stamp(4)}.jpg", avatar, hour=4)
    write(folder / "temp" / "upload.part", b"passing", hour=5)
    return folder


def stamp(number: int) -> str:
    """Return what the application puts at the end of a name: milliseconds and random digits."""
    return f"{_moment(number).timestamp() * 1000:.0f}_{0xABCDEF0123456789 + number:016x}"


def small(data: bytes) -> bytes:
    """Return a thumbnail as the application made it."""
    return pictures.png(pictures.opened(data).resize((400, 400)))


def automatic1111(prompt: str, *, seed: int) -> str:
    """Return the text that Automatic1111 writes under `parameters`."""
    return (
        f"{prompt}\nNegative prompt: blurry\n"
        f"Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: {seed}, Size: {_SIDE}x{_SIDE}, "
        "Model hash: 6ce0161689, Model: flux1-dev"
    )


def comfyui(prompt: str, *, seed: int) -> Mapping[str, object]:
    """Return the graph that ComfyUI writes under `prompt`."""
    return {
        "3": {
            "class_type": "KSampler",
            "inputs": {
                "seed": seed,
                "steps": 20,
                "model": ["4", 0],
                "positive": ["6", 0],
                "negative": ["7", 0],
            },
        },
        "4": {
            "class_type": "CheckpointLoaderSimple",
            "inputs": {"ckpt_name": "flux1-dev.safetensors"},
        },
        "6": {"class_type": "CLIPTextEncode", "inputs": {"text": prompt, "clip": ["4", 1]}},
        "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["4", 1]}},
    }


def write(path: Path, data: bytes, *, hour: int) -> None:
    """Write a file as if it had been made that many hours after the first one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (_moment(hour).timestamp(),) * 2)


def _moment(hour: int) -> datetime:
    return datetime(2026, 11, 21 + hour // 24, hour % 24, tzinfo=UTC)


def _generated() -> Iterator[tuple[str, Image.Image]]:
    for photograph in photographs():
        if prompt := _PROMPTS.get(photograph.stem):
            yield prompt, crop(photograph)
