"""What ComfyUI writes under ``prompt``: the graph that was run, as its API takes it.

::

    {"3": {"class_type": "KSampler",
           "inputs": {"seed": 42, "model": ["4", 0], "positive": ["6", 0], …}},
     "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a grey heron", "clip": ["4", 1]}},
     "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd15.safetensors"}}, …}

Nodes are known by the names of their inputs, so that custom nodes shaped like ComfyUI's own are
understood too. From the nodes that save (else from those that nothing follows) links are followed
back to a sampler: a node with ``positive`` and ``seed`` or ``noise_seed``, or with ``guider`` and
``noise``. Of several on the way it is the nearest that begins from noise, not one that refines what
another made. From the sampler

- the prompt is found through ``positive`` and ``conditioning…`` inputs (combined, controlled,
  guided) in the ``text``, ``text_g``, ``clip_l``, ``t5xxl``, … of encoders, or of the text nodes
  that feed them; different texts are joined by line ends;
- the model through ``model`` inputs (LoRAs, patches) in ``ckpt_name``, ``unet_name``,
  ``model_name``;
- the seed in ``seed`` or ``noise_seed``, or in the node that feeds it.

Where several results disagree, nothing is said. The graph of the editor (``workflow``) is not read.
"""

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeVar

from posecas.images.said import Said

T = TypeVar("T")
Link = tuple[str, int]
"""A node, and whether its second output is meant: the negative of what has both."""
Inputs = Mapping[str, object]

_TEXT: Final = re.compile(
    r"(text|string|prompt|value)(_?[a-z0-9]{1,2})?"
    r"|clip_[a-z]|t5xxl|positive_prompt|text_positive|populated_text"
)
_CONDITIONING: Final = re.compile(r"positive|conditioning(_?\w+)?|cond[0-9]?")
_MODEL_NAMES: Final = ("ckpt_name", "unet_name", "model_name")
_SEEDS: Final = ("seed", "noise_seed")
_NUMBERS: Final = (*_SEEDS, "value", "int", "number")
_LINK_PARTS: Final = 2
_MOST_NODES: Final = 10_000
_MOST_OUTPUTS: Final = 8
"""Far more than people build; a graph of a megabyte made to be slow stays below a second."""


