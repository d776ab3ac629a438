from collections.abc import Callable
from pathlib import Path

import pytest

from openada.batch import Item, Outcome, default_workers, run
from openada.errors import OpenadaError, UnusableInput


def double(payload: int) -> dict:
    return {"value": 2 * payload}


def test_outcomes_come_in_the_order_of_the_items(run_batch: Callable) -> None:
    outcomes = run_batch(double, [5, 3, 11], workers=1)
    assert [(o.key, o.status, o.result) for o in outcomes] == [
        ("item 0", "done", {"value": 10}),
        ("item 1", "done", {"value": 6}),
        ("item 2", "done", {"value": 22}),
    ]
    assert all(o.error is None and o.exit_code is None and o.seconds >= 0 for o in outcomes)


def test_what_is_finished_is_kept_and_not_done_again(run_batch: Callable) -> None:
    calls: list[int] = []

    def work(payload: int) -> dict:
        calls.append(payload)
        return {"value": payload}

    outcomes = run_batch(
        work, [5, 3, 11], workers=1, finished=lambda item: {"stored": True} if item.payload == 3 else None
    )
    assert calls == [5, 11]
    assert outcomes[1] == Outcome("item 1", "kept", {"stored": True}, None, None, 0.0)


def test_a_finished_item_with_an_empty_result_is_kept(run_batch: Callable) -> None:
    (outcome,) = run_batch(double, [1], finished=lambda item: {})
    assert (outcome.status, outcome.result) == ("kept", {})


def test_failures_are_recorded_and_the_batch_goes_on(run_batch: Callable) -> None:
    def work(payload: object) -> dict:
        if isinstance(payload, Exception):
            raise payload
        return {}

    faults = [
        ValueError("two\n lines"),
        UnusableInput("clip.mp4: empty. Copy it again."),
        OpenadaError("ours"),
        KeyError("x"),
    ]
    outcomes = run_batch(work, [*faults, None], workers=1)
    assert [(o.status, o.error, o.exit_code) for o in outcomes] == [
        ("failed", "ValueError: two lines", 1),
        ("failed", "clip.mp4: empty. Copy it again.", 2),
        ("failed", "ours", 1),
        ("failed", "KeyError: 'x'", 1),
        ("done", None, None),
    ]
    assert "ValueError" in outcomes[0].traceback
    assert outcomes[1].traceback is None


@pytest.mark.parametrize(("fault", "calls"), [
    (OSError("disk"), 3),
    (MemoryError(), 3),
    (ValueError("bug"), 1),
    (UnusableInput("bad"), 1),
])  # fmt: skip
def test_only_failures_of_the_surroundings_are_tried_again(run_batch: Callable, fault: Exception, calls: int) -> None:
    made: list[int] = []

    def work(payload: int) -> dict:
        made.append(payload)
        raise fault

    (outcome,) = run_batch(work, [7], retries=2)
    assert outcome.status == "failed"
    assert len(made) == calls


def test_a_second_attempt_can_succeed(run_batch: Callable) -> None:
    made: list[int] = []

    def work(payload: int) -> dict:
        made.append(payload)
        if len(made) == 1:
            raise OSError("the network share was away")
        return {"attempts": len(made)}

    (outcome,) = run_batch(work, [7])
    assert (outcome.status, outcome.result) == ("done", {"attempts": 2})


def test_one_item_runs_in_this_process_whatever_the_workers(run_batch: Callable) -> None:
    seen: list[int] = []
    run_batch(lambda payload: seen.append(payload) or {}, [7], workers=5)
    assert seen == [7]


def test_nothing_to_do(run_batch: Callable) -> None:
    assert run_batch(double, []) == []


def test_a_key_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="'a' occurs twice"):
        run(double, [Item("a", 1), Item("a", 2)], finished=lambda i: None, lock=tmp_path / "lock", title="t")


def test_no_workers_is_refused(run_batch: Callable) -> None:
    with pytest.raises(UnusableInput, match="workers is 0"):
        run_batch(double, [1, 2], workers=0)


def test_an_interruption_is_raised_again_and_frees_the_lock(run_batch: Callable) -> None:
    def work(payload: int) -> dict:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_batch(work, [1, 2], workers=1)
    assert len(run_batch(double, [1, 2], workers=1)) == 2


def test_a_run_inside_a_run_is_refused(run_batch: Callable) -> None:
    def work(payload: int) -> dict:
        with pytest.raises(UnusableInput, match="another run"):
            run_batch(double, [1])
        return {}

    assert run_batch(work, [1])[0].status == "done"


def test_the_progress_bar_goes_to_stderr(run_batch: Callable, capsys: pytest.CaptureFixture[str]) -> None:
    run_batch(double, [1, 2, "x" * 3], workers=1, progress=True)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "test" in captured.err
    assert "3/3" in captured.err


def test_default_workers_is_a_number_of_cores() -> None:
    assert default_workers() >= 1
