from dataclasses import replace

from openada.evaluation.footer import Footing, footer_line, footer_lines, merged

FOOT = Footing(
    part="test",
    split="official",
    split_sha256="0123456789abcdef",
    n_recordings=43,
    n_sessions=22,
    n_subjects=1,
    parts={"training": (34, 17), "test": (43, 1)},
    seeds=[3],
)


def test_nothing_lost_is_said_as_plainly_as_something() -> None:
    text = "\n".join(footer_lines(replace(FOOT, untracked=[], barely_tracked=0, thin_sessions=0, outside_split=0)))
    for told in (
        "43 recordings, 22 sessions (mean of their recordings) of 1 subject; part: test",
        "Split: official, sha256 0123456789ab; used: training 34 recordings of 17 subjects; test 43 recordings of 1 subject.",
        "Subjects in two parts: none.",
        "Recordings dropped: 0.",
        "Recordings without a tracked face: 0; used with under 90% of frames tracked: 0.",
        "Subjects excluded for want of a usable recording: 0.",
        "lack a recording: 0; recordings of the data set in no part of the split: 0.",
        "Label noise in training: none. Model selected on: nothing.",
        "Seed: 3. What another seed would give is in none of these figures.",
        "Coverage of the 95 % intervals: not known at 1 subjects (in simulation, at 10 subjects: RMSE 90%",
    ):
        assert told in text, told


def test_every_loss_is_counted_and_named() -> None:
    foot = replace(
        FOOT,
        overlap={"training and test": 17},
        dropped={"test, no face": list("abcdefg"), "training, no label": ["z"]},
        untracked=list("abcdefg"),
        barely_tracked=2,
        excluded_subjects={"test": ["p9"]},
        thin_sessions=5,
        outside_split=11,
        label_noise="label_noise_sd = 2.0",
        selected_on="development",
        seeds=[0, 1],
        findings=["features look scaled before the split"],
    )
    text = "\n".join(footer_lines(foot))
    for told in (
        "17 subjects in training and test. Report a subject-disjoint split beside this one.",
        "dropped: 8 (7 test, no face: a, b, c, d, e and 2 more; 1 training, no label: z)",
        "without a tracked face: 7 (a, b, c, d, e and 2 more); used with under 90% of frames tracked: 2",
        "1 in test (p9)",
        "lack a recording: 5; recordings of the data set in no part of the split: 11",
        "label_noise_sd = 2.0. Model selected on: development",
        "Seeds: 0, 1.\n",
        "features look scaled before the split",
    ):
        assert told in text, told
    line = footer_line(foot)
    assert "\n" not in line
    for told in ("17 in training and test", "dropped 8", "untracked 7", "barely tracked 2", "subjects excluded 1", "seeds 0, 1",
                 "label noise: label_noise_sd = 2.0", "selected on development", "0123456789ab", "scaled before"):  # fmt: skip
        assert told in line, told


def test_what_is_not_known_is_not_zero() -> None:
    text = "\n".join(footer_lines(FOOT))
    assert text.count("not known") == 5  # with the coverage at one subject
    assert "untracked not known" in footer_line(FOOT)


def test_lines_true_of_all_models_stand_once() -> None:
    lines = merged({"a": FOOT, "b": replace(FOOT, seeds=[4]), "c": replace(FOOT, seeds=[4])})
    assert len(lines) == len(footer_lines(FOOT)) + 1
    assert any(line.startswith("a: Seed: 3.") for line in lines)
    assert any(line.startswith("b and c: Seed: 4.") for line in lines)
