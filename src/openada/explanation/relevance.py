"""ExpADA's own relevance (Liao et al. 2026, eq. 8-10), wrapped as explanations along time."""

from __future__ import annotations

import numpy as np

from openada.errors import UnusableInput
from openada.explanation.explanation import Explanation, Spans
from openada.models.outputs import SelectionOutput

CATEGORY_SUPPORT = "category_support"
SEVERITY_RELEVANCE = "severity_relevance"

MEANINGS = {
    CATEGORY_SUPPORT: "support for the predicted category (the paper's SDR); for a low category it marks the absence of cues",
    SEVERITY_RELEVANCE: "support for the most severe category, whatever category was predicted",
}


def relevance(selection: SelectionOutput, segment_spans_s: np.ndarray, recording: int = 0) -> tuple[Explanation, ...]:
    """Category support and severity relevance of one recording, one explanation per kind and temporal scale.

    `segment_spans_s` (n, 2) holds start and end in seconds of the recording's n segments, in the order in which they were
    given; n may be below the batch's N, the rest being padding. A representation spans from its first segment's start to its
    last one's end; those that contain a padded or lost segment are left out. `recording` is the position in the batch.
    `parameters` holds kind, scale, category (from 0), selected (per value), and K. Values of all scales of one kind share one
    unit: over scales they sum to z of that category.
    """
    spans_s = np.asarray(segment_spans_s, dtype=np.float64)
    spans = selection.spans.cpu().numpy()
    scale = selection.scale.cpu().numpy()
    valid = selection.mask[recording].cpu().numpy()
    if spans_s.ndim != 2 or spans_s.shape[1] != 2 or np.any(spans[valid, 1] > len(spans_s)):
        raise UnusableInput(
            f"segment times of shape {spans_s.shape} for a recording with {spans[valid, 1].max()} segments; "
            "give start and end in seconds of each"
        )
    selected = selection.selected[recording].cpu().numpy()
    kinds = {CATEGORY_SUPPORT: selection.sdr, SEVERITY_RELEVANCE: selection.severity_relevance}
    explanations = []
    for kind, values in kinds.items():
        numbers = values[recording].detach().cpu().numpy().astype(np.float64)
        for one in np.unique(scale[valid]):
            rows = valid & (scale == one)
            start_end = np.stack([spans_s[spans[rows, 0], 0], spans_s[spans[rows, 1] - 1, 1]], axis=1)
            explanations.append(
                Explanation(
                    values=numbers[rows],
                    axes=(Spans(start_end),),
                    method="relevance",
                    meaning=MEANINGS[kind],
                    signed=False,
                    score=float(selection.score[recording]),
                    parameters={
                        "kind": kind,
                        "scale": int(one),
                        "category": int(selection.category[recording]),
                        "selected": tuple(selected[rows].tolist()),
                        "K": int(selection.K[recording]),
                    },
                )
            )
    return tuple(explanations)
