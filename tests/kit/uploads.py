"""A folder of uploads as the product leaves it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kit import graphs
from kit.pictures import jpeg, photo
from kit.tiles import tile

HEX: Final = "0123456789abcdef"
NEW: Final = f"g1_text_var1_1700000002000_{HEX}"
OLD: Final = f"g1_text_var1_1700000001000_{HEX}"
POSED: Final = f"g2_lib7_var3_1700000003000_{HEX}"
UNCLEAR: Final = f"a_b_lib_var1_1700000004000_{HEX}"


@dataclass(frozen=True)
class Uploads:
    """Where they are."""

    path: Path

    def write(self, path: str, data: bytes) -> None:
        """Put a file there."""
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)

    def read(self, path: str) -> bytes:
        """What a file holds."""
        return (self.path / path).read_bytes()


def uploads(folder: Path) -> Uploads:
    """Make the folder, without anything that cannot be read clearly."""
    made = Uploads(folder)
    generated, thumbnails = "pose-generator/generated", "pose-generator/thumbnails"
    for number, stem in enumerate((NEW, OLD, POSED)):
        image = graphs.comfyui_png(graphs.CONTROLLED, seed=number)
        made.write(f"{generated}/{stem}.png", image)
        made.write(f"{thumbnails}/thumb_{stem}.png", tile(number, "small"))
    made.write(f"pose-generator/exports/{POSED}_tiktok.jpg", tile(5))
    made.write("pose-generator/exports/collage.jpg", tile(6))
    made.write("pose-generator/temp/half.png", tile(7))
    made.write("avatar-creator/u1/face.jpg", jpeg(photo(64, 64)))
    made.write("avatar-creator/u1/thumb_face.jpg", tile(8))
    for folder_of_others in ("temp", "videos", "carousel-slides"):
        made.write(f"{folder_of_others}/other.png", tile(9))
    return made
