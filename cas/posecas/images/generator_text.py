"""Prompt, model and seed from the text that generators leave in their images.

Automatic1111's parameters and ComfyUI's graph are understood, see `automatic1111` and `comfyui`,
in PNG text and in EXIF. The text comes with the image, so it may be anything: what is not
understood or not allowed is left out, and never a reason to refuse the image.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from posecas.attributes import AttributeWords, attributes_from
from posecas.errors import UsageError
from posecas.images.automatic1111 import read_parameters
from posecas.images.comfyui import read_graph
from posecas.images.said import Said
from posecas.images.texts import texts_in
from posecas.records import Attributes


@dataclass(frozen=True, slots=True)
class GeneratorText:
    """What an image's own text says. ``ignored`` tells what was there and could not be used."""

    attributes: Attributes
    ignored: tuple[str, ...] = ()


def read_generator_text(data: bytes, media_type: str) -> GeneratorText:
    """Return what the text in an image says of it, checked as any attribute is.

    Of Automatic1111's text and ComfyUI's, the first wins where both say something. Nothing is
    raised, whatever the text is.
    """
    texts = texts_in(data, media_type)
    ignored: list[str] = []
    words: dict[str, object] = {}
    for said in _said(texts, ignored):
        for name in ("prompt", "model", "seed"):
            value = getattr(said, name)
            if value is None or name in words:
                continue
            if (cause := _refusal(name, value)) is None:
                words[name] = value
            else:
                ignored.append(cause)
    return GeneratorText(attributes_from(cast("AttributeWords", words)), tuple(ignored))


def _said(texts: Mapping[str, str], ignored: list[str]) -> Iterator[Said]:
    if "parameters" in texts:
        yield read_parameters(texts["parameters"])
    if "prompt" in texts:
        try:
            yield read_graph(texts["prompt"])
        except ValueError as error:
            ignored.append(f"prompt: no graph of ComfyUI ({error})")


def _refusal(name: str, value: object) -> str | None:
    try:
        attributes_from(cast("AttributeWords", {name: value}))
        str(value).encode()
    except UsageError as error:
        return str(error)
    except UnicodeEncodeError:
        return f"{name}: it has characters that are no text"
    return None
