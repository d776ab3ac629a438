"""ExpADA's Fig. 4: the most and the least relevant representations, mapped and measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from openada.evaluation.silhouette import silhouette
from openada.report.comparison import Section
from openada.report.content import NamedTable
from openada.report.figures import Drawing
from openada.report.relevance_figures import clouds
from openada.studies.reproduce.result import Result

if TYPE_CHECKING:
    from pathlib import Path

    from openada.studies.reproduce.job import Job

SHARE = 0.2
MOST_POINTS = 1200
SETS = {"top": "most relevant", "bottom": "least relevant"}
KINDS = {"category_support": "category support (the paper's SDR)", "severity_relevance": "severity relevance"}
READING = (
    "Silhouette in the space of the representations, not of the map: 1 is well separated, 0 not at all. All of a recording's "
    'representations are of one band and alike, so that people separate too; "by others" compares each representation with '
    "those of other subjects alone. Intervals: jackknife over subjects."
)


def figure4(name: str, job: Job) -> Result:
    """t-SNE of the top and the bottom 20 % of each recording's representations, and their silhouettes by severity band.

    By SDR as in the paper, and by severity relevance. The map is drawn for the first seed; the silhouettes of every seed.
    """
    selection = job.selection_runs()
    first = selection[job.seeds[0]]
    bands = [band for band, _ in job.scale(first[0]).bands]
    rows: list[dict[str, Any]] = []
    drawings: list[Drawing] = []
    for seed, runs in selection.items():
        for kind, words in KINDS.items():
            chosen = _representations(job, runs, kind)
            for which, title in SETS.items():
                own = chosen[chosen["set"] == which]
                features = np.stack(own["feature"].tolist())
                for measure, by_others in (("silhouette", False), ("silhouette by others", True)):
                    found = silhouette(features, own["band"], own["subject"], by_others=by_others)
                    facts = {
                        key: getattr(found, key) for key in ("value", "low", "high", "n", "n_subjects", "unit", "note")
                    }
                    rows.append({"kind": kind, "set": title, "measure": measure, "seed": seed, **facts})
                if seed == job.seeds[0]:
                    drawings.append(_map(features, own, bands, kind, words, which, title))
    table = pd.DataFrame(rows)
    section = Section(
        "Representations",
        [
            f"The {SHARE:.0%} most and least relevant representations of every {job.part} recording, by band of the label."
        ],
        tables=[NamedTable("Silhouette by severity band", _shown(table), READING)],
        drawings=drawings,
        footer=job.foot(first),
    )
    runs_of_all = [run for group in selection.values() for run in group]
    return Result(name, [section], table, job.corpora(first[0])[1], runs_of_all)


def _representations(job: Job, runs: list[Path], kind: str) -> pd.DataFrame:
    """A row per representation in the top or bottom share of its recording: feature, set, band, subject, recording_id."""
    bands = [band for band, _ in job.scale(runs[0]).bands]
    parts = []
    for row in job.predictions(runs)["selection"].itertuples():
        result = job.infer(runs, str(row.recording_id))
        assert result.selection is not None
        features = result.selection.features[0][result.selection.mask[0]].numpy()
        order = np.argsort(-result.segments[kind].to_numpy(float), kind="stable")
        count = max(1, int(SHARE * len(order)))
        for which, places in (("top", order[:count]), ("bottom", order[-count:])):
            parts += [
                {
                    "feature": features[place],
                    "set": which,
                    "band": bands[row.band],
                    "subject": row.subject,
                    "recording_id": row.recording_id,
                }
                for place in places
            ]
    return pd.DataFrame(parts)


def _map(
    features: np.ndarray, own: pd.DataFrame, bands: list[str], kind: str, words: str, which: str, title: str
) -> Drawing:
    from sklearn.manifold import TSNE

    kept = np.arange(len(features))
    if len(kept) > MOST_POINTS:
        kept = np.sort(np.random.default_rng(0).permutation(kept)[:MOST_POINTS])
    perplexity = min(30.0, (len(kept) - 1) / 3)
    points = TSNE(perplexity=perplexity, init="pca", random_state=0).fit_transform(features[kept])
    stem = f"tsne_{kind}_{which}"
    drawn = "" if len(kept) == len(features) else f" {len(kept)} of {len(features)} drawn, chosen at random."
    return Drawing(
        stem,
        f"{title.capitalize()} {SHARE:.0%} by {words}",
        clouds(points, own["band"].iloc[kept].tolist(), bands, stem),
        f"t-SNE, perplexity {perplexity:g}; distances and sizes of such a map mean little.{drawn}",
    )


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for (kind, which, measure), own in table.groupby(["kind", "set", "measure"], sort=False):
        rows.append(
            {
                "representations": f"{which} by {KINDS[kind]}",
                "measure": measure,
                **{
                    f"seed {row['seed']}": f"{row['value']:.2f} [{row['low']:.2f}, {row['high']:.2f}]"
                    for row in own.to_dict("records")
                },
            }
        )
    return pd.DataFrame(rows)
