"""What commands print."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from openada.training.run_folder import RunFolder


def print_table(table: pd.DataFrame, title: str) -> None:
    """A table with a title, as wide as the terminal allows; cells are folded, never cut off."""
    from rich.console import Console
    from rich.table import Table

    shown = Table(title=title, title_justify="left")
    for position, name in enumerate(table.columns):
        shown.add_column(str(name), overflow="fold", no_wrap=position == 0)
    for row in table.itertuples(index=False):
        shown.add_row(*(f"{value:.3f}" if isinstance(value, float) else str(value) for value in row))
    Console().print(shown)


def print_markdown(text: str) -> None:
    """Markdown as it is, so that it can be piped and pasted."""
    print(text)


def print_run(folder: RunFolder) -> None:
    """Where a trained run lies and what comes next."""
    config = folder.config()
    print(
        f"trained {folder.kind().described}, on {config['recordings']['training']} recordings of "
        f"{config['subjects']['training']} subjects"
    )
    if config["selected_on"]:
        print(
            f"note: {config['selected_on']} recordings chose the epoch: no figure can be reported on them, and none is left to "
            "calibrate an interval on (--keep last)"
        )
    if config["dropped"]:
        print(f"warning: {len(config['dropped'])} recordings were left out; config.json names them with the reason")
    print(f"run: {folder.folder}; next: openada evaluate {folder.folder}")


def print_assessment(assessment: dict[str, Any]) -> None:
    """Score, band, interval, attribution if there is one, and warnings in a few lines."""
    low, high = assessment["scale_range"]
    print(f"score {assessment['score']:.1f} on {assessment['scale']} ({low:g}–{high:g}), band {assessment['band']}")
    interval = assessment["interval"]
    if interval:
        print(
            f"{interval['level']:.0%} interval {interval['low']:.1f} to {interval['high']:.1f} ({interval['valid_for']})"
        )
    else:
        print(f"no interval: {assessment['interval_missing_reason']}")
    if "attribution" in assessment:
        print(f"attribution by {assessment['attribution']['method']}:")
        _print_attribution(assessment["attribution"])
    for warning in assessment["warnings"]:
        print(f"warning: {warning}")
    print(assessment["responsible_use"])


def _print_attribution(told: dict[str, Any]) -> None:
    from openada.studies.attribution import completeness_sentence

    for sentence in told["sentences"]:
        print(f"- {sentence}")
    if told["completeness"]:
        print(f"- {completeness_sentence(told['completeness'])}")


def print_explanation(facts: dict[str, Any]) -> None:
    """What the maps show, in which unit, what stands out in them, how far they are from adding up, and the warnings."""
    print(f"{facts['method']}: {facts['meaning']}")
    print(f"explained: {facts['explained']}; {len(facts['clips'])} clips")
    cells = "×".join(str(cells) for cells in facts["grid"]["cells"])
    print(f"values: {facts['unit']}; grid {cells} (time×height×width); colours end at {facts['colour_scale_end']:.3g}")
    _print_attribution(facts)
    for warning in facts["warnings"]:
        print(f"warning: {warning}")
    print(facts["responsible_use"])


def print_models() -> None:
    """Every registered model with its presets and the explanations it supports."""
    from openada import models

    for name in models.names():
        print(name)
        print(f"  presets:      {', '.join(models.presets(name))}")
        print(f"  explanations: {', '.join(models.explanation_methods(name))}")
    print("openada models NAME shows a model's settings.")


def print_model(name: str) -> None:
    """A model's settings and its parameters, a column per preset."""
    import pandas as pd
    import torch

    from openada import models
    from openada.models.cost import parameter_count

    columns = {preset: dataclasses.asdict(models.config_for(name, preset)) for preset in models.presets(name)}
    with torch.device("meta"):  # shapes alone: nothing is drawn
        for preset, settings in columns.items():
            settings["parameters"] = f"{parameter_count(models.create(name, preset)) / 1e6:.3f} M"
    table = pd.DataFrame(columns).rename_axis("setting").reset_index()
    print_table(table.astype(str), f"{name}: settings of each preset")
