"""Models by name. Importing this module, and listing what is registered, needs no torch."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from openada.errors import UnusableInput

if TYPE_CHECKING:
    from torch import nn

    from openada.models.weights import Weights

C = TypeVar("C")

# One torch-free module per system; importing it registers the system.
CONFIG_MODULES = (
    "openada.models.depnet.config",
    "openada.models.expada.config",
    "openada.models.expresso.config",
    "openada.models.frame_network.config",
    "openada.models.resnet3d.config",
    "openada.models.sta_drn.config",
)


@dataclasses.dataclass(frozen=True)
class Entry:
    """A registered model: its config class, where it is built, its named sizes, and what can explain it.

    `presets` maps a name to the config values that differ from the config's defaults; "paper" is always there.
    `refusals` gives, for explanation methods that people will ask for and that do not apply, the reason.
    """

    config: type
    builder: str
    presets: Mapping[str, Mapping[str, Any]]
    explanation_methods: tuple[str, ...]
    refusals: Mapping[str, str]


_ENTRIES: dict[str, Entry] = {}


def register(
    name: str,
    *,
    builder: str,
    presets: Mapping[str, Mapping[str, Any]],
    explanation_methods: tuple[str, ...],
    refusals: Mapping[str, str] | None = None,
) -> Callable[[type[C]], type[C]]:
    """Decorate a frozen-dataclass config: the model `name` is built by `builder` ("module:function") from it."""
    if "paper" not in presets:
        raise ValueError(f'model {name!r} has no preset "paper"; its presets are {sorted(presets)}')

    def decorate(config: type[C]) -> type[C]:
        if name in _ENTRIES and _ENTRIES[name].builder != builder:
            raise ValueError(f"a model named {name!r} is registered already, built by {_ENTRIES[name].builder}")
        _ENTRIES[name] = Entry(config, builder, presets, explanation_methods, refusals or {})
        return config

    return decorate


def _entry(name: str) -> Entry:
    for module in CONFIG_MODULES:
        importlib.import_module(module)
    if name not in _ENTRIES:
        raise UnusableInput(f"unknown model {name!r}; choose one of: {', '.join(names())}")
    return _ENTRIES[name]


def names() -> tuple[str, ...]:
    """The registered models, sorted."""
    for module in CONFIG_MODULES:
        importlib.import_module(module)
    return tuple(sorted(_ENTRIES))


def presets(name: str) -> tuple[str, ...]:
    """The named sizes of a model; the first is "paper", the size that was published."""
    return tuple(sorted(_entry(name).presets, key=lambda preset: (preset != "paper", preset)))


def explanation_methods(name: str) -> tuple[str, ...]:
    """The explanation methods that the model supports."""
    return _entry(name).explanation_methods


def require_explanation(name: str, method: str, model: nn.Module | None = None) -> None:
    """Raise `UnusableInput`, with the reason, if the model does not support the explanation method.

    `model`: the model as built, whose settings may rule out more (its `explanation_refusals`, method → reason).
    """
    entry = _entry(name)
    own: Mapping[str, str] = getattr(model, "explanation_refusals", {})
    refusals = {**entry.refusals, **own}
    supported = [known for known in entry.explanation_methods if known not in own]
    if method not in supported:
        reason = f" ({refusals[method]})" if method in refusals else ""
        raise UnusableInput(
            f"model {name!r} does not support the explanation method {method!r}{reason}; "
            f"choose one of: {', '.join(supported)}"
        )


def config_for(name: str, preset: str = "paper", **config: Any) -> Any:
    """The model's frozen config: the preset's values, then those given. Needs no torch.

    Raises `UnusableInput` for an unknown model, preset or key, and for a value the config refuses.
    """
    entry = _entry(name)
    if preset not in entry.presets:
        raise UnusableInput(f"model {name!r} has no preset {preset!r}; choose one of: {', '.join(presets(name))}")
    known = [field.name for field in dataclasses.fields(entry.config)]
    unknown = sorted(set(config) - set(known))
    if unknown:
        raise UnusableInput(
            f"model {name!r} has no setting {', '.join(map(repr, unknown))}; it has: {', '.join(known)}"
        )
    return entry.config(**{**entry.presets[preset], **config})


def create(
    name: str,
    preset: str = "paper",
    *,
    seed: int | None = None,
    weights: Weights | None = None,
    download: bool = False,
    **config: Any,
) -> nn.Module:
    """Build the model `name` at the size `preset`, with the given config values in place of the preset's.

    `seed` fixes the initial parameters without touching torch's global generator; None draws from that generator.
    `weights` are pre-trained weights for the model's trunk, loaded after every initialisation; `download` allows their
    download. The model's `name`, `preset` and `config` are attributes of it. Raises `UnusableInput` as `config_for` does.
    """
    import torch

    resolved = config_for(name, preset, **config)
    module, _, function = _entry(name).builder.partition(":")
    build = getattr(importlib.import_module(module), function)
    with torch.random.fork_rng(enabled=seed is not None):
        if seed is not None:
            torch.manual_seed(seed)
        model = build(resolved)
    if weights is not None:
        model.load_trunk(weights, download=download)
    model.name, model.preset, model.config = name, preset, resolved
    return model


def config_of(model: nn.Module) -> dict[str, Any]:
    """What rebuilds the model: `create(**config_of(model))`, as plain JSON values."""
    if not hasattr(model, "config"):
        raise UnusableInput(f"{type(model).__name__} was not built by openada.models.create, so it has no config")
    return {"name": model.name, "preset": model.preset, **dataclasses.asdict(model.config)}  # type: ignore[call-overload]
