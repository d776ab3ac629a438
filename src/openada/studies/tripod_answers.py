"""What a run's files answer of the TRIPOD+AI checklist; everything else stays with the authors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openada.datasets.scales import SCALES
from openada.evaluation.footer import footer_lines
from openada.files import read_json
from openada.report.page import counted, number
from openada.report.tripod import Answer, ChecklistRow, checklist
from openada.studies.evaluation_facts import known_recordings
from openada.training.run_folder import RunFolder

if TYPE_CHECKING:
    import pandas as pd

    from openada.studies.evaluate import Evaluation

TITLES = {"mae": "MAE", "rmse": "RMSE", "pcc": "PCC", "ccc": "CCC", "calibration_slope": "calibration slope"}


def run_checklist(folder: RunFolder, evaluation: Evaluation) -> list[ChecklistRow]:
    """Every item, those that config.json, split.json, environment.json and the evaluation answer filled in."""
    config = folder.config()
    known = known_recordings(folder)
    return checklist({**_methods(folder, config, evaluation), **_results(config, evaluation, known)})


def _methods(folder: RunFolder, config: dict[str, Any], evaluation: Evaluation) -> dict[str, Answer]:
    scale = SCALES[config["scale"]]
    corpus = ", ".join(config["corpus"]) or "a corpus that the manifest does not name"
    rendered = " Rendered faces, no people." if config["planted"] else ""
    recipe, prepared = config["recipe"], config["prepared"]
    foot = footer_lines(evaluation.foot)
    bands = ", ".join(f"{name} from {low}" for name, low in scale.bands)
    noise = evaluation.foot.label_noise
    environment = folder.folder / "environment.json"
    versions = read_json(environment)["versions"] if environment.is_file() else evaluation.figures["versions"]
    software = ", ".join(f"{name} {release}" for name, release in versions.items())
    kind = folder.kind()
    return {
        "4": Answer("A model is developed, and evaluated on held-out recordings of the same corpus."),
        "5a": Answer(
            f"Development and evaluation: {corpus}, recordings listed in {config['source_manifest']}.{rendered}"
        ),
        "7": Answer(
            f"Faces tracked ({prepared['tracker']}), subject followed: {prepared['subject']}; crops aligned in the style "
            f"{prepared['alignment']}. {foot[4]}"
        ),
        "8a": Answer(f"Score on {scale.name}, {scale.low} to {scale.high}; bands {bands}."),
        "9a": Answer("No predictors are chosen beforehand: the network reads aligned crops of the whole face."),
        "9b": Answer(
            f"Aligned face crops at {kind.image_size} px in {kind.piece}s of {kind.frames} frames at "
            f"{config['frame_rate_hz']:g} frames per second; reference subtracted: {recipe['reference']}."
        ),
        "9c": Answer("No judgement: predictors are measured by software.", complete=True),
        "10": Answer(f"All usable recordings of the split: {_parts(config)}. No sample size calculation is recorded."),
        "11": Answer(
            f"{foot[3]} {foot[5]} {kind.piece.capitalize()}s with under {recipe['min_tracked_share']:.0%} tracked frames are "
            "left out; nothing is imputed."
        ),
        "12a": Answer(f"{foot[1]} {foot[2]} Selected on: {config['selected_on'] or 'nothing'}.", complete=True),
        "12b": Answer(
            f"Crops scaled to {config['model'].get('input_range', 'unit')}; {kind.score_scaling}.",
            complete=True,
        ),
        "12c": Answer(
            f"{kind.described}; {kind.stages}; seed {recipe['seed']}; pre-trained weights: {_pretrained(config)}; "
            f"label noise: {noise or 'none'}; {kind.kept}. Every number: config.json."
        ),
        "12e": Answer(
            f"MAE, RMSE, PCC, CCC, calibration slope, band accuracy, macro-F1, quadratic kappa, AUROC for label ≥ {scale.cut:g}, "
            "beside constant predictors and simple baselines; intervals by jackknife-t over subjects, paired differences; "
            "scatter, Bland–Altman and calibration plots.",
            complete=True,
        ),
        "12f": Answer("None: the model is evaluated as trained.", complete=True),
        "12g": Answer(
            f"{kind.aggregation}; mean of recordings per session; by openada evaluate.",
            complete=True,
        ),
        "13": Answer("None.", complete=True),
        "15": Answer(f"A score on {scale.name}; bands by the scale's own limits, made after fusion.", complete=True),
        "16": Answer(f"Parts of one corpus, prepared alike. {foot[2]}"),
        "18e": Answer(f"Split {evaluation.foot.split} as a file, sha256 {config['split_sha256']}."),
        "18f": Answer(f"openada; {software}."),
    }


def _results(config: dict[str, Any], evaluation: Evaluation, known: pd.DataFrame) -> dict[str, Answer]:
    cut = SCALES[config["scale"]].cut
    by_part = {part: known.loc[known["split"] == part, "score"].to_numpy(float) for part in config["recordings"]}
    outcome = "; ".join(
        f"{part} mean {number(float(scores.mean()))}, sd {number(float(scores.std()))}, {int((scores >= cut).sum())} of "
        f"{counted('recordings', len(scores))} at {cut:g} or above"
        for part, scores in by_part.items()
        if len(scores)
    )
    foot = footer_lines(evaluation.foot)
    figures = evaluation.figures
    groups = ", ".join(evaluation.subgroups["grouping"].unique()) if len(evaluation.subgroups) else ""
    conformal = figures["conformal"]
    interval = (
        f" 90 % prediction interval ± {conformal['half_width']:.1f}, measured coverage of subjects "
        f"{conformal['measured_coverage_of_subjects']:.0%}."
        if conformal["half_width"] is not None
        else f" No prediction interval: {conformal['reason']}."
    )
    return {
        "20a": Answer(f"{_parts(config)}. {foot[3]} {foot[5]}"),
        "20b": Answer(f"{foot[4]} {foot[6]}"),
        "20c": Answer(f"Outcome: {outcome}."),
        "21": Answer(f"{_parts(config)}. Outcome: {outcome}.", complete=True),
        "22": Answer(
            "Weights with their settings: checkpoint/model.safetensors and model.json; applied by openada assess."
        ),
        "23a": Answer(
            f"{foot[0]} By session: {_performance(figures['metrics'])}. By recording: "
            f"{_performance(figures['metrics_per_recording'])}.{interval} "
            + (f"By subgroup ({groups}): subgroups.csv." if groups else "No subgroup columns in the manifest."),
            complete=bool(groups),
        ),
        "24": Answer("No updating.", complete=True),
        "26": Answer(
            f"{foot[2]} {foot[3]} Planted benchmark: nothing follows for people." if config["planted"] else foot[2]
        ),
        "27a": Answer(
            "openada assess refuses a video without enough tracked frames and warns of stretches that were left out."
        ),
        "27b": Answer("None with the input; reading an estimate with its interval."),
    }


def _parts(config: dict[str, Any]) -> str:
    return "; ".join(
        f"{part} {counted('recordings', n)} of {counted('subjects', config['subjects'][part])}"
        for part, n in config["recordings"].items()
    )


def _pretrained(config: dict[str, Any]) -> str:
    weights = config["pretrained"]
    return "none" if not weights else ", ".join(f"{key} {value}" for key, value in weights.items())


def _performance(metrics: dict[str, Any]) -> str:
    return ", ".join(
        f"{title} {number(metrics[name]['value'])}"
        + (
            f" [{number(metrics[name]['low'])}, {number(metrics[name]['high'])}]"
            if metrics[name]["low"] is not None
            else " (no interval)"
        )
        for name, title in TITLES.items()
        if name in metrics
    )
