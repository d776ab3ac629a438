"""The published systems as networks: a registry, weights as data, one small folder per system.

Listing what there is (`names`, `presets`, `config_for`) needs no torch; `create` imports it.
"""

from openada.models.registry import (
    config_for,
    config_of,
    create,
    explanation_methods,
    names,
    presets,
    require_explanation,
)

__all__ = ["config_for", "config_of", "create", "explanation_methods", "names", "presets", "require_explanation"]
