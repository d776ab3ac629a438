"""What the project calls a recording: one video of one subject doing one task in one session."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

REQUIRED = ("recording_id", "video", "subject", "session", "task", "split", "score", "scale")
SPLITS = ("training", "development", "test")


@dataclass(frozen=True)
class Recording:
    """One row of a manifest. `score` is NaN where unknown, `split` empty where none is given; `extra` holds the other columns."""

    recording_id: str
    video: Path
    subject: str
    session: str
    task: str
    split: str
    score: float
    scale: str
    extra: dict[str, Any] = field(default_factory=dict)


def recordings(manifest: pd.DataFrame) -> list[Recording]:
    """The rows of a manifest that `manifest.read_manifest` returned."""
    return [
        Recording(
            **{name: row[name] for name in REQUIRED if name != "video"},
            video=Path(row["video"]),
            extra={name: value for name, value in row.items() if name not in REQUIRED},
        )
        for row in manifest.to_dict("records")
    ]
