"""Writing a planted benchmark: videos, manifest, truth and card."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from openada.datasets.manifest import write_manifest
from openada.datasets.planted.card import write_card
from openada.datasets.planted.draws import VARIANTS, draw_recording
from openada.datasets.planted.identity import apply_identity, draw_identity
from openada.datasets.planted.plan import DEFAULT_SHARES, plan_recordings
from openada.datasets.planted.portrait import Portrait, load_portraits
from openada.datasets.planted.prop import Lamp
from openada.datasets.planted.renderer import FaceRenderer
from openada.datasets.planted.schedule import SHORTEST_RECORDING_S
from openada.datasets.planted.signals import TASKS
from openada.datasets.planted.truth_file import truth_metadata, write_truth
from openada.errors import SomeItemsFailed, UnusableInput
from openada.files import atomic_path, read_json, write_json

FORMAT = 1  # raised when the same parameters give other files
HARD_NOISE = 2.5
CRF = 20
FEWEST_SUBJECTS, LOWEST_FPS, SMALLEST_PX, LARGEST_PX = 6, 5.0, 96, 1024


def generate(
    out: Path,
    *,
    subjects: int,
    seconds: float,
    fps: float,
    seed: int,
    variant: str = "standard",
    portrait: Path | None = None,
    size_px: int = 256,
    workers: int | None = None,
    split_shares: tuple[float, float, float] = DEFAULT_SHARES,
    progress: bool = True,
) -> pd.DataFrame:
    """Write a benchmark of `subjects` people, two recordings of `seconds` at `fps` each, to the folder `out`.

    Writes videos/<recording_id>.mp4, manifest.csv, truth/ (a Parquet file per recording, episodes.csv, recordings.csv,
    portrait.npz), benchmark.json (the parameters) and card.json. The manifest tells the label and nothing else of the
    score; true scores and cues are under truth/. Fully determined by the parameters; run again after an interruption it
    finishes with the same files.

    Returns the manifest. Raises UnusableInput for parameters out of range, for a portrait without a face, and for a folder that
    holds another benchmark; SomeItemsFailed if recordings could not be rendered.
    """
    out = Path(out)
    parameters = _parameters(subjects, seconds, fps, seed, variant, portrait, size_px, split_shares)
    plan = plan_recordings(subjects, seed, variant, split_shares)
    _claim(out, parameters)
    _store_portraits(out, portrait, size_px)
    fingerprint = hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()
    results = _render_all(out, plan, parameters, fingerprint, workers, progress)

    truth = plan.drop(columns=["index", "split", "score", "session"])
    truth["cue_share"] = [result["cue_share"] for result in results]
    truth["cue_episodes"] = [len(result["cues"]) for result in results]
    for name in ("object_x_px", "object_y_px", "object_radius_px"):
        truth[name] = [result.get(name, np.nan) for result in results]
    episodes = [(r, a, b) for r, result in zip(plan["recording_id"], results, strict=True) for a, b in result["cues"]]
    _write_csv(out / "truth" / "recordings.csv", truth)
    _write_csv(out / "truth" / "episodes.csv", pd.DataFrame(episodes, columns=["recording_id", "start_s", "end_s"]))
    manifest = plan.drop(columns=["severity", "index", "object_value"])
    manifest.insert(1, "video", [f"videos/{name}.mp4" for name in plan["recording_id"]])
    manifest["scale"], manifest["corpus"] = "planted", f"planted-{variant}"
    write_manifest(manifest, out / "manifest.csv")
    write_card(out, parameters, plan, truth)
    return manifest


def _parameters(
    subjects: int,
    seconds: float,
    fps: float,
    seed: int,
    variant: str,
    portrait: Path | None,
    size_px: int,
    split_shares: tuple[float, float, float],
) -> dict[str, Any]:
    if variant not in VARIANTS:
        raise UnusableInput(f"variant {variant!r} is unknown: use one of {', '.join(VARIANTS)}")
    if subjects < FEWEST_SUBJECTS:
        raise UnusableInput(
            f"subjects = {subjects}: at least {FEWEST_SUBJECTS} are needed to fill the three parts of a split"
        )
    if not seconds >= SHORTEST_RECORDING_S or not np.isfinite(seconds):
        raise UnusableInput(f"seconds = {seconds}: a recording needs at least {SHORTEST_RECORDING_S:g} s")
    if not LOWEST_FPS <= fps <= 120:
        raise UnusableInput(f"fps = {fps}: use {LOWEST_FPS:g} to 120, or episodes of half a second are missed")
    if size_px % 2 or not SMALLEST_PX <= size_px <= LARGEST_PX:
        raise UnusableInput(f"size_px = {size_px}: use an even number from {SMALLEST_PX} to {LARGEST_PX}")
    if seed < 0:
        raise UnusableInput(f"seed = {seed}: use 0 or more")
    if portrait is not None and not Path(portrait).is_file():
        raise UnusableInput(f"portrait {portrait} does not exist; give the path of a picture of one face")
    digest = None if portrait is None else hashlib.sha256(Path(portrait).read_bytes()).hexdigest()
    return {
        "format": FORMAT,
        "variant": variant,
        "subjects": int(subjects),
        "seconds": float(seconds),
        "fps": float(fps),
        "seed": int(seed),
        "size_px": int(size_px),
        "split_shares": [float(share) for share in split_shares],
        "portrait_sha256": digest,
    }


def _claim(out: Path, parameters: dict[str, Any]) -> None:
    """Mark `out` as holding this benchmark, before anything else is written to it."""
    marker = out / "benchmark.json"
    if marker.is_file():
        held = read_json(marker)
        differing = sorted(key for key in {*held, *parameters} if held.get(key) != parameters.get(key))
        if differing:
            key = differing[0]
            raise UnusableInput(
                f"{out} holds a benchmark with {key} = {held.get(key)} (asked for: {parameters.get(key)}); choose another folder"
            )
    elif out.exists() and any(out.iterdir()):
        raise UnusableInput(f"{out} is not empty and holds no benchmark; choose a new folder")
    else:
        write_json(marker, parameters)


def _store_portraits(out: Path, portrait: Path | None, size_px: int) -> None:
    final = out / "truth" / "portrait.npz"
    if final.is_file():
        return
    plain, mirrored = load_portraits(portrait, size_px)
    with atomic_path(final) as temporary:
        np.savez_compressed(
            temporary,
            rgb=np.stack([plain.rgb, mirrored.rgb]),
            landmarks_px=np.stack([plain.landmarks_px, mirrored.landmarks_px]),
            source=np.array(plain.source),
        )


@lru_cache(maxsize=1)
def _portraits(path: Path, fingerprint: str) -> tuple[Portrait, Portrait]:
    """Both portraits of one benchmark; the fingerprint keeps another one that took this folder's place from being mixed up."""
    with np.load(path) as stored:
        rgb, landmarks, source = stored["rgb"], stored["landmarks_px"], str(stored["source"])
    return Portrait(rgb[0], landmarks[0], source), Portrait(rgb[1], landmarks[1], source)


