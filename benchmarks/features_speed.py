"""Speed and memory of `openada features` against bare MediaPipe FaceMesh, in one run.

    python benchmarks/features_speed.py [--minutes 10] > benchmarks/features_speed.md
    python benchmarks/features_speed.py --memory [--long 50] > benchmarks/features_memory.md

One rendered person (640×480, 25 frames/s) is written end to end until the video is long enough. Everything runs in
processes of their own, pinned to named cores. "Bare FaceMesh" decodes the same file, hands every frame to the refined
mesh, and does nothing with what it says. Start-up is the time that the same command takes for one frame; it is taken
off both and reported. Peak memory is the largest resident size of the process that does the work.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

FPS = 25.0


def make_videos(root: Path, minutes: list[float]) -> dict[float, Path]:
    """A 640×480 video of every length, the same two recordings of one person over and over."""
    import cv2

    from openada.datasets.planted.generate import generate
    from openada.video import VideoWriter, frames

    generate(root / "planted", subjects=6, seconds=10.0, fps=FPS, seed=3, progress=False)
    pictures = []
    for video in sorted((root / "planted" / "videos").glob("s001_*.mp4")):
        for frame in frames(video):
            canvas = np.full((480, 640, 3), 90, np.uint8)
            canvas[:, 80:560] = cv2.resize(frame.rgb, (480, 480), interpolation=cv2.INTER_AREA)
            pictures.append(canvas)
    made = {}
    for length in minutes:
        made[length] = root / f"{length:g}_minutes.mp4"
        with VideoWriter(made[length], 640, 480, crf=23) as writer:
            for index in range(max(1, round(length * 60 * FPS))):
                writer.write(pictures[index % len(pictures)], index / FPS)
    return made


def bare_mesh(video: str) -> None:
    """Decode, run the refined mesh, nothing else."""
    import av
    from mediapipe.python.solutions import face_mesh

    mesh = face_mesh.FaceMesh(refine_landmarks=True, max_num_faces=1)
    with av.open(video) as container:
        container.streams.video[0].thread_type = "AUTO"
        for frame in container.decode(video=0):
            mesh.process(frame.to_ndarray(format="rgb24"))


def measure(video: str, out: str) -> None:
    """What `openada features` does with one worker."""
    from openada.prepared.features import features
    from openada.prepared.job import Parameters

    features([video], Path(out), parameters=Parameters(crops=False), workers=1, progress=False)


def seconds(command: list[str], cores: str) -> tuple[float, float]:
    """Wall time, and peak resident size in MB, of a process on named cores."""
    probe = (
        "import json,resource,subprocess,sys,time;t=time.perf_counter();subprocess.run(sys.argv[1:],check=True,"
        "stdout=subprocess.DEVNULL,stderr=subprocess.DEVNULL);"
        "print(json.dumps([time.perf_counter()-t,resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss/1024]))"
    )
    pinned = ["taskset", "-c", cores, sys.executable, "-c", probe, *command]
    wall, peak = json.loads(subprocess.run(pinned, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    return wall, peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--long", type=float, default=50.0)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--part", choices=("bare", "measure", "two-bare"))
    parser.add_argument("paths", nargs="*")
    arguments = parser.parse_args()
    if arguments.part == "bare":
        bare_mesh(arguments.paths[0])
        return
    if arguments.part == "two-bare":
        both = [subprocess.Popen([sys.executable, __file__, "--part", "bare", path]) for path in arguments.paths]
        assert all(process.wait() == 0 for process in both)
        return
    if arguments.part == "measure":
        measure(*arguments.paths)
        return
    with tempfile.TemporaryDirectory() as name:
        if arguments.memory:
            report_memory(Path(name), arguments.long)
        else:
            report_speed(Path(name), arguments.minutes)


def own(part: str, *paths: str | Path) -> list[str]:
    """The command that runs a part of this file in a process of its own."""
    return [sys.executable, __file__, "--part", part, *map(str, paths)]


def heading(title: str, command: str) -> None:
    print(f"# {title}\n\n    python benchmarks/features_speed.py {command}\n")
    print(f"One run on {os.cpu_count()} virtual cores ({platform.machine()}), Python {platform.python_version()};")
    print(f"640×480, {FPS:g} frames/s.\n")


def report_memory(root: Path, long: float) -> None:
    videos = make_videos(root, [1.0, long])
    peaks = {length: seconds(own("measure", video, root / f"{length:g}"), "0")[1] for length, video in videos.items()}
    heading("Peak memory of `openada features`", f"--memory --long {long:g}")
    print("| recording | peak memory | ratio | aim |\n|---|---|---|---|")
    print(f"| 1 min | {peaks[1.0]:.0f} MB | 1 | under 1 GB |")
    print(f"| {long:g} min | {peaks[long]:.0f} MB | {peaks[long] / peaks[1.0]:.3f} | at most 1.10, under 1 GB |")


def report_speed(root: Path, minutes: float) -> None:
    half, one_frame = minutes / 2, 1 / FPS / 60
    videos = make_videos(root, [one_frame, half])
    openada = [sys.executable, "-m", "openada", "features"]

    def features_of(files: list[Path], workers: int, cores: str) -> float:
        with tempfile.TemporaryDirectory(dir=root) as out:
            return seconds([*openada, *map(str, files), "--out", out, "--workers", str(workers)], cores)[0]

    def two(length: float) -> list[Path]:
        copy = root / f"copy_of_{length:g}.mp4"
        if not copy.exists():
            os.link(videos[length], copy)
        return [videos[length], copy]

    frames = round(half * 60 * FPS)
    bare_start, _ = seconds(own("bare", videos[one_frame]), "0")
    start = features_of([videos[one_frame]], 1, "0")
    bare, _ = seconds(own("bare", videos[half]), "0")
    one = features_of([videos[half]], 1, "0")
    two_start = features_of(two(one_frame), 2, "0,1")
    in_turn = features_of(two(half), 1, "0")
    together = features_of(two(half), 2, "0,1")
    two_bare, _ = seconds(own("two-bare", *two(half)), "0,1")
    bare_fps, our_fps = frames / (bare - bare_start), frames / (one - start)
    together_fps, two_bare_fps = 2 * frames / (together - two_start), 2 * frames / (two_bare - bare_start)
    speed_up, bare_up = (in_turn - start) / (together - two_start), 2 * (bare - bare_start) / (two_bare - bare_start)
    rows = [
        ("bare FaceMesh (refined), one core", f"{bare_fps:.0f}", f"{bare_start:.1f} s", "1", ""),
        ("`features`, one core", f"{our_fps:.0f}", f"{start:.1f} s", f"{our_fps / bare_fps:.2f} × bare", "0.65"),
        (
            f"`features`, two files of {half:g} min, two processes on two cores",
            f"{together_fps:.0f}",
            f"{two_start:.1f} s",
            f"{speed_up:.2f} × one process",
            "1.8",
        ),
        ("bare FaceMesh, two processes on them", f"{two_bare_fps:.0f}", "", f"{bare_up:.2f} × one process", ""),
    ]
    heading("Speed of `openada features`", f"--minutes {minutes:g}")
    print("| what | frames/s without start-up | start-up | ratio | aim |\n|---|---|---|---|---|")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    print("\nThe last row is what these cores allow: two processes that share nothing.")


if __name__ == "__main__":
    main()
