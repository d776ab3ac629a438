"""Several corpora as one data set: merged manifests, and the people whom two of them share.

AVEC 2013 and AVEC 2014 were recorded of the same people, partly in the same sessions, and divide them into parts each for itself.
A model trained on one's training part and tested on the other's test part may have seen its test people, or the very session.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import pandas as pd

from openada.datasets.splits import Split
from openada.errors import UnusableInput

NAMED = 5  # people that a message names
REMEDY = (
    "train on one corpus, or on a split that keeps them apart: 'openada datasets split' with --kind official-apart (the test "
    "part stays as published) or --kind subject-disjoint"
)


def merged(manifests: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Checked manifests, by the name that messages give them, as one; subjects of the same name are taken for the same person.

    A manifest without a column `corpus` gets its name there. Raises UnusableInput if there are fewer than two, if they have
    different scales, or if a recording id occurs in two of them.
    """
    if len(manifests) < 2:
        raise UnusableInput(f"{len(manifests)} manifest to merge; give two or more")
    scales = {name: sorted(set(table["scale"])) for name, table in manifests.items()}
    if len({scale for own in scales.values() for scale in own}) > 1:
        told = "; ".join(f"{name}: {', '.join(own)}" for name, own in scales.items())
        raise UnusableInput(f"the manifests have different scales ({told}); one model predicts one scale")
    for (a, first), (b, second) in combinations(manifests.items(), 2):
        taken = set(first["recording_id"].str.casefold())
        shared = [name for name in second["recording_id"] if name.casefold() in taken]
        if shared:
            raise UnusableInput(
                f"{a} and {b} both have a recording {shared[0]!r} ({len(shared)} such): ids name files; rename those of one"
            )
    own = [table if "corpus" in table else table.assign(corpus=name) for name, table in manifests.items()]
    return pd.concat(own, ignore_index=True)


def shared_subjects(manifest: pd.DataFrame) -> list[str]:
    """The people who are in more than one corpus, sorted; none where the column `corpus` is missing."""
    if "corpus" not in manifest:
        return []
    counted = manifest.groupby("subject")["corpus"].nunique()
    return sorted(str(subject) for subject in counted.index[counted > 1])


def across_parts(manifest: pd.DataFrame, split: Split) -> list[tuple[str, str, str]]:
    """(subject, where, where) for people whom one corpus has in one part of the split and another corpus in another part.

    People on both sides within one corpus are that corpus's own matter (`Split.overlap`).
    """
    part_of = split.part_of()
    placed = manifest.assign(part=manifest["recording_id"].map(part_of)).dropna(subset=["part"])
    found = []
    for subject in shared_subjects(placed):
        own = placed[placed["subject"] == subject]
        places = list(own[["corpus", "part"]].drop_duplicates().itertuples(index=False, name=None))
        for (corpus, part), (other, elsewhere) in combinations(places, 2):
            if corpus != other and part != elsewhere:
                found.append((subject, f"{part} of {corpus}", f"{elsewhere} of {other}"))
                break
    return found


def require_apart(manifest: pd.DataFrame, split: Split) -> None:
    """Raise UnusableInput, naming them, if people are in different parts of the split through different corpora."""
    found = across_parts(manifest, split)
    if found:
        subject, here, there = found[0]
        more = f", and so are {len(found) - 1} others ({_named(found[1:])})" if len(found) > 1 else ""
        raise UnusableInput(f"split {split.name!r}: subject {subject} is in {here} and in {there}{more}: {REMEDY}")


def _named(found: list[tuple[str, str, str]]) -> str:
    names = [subject for subject, _, _ in found[:NAMED]]
    return ", ".join([*names, *(["…"] if len(found) > NAMED else [])])
