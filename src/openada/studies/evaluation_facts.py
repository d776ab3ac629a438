"""What a run's files say about the people and recordings behind its figures, for the footer of every table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openada.errors import UnusableInput
from openada.evaluation.footer import Footing
from openada.evaluation.fusion import by_session
from openada.evaluation.guards import require_unselected
from openada.face.quality import TRACKED_SHARE_LOW
from openada.prepared.dataset import PreparedDataset
from openada.training.run_folder import RunFolder
from openada.training.systems import EXPADA, TITLES

if TYPE_CHECKING:
    import pandas as pd

NO_FACE = "no face"  # the status that `prepare` gives a recording in which no face was found
OF_STAGES = ("selection", "ordinal", "base")
METHODS = (*OF_STAGES, *(name for name in TITLES if name != EXPADA))
"""What predictions may be called, the method that a run is for before the others: ExpADA's, then a clip model's own name."""


def by_method(predictions: pd.DataFrame, part: str) -> dict[str, pd.DataFrame]:
    """The predictions of one part, a table per method, the one that the run is for first."""
    rows = predictions[predictions["split"] == part]
    named = list(rows["method"].unique())
    return {
        name: rows[rows["method"] == name].drop(columns="method").reset_index(drop=True)
        for name in [*(known for known in METHODS if known in named), *(name for name in named if name not in METHODS)]
    }


def require_reportable(config: Mapping[str, Any], part: str) -> None:
    """Raise UnusableInput for the part that trained or selected (protocol, rule 2), and for one without recordings."""
    require_unselected(config["selected_on"], part)
    if part not in ("development", "test") or not config["recordings"].get(part):
        raise UnusableInput(f"the run has no {part} recordings; it has {config['recordings']}")


def require_no_fold(folder: RunFolder) -> None:
    """Raise UnusableInput for a run on one fold of a cross-validation: whichever was asked for may be the best (rule 6)."""
    of = folder.split().fold_of
    if of is not None:
        raise UnusableInput(
            f"{folder.folder} is fold {of.fold} of {of.folds} of {of.name}: a fold's figure is no result; give the runs of all "
            "folds"
        )


def data_set_of(folder: RunFolder, data: Path | None = None) -> PreparedDataset | None:
    """The run's prepared data set, or None if it does not lie where the run was trained on it."""
    try:
        return PreparedDataset(data or Path(folder.config()["data"]))
    except UnusableInput:
        return None


def known_recordings(folder: RunFolder) -> pd.DataFrame:
    """The recordings that the run used, with their labels; `split` is their part."""
    import pandas as pd

    return pd.read_parquet(folder.recordings)


def footing(folder: RunFolder, rows: pd.DataFrame, part: str, dataset: PreparedDataset | None) -> Footing:
    """The counts behind figures on `rows`, the run's predictions of `part` by one method.

    What only the data set's own manifest tells (sessions that lack a recording, recordings in no part of the split) is
    None without `dataset`.
    """
    config, split, known = folder.config(), folder.split(), known_recordings(folder)
    part_of = split.part_of()
    dropped: dict[str, list[str]] = {}
    for row in config["dropped"]:
        dropped.setdefault(f"{part_of[row['recording_id']]}, {row['reason']}", []).append(row["recording_id"])
    untracked = [row["recording_id"] for row in config["dropped"] if row["reason"] == NO_FACE]
    excluded = {
        name: sorted(split.subjects_in(name) - set(known.loc[known["split"] == name, "subject"].astype(str)))
        for name in split.ids
    }
    thin = outside = None
    if dataset is not None:
        manifest = dataset.manifest
        asked = manifest[manifest["recording_id"].map(part_of) == part]
        keys = ["subject", "session"]
        there = rows.groupby(keys).size()
        recorded = asked.groupby(keys).size()
        thin = int((there < recorded.reindex(there.index).fillna(0)).sum())
        outside = int((~manifest["recording_id"].isin(list(part_of))).sum())
    tracked = known.get("tracked_share")
    return Footing(
        part=part,
        split=split.name,
        split_sha256=config["split_sha256"],
        n_recordings=len(rows),
        n_sessions=len(by_session(rows)),
        n_subjects=int(rows["subject"].nunique()),
        parts={name: (config["recordings"][name], config["subjects"][name]) for name in config["recordings"]},
        seeds=[config["recipe"]["seed"]],
        selected_on=config["selected_on"],
        overlap={f"{a} and {b}": len(shared) for (a, b), shared in split.overlap().items()},
        dropped=dropped,
        untracked=untracked,
        barely_tracked=None if tracked is None else int((tracked < TRACKED_SHARE_LOW).sum()),
        tracked_share_low=TRACKED_SHARE_LOW,
        excluded_subjects={name: people for name, people in excluded.items() if people},
        thin_sessions=thin,
        outside_split=outside,
        label_noise="; ".join(_label_noise(config["recipe"])),
    )


def _label_noise(settings: Mapping[str, Any], path: str = "") -> list[str]:
    """Settings of label noise anywhere in a recipe that are not off, as `name = value`."""
    found = []
    for key, value in settings.items():
        if isinstance(value, Mapping):
            found += _label_noise(value, f"{path}{key}.")
        elif "label_noise" in key and value:
            found.append(f"{path}{key} = {value}")
    return found
