"""Graphs as ComfyUI writes them, and images that carry generators' texts."""

import json
import struct
from typing import Any, Final

from kit import pictures

Graph = dict[str, Any]

SD15: Final[Graph] = {
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 156680208700286,
            "steps": 20,
            "cfg": 8,
            "sampler_name": "euler",
            "scheduler": "normal",
            "denoise": 1,
            "model": ["4", 0],
            "positive": ["6", 0],
            "negative": ["7", 0],
            "latent_image": ["5", 0],
        },
    },
    "4": {
        "class_type": "CheckpointLoaderSimple",
        "inputs": {"ckpt_name": "v1-5-pruned-emaonly.safetensors"},
    },
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 512}},
    "6": {
        "class_type": "CLIPTextEncode",
        "inputs": {"text": "a grey heron at dawn", "clip": ["4", 1]},
    },
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["4", 1]}},
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
    "9": {
        "class_type": "SaveImage",
        "inputs": {"filename_prefix": "ComfyUI", "images": ["8", 0]},
    },
}
"""The graph that the program starts with."""

CONTROLLED: Final[Graph] = {
    **SD15,
    "3": {
        "class_type": "KSampler",
        "inputs": {**SD15["3"]["inputs"], "positive": ["20", 0], "negative": ["20", 1]},
    },
    "10": {
        "class_type": "LoraLoader",
        "inputs": {"lora_name": "ink.safetensors", "model": ["4", 0], "clip": ["4", 1]},
    },
    "20": {
        "class_type": "ControlNetApplyAdvanced",
        "inputs": {
            "strength": 0.75,
            "positive": ["6", 0],
            "negative": ["7", 0],
            "control_net": ["21", 0],
            "image": ["22", 0],
        },
    },
    "21": {"class_type": "ControlNetLoader", "inputs": {"control_net_name": "openpose.pth"}},
    "22": {"class_type": "LoadImage", "inputs": {"image": "pose.png"}},
    "30": {
        "class_type": "KSampler",
        "inputs": {
            **SD15["3"]["inputs"],
            "seed": 7,
            "denoise": 0.5,
            "model": ["10", 0],
            "latent_image": ["31", 0],
        },
    },
    "31": {"class_type": "LatentUpscale", "inputs": {"samples": ["3", 0]}},
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["30", 0], "vae": ["4", 2]}},
    "40": {"class_type": "PreviewImage", "inputs": {"images": ["22", 0]}},
}
"""A pose kept by a control net, and a second pass on the enlarged result."""

FLUX: Final[Graph] = {
    "6": {
        "class_type": "CLIPTextEncodeFlux",
        "inputs": {
            "clip_l": "heron, reeds",
            "t5xxl": ["50", 0],
            "guidance": 3.5,
            "clip": ["11", 0],
        },
    },
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["13", 0], "vae": ["10", 0]}},
    "9": {"class_type": "SaveImage", "inputs": {"filename_prefix": "flux", "images": ["8", 0]}},
    "10": {"class_type": "VAELoader", "inputs": {"vae_name": "ae.safetensors"}},
    "11": {"class_type": "DualCLIPLoader", "inputs": {"clip_name1": "t5xxl_fp16.safetensors"}},
    "12": {"class_type": "UNETLoader", "inputs": {"unet_name": "flux1-dev.safetensors"}},
    "13": {
        "class_type": "SamplerCustomAdvanced",
        "inputs": {
            "noise": ["25", 0],
            "guider": ["22", 0],
            "sampler": ["16", 0],
            "sigmas": ["17", 0],
            "latent_image": ["27", 0],
        },
    },
    "16": {"class_type": "KSamplerSelect", "inputs": {"sampler_name": "euler"}},
    "17": {"class_type": "BasicScheduler", "inputs": {"steps": 20, "model": ["12", 0]}},
    "22": {"class_type": "BasicGuider", "inputs": {"model": ["30", 0], "conditioning": ["26", 0]}},
    "25": {"class_type": "RandomNoise", "inputs": {"noise_seed": ["51", 0]}},
    "26": {"class_type": "FluxGuidance", "inputs": {"guidance": 3.5, "conditioning": ["6", 0]}},
    "27": {"class_type": "EmptySD3LatentImage", "inputs": {"width": 1024, "height": 1024}},
    "30": {"class_type": "ModelSamplingFlux", "inputs": {"max_shift": 1.15, "model": ["12", 0]}},
    "50": {"class_type": "PrimitiveString", "inputs": {"value": "a grey heron among reeds"}},
    "51": {"class_type": "PrimitiveInt", "inputs": {"value": 18446744073709551615}},
}
"""A sampler put together of parts, with its text and its seed in nodes of their own."""

PARAMETERS: Final = (
    "a grey heron, (dawn:1.2)\nink on paper\n"
    "Negative prompt: blurry,\nlow quality\n"
    "Steps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 1234567890, Size: 512x512, "
    'Model hash: 6ce0161689, Model: v1-5-pruned-emaonly, Lora hashes: "ink: a1b2, Seed: 5", '
    "Version: v1.9.4"
)
"""What Automatic1111 writes."""


def comfyui_png(graph: object = SD15, *, seed: int = 1) -> bytes:
    """An image as ComfyUI saves it, with the graph that was run and the editor's."""
    workflow = json.dumps({"last_node_id": 9, "nodes": [], "links": []})
    image = pictures.photo(32, 32, seed=seed)
    return pictures.png_with_text(image, prompt=json.dumps(graph), workflow=workflow)


def user_comment(text: str) -> bytes:
    """An EXIF block as Automatic1111 writes it: big-endian, with a comment in UTF-16."""
    comment = b"UNICODE\0" + text.encode("utf-16-be")
    first = struct.pack(">HHHIII", 1, 0x8769, 4, 1, 26, 0)
    inner = struct.pack(">HHHIII", 1, 0x9286, 7, len(comment), 44, 0)
    return b"Exif\0\0MM\0*" + struct.pack(">I", 8) + first + inner + comment


def as_model(text: str) -> bytes:
    """An EXIF block as ComfyUI's savers of WebP write it: the text as the camera's model."""
    value = f"prompt:{text}".encode() + b"\0"
    entry = struct.pack("<HHHIII", 1, 0x0110, 2, len(value), 26, 0)
    return b"Exif\0\0II*\0" + struct.pack("<I", 8) + entry + value
