"""`posecas url` and `posecas adopt`, as a user calls them."""

from pathlib import Path

from kit import web
from kit.commands import Posecas
from kit.tiles import tile

KEY = f"incoming/{'0' * 32}.png"


def test_addresses_are_printed_alone(r2: Posecas) -> None:
    signed = r2("url", "g1/p1", "--expires", "10m")
    assert signed.err.startswith("posecas: valid until ")
    assert web.get(signed.out.strip()).content == tile(1)
    public = r2("url", "g1/p1", "--public", "--recipe", "thumb-300")
    assert (public.err, public.out.count("\n")) == ("", 1)
    assert public.out.startswith("https://images.example.com/objects/")
    (machine,) = r2("url", "g1/p1", "--json").objects
    assert set(machine) == {"url", "expires_at", "location"}
    assert machine["location"] == "r2"


def test_an_upload_is_adopted(r2: Posecas) -> None:
    asked = ("--put", "--size", len(tile(2)), "--type", "image/png")
    (upload,) = r2("url", *map(str, asked), "--json").objects
    assert web.put(upload["url"], tile(2), upload["headers"]).status_code == 200
    named = ("--generation", "g1", "--pose", "up", "--prompt", "a heron")
    (adopted,) = r2("adopt", upload["key"], *named, "--json").objects
    assert (adopted["status"], adopted["file"]) == ("stored", upload["key"])
    assert (adopted["prompt"], r2("get", "g1/up", "-o", "-").data) == ("a heron", tile(2))
    again = r2("adopt", upload["key"], *named)
    assert again.out.startswith("unchanged")


def test_people_are_told_what_to_send(r2: Posecas) -> None:
    done = r2("url", "--put", "--size", "1MB", "--type", "image/webp")
    told = dict(line.split(maxsplit=1) for line in done.out.splitlines() if line[0] != " ")
    assert told["header"] == "Content-Type: image/webp"
    assert "If-None-Match: *" in done.out
    assert f"posecas adopt {told['key']}" in done.err


WRONG = [
    (2, "url"),
    (2, "url g1/p1 --expires 8d"),
    (2, "url g1/p1 --expires 0"),
    (2, "url g1/p1 --expires tomorrow"),
    (2, "url g1/p1 --public --expires 1h"),
    (2, "url g1/p1 --size 10"),
    (2, "url --put"),
    (2, "url --put --size 10 --type image/gif"),
    (2, "url --put --size 10 --type image/png --expires 8d"),
    (2, "url g1/p1 --put --size 10 --type image/png"),
    (6, "url --put --size 1GB --type image/png"),
    (4, "url g1/absent"),
    (4, "url g1/p1 --recipe absent"),
    (4, "url g1/p1 --location absent"),
    (1, "url g1/p1 --location local"),
    (4, f"adopt {KEY} --generation g1 --pose p2"),
    (2, f"adopt {KEY} --generation g1"),
    (2, "adopt posecas.json --generation g1 --pose p2"),
    (2, f"adopt {KEY} --generation g1/2 --pose p2"),
]


def test_what_cannot_be_is_one_line(r2: Posecas) -> None:
    for code, words in WRONG:
        done = r2(*words.split())
        assert (done.code, done.out, done.err.count("\n")) == (code, "", 1), (words, done)


def test_without_a_bucket_the_way_out_is_told(posecas: Posecas, tmp_path: Path) -> None:
    (tmp_path / "p1.png").write_bytes(tile(1))
    posecas("put", tmp_path / "p1.png", "--generation", "g1")
    done = posecas("url", "g1/p1")
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "posecas replicate" in done.err
    assert posecas("url", "--put", "--size", "9", "--type", "image/png").code == 1
