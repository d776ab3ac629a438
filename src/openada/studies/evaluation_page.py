"""The run's page: what `studies/evaluate.py` found, laid out by the report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from openada.datasets.scales import SCALES
from openada.evaluation.footer import footer_line, footer_lines
from openada.evaluation.fusion import by_session
from openada.evaluation.table import wide
from openada.inference.recording import TrainedRun
from openada.report.content import Curve, EvaluationContent, NamedTable, SplitSummary
from openada.report.evaluation import write_evaluation_report
from openada.studies.evaluation_content import ERRORS, conformal_table, published_shown
from openada.studies.evaluation_facts import METHODS
from openada.studies.evidence_content import evidence_tables
from openada.studies.model_facts import model_description

if TYPE_CHECKING:
    from openada.studies.evaluate import Evaluation

PLANTED = "Planted-benchmark figures: rendered movements of a portrait. They say nothing about depression in people."


def write_page(out: Path, trained: TrainedRun, evaluation: Evaluation) -> None:
    """Write the page."""
    config = trained.folder.config()
    part = evaluation.foot.part
    scale = SCALES[config["scale"]]
    table = evaluation.table
    difference = table["predictor"].str.contains(" − ")
    methods = table["predictor"].isin(METHODS)
    tables = [
        NamedTable("Differences", wide(table[difference], ERRORS), "Below zero: the model errs less."),
        NamedTable(
            "Prediction interval for one person",
            conformal_table(evaluation.figures["conformal"]),
            "Split conformal: one score per development subject, the largest error over the subject's recordings.",
        ),
        NamedTable("Subgroups", evaluation.subgroups.drop(columns="method"), "No rank for fewer than 10 subjects."),
    ]
    if evaluation.references is not None:
        tables.append(NamedTable("References on the planted benchmark", evaluation.references))
    if evaluation.evidence is not None:
        tables += [NamedTable(title, shown, note) for title, shown, note in evidence_tables(evaluation.evidence)]
    if evaluation.published is not None:
        tables.append(published_shown(*evaluation.published))
    localisation = evaluation.localisation
    write_evaluation_report(
        out,
        EvaluationContent(
            title=f"{trained.kind.described} on {part} recordings",
            model=model_description(trained),
            scale_name=scale.name,
            scale_low=scale.low,
            scale_high=scale.high,
            bands=scale.bands,
            metrics=table[methods & ~difference],
            baselines=table[~methods & ~difference],
            split=SplitSummary(
                trained.recipe.split,
                config["split_sha256"],
                {name: (config["recordings"][name], config["subjects"][name]) for name in config["recordings"]},
                [
                    f"{a} and {b} share {len(shared)} subjects"
                    for (a, b), shared in trained.folder.split().overlap().items()
                ],
            ),
            predictions=by_session(evaluation.predictions),
            prediction_unit="session",
            part=part,
            localisation=None if localisation is None else localisation.rename(columns={"measure": "predictor"}),
            curves=_curves(trained),
            curves_label="RMSE on development",
            chosen_epoch=_chosen_epoch(trained),
            tables=tables,
            config=config,
            critical_warnings=[PLANTED] if config["planted"] else [],
            versions=evaluation.figures["versions"],
        ),
        drawings=[drawing for drawing in evaluation.drawings if _on_page(drawing.name)],
        footer=footer_lines(evaluation.foot),
        footer_line=footer_line(evaluation.foot),
        checklist=evaluation.checklist,
    )


def _on_page(name: str) -> bool:
    """The page draws the sessions' scatter itself; figures by recording are files beside it."""
    return name != "scatter_sessions" and not name.endswith("_recordings")


def _chosen_epoch(trained: TrainedRun) -> float | None:
    """The epoch that the development part chose; None where the last one was kept."""
    import pandas as pd

    if not trained.config["selected_on"]:
        return None
    metrics = pd.read_csv(trained.folder.metrics)
    losses = metrics[metrics["metric"] == "development_loss"].set_index("epoch")["value"]
    return float(losses.idxmin())


def _curves(trained: TrainedRun) -> list[Curve]:
    import pandas as pd

    metrics = pd.read_csv(trained.folder.metrics)
    metrics = metrics[metrics["metric"] == "development_rmse"]
    names = trained.kind.curves
    return [
        Curve(names[stage], rows["epoch"].to_numpy(float), rows["value"].to_numpy(float))
        for stage, rows in metrics.groupby("stage")
        if stage in names
    ]
