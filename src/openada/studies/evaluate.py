"""A run's honest evaluation: predictions, figures with intervals beside the baselines, tables and a page."""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from openada.datasets.scales import SCALES
from openada.errors import UnusableInput
from openada.evaluation.baselines import ridge_predictions
from openada.evaluation.conformal import measured_coverage, realised_coverage_range, split_conformal, subject_scores
from openada.evaluation.fusion import by_session
from openada.evaluation.intervals import paired_difference
from openada.evaluation.subgroups import GROUPING, subgroup_rows
from openada.evaluation.table import evaluation_rows, to_markdown
from openada.files import atomic_path, write_json, write_text
from openada.inference.predict import predict
from openada.inference.recording import TrainedRun
from openada.prepared.dataset import PreparedDataset
from openada.studies.evaluation_page import write_page
from openada.studies.planted_baselines import planted_baselines
from openada.studies.planted_localisation import planted_localisation
from openada.studies.progress import bar

if TYPE_CHECKING:
    import pandas as pd

ERRORS = ("mae", "rmse")
CONFORMAL_LEVEL = 0.9


@dataclass(frozen=True)
class Evaluation:
    """`table`: a row per predictor, metric and unit, differences included. `subgroups`: RMSE by sex, age band, task, site as far
    as the manifest names them. `localisation`: None without planted truth.

    `references`: the best readers of the planted cue, None elsewhere. `figures`: the content of evaluation.json.
    """

    table: pd.DataFrame
    subgroups: pd.DataFrame
    localisation: pd.DataFrame | None
    references: pd.DataFrame | None
    figures: dict[str, Any]
    markdown: str


def evaluate_run(run: Path, *, part: str = "test", data: Path | None = None) -> Evaluation:
    """Evaluate a run on the recordings of `part`; write evaluation.json, .csv, .md and report.html into the run folder.

    Raises UnusableInput for a part without recordings, and for the part that selected the model (protocol, rule 2).
    """
    trained = TrainedRun.load(run)
    config = trained.folder.config()
    _refuse(config, part)
    with bar("Predicting") as tick:
        predictions = predict(run, data=data, tick=tick)
    dataset = PreparedDataset(data or Path(config["data"]))
    known = _recordings(trained)
    rows = _by_method(predictions, part)
    table = _table(trained, known, rows, dataset, part)
    truth = Path(config["source_manifest"]).parent / "truth"
    planted = config["planted"] and (truth / "episodes.csv").is_file()
    localisation = None
    if planted and "selection" in rows:
        localisation = planted_localisation(trained, truth, part)
    references = _references(truth.parent, dataset, known) if planted else None
    extra = [column for column in GROUPING if column in known and column not in rows[_main_method(rows)]]
    described = rows[_main_method(rows)].merge(
        known[["recording_id", *extra]], on="recording_id", validate="one_to_one"
    )
    subgroups = subgroup_rows(described)
    figures = _figures(trained, table, localisation, references, rows, part)
    markdown = _markdown(trained, table, subgroups, localisation, references, figures)
    folder = trained.folder
    write_json(folder / "evaluation.json", figures)
    write_text(folder / "evaluation.md", markdown)
    tables = {"evaluation": table, "subgroups": subgroups, "localisation": localisation, "references": references}
    for name, content in tables.items():
        if content is not None:
            with atomic_path(folder / f"{name}.csv") as temporary:
                content.to_csv(temporary, index=False)
    evaluation = Evaluation(table, subgroups, localisation, references, figures, markdown)
    write_page(folder / "report.html", trained, evaluation, rows[_main_method(rows)], part)
    return evaluation


def _refuse(config: dict[str, Any], part: str) -> None:
    if part == config["selected_on"] or part == "training":
        used = "trained" if part == "training" else "selected"
        raise UnusableInput(
            f"the {part} recordings {used} this model: a figure on them would be no test; use --split test"
        )
    if part not in ("development", "test") or not config["recordings"].get(part):
        raise UnusableInput(f"the run has no {part} recordings; it has {config['recordings']}")


def _recordings(trained: TrainedRun) -> pd.DataFrame:
    import pandas as pd

    return pd.read_parquet(trained.folder.recordings)


def _by_method(predictions: pd.DataFrame, part: str) -> dict[str, pd.DataFrame]:
    rows = predictions[predictions["split"] == part]
    return {
        name: rows[rows["method"] == name].drop(columns="method").reset_index(drop=True)
        for name in ("selection", "ordinal", "base")
        if (rows["method"] == name).any()
    }


