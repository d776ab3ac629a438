"""The commands that docs/corpora.md shows for AVEC 2014, run on trees of that layout: what is shown is what is tested."""

import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from conftest import write_video
from datasets.corpora.trees import write
from openada.cli import main
from openada.files import read_json
from openada.prepared.dataset import PreparedDataset

PAGE = (Path(__file__).parents[1] / "docs" / "corpora.md").read_text(encoding="utf-8")
REAL, PLANTED = "/data/AVEC2014", "planted/avec2014"
TINY = shlex.split(
    "--preset demo --pretext.epochs 0 --encoder.epochs 1 --selector.epochs 1 --model.image-size 32 --model.width 4 "
    "--model.query-channels 4 --model.feature-size 8 --model.hidden-size 8"
)


def shown(first: str) -> list[list[str]]:
    """The commands of the block that begins with the command `first`, as words without "openada"."""
    (block,) = [found for found in re.findall(r"```sh\n(.*?)```", PAGE, flags=re.DOTALL) if found.startswith(first)]
    return [shlex.split(line)[1:] for line in block.splitlines()]


def run_all(
    commands: list[list[str]], tree: str, options: dict[str, list[str]], capsys: pytest.CaptureFixture[str]
) -> str:
    """Run the commands with `tree` for the real corpus; what they printed."""
    printed = ""
    for words in commands:
        given = [tree if word == REAL else word for word in words] + options.get(words[0], [])
        code = main(given)
        out = capsys.readouterr()
        assert code == 0, (given, out.err)
        printed += out.out
    return printed


def check_tables(people: int) -> None:
    """Tasks apart and fused by session, n and unit beside each, for the official and the subject-disjoint split."""
    for run, split in (("run", "official"), ("run-disjoint", "subject-disjoint")):
        figures = read_json(Path(run) / "evaluation.json")
        assert figures["split"] == split
        table = pd.read_csv(Path(run) / "evaluation.csv")
        own = table[(table["predictor"] == "selection") & (table["metric"] == "rmse")].set_index("unit")
        sessions = own.loc["sessions", "n"]
        assert own.loc["recordings", "n"] == 2 * sessions
        tasks = pd.read_csv(Path(run) / "subgroups.csv").query("grouping == 'task'").set_index("group")
        assert tasks["n"].to_dict() == {"Freeform": sessions, "Northwind": sessions} and set(tasks["unit"]) == {
            "recordings"
        }
        predictions = pd.read_csv(Path(run) / "predictions.csv").query("split == 'test' and method == 'selection'")
        for task, rows in predictions.groupby("task"):
            by_hand = np.sqrt(np.mean((rows["prediction"] - rows["label"]) ** 2))
            assert tasks.loc[task, "value"] == pytest.approx(by_hand, rel=1e-9)
        fused = predictions.groupby(["subject", "session"])[["label", "prediction"]].mean()
        by_hand = np.sqrt(np.mean((fused["prediction"] - fused["label"]) ** 2))
        assert own.loc["sessions", "value"] == pytest.approx(by_hand, rel=1e-9)
        text = (Path(run) / "evaluation.md").read_text(encoding="utf-8")
        assert (
            "| Freeform " in text
            and "| Northwind " in text
            and f"{sessions} sessions (mean of their recordings)" in text
        )
        assert PreparedDataset(Path("prepared")).split(split).sha256 == figures["split_sha256"]
    blocks = read_json(Path("both-splits") / "evaluation.json")["blocks"]
    assert [block["name"].split(" (")[0] for block in blocks] == ["split official", "split subject-disjoint"]
    assert PreparedDataset(Path("prepared")).split("subject-disjoint").overlap() == {}
    assert PreparedDataset(Path("prepared")).manifest["subject"].nunique() == people


def test_the_commands_on_a_small_tree_with_people_in_two_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scripted: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Faces are scripted, nothing is rendered: every step of the protocol in seconds."""
    monkeypatch.chdir(tmp_path)
    tree = Path("AVEC2014")
    rng = np.random.default_rng(3)
    sessions = [
        *((f"{subject}_1", "Training") for subject in range(203, 207)),
        *((f"{subject}_1", "Development") for subject in range(207, 209)),
        *((f"{subject}_2", "Testing") for subject in (205, 206, 211)),  # 205 and 206 are in training too
    ]
    for number, (name, part) in enumerate(sessions):
        score = (number * 17) % 60
        for task in ("Freeform", "Northwind"):
            video = tree / "AVEC2014_AudioVisual" / "Video" / part / task / f"{name}_{task}_video.mp4"
            video.parent.mkdir(parents=True, exist_ok=True)
            times = np.arange(24) / 5
            write_video(video, times, np.zeros(24, bool), 120 + score * np.sin(times * 3) + rng.normal(0, 2, 24))
        labels = "AVEC2014_Labels_Testset/Testing" if part == "Testing" else f"Final_Labels/{part}_"
        write(tree / (f"{labels}/DepressionLabels" if part == "Testing" else f"{labels}DepressionLabels")
              / f"{name}_Depression.csv", f"{score}\n")  # fmt: skip
    options = {"prepare": ["--workers", "1"], "train": TINY}
    printed = run_all(shown("openada datasets check /data"), str(tree), options, capsys)
    check_tables(people=7)
    assert "identity look-up" in printed and "usable" in printed
    assert "2 subjects in training and test. Report a subject-disjoint split beside this one." in printed
    folds = [words for words in shown("openada datasets split") if "leave-one" not in words[4]]
    smaller = {"0.6": "0.5", "0.1": "0.25", "0.3": "0.25", "5": "3", "4": "2"}
    told = run_all([[smaller.get(word, word) for word in words] for words in folds], str(tree), {}, capsys)
    assert told.count("no subject in two parts") == 1 and told.count("no subject on two sides") == 2


@pytest.mark.slow  # minutes: real rendering, tracking and training of 16 recordings
def test_the_commands_on_the_planted_benchmark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    small = ["--subjects", "12", "--seconds", "8", "--fps", "5", "--seed", "2"]
    options = {
        "synth": small,
        "train": ["--preset", "demo", "--pretext.epochs", "1", "--encoder.epochs", "1", "--selector.epochs", "2"],
    }
    printed = run_all(shown("openada synth planted"), PLANTED, options, capsys)
    assert "planted-standard" in printed and "subjects: none in two parts" in printed
    printed = run_all(shown("openada datasets check /data"), PLANTED, options, capsys)
    check_tables(people=12)
    assert printed.count("Planted-benchmark figures") == 2
