"""E-DAIC: the extended DAIC of AVEC 2019; no video, an OpenFace 2.1.0 table per participant, PHQ-8 scores.

Ringeval et al., "AVEC 2019 workshop and challenge", AVEC '19, section 2.2. Participants 300 to 492 are those of DAIC-WOZ.
"""

from __future__ import annotations

from pathlib import Path

from openada.datasets.corpora.assembly import Entry, assembled, single_files
from openada.datasets.corpora.files import Tree, tree_of
from openada.datasets.corpora.found import Finding, Found
from openada.datasets.corpora.participants import SCALE, count_archives, participant_labels

NAME, TITLE = "e-daic", "E-DAIC"
LOOKED_FOR = "tables named like 600_OpenFace2.1.0_Pose_gaze_AUs.csv"
_SPLITS = r"(?:train|dev|test)_split\.csv"
_TABLE = r"(\d+)_openface_?2\.1\.0_pose_gaze_aus\.csv"
_LAST_OF_DAIC_WOZ = 492


def evidence(tree: Tree) -> int:
    """How many files have this corpus's names; archives count where its split tables lie beside them."""
    return len(tree.named(_TABLE)) + (count_archives(tree) if tree.named(_SPLITS) else 0)


def read(root: Path) -> Found:
    """A row per participant with a table; ids and subjects are the participant's number. Further columns: sex, phq8_binary."""
    tree = tree_of(root)
    findings: list[Finding] = []
    labels = participant_labels(tree, _SPLITS, findings)
    tables = single_files(((match[1], path) for match, path in tree.named(_TABLE)), tree, findings, by_folder=False)
    entries = [
        Entry(
            participant,
            path,
            participant,
            "1",
            "interview",
            participant,
            extra={"agent": "wizard" if int(participant) <= _LAST_OF_DAIC_WOZ else "automatic"},
        )
        for participant, (path, _) in tables.items()
    ]
    return assembled(
        entries,
        labels,
        findings,
        corpus=NAME,
        title=TITLE,
        scale=SCALE,
        kind="behaviour",
        tree=tree,
        looked_for=LOOKED_FOR,
        notes=(
            f"The published {TITLE} has 163 training, 56 development and 56 test participants",
            f"Participants up to {_LAST_OF_DAIC_WOZ} are those of DAIC-WOZ: results on the two are not independent",
            "It holds behaviour signals and no video: models of video do not apply",
        ),
    )
