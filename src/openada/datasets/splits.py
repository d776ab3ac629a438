"""Splits as files: which recordings belong to training, development and test, with their subjects, hashed.

A split is written once and then only read. An official split can have a subject on both sides; it is expressible, and `overlap`
says so. Every result carries `sha256`. Cross-validation is a set of splits: see `folds`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from openada.datasets.recording import SPLITS
from openada.datasets.scales import band_index, scale_named
from openada.errors import UnusableInput
from openada.files import read_json, write_json


@dataclass(frozen=True)
class FoldOf:
    """Which fold of which set a split is: the set's `name` and `sha256`, `fold` from 1 to `folds`."""

    name: str
    sha256: str
    fold: int
    folds: int


@dataclass(frozen=True)
class Split:
    """`ids`: recording ids per part, sorted; `subjects`: recording id -> subject.

    `fold_of`: where the split is one fold of a cross-validation, of which; None otherwise. It plays no part in the hash.
    """

    name: str
    ids: dict[str, tuple[str, ...]]
    subjects: dict[str, str]
    fold_of: FoldOf | None = None

    def __post_init__(self) -> None:
        unknown = sorted(set(self.ids) - set(SPLITS))
        if unknown:
            raise UnusableInput(f"split {self.name!r}: part {unknown[0]!r} is not known; use {', '.join(SPLITS)}")
        object.__setattr__(self, "ids", {part: tuple(sorted(self.ids.get(part, ()))) for part in SPLITS})
        placed = [recording for part in SPLITS for recording in self.ids[part]]
        twice = (
            sorted({recording for recording in placed if placed.count(recording) > 1})
            if len(set(placed)) < len(placed)
            else []
        )
        if twice:
            raise UnusableInput(
                f"split {self.name!r}: recording {twice[0]!r} is in it twice; a recording belongs to one part"
            )
        lacking = sorted(set(placed) - set(self.subjects))
        if lacking:
            raise UnusableInput(f"split {self.name!r}: recording {lacking[0]!r} has no subject; add it to `subjects`")

    def part_of(self) -> dict[str, str]:
        """Recording id -> part."""
        return {recording: part for part, members in self.ids.items() for recording in members}

    def subjects_in(self, part: str) -> set[str]:
        """The subjects of one part."""
        return {self.subjects[recording] for recording in self.ids[part]}

    def overlap(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """Subjects on both sides of each pair of parts; pairs without any are left out."""
        shared = {(a, b): tuple(sorted(self.subjects_in(a) & self.subjects_in(b))) for a, b in combinations(SPLITS, 2)}
        return {pair: subjects for pair, subjects in shared.items() if subjects}

    def describe(self) -> str:
        """Sizes and overlap in one line, as printed beside results."""
        sizes = ", ".join(
            f"{part} {len(self.ids[part])} recordings of {len(self.subjects_in(part))} subjects" for part in SPLITS
        )
        overlap = "; ".join(f"{len(s)} subjects in both {a} and {b}" for (a, b), s in self.overlap().items())
        return f"{self.name}: {sizes}; {overlap or 'no subject in two parts'} (sha256 {self.sha256[:12]})"

    def _content(self) -> dict[str, object]:
        kept = {recording: self.subjects[recording] for members in self.ids.values() for recording in members}
        return {
            "ids": {part: list(members) for part, members in self.ids.items()},
            "subjects": dict(sorted(kept.items())),
        }

    @property
    def sha256(self) -> str:
        """Hash of the parts, their ids and subjects; the name and the order of writing play no part."""
        return content_hash(self._content())

    def save(self, path: Path) -> None:
        """Write once. A file with the same content is left alone; one with other content is never overwritten."""
        if path.exists():
            refuse_another(path, "split", load(path).sha256, self.sha256)
        else:
            fold = {} if self.fold_of is None else {"fold_of": asdict(self.fold_of)}
            write_json(path, {"name": self.name, "sha256": self.sha256, **fold, **self._content()})


def load(path: Path) -> Split:
    """A split from its file; UnusableInput if it is missing, malformed, or was edited (its hash no longer fits)."""
    if not path.is_file():
        raise UnusableInput(f"split file {path} does not exist; write one with `Split.save`")
    try:
        content = read_json(path)
        ids = {part: tuple(members) for part, members in content["ids"].items()}
        fold = FoldOf(**content["fold_of"]) if "fold_of" in content else None
        split = Split(content["name"], ids, dict(content["subjects"]), fold)
        stated = content["sha256"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnusableInput(f"{path} is not a split file ({error!r}); restore it or write it anew") from error
    refuse_changed(path, "split", stated, split.sha256)
    return split


def content_hash(content: object) -> str:
    """SHA-256 of `content` as JSON, whatever the order of its keys."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def refuse_another(path: Path, kind: str, held: str, own: str) -> None:
    """UnusableInput if the file at `path` holds another split or set of folds than the one to be saved."""
    if held != own:
        raise UnusableInput(
            f"{path} holds another {kind} (sha256 {held[:12]}, this one {own[:12]}); such files are written once: "
            "choose another name or folder"
        )


def refuse_changed(path: Path, kind: str, stated: object, found: str) -> None:
    """UnusableInput if the hash of what a file holds is not the one it states."""
    if stated != found:
        raise UnusableInput(
            f"{path} was changed after it was written (hash {found[:12]}, stated {str(stated)[:12]}); "
            f"restore it, or save it as a new {kind}"
        )


def official(manifest: pd.DataFrame, name: str = "official") -> Split:
    """The split stated in the manifest's `split` column; every recording must have one."""
    without = manifest.loc[~manifest["split"].isin(SPLITS), "recording_id"].tolist()
    if without:
        raise UnusableInput(
            f"{len(without)} recordings have no split in the manifest (first: {without[0]}); "
            "fill the column or use a subject-disjoint split"
        )
    return _from_parts(manifest, manifest["split"].tolist(), name)


def official_apart(manifest: pd.DataFrame, name: str = "official-apart") -> Split:
    """The official parts, less the recordings of people who are also in a later part: the test part stays whole.

    Whoever is in test is taken out of training and development, whoever is in development out of training; those recordings
    are in no part. Raises UnusableInput where a recording has no part, nobody is left to train on, or who is seen is not known.
    """
    subject_bands(manifest)  # refuses a corpus that does not say who is seen
    whole = official(manifest, name)
    later: set[str] = set()
    ids = {}
    for part in reversed(SPLITS):
        own = whole.subjects_in(part)
        ids[part] = tuple(recording for recording in whole.ids[part] if whole.subjects[recording] not in later)
        later |= own
    if not ids["training"]:
        raise UnusableInput("everybody in training is in a later part too: use a subject-disjoint split")
    return Split(name, ids, whole.subjects)


def subject_disjoint(
    manifest: pd.DataFrame,
    seed: int,
    shares: tuple[float, float, float] = (0.5, 0.15, 0.35),
    name: str = "subject-disjoint",
) -> Split:
    """A split in which no subject is on two sides: subjects drawn by `seed`, stratified by the band of their mean score.

    `shares` are those of training, development and test among the subjects.
    """
    part = assign_parts(subject_bands(manifest), np.random.default_rng(seed), shares)
    return _from_parts(manifest, [part[str(subject)] for subject in manifest["subject"]], name)


def subject_bands(manifest: pd.DataFrame) -> dict[str, int]:
    """Subject -> band index of the mean score of their recordings, -1 if none has one.

    Raises UnusableInput naming a recording that has no subject, or of which the corpus does not say who it shows (the column
    `subject_known`): nothing can be grouped by people then.
    """
    if "subject_known" in manifest and not manifest["subject_known"].all():
        first = manifest.loc[~manifest["subject_known"].astype(bool), "recording_id"].iloc[0]
        raise UnusableInput(
            f"this corpus does not say who is in a recording (first: {first}), so that no split can keep people apart; use its "
            "official split and say that people may be on both sides"
        )
    without = manifest.loc[
        manifest["subject"].isna() | (manifest["subject"].astype(str) == ""), "recording_id"
    ].tolist()
    if without:
        raise UnusableInput(
            f"{len(without)} recordings have no subject (first: {without[0]}): a subject-disjoint split is impossible; "
            "name the subjects in the manifest, or use the official split and say that people may be on both sides"
        )
    bands = {}
    for subject, rows in manifest.groupby("subject"):
        scale, mean = scale_named(str(rows["scale"].iloc[0])), float(rows["score"].mean())
        bands[str(subject)] = -1 if np.isnan(mean) else band_index(mean, scale)
    return bands


def assign_parts(
    strata: dict[str, int], rng: np.random.Generator, shares: tuple[float, float, float]
) -> dict[str, str]:
    """Subject -> part, so that every stratum is shared out in proportion and every part with a share gets a subject.

    Subjects are shuffled, ordered by stratum, and dealt out at equal distances in each part's share. UnusableInput for
    shares that are negative, do not sum to 1, leave training or test empty, or ask for more parts than there are subjects.
    """
    if len(shares) != len(SPLITS) or min(shares) < 0 or abs(sum(shares) - 1) > 1e-6 or shares[0] <= 0 or shares[2] <= 0:
        raise UnusableInput(
            f"shares {shares}: give three numbers of 0 or more for {', '.join(SPLITS)} that sum to 1, training and test above 0"
        )
    used = [part for part, share in zip(SPLITS, shares, strict=True) if share > 0]
    if len(strata) < len(used):
        raise UnusableInput(f"{len(strata)} subjects cannot fill {len(used)} parts; use more subjects or fewer parts")
    subjects = sorted(strata)
    ordered = sorted(rng.permutation(len(subjects)), key=lambda i: strata[subjects[i]])
    counts = np.maximum(np.floor(np.array(shares) * len(subjects)).astype(int), np.array(shares) > 0)
    while counts.sum() != len(subjects):
        excess = counts - np.array(shares) * len(subjects)
        worst = (
            int(np.argmin(excess))
            if counts.sum() < len(subjects)
            else int(np.argmax(np.where(counts > 1, excess, -np.inf)))
        )
        counts[worst] += 1 if counts.sum() < len(subjects) else -1
    places = [
        (float((k + rng.random()) / count), part)
        for part, count in zip(SPLITS, counts, strict=True)
        for k in range(count)
    ]
    return {subjects[i]: part for i, (_, part) in zip(ordered, sorted(places), strict=True)}


def _from_parts(manifest: pd.DataFrame, parts: list[str], name: str) -> Split:
    ids: dict[str, list[str]] = {part: [] for part in SPLITS}
    for recording, part in zip(manifest["recording_id"], parts, strict=True):
        ids[part].append(str(recording))
    subjects = {str(a): str(b) for a, b in zip(manifest["recording_id"], manifest["subject"], strict=True)}
    return Split(name, {part: tuple(members) for part, members in ids.items()}, subjects)
