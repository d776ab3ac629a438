"""An epoch of DepNet's training at full size, on kept features and with the trunk run at every step.

    python benchmarks/depnet_epoch.py [--recordings 50] [--threads 2] > benchmarks/depnet_epoch.md

The network of the paper (SE-ResNet-50, five frames of 224 px, published head), random weights and random frames; time depends on
neither. An epoch is one clip of every recording, batches of 10, SGD with momentum. "Kept": features float16 in memory, as
training reads them. "Trunk at every step" is the trunk's time for the epoch's frames, from one batch, plus the former.
"""

from __future__ import annotations

import argparse
import os
import platform
import time

import numpy as np
import torch
from torch.utils.data import DataLoader

from openada import models
from openada.clips.dataset import EpochSampler
from openada.clips.random_clips import ClipRecording, RandomClips
from openada.training.clip_module import ClipTraining
from openada.training.clip_recipe import NO_AUGMENTATION, clip_recipe
from openada.training.kept_features import FeatureReader


def measured(head: str, recordings: int) -> tuple[float, float]:
    """Seconds and processor seconds of one epoch on kept features, after one batch to warm up."""
    recipe = clip_recipe("depnet")
    model = models.create("depnet", seed=0, head=head)
    shape = (recipe.cached_features, 256, 7, 7)
    generator = np.random.default_rng(0)
    readers = [FeatureReader(generator.random(shape, np.float32).astype(np.float16)) for _ in range(recordings)]
    data = RandomClips(
        [ClipRecording(reader, np.arange(shape[0]), 20.0, 1) for reader in readers],
        frames=recipe.model.clip_frames,
        clips_per_recording=1,
        seed=0,
        augmentation=NO_AUGMENTATION,
    )
    loader = DataLoader(data, recipe.batch, sampler=EpochSampler(len(data), seed=0, shuffle=True))
    module = ClipTraining(
        model.aggregator,
        loss="half-mse",
        unit=1.0,
        learning_rate=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        optimiser="sgd",
    )
    module.log = lambda *given, **named: None  # no trainer is attached
    optimiser = module.configure_optimizers()
    start = cpu = 0.0
    for epoch in range(2):
        start, cpu = time.perf_counter(), time.process_time()
        for number, batch in enumerate(loader):
            optimiser.zero_grad()
            module.training_step(batch, number).backward()
            optimiser.step()
            if epoch == 0:
                break
    return time.perf_counter() - start, time.process_time() - cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=50)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    model = models.create("depnet", seed=0, head="pooled")
    clip = torch.rand(1, 3, 5, 224, 224)
    with torch.no_grad():
        model.frozen_features(clip)
        start, cpu = time.perf_counter(), time.process_time()
        model.frozen_features(clip)
        frame_s, frame_cpu = (time.perf_counter() - start) / 5, (time.process_time() - cpu) / 5
    del model
    print("# An epoch of DepNet's training\n")
    print(f"    python benchmarks/depnet_epoch.py --recordings {given.recordings} --threads {given.threads}\n")
    print(
        f"One run on {platform.machine()}, {given.threads} thread{'s' if given.threads > 1 else ''} of {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, torch {torch.__version__.split('+')[0]}, float32. Where other programs run, "
        "wall-clock times are upper bounds; the "
        "processor's own time stands beside.\n"
    )
    print("| what | wall clock | processor |\n|---|---:|---:|")
    print(f"| the trunk on one frame of 224 px | {frame_s:.2f} s | {frame_cpu:.2f} s |")
    kept = clip_recipe("depnet").cached_features
    print(f"| {kept} frames of every recording, once | {given.recordings * kept * frame_s / 60:.0f} min | "
          f"{given.recordings * kept * frame_cpu / 60:.0f} min |")  # fmt: skip
    for head in ("published", "pooled"):
        epoch_s, epoch_cpu = measured(head, given.recordings)
        trunk_s, trunk_cpu = (5 * given.recordings * value for value in (frame_s, frame_cpu))
        print(
            f"| an epoch of {given.recordings} recordings on kept features, head {head} | {epoch_s:.1f} s | {epoch_cpu:.1f} s |"
        )
        print(f"| the same with the trunk at every step | {epoch_s + trunk_s:.0f} s | {epoch_cpu + trunk_cpu:.0f} s |")
    print(
        "\nThe line of all kept frames and that of the trunk at every step are the time of a frame times their number. An "
        "epoch here is one clip of every recording; the recipe's draws "
        f"{clip_recipe('depnet').clips_per_recording}, and takes so many times as long."
    )


if __name__ == "__main__":
    main()
