"""On real worker processes. Work functions are local, so that they travel by value."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from openada.batch import Item, Outcome, run
from openada.errors import UnusableInput


def crashing_work(log: Path) -> Callable[[object], dict]:
    def work(payload: object) -> dict:
        with log.open("a") as file:
            file.write(f"{payload}\n")
        if payload == "exit":
            os._exit(3)
        if payload == "segfault":
            os.kill(os.getpid(), signal.SIGSEGV)
        if payload == "unusable":
            raise UnusableInput("clip.mp4: empty. Copy it again.")
        if payload == "bug":
            raise ValueError("two\nlines")
        time.sleep(0.02)
        here, parent = psutil.Process(), psutil.Process(os.getppid())
        listening = {
            connection.laddr.ip
            for process in (here, parent)
            for connection in process.net_connections("inet")
            if connection.status == psutil.CONN_LISTEN
        }
        return {"payload": payload, "process": os.getpid(), "listening": sorted(listening)}

    return work


PAYLOADS = [2, "exit", 3, 5, "kept", 7, "unusable", 11, "bug", 13, 17, 19]


@pytest.fixture(scope="module")
def eventful(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Outcome], Counter, str]:
    """One run with all that can happen: outcomes, how often each item was begun, and what was printed."""
    folder = tmp_path_factory.mktemp("eventful")
    log = folder / "log"
    with (folder / "stderr").open("w") as stderr:
        kept_descriptor = os.dup(2)
        os.dup2(stderr.fileno(), 2)
        try:
            outcomes = run(
                crashing_work(log),
                [Item(str(payload), payload) for payload in PAYLOADS],
                finished=lambda item: {"old": 1} if item.payload == "kept" else None,
                lock=folder / "lock",
                title="test",
                workers=2,
                progress=False,
            )
        finally:
            os.dup2(kept_descriptor, 2)
            os.close(kept_descriptor)
    assert [outcome.key for outcome in outcomes] == [str(payload) for payload in PAYLOADS]
    return {o.key: o for o in outcomes}, Counter(log.read_text().split()), (folder / "stderr").read_text()


def test_neighbours_of_a_crash_are_done_once(eventful: tuple) -> None:
    outcomes, begun, _ = eventful
    for number in (2, 3, 5, 7, 11, 13, 17, 19):
        assert outcomes[str(number)].status == "done"
        assert outcomes[str(number)].result["payload"] == number
        assert begun[str(number)] == 1


def test_a_crash_is_recorded_after_one_retry(eventful: tuple) -> None:
    outcomes, begun, _ = eventful
    assert begun["exit"] == 2
    assert (outcomes["exit"].status, outcomes["exit"].exit_code) == ("failed", 1)
    assert "ended without a word" in outcomes["exit"].error


def test_exceptions_are_recorded_as_in_one_process(eventful: tuple) -> None:
    outcomes, begun, _ = eventful
    assert (outcomes["unusable"].error, outcomes["unusable"].exit_code) == ("clip.mp4: empty. Copy it again.", 2)
    assert (outcomes["bug"].error, outcomes["bug"].exit_code) == ("ValueError: two lines", 1)
    assert "ValueError" in outcomes["bug"].traceback
    assert begun["unusable"] == begun["bug"] == 1


def test_what_is_finished_is_kept(eventful: tuple) -> None:
    outcomes, begun, _ = eventful
    assert (outcomes["kept"].status, outcomes["kept"].result) == ("kept", {"old": 1})
    assert begun["kept"] == 0


def test_the_work_ran_in_other_processes(eventful: tuple) -> None:
    processes = {o.result["process"] for o in eventful[0].values() if o.status == "done"}
    assert processes
    assert os.getpid() not in processes


def test_everything_listens_on_loopback_alone(eventful: tuple) -> None:
    addresses = [o.result["listening"] for o in eventful[0].values() if o.status == "done"]
    assert addresses == [["127.0.0.1"]] * len(addresses)


def test_the_cluster_says_nothing(eventful: tuple) -> None:
    assert eventful[2] == ""


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2,
        threads_per_worker=2,
        host="127.0.0.1",
        dashboard_address=None,
        memory_limit=0,
        silence_logs=50,
        scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
    ) as cluster:
        yield cluster.scheduler_address


def test_a_running_scheduler_with_its_own_settings(scheduler: str, run_batch: Callable, tmp_path: Path) -> None:
    work = crashing_work(tmp_path / "log")
    outcomes = run_batch(work, [2, "segfault", 3, 5, 7, 11], scheduler=scheduler)
    assert [o.status for o in outcomes] == ["done", "failed", "done", "done", "done", "done"]
    begun = Counter((tmp_path / "log").read_text().split())
    assert begun == {"2": 1, "segfault": 2, "3": 1, "5": 1, "7": 1, "11": 1}


def test_payloads_are_handed_over_untouched(scheduler: str, run_batch: Callable) -> None:
    """A tuple that begins with a callable is a task in Dask's notation, and a string may be the name of one."""
    payload = (len, [1, 2, 3], {"a": ("b", None)}, Path("x"))
    (outcome,) = run_batch(lambda p: {"text": repr(p)}, [payload], scheduler=scheduler)
    assert outcome.result == {"text": repr(payload)}


