"""DepNet's hypothesis tests on predictions (He et al. 2022, Tables 6-7), each with what it can and cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from openada.evaluation.prediction_tests import SAYS, prediction_tests
from openada.evaluation.published_depnet import p_values_table
from openada.report.comparison import Section
from openada.report.content import NamedTable
from openada.studies.reproduce.depnet_tables import OF_THE_PAPER, depnet_runs, sentences
from openada.studies.reproduce.result import Result
from openada.studies.reproduce.sta_drn_runs import all_runs, methods_of

if TYPE_CHECKING:
    from openada.studies.reproduce.job import Job

NOT_SHOWN = (
    "None of these tests compares the method with another or asks how far a prediction is from its label. A p near 1 between "
    "predictions and labels does not show superiority, as the paper takes it to: predicting the training mean for everybody may "
    "give the same."
)
INDEPENDENT = (
    "All of them take recordings as independent. Where a person has several they are not, and p is too small. The paper used 30 "
    "samples of which it does not say more; here it is every recording of the part."
)


def table6(name: str, job: Job) -> Result:
    """The tests, with the paper's p-values on AVEC 2013."""
    return _tests(name, job, "2013", "Table 6")


def table7(name: str, job: Job) -> Result:
    """The tests, with the paper's p-values on AVEC 2014."""
    return _tests(name, job, "2014", "Table 7")


def _tests(name: str, job: Job, year: str, place: str) -> Result:
    runs = {"DepNet": depnet_runs(job)}
    tables = []
    for seed, rows in methods_of(job, runs)["DepNet"].items():
        columns = ("prediction", "score", "predicted_band", "band")
        found = prediction_tests(*(rows.sort_values("recording_id")[column].to_numpy() for column in columns))
        tables.append(pd.DataFrame(found).assign(seed=seed, n=len(rows), n_subjects=rows["subject"].nunique()))
    table = pd.concat(tables, ignore_index=True)
    printed = table.assign(
        statistic=[_shown(value, ".3f") for value in table["statistic"]],
        p=[_shown(value, ".4f") for value in table["p"]],
    )[["test", "hypothesis", "seed", "statistic", "p", "n", "reason"]]
    if not printed["reason"].any():
        printed = printed.drop(columns="reason")
    first = all_runs(runs)[: len(job.task_names)]
    section = Section(
        f"Hypothesis tests on {job.part} predictions",
        [NOT_SHOWN, *(f"{test}: {words}" for test, words in SAYS.items()), INDEPENDENT, *sentences(job)],
        tables=[
            NamedTable("Tests", printed, "p: the chance of data at least as far from the hypothesis, if it were true."),
            NamedTable(f"He et al. 2022, {place}: AVEC {year}", p_values_table(year), OF_THE_PAPER, published=True),
        ],
        footer=job.foot(first),
    )
    return Result(name, [section], table, job.corpora(first[0])[1], all_runs(runs))


def _shown(value: float, form: str) -> str:
    return "undefined" if pd.isna(value) else f"{value:{form}}"
