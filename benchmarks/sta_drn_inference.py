"""STA-DRN's inference on the processor: the plain way, channels last alone, and openada's fast way, in one run.

    python benchmarks/sta_drn_inference.py [--threads 0] [--rounds 3] [--seconds 600] > benchmarks/sta_drn_inference.md

One clip, 1×3×64×224×224, through the network of Table 4 (width 32), random parameters, running statistics moved from
their initial values. Plain: contiguous layout, eager, float32. The ways take turns, round after round, so that other work on the
machine meets them alike; the table has each way's fastest and median round, and compares the fastest. The matrix rate is the
best of square products of 1024 and 2048 in the same run, in the same precision; multiply-accumulates divided by it are the
bound, and "of the bound" is how much of it a way reaches. No further round starts after `--seconds`.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from openada import models
from openada.models.clip_network import ClipNetwork
from openada.models.cost import multiply_accumulates
from openada.models.fast import fast_inference

SHAPE = (1, 3, 64, 224, 224)
PLAIN, LAST, FAST, HALF = "plain, float32", "channels last alone, float32", "fast, float32", "fast, bfloat16"
DTYPES = {PLAIN: torch.float32, LAST: torch.float32, FAST: torch.float32, HALF: torch.bfloat16}
AIMS = {FAST: 1.4, HALF: 2.2}
SLOW_ROUNDS = 1
"""Rounds for bfloat16 where the processor has no instructions for it."""


def seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def matrix_rate(dtype: torch.dtype, repeats: int) -> float:
    """Multiply-accumulates per second of a square matrix product, the best of a few."""
    best = 0.0
    for side in (1024, 2048):
        left, right = torch.rand(side, side).to(dtype), torch.rand(side, side).to(dtype)
        left @ right
        best = max(best, *(side**3 / seconds(lambda a=left, b=right: a @ b) for _ in range(repeats)))  # type: ignore[misc]
    return best


def network() -> ClipNetwork:
    """Table 4's smallest STA-DRN, in evaluation, with statistics and biases that training might leave."""
    model = models.create("sta-drn", seed=0).eval()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.BatchNorm3d):
                module.running_mean.copy_(0.1 * torch.randn(module.num_features, generator=generator))  # type: ignore[union-attr]
                module.running_var.copy_(0.8 + 0.4 * torch.rand(module.num_features, generator=generator))  # type: ignore[union-attr]
                module.bias.copy_(0.1 * torch.randn(module.num_features, generator=generator))
    assert isinstance(model, ClipNetwork)
    return model


def processor() -> str:
    """Name and the instructions that matter here."""
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").is_file() else ""
    found = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    fields = {key.strip(): value.strip() for key, value in found.items()}
    flags = set(fields.get("flags", "").split())
    has = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if flag in flags]
    name = fields.get("model name", platform.processor())
    return f"{name}, family {fields.get('cpu family', '?')} model {fields.get('model', '?')}, with {', '.join(has)}"


Times = dict[str, list[tuple[float, float]]]


def measure(rounds: int, limit_s: float) -> tuple[Times, dict[str, Tensor], dict[torch.dtype, float]]:
    """Seconds and processor seconds of every round, the scores, and the matrix rates."""
    start = time.perf_counter()
    model = network()
    other = network().to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
    clip = torch.rand(SHAPE, generator=torch.Generator().manual_seed(2))
    ways: dict[str, Callable[[Tensor], Tensor]] = {
        PLAIN: model,
        LAST: lambda given: other(given.contiguous(memory_format=torch.channels_last_3d)),
        FAST: fast_inference(model),
        HALF: fast_inference(model, torch.bfloat16),
    }
    has_bfloat16 = any(flag in processor() for flag in ("avx512_bf16", "amx_bf16"))
    rates = {torch.float32: matrix_rate(torch.float32, 5)}
    times: Times = {name: [] for name in ways}
    scores: dict[str, Tensor] = {}
    with torch.no_grad():
        ways[FAST](clip)  # lays the weights out
        for turn in range(rounds):
            for name, way in ways.items():
                if name == HALF and not has_bfloat16 and turn >= SLOW_ROUNDS:
                    continue
                if turn and time.perf_counter() - start > limit_s:
                    continue
                processor_s = time.process_time()
                wall_s = seconds(lambda name=name, way=way: scores.update({name: way(clip)}))  # type: ignore[misc]
                times[name].append((wall_s, time.process_time() - processor_s))
    rates[torch.float32] = max(rates[torch.float32], matrix_rate(torch.float32, 5))
    rates[torch.bfloat16] = matrix_rate(torch.bfloat16, 2)
    return times, scores, rates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=0, help="0: torch's own number")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=600.0, help="start no further round after this long")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    with torch.device("meta"):
        macs = multiply_accumulates(models.create("sta-drn"), SHAPE)
    times, scores, rates = measure(options.rounds, options.seconds)

    fastest = {name: min(wall for wall, _ in rounds) for name, rounds in times.items()}
    scale = float(scores[PLAIN].abs().max())
    print("# STA-DRN's inference on the processor\n")
    command = f"--threads {options.threads} --rounds {options.rounds} --seconds {options.seconds:g}"
    print(f"`python benchmarks/sta_drn_inference.py {command}`, one clip {'×'.join(map(str, SHAPE))}, width 32,")
    print(
        f"{macs / 1e9:.2f} G multiply-accumulates. {processor()}; {torch.get_num_threads()} threads, torch {torch.__version__}.\n"
    )
    print(
        "| way | rounds | fastest, s | median, s | processor time, s | × plain | aim | bound, × plain "
        "| of the bound | error of the score, relative |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for name, rounds in times.items():
        bound_s = macs / rates[DTYPES[name]]
        error = float((scores[name] - scores[PLAIN]).abs().max()) / scale
        cells = [
            name,
            str(len(rounds)),
            f"{fastest[name]:.2f}",
            f"{statistics.median(wall for wall, _ in rounds):.2f}",
            f"{min(processor for _, processor in rounds):.2f}",
            f"{fastest[PLAIN] / fastest[name]:.2f}",
            str(AIMS.get(name, "")),
            f"{fastest[PLAIN] / bound_s:.2f}",
            f"{bound_s / fastest[name]:.0%}",
            "" if name == PLAIN else f"{error:.1e}",
        ]
        print(f"| {' | '.join(cells)} |")
    single, half = (rates[dtype] / 1e9 for dtype in (torch.float32, torch.bfloat16))
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(
        f"\nMatrix rate in this run: {single:.0f} G multiply-accumulates a second in float32, {half:.0f} in bfloat16."
    )
    print("Processor time is that of all threads together, the least of the rounds.")
    print(f"Load of the machine at the end, this run included: {load:.1f}.")


if __name__ == "__main__":
    main()
