"""The product's uploads, moved in: every old path is a file under `/aliases`."""

from pathlib import Path

from kit.commands import Posecas
from kit.mounts import mounted
from kit.pictures import opened
from kit.uploads import NEW, OLD, POSED, uploads
from posecas_fuse.request import Engine


def test_old_paths_are_files_below_aliases(
    tmp_path: Path, mountpoint: Path, engine: Engine
) -> None:
    source = uploads(tmp_path / "uploads")
    posecas = Posecas(tmp_path / "store")
    posecas("init")
    assert posecas("import", source.path).code == 0
    with mounted(posecas.store, mountpoint, engine=engine) as mount:
        aliases = mount / "aliases"
        for stem in (NEW, OLD, POSED):
            image = f"pose-generator/generated/{stem}.png"
            assert (aliases / image).read_bytes() == source.read(image)
            thumbnail = aliases / f"pose-generator/thumbnails/thumb_{stem}.png"
            assert opened(thumbnail.read_bytes()).size == (400, 400)
        found = {path.name for path in aliases.rglob("*") if path.is_file()}
        assert found >= {"face.jpg", "thumb_face.jpg", f"{POSED}_tiktok.jpg"}
        assert not (aliases / "temp").exists()
