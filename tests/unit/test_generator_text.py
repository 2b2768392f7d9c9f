"""What is read from the texts that generators leave in their images."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL.PngImagePlugin import PngInfo

from kit import graphs, pictures
from posecas.images.generator_text import GeneratorText, read_generator_text
from posecas.records import Attributes

HERON = Attributes(
    prompt="a grey heron at dawn", model="v1-5-pruned-emaonly.safetensors", seed=156680208700286
)
PARAMETERS = Attributes(
    prompt="a grey heron, (dawn:1.2)\nink on paper", model="v1-5-pruned-emaonly", seed=1234567890
)
IMAGE = pictures.photo(32, 32)


def of_png(**texts: str) -> GeneratorText:
    return read_generator_text(pictures.png_with_text(IMAGE, **texts), "image/png")


def of_graph(graph: object) -> GeneratorText:
    return of_png(prompt=json.dumps(graph))


def changed(graph: graphs.Graph, node: str, **inputs: Any) -> graphs.Graph:
    """The graph with inputs of one node replaced."""
    known = graph.get(node, {"class_type": "Custom", "inputs": {}})
    return {**graph, node: {**known, "inputs": {**known["inputs"], **inputs}}}


def test_what_automatic1111_writes() -> None:
    assert of_png(parameters=graphs.PARAMETERS) == GeneratorText(PARAMETERS)


@pytest.mark.parametrize("text", ["rot\u00e9 Z\u00fcge", "\u8d64\u3044\u5217\u8eca \U0001f682"])
def test_text_of_any_script(text: str) -> None:
    assert of_png(parameters=text).attributes.prompt == text
    exif = graphs.user_comment(text)
    found = read_generator_text(pictures.jpeg(IMAGE, exif=exif), "image/jpeg")
    assert found.attributes.prompt == text


def test_a_prompt_without_settings_is_a_prompt() -> None:
    assert of_png(parameters="scene: heron, light: dawn").attributes == Attributes(
        prompt="scene: heron, light: dawn"
    )


def test_what_automatic1111_writes_into_jpeg_and_webp() -> None:
    exif = graphs.user_comment(graphs.PARAMETERS)
    jpeg = read_generator_text(pictures.jpeg(IMAGE, exif=exif), "image/jpeg")
    webp = read_generator_text(pictures.webp(IMAGE, exif=exif), "image/webp")
    assert jpeg.attributes == webp.attributes == PARAMETERS


def test_what_comfyui_writes() -> None:
    assert read_generator_text(graphs.comfyui_png(), "image/png") == GeneratorText(HERON)


def test_what_comfyui_writes_into_webp() -> None:
    exif = graphs.as_model(json.dumps(graphs.SD15))
    webp = read_generator_text(pictures.webp(IMAGE, exif=exif), "image/webp")
    assert webp.attributes == HERON


def test_compressed_text_is_read() -> None:
    info = PngInfo()
    info.add_text("parameters", graphs.PARAMETERS, zip=True)
    data = pictures.png(IMAGE, pnginfo=info)
    assert read_generator_text(data, "image/png").attributes == PARAMETERS


def test_through_a_control_net_and_past_a_second_pass() -> None:
    assert of_graph(graphs.CONTROLLED).attributes == HERON


def test_a_sampler_of_parts_with_text_and_seed_in_nodes_of_their_own() -> None:
    assert of_graph(graphs.FLUX).attributes == Attributes(
        prompt="heron, reeds\na grey heron among reeds",
        model="flux1-dev.safetensors",
        seed=2**64 - 1,
    )


def test_the_negative_prompt_is_none() -> None:
    swapped = changed(graphs.CONTROLLED, "3", positive=["20", 1])
    assert of_graph(swapped).attributes.prompt == "blurry"
    assert "blurry" not in str(of_graph(graphs.CONTROLLED).attributes.prompt)


def test_combined_texts_stand_below_each_other() -> None:
    graph = changed(graphs.SD15, "60", conditioning_1=["6", 0], conditioning_2=["61", 0])
    graph = changed(graph, "61", text="ink on paper", clip=["4", 1])
    graph = changed(graph, "3", positive=["60", 0])
    assert of_graph(graph).attributes.prompt == "a grey heron at dawn\nink on paper"


def test_through_a_reroute_without_names() -> None:
    graph = changed(changed(graphs.SD15, "70", **{"": ["6", 0]}), "3", positive=["70", 0])
    assert of_graph(graph).attributes.prompt == "a grey heron at dawn"


def test_where_two_saved_results_disagree_nothing_is_said() -> None:
    second = {**graphs.SD15["3"]["inputs"], "seed": 2}
    graph = {**graphs.SD15, "80": {"class_type": "KSampler", "inputs": second}}
    graph = changed(graph, "81", images=["80", 0])
    graph["81"]["class_type"] = "SaveImage"
    found = of_graph(graph).attributes
    assert (found.seed, found.prompt) == (None, HERON.prompt)


def test_a_graph_in_a_circle_ends() -> None:
    graph = changed(graphs.SD15, "4", ckpt_name=None, model=["4", 0])
    graph = changed(graph, "6", text=["6", 0])
    assert of_graph(graph).attributes == Attributes(seed=HERON.seed)


def test_a_large_graph_is_followed() -> None:
    graph, link = graphs.SD15, ["6", 0]
    for number in range(1000, 3000):
        graph = {**graph} if number == 1000 else graph
        graph[str(number)] = {"class_type": "Reroute", "inputs": {"": link}}
        link = [str(number), 0]
    assert of_graph(changed(graph, "3", positive=link)).attributes == HERON


@pytest.mark.parametrize(
    "text",
    ["", "no json", "[1]", '"text"', "[" * 100_000, '{"1": {"inputs": 5}}', '{"1": [[]]}', "NaN"],
)
def test_what_is_no_graph_says_nothing(text: str) -> None:
    assert of_png(prompt=text).attributes == Attributes()


def test_what_is_not_allowed_is_left_out_and_told() -> None:
    found = of_graph(changed(graphs.SD15, "3", seed=2**70))
    assert found.attributes == Attributes(prompt=HERON.prompt, model=HERON.model)
    assert found.ignored == (f"seed {2**70}: give a whole number of at most 64 bits",)
    assert of_png(parameters="x" * 100_001).attributes == Attributes()
    lone = of_graph(changed(graphs.SD15, "6", text="\ud800"))
    assert lone.attributes.prompt is None
    assert lone.ignored == ("prompt: it has characters that are no text",)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 900_000,
        "a: " * 300_000,
        'a:"' * 300_000,
        json.dumps({str(n): {"inputs": {"a": [str(n + 1), 0]}} for n in range(20_000)}),
        json.dumps(
            {
                str(n): {"class_type": "Save", "inputs": {"a": ["9000", n], "seed": 1}}
                for n in range(9_999)
            }
        ),
    ],
)
def test_hostile_text_takes_no_time(text: str) -> None:
    begun = time.process_time()
    of_png(prompt=text, other="x")
    of_png(parameters=text)
    assert time.process_time() - begun < 5


@given(st.binary(max_size=200))
def test_any_exif_is_survived(noise: bytes) -> None:
    whole = graphs.user_comment("heron")
    for block in (noise, b"Exif\0\0MM\0*" + noise, whole[: len(noise)] + noise):
        found = read_generator_text(pictures.webp(IMAGE, exif=block), "image/webp")
        assert isinstance(found.attributes, Attributes)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5) | st.sampled_from(["3", "6"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["inputs", "seed", "positive", "model", "text", "3", "6"]), inner
            )
        ),
        max_leaves=20,
    )
)
def test_any_graph_is_survived(graph: object) -> None:
    found = of_graph({**graphs.SD15, "6": graph, "3": {"inputs": graph}})
    assert isinstance(found.attributes, Attributes)
