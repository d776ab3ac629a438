"""A run's honest evaluation: predictions, figures with intervals beside the baselines, tables, drawings and a page."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from openada.datasets.scales import SCALES
from openada.evaluation.footer import Footing, footer_line, footer_lines
from openada.evaluation.fusion import by_session
from openada.evaluation.guards import require_identity_lookup
from openada.evaluation.intervals import paired_difference
from openada.evaluation.published import published_table
from openada.evaluation.subgroups import GROUPING, subgroup_rows
from openada.evaluation.table import evaluation_rows
from openada.files import atomic_path, write_json, write_text
from openada.inference.expada import ExpADARun
from openada.inference.predict import predict
from openada.inference.recording import TrainedRun
from openada.prepared.dataset import PreparedDataset
from openada.report.figures import Drawing
from openada.report.tripod import ChecklistRow, to_markdown
from openada.studies.behaviour_ridge import BEHAVIOUR_RIDGE, behaviour_ridge
from openada.studies.clip_evidence import clip_evidence
from openada.studies.evaluation_content import ERRORS, OF_BASELINES, figures, latex, markdown
from openada.studies.evaluation_drawings import agreement_drawings, interval_drawings, write_drawings
from openada.studies.evaluation_facts import by_method, footing, known_recordings, require_no_fold, require_reportable
from openada.studies.evaluation_page import write_page
from openada.studies.evidence_content import evidence_markdown
from openada.studies.planted_baselines import planted_baselines
from openada.studies.planted_evidence import planted_evidence, require_evidence
from openada.studies.planted_localisation import planted_localisation
from openada.studies.planted_material import planted_truth
from openada.studies.progress import bar
from openada.studies.tripod_answers import run_checklist

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Evaluation:
    """`table`: a row per predictor, metric and unit, differences included. `subgroups`: RMSE by sex, age band, task, site as
    far
    as the manifest names them. `localisation`: None without planted truth.

    `references`: the best readers of the planted cue, None elsewhere. `predictions`: the main method's, a row per
    recording. `figures`: the content of evaluation.json. `published`: the table and its line, None if not asked for.
    `evidence`: None if not asked for.
    """

    table: pd.DataFrame
    subgroups: pd.DataFrame
    localisation: pd.DataFrame | None
    references: pd.DataFrame | None
    predictions: pd.DataFrame
    foot: Footing
    figures: dict[str, Any]
    drawings: list[Drawing]
    published: tuple[pd.DataFrame, str] | None = None
    checklist: list[ChecklistRow] = field(default_factory=list)
    evidence: pd.DataFrame | None = None
    markdown: str = ""


def evaluate_run(
    run: Path,
    *,
    part: str = "test",
    data: Path | None = None,
    tripod: bool = False,
    published: bool = False,
    evidence: bool = False,
) -> Evaluation:
    """Evaluate a run on the recordings of `part`; write the tables, figures/ and report.html into the run folder.

    evaluation.json, .csv, .md and .tex, predictions.csv, subgroups.csv, and for planted runs localisation.csv and
    references.csv. `tripod` adds tripod.md and a section of the page; `published` shows what papers give for the corpus.
    `evidence` adds evidence.csv and .md (`planted_evidence`; `clip_evidence` for a clip model), from the recordings themselves.

    Raises UnusableInput for a part without recordings, for the part that selected the model (protocol, rule 2), for one fold of a
    cross-validation without the others (rule 6, see `cross_validated`), and for `evidence` of a run without stage 2 or without
    planted truth.
    """
    trained = TrainedRun.load(run)
    folder = trained.folder
    config = folder.config()
    require_reportable(config, part)
    truth = planted_truth(config)
    evident = require_evidence(trained, truth) if evidence else None
    require_no_fold(folder)
    with bar("Predicting") as tick:
        predictions = predict(run, data=data, tick=tick)
    dataset = PreparedDataset(data or Path(config["data"]))
    known = known_recordings(folder)
    rows = by_method(predictions, part)
    main = next(iter(rows))
    table = _table(trained, known, rows, dataset, part)
    require_identity_lookup(table, folder.split(), part)
    localisation = planted_localisation(trained, truth, part) if truth and "selection" in rows else None
    references = _references(truth.parent, dataset, known) if truth else None
    extra = [column for column in GROUPING if column in known and column not in rows[main]]
    described = rows[main].merge(known[["recording_id", *extra]], on="recording_id", validate="one_to_one")
    foot = footing(folder, rows[main], part, dataset)
    drawings = [*agreement_drawings(rows[main], SCALES[config["scale"]]), *interval_drawings(table, list(rows))]
    evaluation = Evaluation(
        table,
        subgroup_rows(described),
        localisation,
        references,
        rows[main],
        foot,
        figures(folder, table, localisation, references, foot, main),
        drawings,
        published_table(config["corpus"], planted=config["planted"]) if published else None,
    )
    if evident is not None:
        with bar("Evidence") as tick:
            found = (
                planted_evidence(trained, evident, part, data=data, tick=tick)
                if isinstance(trained, ExpADARun)
                else clip_evidence(trained, evident, part, data=data, tick=tick)
            )
        evaluation = replace(evaluation, evidence=found)
    if tripod:
        evaluation = replace(evaluation, checklist=run_checklist(folder, evaluation))
    evaluation = replace(evaluation, markdown=markdown(folder, evaluation))
    _write(trained, evaluation, predictions)
    return evaluation


def _write(trained: TrainedRun, evaluation: Evaluation, predictions: pd.DataFrame) -> None:
    folder, foot = trained.folder, footer_lines(evaluation.foot)
    name = folder.folder.name
    write_json(folder / "evaluation.json", evaluation.figures)
    write_text(folder / "evaluation.md", evaluation.markdown)
    write_text(folder / "evaluation.tex", latex(name, evaluation.table, foot, evaluation.published))
    if evaluation.evidence is not None:
        text = evidence_markdown(name, evaluation.foot.part, evaluation.evidence, footer_line(evaluation.foot))
        write_text(folder / "evidence.md", text)
    if evaluation.checklist:
        write_text(folder / "tripod.md", to_markdown(evaluation.checklist, name))
    tables = {
        "evaluation": evaluation.table,
        "subgroups": evaluation.subgroups,
        "localisation": evaluation.localisation,
        "references": evaluation.references,
        "evidence": evaluation.evidence,
        "predictions": predictions.rename(columns={"score": "label"}),
    }
    for stem, content in tables.items():
        if content is not None:
            with atomic_path(folder / f"{stem}.csv") as temporary:
                content.to_csv(temporary, index=False)
    write_drawings(folder / "figures", evaluation.drawings)
    write_page(folder / "report.html", trained, evaluation)


def _table(
    trained: TrainedRun, known: pd.DataFrame, rows: dict[str, pd.DataFrame], dataset: PreparedDataset, part: str
) -> pd.DataFrame:
    """Constants, look-ups and simple baselines first, then the methods, then the differences."""
    import pandas as pd

    scale = SCALES[trained.folder.config()["scale"]]
    limits = [low for _, low in scale.bands]
    training = known[known["split"] == "training"]
    development = known[known["split"] == "development"] if part != "development" else None
    main = next(iter(rows))
    parts = [
        evaluation_rows(
            rows[main], training=training, development=development, predictor=main, band_limits=limits, cut=scale.cut
        )
    ]
    parts += [
        evaluation_rows(rows[name], predictor=name, band_limits=limits, cut=scale.cut) for name in rows if name != main
    ]
    for name, prediction in _simple_baselines(trained, known, dataset, part).items():
        order = known.loc[known["split"] == part, "recording_id"]
        own = rows[main].set_index("recording_id").loc[order].reset_index().assign(prediction=prediction)
        parts.append(evaluation_rows(own, predictor=name, metrics=OF_BASELINES, band_limits=limits, cut=scale.cut))
        parts.append(_differences(rows[main].set_index("recording_id").loc[order].reset_index(), own, main, name))
    return _in_order(pd.concat(parts, ignore_index=True), list(rows))


def _in_order(table: pd.DataFrame, methods: list[str]) -> pd.DataFrame:
    """Figures before differences, recordings before sessions, baselines before the run's own methods."""
    kind = np.where(table["predictor"].str.contains(" − "), 2, 0)
    own = table["predictor"].isin(methods).to_numpy()
    order = np.lexsort((own, table["unit"] == "sessions", kind))
    return table.iloc[order].reset_index(drop=True)


def _simple_baselines(
    trained: TrainedRun, known: pd.DataFrame, dataset: PreparedDataset, part: str
) -> dict[str, np.ndarray]:
    training, asked = known[known["split"] == "training"], known[known["split"] == part]
    found = {BEHAVIOUR_RIDGE: behaviour_ridge(dataset, training, asked)}
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
