"""The run's page: what `studies/evaluate.py` found, laid out by the report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from openada.datasets.scales import SCALES
from openada.inference.recording import TrainedRun
from openada.report.content import Curve, EvaluationContent, NamedTable, SplitSummary
from openada.report.evaluation import write_evaluation_report
from openada.studies.assess import model_description

if TYPE_CHECKING:
    import pandas as pd

    from openada.studies.evaluate import Evaluation

PLANTED = "Planted-benchmark figures: rendered movements of a portrait. They say nothing about depression in people."


def write_page(out: Path, trained: TrainedRun, evaluation: Evaluation, rows: pd.DataFrame, part: str) -> None:
    """Write the page; `rows` are the main method's predictions."""
    config = trained.folder.config()
    scale = SCALES[config["scale"]]
    table = evaluation.table
    main = evaluation.figures["method"]
    difference = table["predictor"].str.contains(" − ")
    methods = table["predictor"].isin(["selection", "ordinal", "base"])
    tables = [NamedTable("Differences", table[difference].drop(columns="method"), "Negative: the model errs less.")]
    tables.append(
        NamedTable("Subgroups", evaluation.subgroups.drop(columns="method"), "No rank for fewer than 10 subjects.")
    )
    if evaluation.references is not None:
        tables.append(NamedTable("References on the planted benchmark", evaluation.references))
    localisation = evaluation.localisation
    write_evaluation_report(
        out,
        EvaluationContent(
            title=f"ExpADA, {main}, on {part} recordings",
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
            predictions=rows,
            part=part,
            localisation=None if localisation is None else localisation.rename(columns={"measure": "predictor"}),
            curves=_curves(trained),
            curves_label="RMSE on development",
            tables=tables,
            config=config,
            critical_warnings=[PLANTED] if config["planted"] else [],
            versions=evaluation.figures["versions"],
        ),
    )


def _curves(trained: TrainedRun) -> list[Curve]:
    import pandas as pd

    metrics = pd.read_csv(trained.folder.metrics)
    metrics = metrics[metrics["metric"] == "development_rmse"]
    names = {"encoder": "stage 1, development RMSE", "selector": "stage 2, development RMSE"}
    return [
        Curve(names[stage], rows["epoch"].to_numpy(float), rows["value"].to_numpy(float))
        for stage, rows in metrics.groupby("stage")
    ]
