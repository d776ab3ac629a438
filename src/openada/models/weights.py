"""Weights as data: where they come from, what they need, and loading that accepts no missing and no unexpected key."""

from __future__ import annotations

import hashlib
import json
import pickle
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from openada.errors import UnusableInput
from openada.files import atomic_path, read_json, write_json
from openada.models.registry import config_of, create

CHECKPOINT_FORMAT = "openada-checkpoint-1"


@dataclass(frozen=True)
class Weights:
    """Pre-trained weights: `url` is an https address or a local path.

    `sha256` is the whole digest or its first digits (torchvision puts eight into file names); "" means unknown, and
    is accepted for a local file only. `preprocessing` is what the network expects of its input. `meta` names the
    training set, label scale, split and licence.
    """

    url: str
    sha256: str = ""
    preprocessing: Mapping[str, Any] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)


def local_weights(path: Path | str, **meta: Any) -> Weights:
    """Weights in a file of the user's; `meta` says what is known of them."""
    return Weights(url=str(path), meta=meta)


def sha256_of(path: Path) -> str:
    """The SHA-256 digest of a file, hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def torchvision_weights(name: str) -> Weights:
    """torchvision's weights of `name`, described; nothing is downloaded.

    Kinetics-400 for video networks (s3d, r3d_18, r2plus1d_18), ImageNet-1k for image networks (resnet50, resnet18).
    """
    from torchvision.models import get_model_weights

    try:
        weights = get_model_weights(name).DEFAULT
    except ValueError as error:
        raise UnusableInput(f"torchvision has no model {name!r}; try s3d, r3d_18, r2plus1d_18 or resnet50") from error
    transform = weights.transforms()
    classes = len(weights.meta["categories"])
    stem = Path(urlparse(weights.url).path).stem
    return Weights(
        url=weights.url,
        sha256=stem.rpartition("-")[2],
        preprocessing={
            "mean": tuple(transform.mean),
            "std": tuple(transform.std),
            "crop_size": tuple(transform.crop_size),
        },
        meta={
            "training_set": "Kinetics-400" if classes == 400 else "ImageNet-1k",
            "label_scale": f"{classes} {'action' if classes == 400 else 'object'} classes",
            "split": "train",
            "licence": "BSD-3-Clause",
        },
    )


def timm_weights(name: str) -> Weights:
    """timm's weights of a network, described; nothing is downloaded. A tag may stand in the name ("resnet50.a1_in1k").

    The file is checked by the digits of SHA-256 in its name; where there are none, `fetch` refuses to download it. Raises
    UnusableInput for a network without weights.
    """
    import timm
    from timm.models import get_pretrained_cfg

    facts = get_pretrained_cfg(name) if timm.is_model(name) else None
    if facts is None or not (facts.url or facts.hf_hub_id):
        raise UnusableInput(f"timm has no weights of {name!r} to download; give a file with --weights")
    url = str(facts.url or "") or f"https://huggingface.co/{facts.hf_hub_id}/resolve/main/model.safetensors"
    digits = Path(urlparse(url).path).stem.rpartition("-")[2]
    return Weights(
        url=url,
        sha256=digits if re.fullmatch(r"[0-9a-f]{8,64}", digits) else "",
        preprocessing={"mean": tuple(facts.mean), "std": tuple(facts.std), "crop_size": tuple(facts.input_size[1:])},
        meta={
            "network": name,
            "training_set": facts.tag or "not stated by timm",
            "label_scale": f"{facts.num_classes} classes",
            "split": "train",
            "licence": facts.license or "not stated by timm",
        },
    )


def fetch(weights: Weights, *, download: bool = False) -> Path:
    """The local file that holds the weights, checked against their digest.

    A remote address is downloaded into torch's hub folder only if `download` is true; a file already there is used.
    Raises `UnusableInput` for a missing file, a download that is not allowed or fails, and a digest that differs.
    """
    remote = urlparse(weights.url).scheme in ("http", "https")
    if remote and not weights.sha256:
        raise UnusableInput(
            f"{weights.url} has no SHA-256 to check it by; add one, or download it by hand and give its path"
        )
    path = (
        Path(torch.hub.get_dir()) / "checkpoints" / Path(urlparse(weights.url).path).name
        if remote
        else Path(weights.url)
    )
    if remote and not path.exists():
        if not download:
            raise UnusableInput(f"{weights.url} is not on this computer; allow its download, or save it as {path}")
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with atomic_path(path) as temporary:
                torch.hub.download_url_to_file(weights.url, str(temporary), progress=True)
        except OSError as error:
            raise UnusableInput(
                f"{weights.url} could not be downloaded ({error}); save it by hand as {path}"
            ) from error
    if not path.is_file():
        raise UnusableInput(f"no weights at {path}; give the path of a .pth, .pt or .safetensors file")
    if weights.sha256 and not sha256_of(path).startswith(weights.sha256.lower()):
        raise UnusableInput(
            f"{path} is not the file expected: its SHA-256 does not begin with {weights.sha256}; delete it"
        )
    return path


def origin(weights: Weights | None) -> dict[str, Any] | None:
    """What a run keeps of its pre-trained weights, once they are on this computer: the file's name, the SHA-256 of what is in it,
    and `meta`. None without weights."""
    if weights is None:
        return None
    path = fetch(weights)
    return {"name": path.name, "sha256": sha256_of(path), **weights.meta}


def read_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a .safetensors file, or of a torch file read weights-only (a `state_dict` inside is unwrapped).

    The prefix "module." that torch's parallel wrappers put before every key is taken off.
    """
    try:
        state = (
            load_file(path)
            if path.suffix == ".safetensors"
            else torch.load(path, map_location="cpu", weights_only=True)
        )
    except Exception as error:
        # torch's own text advises to load with the check turned off, which would run what a hostile file holds.
        refused = isinstance(error, pickle.UnpicklingError)
        reason = "it is no file of plain tensors" if refused else (str(error).splitlines() or [type(error).__name__])[0]
        raise UnusableInput(f"{path} holds no weights that can be read safely ({reason})") from error
    if isinstance(state, dict) and isinstance(state.get("state_dict"), dict):
        state = state["state_dict"]
    if isinstance(state, dict) and state and all(str(key).startswith("module.") for key in state):
        state = {key.removeprefix("module."): value for key, value in state.items()}
    if not isinstance(state, dict) or not state or not all(isinstance(value, Tensor) for value in state.values()):
        raise UnusableInput(f"{path} holds no dictionary of tensors; give a state dict")
    return state


