"""One function per command; its docstring is the command's help."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from tyro.conf import Positional

from openada.cli.cohort import cohort
from openada.cli.convert import convert
from openada.cli.evaluation import compare, evaluate
from openada.cli.preparation import features, prepare
from openada.cli.robustness import robustness
from openada.errors import UnusableInput

STANDARD_SECONDS = 30.0
Layout = Literal["plain", "avec2014"]
Corpus = Literal["avec2013", "avec2014", "avec2013+avec2014", "daic-woz", "e-daic", "d-vlog", "lmvd", "manifest"]
Kind = Literal["official", "official-apart", "subject-disjoint", "grouped", "leave-one-subject-out", "nested"]
SaliencyMethodName = Literal[
    "grad-cam",
    "grad-cam++",
    "modified-grad-cam++",
    "guided-backpropagation",
    "gradient_x_input",
    "saliency",
    "integrated-gradients",
    "smooth-grad",
    "deeplift",
    "attention",
]
Variant = Literal["standard", "hard", "dynamic", "shortcut", "shortcut-control", "null"]


def demo(
    out: Path = Path("openada-demo"), subjects: int = 200, seconds: float = 12.0, fps: float = 5.0, seed: int = 1
) -> None:
    """The whole path once, on rendered faces: render, prepare, train, evaluate, assess, report.

    Everything printed is measured in this run. Started again it goes on where it was.

    Args:
        out: Folder for everything the demo makes.
        subjects: People in the planted benchmark; each records two tasks.
        seconds: Length of each recording. Standard recordings have at least 30 s; shorter ones say so.
        fps: Frames per second.
        seed: Seed of benchmark and training.
    """
    from openada.studies.demo import run_demo

    run_demo(out, subjects=subjects, seconds=seconds, fps=fps, seed=seed)


def synth(
    out: Positional[Path | None] = None,
    /,
    *,
    subjects: int = 80,
    seconds: float = 30.0,
    fps: float = 15.0,
    seed: int = 0,
    variant: Variant = "standard",
    portrait: Path | None = None,
    layout: Layout = "plain",
    workers: int | None = None,
    check: bool = False,
) -> None:
    """Render a planted benchmark: face videos in which the cue, its place and its time are known.

    Writes OUT/videos, OUT/manifest.csv, OUT/truth/<recording_id>.parquet and OUT/truth/episodes.csv. With --check nothing is
    rendered: recordings are drawn, and the command fails (exit 1) if any single movement, or all of them in a ridge
    regression, tells the score.

    Args:
        out: Folder to write.
        subjects: People; each records two tasks in one session.
        seconds: Length of each recording in s.
        fps: Frames per second.
        seed: Seed of everything drawn.
        variant: Which benchmark: docs/planted_benchmark.md tells them apart.
        portrait: A photograph of a face to animate instead of the public-domain one.
        layout: avec2014 lays videos and labels out below OUT/avec2014 too, as that corpus does.
        workers: Processes; default: one per core.
        check: Draw and test the design instead of rendering.
    """
    from openada.cli.output import print_table

    if check:
        from openada.datasets.planted.check import check as run_check

        table = run_check(seconds=seconds, fps=min(fps, 15.0), seed=seed, variant=variant)
        print_table(table, "What simple features say about the score (out-of-sample RMSE / constant predictor's)")
        if not table["passed"].all():
            failed = ", ".join(table.loc[~table["passed"], "baseline"])
            raise UnusableInput(f"variant {variant!r} at {seconds:g} s fails the check: {failed}")
        return
    if out is None:
        raise UnusableInput("synth needs a folder to write: openada synth OUT")
    from openada.datasets.planted.generate import generate
    from openada.datasets.planted.rendered import describe_rendered

    generate(
        out,
        subjects=subjects,
        seconds=seconds,
        fps=fps,
        seed=seed,
        variant=variant,
        portrait=portrait,
        workers=workers,
    )
    if seconds < STANDARD_SECONDS:
        print(
            f"note: standard recordings have at least {STANDARD_SECONDS:g} s; here every figure must say {seconds:g} s"
        )
    print_table(
        describe_rendered(out), "What simple measurements of the rendered videos say (test RMSE / constant predictor's)"
    )
    if layout == "avec2014":
        from openada.datasets.planted.avec_tree import write_avec2014_tree

        tree = write_avec2014_tree(out, out / "avec2014")
        print(f"{2 * subjects} recordings in {out}; as an AVEC 2014 tree: openada datasets check {tree}")
        return
    print(f"{2 * subjects} recordings in {out}; next: openada prepare {out / 'manifest.csv'} --out PREPARED")


def datasets(
    action: Positional[Literal["check", "manifest", "merge", "split"]],
    root: Positional[Path],
    others: Positional[tuple[Path, ...]] = (),
    /,
    *,
    out: Path | None = None,
    corpus: Corpus | None = None,
    kind: Kind = "grouped",
    name: str | None = None,
    folds: int = 5,
    inner: int = 4,
    shares: tuple[float, float, float] = (0.5, 0.15, 0.35),
    seed: int = 0,
) -> None:
    """Look at a corpus as it was delivered, write it as a manifest for 'openada prepare', or write a split of it.

    check says which corpus a folder holds, what was found per part and task, what is missing or unreadable, and which people are
    in two parts. manifest writes --out, a CSV. docs/corpora.md names the corpora and the layouts they are known to come in.
    merge writes the manifests ROOT and OTHERS as one to --out, and says whom they share: docs/corpora.md, "Several corpora".
    split writes a hashed file, once: a split or a set of folds, into the prepared data set ROOT, for 'openada train --split NAME'
    (a fold: NAME/1, NAME/2, …), or for a manifest ROOT into --out. docs/evaluation.md says what is made of folds.

    Args:
        action: check, manifest, merge or split.
        root: Folder of the corpus, in whatever layout, or a manifest; for split a prepared data set or a manifest.
        others: Further manifests (merge).
        out: The manifest to write; for the split of a manifest the JSON file.
        corpus: Which corpus, where the file names leave it open.
        kind: official: as the manifest says. official-apart: the same, but whoever is in a later part is left out of the
            earlier ones, so that the test part stays whole. subject-disjoint: three parts, nobody in two.
            grouped: --folds of whole people.
            leave-one-subject-out: a fold per person. nested: grouped folds, each with --inner folds of its training part.
        name: Name of the split; default: what the kind and its numbers are.
        folds: Number of folds.
        inner: Number of inner folds.
        shares: Shares of the people for training, development and test (subject-disjoint).
        seed: Decides who comes where.
    """
    from openada.cli.datasets import check, manifest, merge, split

    if others and action != "merge":
        raise UnusableInput(f"datasets {action} takes one place, not {1 + len(others)}")
    if action == "check":
        check(root, corpus=corpus)
        return
    if action == "split":
        split(root, kind=kind, out=out, name=name, folds=folds, inner=inner, shares=shares, seed=seed)
        return
    if out is None:
        raise UnusableInput(f"datasets {action} needs --out, the CSV file to write")
    if action == "merge":
        merge([root, *others], out)
        return
    manifest(root, out=out, corpus=corpus)


def assess(
    video: Positional[Path],
    /,
    *,
    out: Path,
    run: Path | None = None,
    checkpoint: Path | None = None,
    attribution: SaliencyMethodName | None = None,
    tracker_model: Path | None = None,
    keep_prepared: bool = False,
) -> None:
    """Assess one video with a trained run or a converted checkpoint: OUT/assessment.json and a self-contained OUT/report.html.

    Beside them, relevance as CSV files and as annotation tiers for ELAN and Praat; docs/relevance.md describes them.

    Args:
        video: The recording.
        out: Folder to write.
        run: Folder of a trained run.
        checkpoint: In place of a run, a checkpoint that came without one (openada convert): nothing is known of its errors then.
        attribution: Also say from which regions, movements and moments the score came, by this method (docs/attribution.md).
            integrated-gradients and smooth-grad take many passes through the network.
        tracker_model: Where the model file of the run's tracker lies now, if it was moved.
        keep_prepared: Keep the tracked and aligned recording under OUT/prepared.
    """
    from openada.cli.output import print_assessment
    from openada.studies.assess import assess_video

    model = run or checkpoint
    if model is None or (run and checkpoint):
        raise UnusableInput("assess needs one of --run and --checkpoint")
    told = assess_video(
        video, model, out, tracker_model=tracker_model, keep_prepared=keep_prepared, attribution=attribution
    )
    print_assessment(told)
    print(f"report: {out / 'report.html'}")


def explain(
    video: Positional[Path],
    /,
    run: Path,
    out: Path,
    method: SaliencyMethodName = "grad-cam",
    tracker_model: Path | None = None,
) -> None:
    """Show where and when in one video a trained run's scores come from: maps over space and time, docs/saliency.md.

    Writes OUT/overlay.mp4 (on the video itself), OUT/heatmap.mp4 (on the aligned face, and alone), pictures of single frames,
    tables by region, movement and frame (docs/attribution.md), a page (OUT/report.html), the un-normalised values
    (OUT/explanation.npz) and what they mean (OUT/explanation.json).

    Args:
        video: The recording.
        run: Folder of a trained run.
        out: Folder to write.
        method: Which map. A model refuses what does not apply to it, with the reason.
        tracker_model: Where the model file of the run's tracker lies now, if it was moved.
    """
    from openada.cli.output import print_explanation
    from openada.studies.explain import explain_video

    print_explanation(explain_video(video, run, out, method=method, tracker_model=tracker_model))
    print(f"videos and picture: {out}")


def models(name: Positional[str | None] = None, /) -> None:
    """List the models with their presets, or show one model's settings in every preset.

    Args:
        name: A model to show.
    """
    from openada.cli.output import print_model, print_models

    if name is None:
        print_models()
    else:
        print_model(name)


def doctor() -> None:
    """Say what is installed, what is missing, and how to get it; then track one frame to see that it works."""
    from openada.cli.doctor import report

    if not report():
        raise UnusableInput("something needed is missing: see the lines marked 'missing'")


COMMANDS: dict[str, Callable[..., None]] = {
    "demo": demo,
    "synth": synth,
    "features": features,
    "datasets": datasets,
    "prepare": prepare,
    "evaluate": evaluate,
    "compare": compare,
    "cohort": cohort,
    "robustness": robustness,
    "assess": assess,
    "explain": explain,
    "models": models,
    "convert": convert,
    "doctor": doctor,
}