def _main_method(rows: dict[str, pd.DataFrame]) -> str:
    return next(iter(rows))


def _table(
    trained: TrainedRun, known: pd.DataFrame, rows: dict[str, pd.DataFrame], dataset: PreparedDataset, part: str
) -> pd.DataFrame:
    """Constants, look-ups and simple baselines first, then the methods, then the differences."""
    import pandas as pd

    scale = SCALES[trained.folder.config()["scale"]]
    limits = [low for _, low in scale.bands]
    training = known[known["split"] == "training"]
    development = known[known["split"] == "development"] if part != "development" else None
    main = _main_method(rows)
    parts = [
        evaluation_rows(rows[main], training=training, development=development, predictor=main, band_limits=limits)
    ]
    parts += [evaluation_rows(rows[name], predictor=name, band_limits=limits) for name in rows if name != main]
    for name, prediction in _simple_baselines(trained, known, dataset, part).items():
        order = known.loc[known["split"] == part, "recording_id"]
        own = rows[main].set_index("recording_id").loc[order].reset_index().assign(prediction=prediction)
        parts.append(evaluation_rows(own, predictor=name, metrics=(*ERRORS, "pcc", "ccc")))
        parts.append(_differences(rows[main].set_index("recording_id").loc[order].reset_index(), own, main, name))
    table = pd.concat(parts, ignore_index=True)
    difference = table["predictor"].str.contains(" − ")
    return pd.concat([table[~difference], table[difference]], ignore_index=True)


def _simple_baselines(
    trained: TrainedRun, known: pd.DataFrame, dataset: PreparedDataset, part: str
) -> dict[str, np.ndarray]:
    training, asked = known[known["split"] == "training"], known[known["split"] == part]
    train, test = (
        np.stack([dataset.recording(name).statistics.to_numpy(float).ravel() for name in rows["recording_id"]])
        for rows in (training, asked)
    )
    seen = np.isfinite(train).all(axis=0)
    groups = training["subject"].to_numpy()
    ridge = ridge_predictions(train[:, seen], training["score"].to_numpy(float), test[:, seen], groups)
    found = {"behaviour-statistics ridge": ridge}
    if trained.folder.config()["planted"]:
        found.update(planted_baselines(dataset, known, part))
    return found


def _differences(model: pd.DataFrame, other: pd.DataFrame, name: str, other_name: str) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for unit, fuse in (("recordings", lambda frame: frame), ("sessions", by_session)):
        a, b = fuse(model), fuse(other)
        for metric in ERRORS:
            gap = paired_difference(metric, a["score"], a["prediction"], b["prediction"], a["subject"], unit=unit)
            rows.append(
                {
                    "predictor": f"{name} − {other_name}",
                    "metric": metric,
                    **{key: getattr(gap, key) for key in ("unit", "value", "low", "high", "n", "n_subjects", "method")},
                    "note": f"ranks first in {gap.ranks_first:.0%} of subject resamples",
                }
            )
    return pd.DataFrame(rows)


def _references(benchmark: Path, dataset: PreparedDataset, known: pd.DataFrame) -> pd.DataFrame:
    from openada.datasets.planted.references import coincidence_share, references_for

    measured = {}
    for name in known["recording_id"]:
        signals = dataset.recording(name).behaviour
        brow = signals["AU01_g"].to_numpy(float)
        mouth = signals["AU15_g"].to_numpy(float)
        measured[name] = coincidence_share(brow, mouth, signals["gaze_pitch_deg"].to_numpy(float), signals["time_s"])
    table, _ = references_for(benchmark, measured)
    return table


