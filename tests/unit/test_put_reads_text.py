"""What an image's own text says becomes attributes, where nobody said otherwise."""

import posecas
from kit import graphs
from posecas.records import Attributes


def put(store: posecas.Store, item: posecas.PutItem) -> posecas.Pose:
    (result,) = store.put_many([item])
    assert result.pose is not None
    return result.pose


def test_only_where_it_is_asked_for(store: posecas.Store) -> None:
    assert store.put(graphs.comfyui_png(), generation="g", pose="a").prompt is None
    read = put(store, posecas.PutItem(graphs.comfyui_png(), "g", "b", reads_text=True))
    assert (read.prompt, read.seed) == ("a grey heron at dawn", 156680208700286)


def test_what_is_given_goes_before(store: posecas.Store) -> None:
    given = Attributes(prompt="a stork", seed=0)
    read = put(store, posecas.PutItem(graphs.comfyui_png(), "g", "a", None, given, reads_text=True))
    assert (read.prompt, read.seed) == ("a stork", 0)
    assert read.model == "v1-5-pruned-emaonly.safetensors"


def test_putting_it_again_changes_nothing(store: posecas.Store) -> None:
    item = posecas.PutItem(graphs.comfyui_png(), "g", "a", reads_text=True)
    put(store, item)
    store.annotate("g/a", prompt="said later")
    before = store.index.last_change()
    assert put(store, item).prompt == "said later"
    assert store.index.last_change() == before


def test_text_that_cannot_be_used_is_told_and_no_refusal(store: posecas.Store) -> None:
    sampler = {"class_type": "KSampler", "inputs": {**graphs.SD15["3"]["inputs"], "seed": -(2**80)}}
    image = graphs.comfyui_png({**graphs.SD15, "3": sampler})
    (result,) = store.put_many([posecas.PutItem(image, "g", "a", reads_text=True)])
    assert (result.status, len(result.ignored)) == ("stored", 1)
    assert result.pose is not None
    assert result.pose.seed is None