def _render_all(
    out: Path, plan: pd.DataFrame, parameters: dict[str, Any], fingerprint: str, workers: int | None, progress: bool
) -> list[dict[str, Any]]:
    from openada.batch import Item, failure_table, run

    items = [
        Item(row["recording_id"], {"out": str(out.resolve()), "row": row, "fingerprint": fingerprint, **parameters})
        for row in plan.to_dict("records")
    ]
    outcomes = run(
        render_recording,
        items,
        finished=_finished,
        lock=out / ".lock",
        title=f"planted benchmark ({parameters['variant']})",
        workers=workers,
        progress=progress,
    )
    if any(outcome.status == "failed" for outcome in outcomes):
        raise SomeItemsFailed(f"not every recording was rendered; run again to retry\n{failure_table(outcomes)}")
    return [outcome.result or {} for outcome in outcomes]


def _paths(payload: dict[str, Any]) -> tuple[Path, Path]:
    out, name = Path(payload["out"]), payload["row"]["recording_id"]
    return out / "videos" / f"{name}.mp4", out / "truth" / f"{name}.parquet"


def _finished(item: Any) -> dict[str, Any] | None:
    # The truth is published last, so its presence with this fingerprint means that the video is whole.
    video, truth = _paths(item.payload)
    stored = truth_metadata(truth) if video.is_file() else {}
    if stored.get("fingerprint") != item.payload["fingerprint"]:
        return None
    result: dict[str, Any] = json.loads(stored["result"])
    return result


def render_recording(payload: dict[str, Any]) -> dict[str, Any]:
    """Render one planned recording; video, then truth, are published whole. Returns its cue episodes and cue share."""
    from openada.video import VideoWriter

    row, seed = payload["row"], payload["seed"]
    video, truth_path = _paths(payload)
    schedule, truth = draw_recording(
        seed, row["index"], row["task"], row["severity"], payload["seconds"], payload["fps"], payload["variant"]
    )
    subject = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2, row["index"])))
    camera = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(3, row["index"], TASKS.index(row["task"]))))
    identity = draw_identity(subject, HARD_NOISE if payload["variant"] == "hard" else 1.0)
    portraits = _portraits(Path(payload["out"]) / "truth" / "portrait.npz", payload["fingerprint"])
    rgb, landmarks = apply_identity(portraits[int(identity.mirrored)], identity)
    renderer = FaceRenderer(rgb, landmarks, identity.noise_sd, camera)
    lamp = None if np.isnan(row["object_value"]) else Lamp(landmarks, row["object_value"], payload["size_px"])

    meshes = np.empty((len(truth), len(landmarks), 2), dtype=np.float32)
    size = payload["size_px"]
    with VideoWriter(video, size, size, crf=CRF) as writer:
        for k, frame_truth in enumerate(truth.to_dict("records")):
            frame, meshes[k] = renderer.frame(frame_truth)
            writer.write(renderer.add_noise(frame if lamp is None else lamp.draw(frame)), frame_truth["time_s"])
    result: dict[str, Any] = {"cues": [list(cue) for cue in schedule.cues], "cue_share": schedule.cue_share}
    if lamp is not None:
        result |= {"object_x_px": float(lamp.centre_px[0]), "object_y_px": float(lamp.centre_px[1])}
        result["object_radius_px"] = float(lamp.radius_px)
    write_truth(truth_path, truth, meshes, {"fingerprint": payload["fingerprint"], "result": json.dumps(result)})
    return result


def _write_csv(path: Path, table: pd.DataFrame) -> None:
    with atomic_path(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n", float_format="%.6g")