def _figures(
    trained: TrainedRun,
    table: pd.DataFrame,
    localisation: pd.DataFrame | None,
    references: pd.DataFrame | None,
    rows: dict[str, pd.DataFrame],
    part: str,
) -> dict[str, Any]:
    """The content of evaluation.json: the main method's figures at session level first, everything else after."""
    config = trained.folder.config()
    main = _main_method(rows)

    def records(frame: pd.DataFrame | None) -> list[dict[str, Any]] | None:
        if frame is None:
            return None
        return [{key: plain(value) for key, value in row.items()} for row in frame.to_dict("records")]

    def of(predictor: str, unit: str) -> dict[str, Any]:
        chosen = table[(table["predictor"] == predictor) & (table["unit"] == unit)]
        keys = ["value", "low", "high", "n", "n_subjects", "unit", "method", "note"]
        return {row["metric"]: {key: plain(row[key]) for key in keys} for row in chosen.to_dict("records")}

    headline = [
        {
            "metric": metric,
            **of(main, "sessions")[metric],
            "unit": "session",
            "constant": of("training mean", "sessions")[metric]["value"],
        }
        for metric in ERRORS
    ]
    return {
        "part": part,
        "method": main,
        "preset": config["model"]["preset"],
        "planted": config["planted"],
        "corpus": config["corpus"],
        "split": trained.recipe.split,
        "split_sha256": config["split_sha256"],
        "subjects_on_both_sides": {
            f"{a} and {b}": list(shared) for (a, b), shared in trained.folder.split().overlap().items()
        },
        "dropped_recordings": config["dropped"],
        "seed": trained.recipe.seed,
        "metrics": of(main, "sessions"),
        "metrics_per_recording": of(main, "recordings"),
        "headline": headline,
        "conformal": _conformal(trained, part, main),
        "table": records(table),
        "localisation": records(localisation),
        "references": records(references),
        "versions": {name: version(name) for name in ("openada", "torch", "mediapipe")},
    }


def _conformal(trained: TrainedRun, part: str, method: str) -> dict[str, Any]:
    """The 90 % interval calibrated on development subjects: its half width, expected range and measured coverage."""
    import pandas as pd

    config = trained.folder.config()
    if part != "test" or config["selected_on"] == "development":
        return {"half_width": None, "reason": "no development subjects are left to calibrate on"}
    table = pd.read_parquet(trained.folder.predictions)
    table = table[table["method"] == method]
    calibration, test = table[table["split"] == "development"], table[table["split"] == "test"]
    if calibration.empty:
        return {"half_width": None, "reason": "the split has no development recordings"}
    scores = subject_scores(calibration["score"], calibration["prediction"], calibration["subject"])
    found = split_conformal(scores, CONFORMAL_LEVEL)
    if not math.isfinite(found.half_width):
        return {"half_width": None, "reason": found.note}
    measured = measured_coverage(test["score"], test["prediction"], test["subject"], found.half_width)
    return {
        "half_width": found.half_width,
        "level": CONFORMAL_LEVEL,
        "calibration_subjects": found.n_subjects,
        "expected_coverage_range": list(realised_coverage_range(found.n_subjects, CONFORMAL_LEVEL)),
        "measured_coverage_of_subjects": measured.subjects.value,
        "measured_coverage_of_recordings": measured.recordings,
    }


def _markdown(
    trained: TrainedRun,
    table: pd.DataFrame,
    subgroups: pd.DataFrame,
    localisation: pd.DataFrame | None,
    references: pd.DataFrame | None,
    figures: dict[str, Any],
) -> str:
    shown = table[table["metric"].isin((*ERRORS, "pcc", "ccc"))]
    config = trained.folder.config()
    lines = [
        f"# Evaluation of {trained.folder.folder.name} on {figures['part']} recordings",
        "",
        f"Model expada, preset {figures['preset']}, method {figures['method']}, seed {figures['seed']}; corpus "
        f"{', '.join(config['corpus']) or 'not named'}; split {figures['split']} ({figures['split_sha256'][:12]}); "
        f"subjects on both sides: {figures['subjects_on_both_sides'] or 'none'}; recordings dropped: {len(config['dropped'])}.",
        "One prediction per recording, then per session; intervals are 95 %, from resampling subjects.",
    ]
    if figures["planted"]:
        lines.append(
            "Planted-benchmark figures: they say whether a known signal is found, nothing about depression in people."
        )
    lines += ["", to_markdown(shown.drop(columns=["method"]))]
    lines += ["", "## By subgroup", "", to_markdown(subgroups.drop(columns=["method"]))]
    if localisation is not None:
        lines += ["", "## Does relevance find the planted episodes? (AUROC per recording)", ""]
        lines.append(to_markdown(localisation.drop(columns=["metric"])))
    if references is not None:
        lines += ["", "## References: the best readers of the planted cue", "", to_markdown(references)]
    return "\n".join(lines) + "\n"


def plain(value: Any) -> Any:
    """A value that JSON can hold: NaN becomes null."""
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
