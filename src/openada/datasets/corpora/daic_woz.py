"""DAIC-WOZ: interviews by a wizard-driven agent; no video, five CLNF (OpenFace) text files per participant, PHQ-8 scores.

Gratch et al., "The Distress Analysis Interview Corpus of human and computer interviews", LREC 2014; the splits are those of
AVEC 2016 and 2017. Known issues are those that the corpus's documentation lists, and cut video files that its users found.
"""

from __future__ import annotations

from pathlib import Path

from openada.datasets.corpora.assembly import Entry, assembled, natural, single_files
from openada.datasets.corpora.clnf import PARTS, part_beside
from openada.datasets.corpora.files import Tree, tree_of
from openada.datasets.corpora.found import Finding, Found
from openada.datasets.corpora.participants import SCALE, count_archives, participant_labels

NAME, TITLE = "daic-woz", "DAIC-WOZ"
LOOKED_FOR = "tables named like 300_CLNF_AUs.txt"
_SPLITS = r"(?:train|dev|test)_split_depression_avec\d*\.csv|full_test_split\.csv"
_PART = rf"(\d+)_clnf_({'|'.join(part.lower() for part in PARTS)})\.(?:txt|csv)"
NEVER_THERE = ("342", "394", "398", "460")
KNOWN_ISSUES = {
    **dict.fromkeys(("373", "444"), "the interview is interrupted and goes on"),
    **dict.fromkeys(("451", "458", "480"), "the transcript lacks the interviewer's turns: they cannot be masked"),
    **dict.fromkeys(("402", "420"), "the visual features end before the interview does"),
}


def evidence(tree: Tree) -> int:
    """How many files have this corpus's names; archives count where its split tables lie beside them."""
    return len(tree.named(_PART)) + (count_archives(tree) if tree.named(_SPLITS) else 0)


def read(root: Path) -> Found:
    """A row per participant with at least one of the five files; ids and subjects are the participant's number.

    `video` holds the first of AUs, pose, gaze, features, features3D that is there; `behaviour.read_behaviour` joins it with
    those beside it. Further columns: sex, phq8_binary, transcript (path or ""), known_issue ("" for most).
    """
    tree = tree_of(root)
    findings: list[Finding] = []
    labels = participant_labels(tree, _SPLITS, findings)
    parts: dict[str, dict[str, list[Path]]] = {}
    for match, path in tree.named(_PART):
        parts.setdefault(match[1], {}).setdefault(match[2].lower(), []).append(path)
    transcripts = single_files(
        ((match[1], path) for match, path in tree.named(r"(\d+)_transcript\.csv")), tree, findings, by_folder=False
    )
    entries = []
    for participant, found in sorted(parts.items(), key=lambda item: natural(item[0])):
        files = [path for part in PARTS for path in found.get(part.lower(), [])]
        main = files[0]
        absent = [part for part in PARTS if part_beside(main, part) is None]
        if absent:
            findings.append(Finding("missing file", participant, f"{', '.join(absent)} not beside {tree.shown(main)}"))
        if len(files) > sum(part_beside(main, part) is not None for part in PARTS):
            elsewhere = next(path for path in files if path.parent != main.parent or path.suffix != main.suffix)
            findings.append(
                Finding(
                    "duplicate file", participant, f"{tree.shown(main.parent)} is used, {tree.shown(elsewhere)} not"
                )
            )
        issue = KNOWN_ISSUES.get(participant, "")
        if issue:
            findings.append(Finding("known issue", participant, issue))
        extra = {
            "transcript": str(transcripts[participant][0]) if participant in transcripts else "",
            "known_issue": issue,
        }
        entries.append(Entry(participant, main, participant, "1", "interview", participant, extra=extra))
    for participant in sorted({*labels, *parts} & set(NEVER_THERE)):
        findings.append(
            Finding("unexpected", participant, f"{TITLE} has no participant of this number; look where it comes from")
        )
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
            f"The published {TITLE} has 107 training, 35 development and 47 test participants",
            "It holds behaviour signals and no video: models of video do not apply",
            "The interviewer's questions follow the answers: mask the interviewer's turns (docs/corpora.md)",
        ),
    )
