"""Time and peak memory of ExpADA at the paper's size on the processor.

    python benchmarks/expada_full_size.py [--batch 2] [--threads 0] > benchmarks/expada_full_size.md

Stage 1: forward and backward pass of a batch of segments of 32 frames with the loss of method "ordinal", at the size that each
trunk's weights were trained on, with and without gradient checkpointing. Stage 2: the forward pass on a recording of 50 minutes,
90,000 frames, 2,812 feature units, M = 8,433 representations. Parameters and pixels are random: neither time nor memory asks
what they mean. Each row is measured in a process of its own; its peak memory is that of the whole process, libraries included.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable

MEMORY_AIM_GB = 24
SELECTOR_AIM_S = 2.0
UNITS = 2812
REPEATS = 5
CASES = {
    "VAT on s3d, 224×224": ("paper", False),
    "VAT on s3d, 224×224, checkpointed": ("paper", True),
    "VAT on r3d_18, 112×112": ("r3d_18", False),
    "VAT on r3d_18, 112×112, checkpointed": ("r3d_18", True),
    "VAT on r2plus1d_18, 112×112": ("r2plus1d_18", False),
    "VAT on r2plus1d_18, 112×112, checkpointed": ("r2plus1d_18", True),
    "frames on resnet50, 224×224": ("frames", False),
    "frames on resnet50, 224×224, checkpointed": ("frames", True),
}
SELECTOR = "stage 2"


def timed(call: Callable[[], object]) -> tuple[float, object]:
    """Seconds that a call takes, and what it gives."""
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def stage_1(preset: str, checkpointed: bool, batch: int) -> dict[str, float]:
    """Forward and backward of a batch of segments, s, with the loss of method "ordinal"."""
    import torch

    from openada import models
    from openada.models.expada.model import ExpADA
    from openada.training.losses import segment_loss

    model = models.create("expada", preset, seed=0)
    assert isinstance(model, ExpADA)
    encoder = model.encoder.train()
    encoder.trunk.checkpointed = checkpointed
    generator = torch.Generator().manual_seed(0)
    clips = torch.rand(batch, *encoder.input_shape, generator=generator)
    score, category = torch.linspace(0, 40, batch), torch.arange(batch) % 4

    def forward() -> torch.Tensor:
        return segment_loss(encoder(clips), score, category, ordinal=True, score_sd=10.0)

    forward_s, loss = timed(forward)
    assert isinstance(loss, torch.Tensor)
    backward_s, _ = timed(loss.backward)
    assert all(p.grad is not None and bool(torch.isfinite(p.grad).all()) for p in encoder.parameters())
    parameters = sum(p.numel() for p in encoder.parameters())
    return {"forward_s": forward_s, "backward_s": backward_s, "parameters": parameters}


def stage_2() -> dict[str, float]:
    """The forward pass of the selection on `UNITS` units: the median of `REPEATS`, s."""
    import torch

    from openada import models
    from openada.models.expada.model import ExpADA

    model = models.create("expada", "demo", feature_size=256, hidden_size=256, seed=0)  # the paper's selector
    assert isinstance(model, ExpADA)
    selector = model.selector.eval()
    units = torch.randn(1, UNITS, 256, generator=torch.Generator().manual_seed(0))
    mask = torch.ones(1, UNITS, dtype=torch.bool)
    with torch.inference_mode():
        each = sorted(timed(lambda: selector(units, mask))[0] for _ in range(REPEATS))
        representations = selector(units, mask).mask.shape[1]
    parameters = sum(p.numel() for p in selector.parameters())
    return {"forward_s": each[REPEATS // 2], "representations": representations, "parameters": parameters}


def measure(name: str, batch: int, threads: int) -> dict[str, float]:
    """One row, in this process."""
    import torch

    if threads:
        torch.set_num_threads(threads)
    row = stage_2() if name == SELECTOR else stage_1(*CASES[name], batch)
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss counts bytes there, kilobytes elsewhere
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9
    return {**row, "peak_gb": peak, "threads": torch.get_num_threads()}


def apart(name: str, batch: int, threads: int) -> dict[str, float]:
    """The row of `name`, measured in a process of its own."""
    command = [sys.executable, __file__, "--only", name, "--batch", str(batch), "--threads", str(threads)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    row: dict[str, float] = json.loads(done.stdout)
    return row


def report(batch: int, threads: int) -> None:
    """Print the page."""
    rows = {name: apart(name, batch, threads) for name in [*CASES, SELECTOR]}
    selector = rows.pop(SELECTOR)
    print("# ExpADA at full size on the processor\n")
    print(f"    python benchmarks/expada_full_size.py --batch {batch} --threads {threads}\n")
    print(
        f"One run, {int(selector['threads'])} threads ({platform.machine()}), Python {platform.python_version()}, float32. "
        "Other programs were running, so times are upper bounds.\n"
    )
    print(
        f"Stage 1, forward and backward of {batch} segments of 32 frames; aim: peak memory within {MEMORY_AIM_GB} GB.\n"
    )
    print("| encoder | parameters | forward | backward | peak memory |\n|---|---|---|---|---|")
    for name, row in rows.items():
        print(
            f"| {name} | {row['parameters'] / 1e6:.2f} M | {row['forward_s']:.1f} s | {row['backward_s']:.1f} s "
            f"| {row['peak_gb']:.2f} GB |"
        )
    print(
        f"\nStage 2, forward on {UNITS:,} units (50 minutes at 30 frames/s), M = {int(selector['representations']):,}: "
        f"{selector['forward_s']:.3f} s (median of {REPEATS}; aim: under {SELECTOR_AIM_S:g} s), "
        f"peak memory {selector['peak_gb']:.2f} GB."
    )


def main() -> None:
    """Measure what the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--threads", type=int, default=0, help="0: as many as torch takes")
    parser.add_argument("--only", help="one row, as JSON")
    given = parser.parse_args()
    if given.only:
        print(json.dumps(measure(given.only, given.batch, given.threads)))
    else:
        report(given.batch, given.threads)


if __name__ == "__main__":
    main()
