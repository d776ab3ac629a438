"""Cross-validation as a file: the people of a manifest shared out to folds, each tested once, hashed, written once.

A set of folds says which recordings are tested together; the training part of a fold is everything else, so that a
recording is tested exactly once and a person is never on two sides. Both are checked whenever a set is made or read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from openada.datasets.splits import FoldOf, Split, content_hash, refuse_another, refuse_changed, subject_bands
from openada.errors import UnusableInput
from openada.files import read_json, write_json


@dataclass(frozen=True)
class Folds:
    """`tested`: the recording ids of each fold's test part, sorted; `subjects`: recording id -> subject.

    `inner`: for nested cross-validation one set of folds per fold, made of that fold's training recordings alone; empty
    otherwise. Raises UnusableInput for fewer than two folds, an empty fold, a recording tested twice or without a
    subject, a subject in two folds, and inner folds that do not hold exactly the training recordings.
    """

    name: str
    tested: tuple[tuple[str, ...], ...]
    subjects: dict[str, str]
    inner: tuple[Folds, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "tested", tuple(tuple(sorted(members)) for members in self.tested))
        if len(self.tested) < 2:
            raise UnusableInput(f"folds {self.name!r}: {len(self.tested)} folds; cross-validation needs at least 2")
        empty = [k for k, members in enumerate(self.tested) if not members]
        if empty:
            raise UnusableInput(f"folds {self.name!r}: fold {empty[0] + 1} tests nothing; use fewer folds")
        fold_of_recording: dict[str, int] = {}
        fold_of_subject: dict[str, int] = {}
        for recording, k in self._places():
            if recording in fold_of_recording:
                raise UnusableInput(
                    f"folds {self.name!r}: recording {recording!r} is tested twice; place it in one fold"
                )
            if not self.subjects.get(recording):
                raise UnusableInput(
                    f"folds {self.name!r}: recording {recording!r} has no subject; add it to `subjects`"
                )
            fold_of_recording[recording] = k
            subject = self.subjects[recording]
            if fold_of_subject.setdefault(subject, k) != k:
                raise UnusableInput(
                    f"folds {self.name!r}: subject {subject!r} is tested in fold {fold_of_subject[subject] + 1} and in "
                    f"fold {k + 1}, so it is on both sides of each; keep a subject's recordings together"
                )
        object.__setattr__(
            self, "subjects", {recording: self.subjects[recording] for recording in sorted(fold_of_recording)}
        )
        self._check_inner()

    def _places(self) -> Iterator[tuple[str, int]]:
        return ((recording, k) for k, members in enumerate(self.tested) for recording in members)

    def _check_inner(self) -> None:
        if self.inner and len(self.inner) != len(self.tested):
            raise UnusableInput(
                f"folds {self.name!r}: {len(self.inner)} sets of inner folds for {len(self.tested)} folds; give one each"
            )
        for k, inner in enumerate(self.inner):
            if inner.inner:
                raise UnusableInput(f"folds {self.name!r}: inner folds with folds of their own; nest once")
            strange = sorted(inner.recordings() ^ (self.recordings() - set(self.tested[k])))
            if strange:
                raise UnusableInput(
                    f"folds {self.name!r}: recording {strange[0]!r} is either in the inner folds or in the training part "
                    f"of fold {k + 1}, not in both; inner folds are made of a fold's training recordings, all of them"
                )
            if any(self.subjects[recording] != subject for recording, subject in inner.subjects.items()):
                raise UnusableInput(f"folds {self.name!r}: the inner folds of fold {k + 1} name other subjects")

    def recordings(self) -> set[str]:
        """The recordings of all folds."""
        return set(self.subjects)

    @cached_property
    def splits(self) -> tuple[Split, ...]:
        """A split per fold: its recordings are the test part, all others the training part; development is empty."""
        everything = self.recordings()
        return tuple(
            Split(
                f"{self.name}, fold {k + 1} of {len(self.tested)}",
                {"training": tuple(everything - set(members)), "test": members},
                self.subjects,
                FoldOf(self.name, self.sha256, k + 1, len(self.tested)),
            )
            for k, members in enumerate(self.tested)
        )

    def split_at(self, name: str, numbers: Sequence[str]) -> Split:
        """The split of fold K for numbers ("K",), of inner fold J of fold K for ("K", "J"), from 1; `name` is for the error."""
        number, *further = numbers
        if not number.isdigit() or not 1 <= int(number) <= len(self.tested):
            raise UnusableInput(f"no fold {name!r}: {self.name} has folds 1 to {len(self.tested)}")
        if not further:
            return self.splits[int(number) - 1]
        if not self.inner:
            raise UnusableInput(f"no fold {name!r}: {self.name} has no inner folds; 'nested' makes some")
        return self.inner[int(number) - 1].split_at(name, further)

    def describe(self) -> str:
        """Sizes in one line, as printed beside results."""
        sizes = sorted({len(members) for members in self.tested})
        people = len(set(self.subjects.values()))
        span = f"{sizes[0]}" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
        nested = f", nested ({len(self.inner[0].tested)} inner folds in the first)" if self.inner else ""
        return (
            f"{self.name}: {len(self.tested)} folds of {span} recordings{nested}, {len(self.subjects)} recordings of "
            f"{people} subjects, each tested once, no subject on two sides (sha256 {self.sha256[:12]})"
        )

    def _content(self) -> dict[str, object]:
        content: dict[str, object] = {
            "tested": [list(members) for members in self.tested],
            "subjects": self.subjects,
        }
        if self.inner:
            content["inner"] = [[list(members) for members in inner.tested] for inner in self.inner]
        return content

    @cached_property
    def sha256(self) -> str:
        """Hash of the folds in their order, their recordings and subjects, and the inner folds; the name plays no part."""
        return content_hash(self._content())

    def save(self, path: Path) -> None:
        """Write once. A file with the same content is left alone; one with other content is never overwritten."""
        if path.exists():
            refuse_another(path, "set of folds", load_folds(path).sha256, self.sha256)
        else:
            write_json(path, {"name": self.name, "sha256": self.sha256, **self._content()})


def load_folds(path: Path) -> Folds:
    """Folds from their file; UnusableInput if it is missing, malformed, or was edited (its hash no longer fits)."""
    if not path.is_file():
        raise UnusableInput(f"folds file {path} does not exist; write one with `Folds.save`")
    try:
        content = read_json(path)
        name, subjects = content["name"], dict(content["subjects"])
        inner = content.get("inner", [])
        folds = Folds(
            name,
            _tuples(content["tested"]),
            subjects,
            tuple(Folds(_inner_name(name, k), _tuples(tested), subjects) for k, tested in enumerate(inner)),
        )
        stated = content["sha256"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnusableInput(f"{path} is not a folds file ({error!r}); restore it or write it anew") from error
    refuse_changed(path, "set of folds", stated, folds.sha256)
    return folds


def grouped_folds(manifest: pd.DataFrame, k: int, seed: int, name: str | None = None) -> Folds:
    """`k` folds of whole subjects, drawn by `seed`, stratified by the band of their mean score.

    Fold sizes differ by at most one subject, overall and within every band. Needs the manifest's recording_id, subject,
    scale and score (NaN is a band of its own). Raises UnusableInput for fewer than 2 folds, fewer subjects than folds,
    and a recording without a subject.
    """
    bands = subject_bands(manifest)
    if k < 2 or len(bands) < k:
        raise UnusableInput(
            f"{len(bands)} subjects in {k} folds: use at least 2 folds and no more folds than there are subjects"
        )
    rng = np.random.default_rng(seed)
    subjects = sorted(bands)
    ordered = sorted(rng.permutation(len(subjects)), key=lambda i: bands[subjects[i]])
    numbers = rng.permutation(k)
    fold_of = {subjects[i]: int(numbers[place % k]) for place, i in enumerate(ordered)}
    return _dealt(manifest, fold_of, k, name or f"grouped-{k}-fold")


def leave_one_subject_out(manifest: pd.DataFrame, name: str = "leave-one-subject-out") -> Folds:
    """A fold per subject, in the order of their names. Raises UnusableInput for one subject, or a recording without."""
    subjects = sorted(subject_bands(manifest))
    return _dealt(manifest, {subject: k for k, subject in enumerate(subjects)}, len(subjects), name)


def nested_folds(manifest: pd.DataFrame, outer: int, inner: int, seed: int, name: str | None = None) -> Folds:
    """`outer` grouped folds, each with `inner` grouped folds of its training recordings: select on the inner ones only.

    Raises UnusableInput as `grouped_folds`, for the training part of each fold too.
    """
    name = name or f"nested-{outer}-by-{inner}"
    around = grouped_folds(manifest, outer, seed, name)
    ids = manifest["recording_id"].astype(str)
    within = tuple(
        grouped_folds(manifest[~ids.isin(members)], inner, seed, _inner_name(name, k))
        for k, members in enumerate(around.tested)
    )
    return Folds(name, around.tested, around.subjects, within)


def _dealt(manifest: pd.DataFrame, fold_of: Mapping[str, int], k: int, name: str) -> Folds:
    subjects = {str(a): str(b) for a, b in zip(manifest["recording_id"], manifest["subject"], strict=True)}
    if len(subjects) != len(manifest):
        twice = manifest.loc[manifest["recording_id"].duplicated(), "recording_id"].iloc[0]
        raise UnusableInput(f"recording {twice!r} is in the manifest twice; give every recording an id of its own")
    members: list[list[str]] = [[] for _ in range(k)]
    for recording, subject in subjects.items():
        members[fold_of[subject]].append(recording)
    return Folds(name, tuple(tuple(fold) for fold in members), subjects)


def _inner_name(name: str, fold: int) -> str:
    return f"{name}, inner folds of fold {fold + 1}"


def _tuples(tested: list[list[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(members) for members in tested)
