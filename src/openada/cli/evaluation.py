"""`openada evaluate` and `openada compare`."""

from __future__ import annotations

from pathlib import Path

from tyro.conf import Positional

from openada.errors import UnusableInput


def evaluate(
    runs: Positional[tuple[Path, ...]],
    /,
    *,
    split: str = "test",
    data: Path | None = None,
    out: Path = Path("evaluation"),
    tripod: bool = False,
    published: bool = False,
    evidence: bool = False,
) -> None:
    """Evaluate runs on held-out recordings: errors and agreement with intervals over subjects, beside the baselines.

    Writes into every run's folder: evaluation.csv, .md, .tex and .json, predictions.csv, figures as SVG files and report.html.
    Of several runs, those that differ only in the seed are averaged (mean and sd over seeds, never an ensemble); other
    recipes become further rows of one table, in --out. The runs of all folds of a cross-validation become mean and sd over
    folds, and their pooled predictions' figures. docs/evaluation.md says what every figure means.

    Args:
        runs: Folders of trained runs.
        split: Part to report; the part that selected a model is refused.
        data: Where the prepared data set lies now, if it was moved.
        out: Folder for the table of several runs.
        tripod: Add a TRIPOD+AI checklist, tripod.md in every run's folder, with what the run answers filled in.
        published: Show what papers report for the same corpus, marked as published, not measured here.
        evidence: On the planted benchmark, add evidence.csv and .md to every run's folder: where relevance points, which
            segments it finds, and whether the score follows it, beside attention, gradient × input and segment scores; of
            a clip model, how much of its maps lies in the planted cue.
    """
    from openada.cli.output import print_markdown
    from openada.studies.cross_validated import evaluate_folds
    from openada.studies.evaluate import evaluate_run
    from openada.studies.fold_sets import only_folds
    from openada.studies.many_runs import evaluate_runs

    if not runs:
        raise UnusableInput("evaluate needs a run: openada evaluate RUN")
    if only_folds(runs):
        options = {
            "--tripod": tripod,
            "--published": published,
            "--evidence": evidence,
            f"--split {split}": split != "test",
        }
        for option, given in options.items():
            if given:
                raise UnusableInput(
                    f"{option} is for a single trained model; these are the folds of a cross-validation"
                )
        print_markdown(evaluate_folds(runs, out, data=data).markdown)
        print(f"report: {out / 'report.html'}")
        return
    if len(runs) == 1:
        found = evaluate_run(runs[0], part=split, data=data, tripod=tripod, published=published, evidence=evidence)
        print_markdown(found.markdown)
        if evidence:
            print_markdown((runs[0] / "evidence.md").read_text(encoding="utf-8"))
        print(f"report: {runs[0] / 'report.html'}")
        return
    together = evaluate_runs(runs, out, part=split, data=data, tripod=tripod, published=published, evidence=evidence)
    print_markdown(together.markdown)
    print(f"report: {out / 'report.html'}; each run's own: report.html in its folder")


def compare(
    runs: Positional[tuple[Path, ...]],
    /,
    *,
    split: str = "test",
    data: Path | None = None,
    out: Path = Path("comparison"),
) -> None:
    """Say which differences between runs are beyond resampling noise, and which are not.

    Paired over the subjects of the same recordings, for every pair, with Holm's correction, and with how often each ranks first
    across resamples. Runs that differ only in the seed count as one model. Writes OUT/comparison.md and .json, pairs.csv,
    ranks.csv, figures and report.html.

    Args:
        runs: Folders of at least two trained runs with the same recordings in the part that is compared.
        split: Part to compare on; the part that selected a model is refused.
        data: Where the prepared data set lies now, if it was moved.
        out: Folder to write.
    """
    from openada.cli.output import print_markdown
    from openada.studies.compare import compare_runs

    if len(runs) < 2:
        raise UnusableInput(f"compare needs two runs or more, not {len(runs)}: openada compare RUN RUN")
    print_markdown(compare_runs(runs, out, part=split, data=data).markdown)
    print(f"report: {out / 'report.html'}")
