"""One video of a user's, prepared as a run's training recordings were."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from openada.clips.segments import Segments
from openada.errors import UnusableInput
from openada.prepared.dataset import PreparedRecording
from openada.prepared.job import Job, Parameters
from openada.prepared.writer import prepare_recording


class PreparedVideo(NamedTuple):
    """The recording in its temporary folder, and what `quality.json` says of it."""

    recording: PreparedRecording
    quality: dict[str, Any]


@contextmanager
def prepared_video(
    video: Path, parameters: Mapping[str, Any], tracker_model: Path | None = None
) -> Iterator[PreparedVideo]:
    """Track and align `video` into a temporary folder that is there inside the block.

    parameters: those of the run's training recordings (config.json, "prepared"). tracker_model: where the tracker's model file
    lies now, if it was moved. Raises UnusableInput if the video cannot be decoded.
    """
    asked = Parameters(**parameters)
    if tracker_model is not None:
        asked = replace(asked, tracker_model=str(tracker_model))
    with tempfile.TemporaryDirectory(prefix="openada-") as scratch:
        job = Job(video.stem or "recording", video, Path(scratch) / "recording", asked)
        quality = prepare_recording(job)
        yield PreparedVideo(PreparedRecording(job.recording_id, job.folder), quality)


def require_face(video: Path, recording: PreparedRecording, cut: Segments, min_tracked_share: float) -> None:
    """Raise UnusableInput if no frame shows a face, or no segment of `cut` shows it in enough frames."""
    tracked = recording.tracked
    if not tracked.any():
        raise UnusableInput(f"{video}: no face found in any of its {len(tracked)} frames; nothing to assess")
    if not cut.usable.any():
        raise UnusableInput(
            f"{video}: {int(tracked.sum())} of {len(tracked)} frames show a tracked face, but no {cut.frames} frames in a row "
            f"of which {min_tracked_share:.0%} do, which this model needs; use a longer or clearer recording"
        )