def read_graph(text: str) -> Said:
    """Return what the graph says. Raises ``ValueError`` for what is no graph."""
    try:
        graph = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    if not isinstance(graph, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - the text's fault, not a caller's
    if len(graph) > _MOST_NODES:
        raise ValueError(f"it has more than {_MOST_NODES} nodes")
    return _Graph(graph).said()


class _Graph:
    def __init__(self, graph: Mapping[str, object]) -> None:
        self._inputs: dict[str, Inputs] = {}
        self._classes: dict[str, str] = {}
        for key, node in graph.items():
            inputs = node.get("inputs") if isinstance(node, dict) else None
            if isinstance(node, dict) and isinstance(inputs, dict):
                self._inputs[key] = inputs
                self._classes[key] = str(node.get("class_type", ""))

    def said(self) -> Said:
        outputs = self._outputs()[:_MOST_OUTPUTS]
        samplers = {self._sampler_before(output) for output in outputs}
        found = [self._of_sampler(self._inputs[key]) for key in samplers if key is not None]
        return Said(
            _agreed(one.prompt for one in found),
            _agreed(one.model for one in found),
            _agreed(one.seed for one in found),
        )

    def _outputs(self) -> list[str]:
        followed = {node for inputs in self._inputs.values() for node, _ in self._links(inputs)}
        last = [key for key in self._inputs if key not in followed]
        return [key for key in last if "save" in self._classes[key].lower()] or last

    def _sampler_before(self, output: str) -> str | None:
        samplers = [key for key in self._upstream(output) if _samples(self._inputs[key])]
        first_passes = (key for key in samplers if _begins(self._inputs[key]))
        return next(first_passes, samplers[0] if samplers else None)

    def _upstream(self, start: str) -> Iterator[str]:
        """Yield nodes that lead to ``start``, the nearest first, each once."""
        seen, level = {start}, [start]
        while level:
            yield from level
            before = (node for key in level for node, _ in self._links(self._inputs[key]))
            level = [node for node in dict.fromkeys(before) if node not in seen]
            seen.update(level)

    def _of_sampler(self, sampler: Inputs) -> Said:
        guider = self._behind(sampler, "guider")
        conditioned = sampler if guider is None else guider
        noise = self._behind(sampler, "noise")
        return Said(
            self._text(conditioned) or None,
            self._model(conditioned),
            self._number(sampler if noise is None else noise, _SEEDS),
        )

    def _text(self, sampler: Inputs) -> str:
        texts: dict[str, None] = {}
        pending = deque(self._named(sampler, _CONDITIONING))
        seen: set[Link] = set()
        while pending:
            link = pending.popleft()
            if link in seen:
                continue
            seen.add(link)
            inputs = self._inputs[link[0]]
            texts |= dict.fromkeys(_own_texts(inputs))
            pending.extendleft(reversed(self._towards_text(inputs, link[1])))
        return "\n".join(texts)

    def _towards_text(self, inputs: Inputs, slot: int) -> list[Link]:
        if {"positive", "negative"} <= inputs.keys():
            link = self._link(inputs["negative" if slot == 1 else "positive"])
            return [] if link is None else [link]
        found = [*self._named(inputs, _TEXT), *self._named(inputs, _CONDITIONING)]
        only = list(self._links(inputs))
        return found or (only if len(only) == 1 and not any(_own_texts(inputs)) else [])

    def _model(self, sampler: Inputs) -> str | None:
        inputs: Inputs | None = sampler
        for _ in self._inputs:
            inputs = self._behind(inputs or {}, "model")
            if inputs is None:
                return None
            for name in _MODEL_NAMES:
                if isinstance(value := inputs.get(name), str) and value:
                    return value
        return None

    def _number(self, inputs: Inputs, names: Iterable[str]) -> int | None:
        for _ in self._inputs:
            value = next((inputs[name] for name in names if name in inputs), None)
            if isinstance(value, int) and not isinstance(value, bool):
                return value
            link = self._link(value)
            if link is None:
                return None
            inputs, names = self._inputs[link[0]], _NUMBERS
        return None

    def _behind(self, inputs: Inputs, name: str) -> Inputs | None:
        link = self._link(inputs.get(name))
        return None if link is None else self._inputs[link[0]]

    def _named(self, inputs: Inputs, pattern: re.Pattern[str]) -> Iterator[Link]:
        for name, value in inputs.items():
            if pattern.fullmatch(name) and (link := self._link(value)) is not None:
                yield link

    def _links(self, inputs: Inputs) -> Iterator[Link]:
        return (link for value in inputs.values() if (link := self._link(value)) is not None)

    def _link(self, value: object) -> Link | None:
        if not isinstance(value, list) or len(value) != _LINK_PARTS:
            return None
        node, slot = value
        if not isinstance(node, str | int) or not isinstance(slot, int):
            return None
        return (str(node), int(slot == 1)) if str(node) in self._inputs else None


def _samples(inputs: Inputs) -> bool:
    if "guider" in inputs and "noise" in inputs:
        return True
    return "positive" in inputs and any(name in inputs for name in _SEEDS)


def _begins(inputs: Inputs) -> bool:
    denoise = inputs.get("denoise", 1)
    whole = not isinstance(denoise, int | float) or denoise >= 1
    return whole and inputs.get("add_noise") != "disable"


def _own_texts(inputs: Inputs) -> Iterator[str]:
    for name, value in inputs.items():
        if isinstance(value, str) and value.strip() and _TEXT.fullmatch(name):
            yield value.strip()


def _agreed(values: Iterable[T | None]) -> T | None:
    found = set(values)
    return found.pop() if len(found) == 1 else None