def test_a_result_or_payload_that_cannot_travel_fails_alone(scheduler: str, run_batch: Callable) -> None:
    class Unloadable:
        def __reduce__(self) -> tuple:
            return (int, ("not a number",))

    outcomes = run_batch(lambda p: {"lock": __import__("threading").Lock()} if p == 1 else {}, [0, 1, Unloadable()],
                         scheduler=scheduler)  # fmt: skip
    assert [o.status for o in outcomes] == ["done", "failed", "failed"]
    assert "pickle" in outcomes[1].error
    assert "cannot load the work" in outcomes[2].error


def test_a_scheduler_that_does_not_answer(run_batch: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openada.batch.cluster._CONNECT_S", 1)
    with pytest.raises(UnusableInput, match=r"tcp://127\.0\.0\.1:9.*does not answer.*dask scheduler"):
        run_batch(lambda p: {}, [1, 2], scheduler="tcp://127.0.0.1:9")


SLEEPER = """
import signal, sys, time
from pathlib import Path
from openada.batch import Item, run

# Where the tests run in the background of a shell, Ctrl-C is ignored, and children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

def work(payload):
    sys.stdout.write("started\\n")
    sys.stdout.flush()
    time.sleep(60)
    return {}

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    try:
        run(work, [Item(str(k), k) for k in range(5)], finished=lambda item: None, lock=folder / "lock", title="t",
            workers=2, progress=False)
    except KeyboardInterrupt:
        sys.exit(130)
"""


@pytest.mark.parametrize(
    ("how", "code"), [(signal.SIGINT, 130), pytest.param(signal.SIGKILL, -9, marks=pytest.mark.slow)]
)
def test_a_stopped_run_ends_at_once_and_leaves_no_worker(tmp_path: Path, how: signal.Signals, code: int) -> None:
    script = tmp_path / "sleeper.py"
    script.write_text(SLEEPER)
    process = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    assert process.stdout is not None
    assert "started" in process.stdout.readline()
    if how == signal.SIGINT:
        os.killpg(process.pid, how)  # a terminal interrupts the whole group
    else:
        process.kill()
    stopped = time.monotonic()
    _, stderr = process.communicate(timeout=30)  # the pipes close when the last worker has gone
    assert process.returncode == code
    assert time.monotonic() - stopped < 20
    if how == signal.SIGINT:
        assert stderr == ""
    # The lock is free again.
    outcomes = run(
        lambda p: {}, [Item("a", 1)], finished=lambda i: None, lock=tmp_path / "lock", title="t", progress=False
    )
    assert outcomes[0].status == "done"
