"""Pictures and playable copies of a recording, for its report."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from openada.prepared.dataset import PreparedRecording
from openada.report.content import Episode, Picture, Segment, SegmentClip, SegmentPictures, WholeVideo
from openada.video import transcode_proxy

STRIP_FRAMES = 12
FRAMES_PER_SEGMENT = 4
WHOLE_VIDEO_S = 30 * 60
PICTURE_PX = 160


def frame_strip(recording: PreparedRecording) -> list[Picture]:
    """Evenly spaced aligned crops of the whole recording, tracked or not."""
    places = np.unique(np.linspace(0, len(recording.time_s) - 1, STRIP_FRAMES).round().astype(int))
    return _pictures(recording, places)


def segment_pictures(recording: PreparedRecording, segments: Sequence[Segment]) -> list[SegmentPictures]:
    """A few tracked crops of each segment."""
    times, tracked = recording.time_s, recording.tracked
    shown = []
    for segment in segments:
        inside = np.flatnonzero((times >= segment.start_s) & (times < segment.end_s) & tracked)
        places = inside[np.unique(np.linspace(0, len(inside) - 1, FRAMES_PER_SEGMENT).round().astype(int))]
        shown.append(SegmentPictures(segment, _pictures(recording, places)))
    return shown


def _pictures(recording: PreparedRecording, places: np.ndarray) -> list[Picture]:
    return [
        Picture(float(recording.time_s[place]), recording.crops(int(place), int(place) + 1, PICTURE_PX)[0])
        for place in places
    ]


def media_for(video: Path, times: np.ndarray, listed: Sequence[Segment | Episode]) -> WholeVideo | list[SegmentClip]:
    """A copy of the whole video up to 30 minutes; beyond, a copy of each listed stretch."""
    with tempfile.TemporaryDirectory(prefix="openada-") as scratch:
        copy = Path(scratch) / "copy.mp4"
        if times[-1] - times[0] <= WHOLE_VIDEO_S:
            transcode_proxy(video, copy, start_s=float(times[0]))
            return WholeVideo(copy.read_bytes(), starts_at_s=float(times[0]))
        clips = []
        for segment in listed:
            transcode_proxy(video, copy, start_s=segment.start_s, end_s=segment.end_s)
            clips.append(SegmentClip(segment.start_s, segment.end_s, copy.read_bytes()))
        return clips