def load_state(module: nn.Module, state: Mapping[str, Tensor], source: str) -> None:
    """Load `state` into `module`. Missing keys, unexpected keys and other shapes are all refused, listed by name."""
    own = module.state_dict()
    missing = sorted(set(own) - set(state))
    unexpected = sorted(set(state) - set(own))
    shapes = [
        f"{key} {tuple(state[key].shape)} for {tuple(own[key].shape)}"
        for key in sorted(set(own) & set(state))
        if state[key].shape != own[key].shape
    ]
    faults = [
        f"{len(keys)} {kind}: {', '.join(keys[:5])}{', …' if len(keys) > 5 else ''}"
        for kind, keys in (("missing", missing), ("unexpected", unexpected), ("of another shape", shapes))
        if keys
    ]
    if faults:
        raise UnusableInput(f"{source} does not fit {type(module).__name__}; keys {'; '.join(faults)}")
    module.load_state_dict(state)


def save_checkpoint(model: nn.Module, path: Path, meta: Mapping[str, Any]) -> None:
    """Write a registered model as `path` (.safetensors) and the JSON beside it that rebuilds it and says what it is.

    `meta` should name training set, label scale, split and licence. The JSON is written last and holds the digest of
    the weights, so a pair from an interrupted write is recognised.
    """
    path = Path(path)
    if path.suffix != ".safetensors":
        raise UnusableInput(f"checkpoint {path} must be named *.safetensors")
    description = {"format": CHECKPOINT_FORMAT, "model": config_of(model), "meta": dict(meta)}
    json.dumps(description, allow_nan=False)  # refuse what JSON cannot hold before anything is written
    with atomic_path(path) as temporary:
        save_file({key: value.detach().cpu().contiguous() for key, value in model.state_dict().items()}, temporary)
    write_json(path.with_suffix(".json"), {**description, "sha256": sha256_of(path)})


def load_checkpoint(path: Path) -> tuple[nn.Module, dict[str, Any]]:
    """The model, on the CPU in evaluation mode, and the `meta` that `save_checkpoint` wrote."""
    path = Path(path)
    beside = path.with_suffix(".json")
    for needed in (path, beside):
        if not needed.is_file():
            raise UnusableInput(f"checkpoint {path} is incomplete: {needed.name} is missing")
    try:
        description = read_json(beside)
    except ValueError as error:
        raise UnusableInput(f"{beside} is not JSON ({error})") from error
    if not isinstance(description, dict) or description.get("format") != CHECKPOINT_FORMAT:
        raise UnusableInput(f"{beside} does not describe a checkpoint of this project ({CHECKPOINT_FORMAT})")
    if sha256_of(path) != description["sha256"]:
        raise UnusableInput(f"{path} and {beside.name} do not belong together: the SHA-256 differs; copy both again")
    model = create(**description["model"])
    load_state(model, read_state(path), str(path))
    return model.eval(), description["meta"]
