from openada.batch import Outcome, failure_table

DONE = Outcome("fine", "done", {}, None, None, 1.0)


def test_no_failure_no_table() -> None:
    assert failure_table([]) is None
    assert failure_table([DONE, Outcome("old", "kept", {}, None, None, 0.0)]) is None


def test_a_line_per_failure() -> None:
    table = failure_table(
        [
            DONE,
            Outcome("participant_17", "failed", None, "clip.mp4: empty.", 2, 0.1),
            Outcome("b", "failed", None, "ValueError: x", 1, 0.1),
        ]
    )
    assert table is not None
    assert table.splitlines() == [
        "2 of 3 failed:",
        "  item            code  error",
        "  participant_17     2  clip.mp4: empty.",
        "  b                  1  ValueError: x",
    ]
