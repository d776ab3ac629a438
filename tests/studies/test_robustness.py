"""A robustness study on a small trained run: clean rows, resumption, figures against hand-made ones."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from openada.clips.corruptions import KINDS
from openada.errors import UnusableInput
from openada.files import read_json, write_json
from openada.inference.predict import predict
from openada.studies import robustness
from openada.studies.robustness import study_robustness
from openada.studies.robustness_table import robustness_table

TWO = ("square-hidden", "gain")
ALL = [("square-hidden", 0.2), ("square-hidden", 0.5), ("gain", 0.25), ("gain", 2.0)]


@pytest.fixture(autouse=True)
def two_strengths(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two strengths of the kinds studied here are enough."""
    for kind in TWO:
        strengths = tuple(strength for name, strength in ALL if name == kind)
        monkeypatch.setitem(KINDS, kind, replace(KINDS[kind], strengths=strengths))  # type: ignore[misc, index]


def study(run: Path, **given: Any) -> robustness.Robustness:
    return study_robustness(run, **{"kinds": TWO, "progress": False, **given})


@pytest.fixture
def inferred(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, float]]:
    """Kind and strength of every prediction made."""
    made: list[tuple[str, float]] = []
    infer = robustness.infer

    def recorded(trained: Any, recording: Any) -> Any:
        made.append((recording.kind, recording.strength))
        return infer(trained, recording)

    monkeypatch.setattr(robustness, "infer", recorded)
    return made


def test_the_study_of_two_kinds(run: Path) -> None:
    found = study(run)
    out = run / "robustness"
    assert found.folder == out and not list(out.glob(".*"))
    for name in ("robustness.csv", "robustness.md", "robustness.svg", "robustness.html"):
        assert (out / name).stat().st_size > 1000
    table = pd.read_csv(out / "robustness.csv", keep_default_na=False, na_values=[""])
    shown = table[table["kind"].notna()]
    assert set(zip(shown["kind"], shown["strength"], strict=True)) == {*ALL, ("gain", 1), ("square-hidden", 0)}
    assert list(table["predictor"].unique()[:2]) == ["training mean", "training median"]
    assert (out / "robustness.md").read_text() == found.markdown
    assert not list((run / "checkpoint" / "units").glob("*gain*"))

    dark = pd.read_parquet(out / "predictions" / "gain_0.25.parquet").query("method == 'selection'")
    clean = predict(run).query("split == 'test' and method == 'selection'")
    assert list(dark["recording_id"]) == list(clean["recording_id"])
    error = (dark["prediction"] - dark["score"]).to_numpy()
    rows = table.query("kind == 'gain' and strength == 0.25 and unit == 'recordings'").set_index(
        ["predictor", "metric"]
    )
    assert rows.loc[("corrupted", "rmse"), "value"] == pytest.approx(np.sqrt((error**2).mean()))
    clean_error = (clean["prediction"] - clean["score"]).to_numpy()
    gap = np.abs(error).mean() - np.abs(clean_error).mean()
    assert rows.loc[("corrupted − clean", "mae"), "value"] == pytest.approx(gap)
    shift = np.abs(error - clean_error).mean()
    assert rows.loc[("corrupted", "prediction_shift"), "value"] == pytest.approx(shift) and shift > 0
    assert (rows["n"] == 3).all() and (rows["n_subjects"] == 2).all()


def test_the_neutral_strength_gives_the_predictions_of_the_run_bit_for_bit(run: Path) -> None:
    expected = predict(run).query("split == 'test'").reset_index(drop=True)
    study(run, kinds=("frame-rate",))
    clean = pd.read_parquet(run / "robustness" / "predictions" / "clean.parquet")
    assert (clean["recording_id"] == expected["recording_id"]).all() and (clean["method"] == expected["method"]).all()
    assert (clean["prediction"].to_numpy() == expected["prediction"].to_numpy()).all()
    table = pd.read_csv(run / "robustness" / "robustness.csv")
    neutral = table.query("kind == 'frame-rate' and strength == 1")
    assert (neutral[neutral["predictor"] == "corrupted − clean"]["value"] == 0).all()
    assert (neutral[neutral["metric"] == "prediction_shift"]["value"] == 0).all()


def test_an_interrupted_study_goes_on_and_ends_the_same(
    run: Path, tmp_path: Path, inferred: list[tuple[str, float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = study(run).table
    (run / "robustness").rename(tmp_path / "undisturbed")
    assert len(inferred) == 3 * (1 + len(ALL))
    inferred.clear()
    infer = robustness.infer

    def interrupted(trained: Any, recording: Any) -> Any:
        if len(inferred) == 3 * 3 + 1:  # in the middle of the third strength after the clean one
            raise KeyboardInterrupt
        return infer(trained, recording)

    with monkeypatch.context() as patch:
        patch.setattr(robustness, "infer", interrupted)
        with pytest.raises(KeyboardInterrupt):
            study(run)
    assert len(list((run / "robustness" / "predictions").iterdir())) == 3
    (run / "robustness" / ".scratch-killed").mkdir()
    inferred.clear()
    resumed = study(run)
    assert inferred == [pair for pair in ALL[2:] for _ in range(3)]
    pd.testing.assert_frame_equal(resumed.table, whole)
    for name in ("robustness.csv", "robustness.md", "robustness.svg", "robustness.html"):
        assert (run / "robustness" / name).read_bytes() == (tmp_path / "undisturbed" / name).read_bytes()
    assert not (run / "robustness" / ".scratch-killed").exists()
    inferred.clear()
    study(run)
    assert not inferred


def test_kinds_done_earlier_stay_and_unfinished_ones_are_told(run: Path) -> None:
    study(run, kinds=("gain",))
    found = study(run, kinds=("square-hidden",))
    assert set(found.table["kind"]) == {"", *TWO}
    (run / "robustness" / "predictions" / "gain_2.parquet").unlink()
    assert "Brightness: gain: 1 of 2 strengths are done." in study(run, kinds=("square-hidden",)).markdown


def test_a_quick_look_says_so_and_keeps_apart(run: Path) -> None:
    found = study(run, kinds=("gain",), recordings=2)
    assert found.folder.name == "robustness-quick-2" and not (run / "robustness").exists()
    assert "A quick look at 2 of 3 recordings" in found.markdown
    assert "A quick look at 2 of 3 recordings" in (found.folder / "robustness.html").read_text()
    assert read_json(found.folder / "study.json")["recordings"] == ["r9", "r11"]
    assert study(run, kinds=("gain",), recordings=3).folder.name == "robustness"
    with pytest.raises(UnusableInput, match="quick look at 0"):
        study(run, recordings=0)


def test_what_trained_or_selected_is_refused_and_development_keeps_apart(run: Path) -> None:
    with pytest.raises(UnusableInput, match="training recordings trained this model"):
        study(run, part="training")
    assert study(run, kinds=("gain",), part="development").folder.name == "robustness-development"
    write_json(run / "config.json", {**read_json(run / "config.json"), "selected_on": "development"})
    with pytest.raises(UnusableInput, match="development recordings selected this model"):
        study(run, part="development")
    with pytest.raises(UnusableInput, match="unknown corruption 'fog'"):
        study(run, kinds=("fog",))


def test_another_seed_or_model_does_not_mix_with_what_is_there(run: Path) -> None:
    study(run, kinds=("gain",))
    with pytest.raises(UnusableInput, match="another seed; delete that folder"):
        study(run, kinds=("gain",), seed=1)
    path = run / "robustness" / "study.json"
    for key in ("model_sha256", "prepared_sha256", "recordings"):
        kept = read_json(path)
        write_json(path, {**kept, key: "other"})
        with pytest.raises(UnusableInput, match=f"another {key}"):
            study(run, kinds=("gain",))
        write_json(path, kept)
    study(run, kinds=("gain",))


def test_the_page_shows_every_strength_and_asks_for_nothing(run: Path) -> None:
    found = study(run, kinds=(*TWO, "frame-rate"))
    page = (found.folder / "robustness.html").read_text(encoding="utf-8")
    assert not re.search(r"""(?:src|href)\s*=\s*["']?https?:""", page)
    assert page.count('class="crop"') == len(ALL) + 2 and page.count('alt="Frame 10"') == 5
    assert page.count('class="read"') == len(ALL) + 2
    assert "training mean" in page and "network, not the tracker" in page


def predictions(label: list[float], prediction: list[float]) -> pd.DataFrame:
    n = len(label)
    return pd.DataFrame(
        {
            "recording_id": [f"r{k}" for k in range(n)],
            "subject": [f"p{k // 2}" for k in range(n)],
            "session": "1",
            "task": "x",
            "score": label,
            "prediction": prediction,
        }
    )


def test_the_table_on_numbers_made_by_hand() -> None:
    label = [0.0, 0.0, 10.0, 10.0, 20.0, 20.0, 31.0, 31.0]
    clean = predictions(label, [y + 1 for y in label])
    worse = predictions(label, [y + 3 + 2 * (k % 2) + (k == 5) for k, y in enumerate(label)])
    training = pd.DataFrame({"subject": ["t"], "session": ["1"], "score": [10.0]})
    corrupted = {("gain", 1.0): clean, ("gain", 2.0): worse, ("noise", 0.5): worse}
    table = robustness_table(clean, corrupted, training=training)  # type: ignore[arg-type]

    def row(kind: str, strength: float, predictor: str, metric: str, unit: str) -> pd.Series:
        chosen = table.query(f"kind == '{kind}' and predictor == '{predictor}' and metric == '{metric}'")
        chosen = chosen[(chosen["unit"] == unit) & (chosen["strength"].fillna(-1) == strength)]
        assert len(chosen) == 1
        return chosen.iloc[0]

    assert row("", -1, "training mean", "mae", "sessions")["value"] == pytest.approx((10 + 0 + 10 + 21) / 4)
    assert row("", -1, "clean", "rmse", "recordings")["value"] == pytest.approx(1)
    # Sessions average two recordings, off by 3 and 5, once by 3 and 6.
    assert row("gain", 2, "corrupted", "mae", "sessions")["value"] == pytest.approx((3 * 4 + 4.5) / 4)
    assert row("gain", 2, "corrupted − clean", "mae", "sessions")["value"] == pytest.approx((3 * 4 + 4.5) / 4 - 1)
    assert row("gain", 2, "corrupted", "prediction_shift", "recordings")["value"] == pytest.approx((4 * 8 + 1) / 8 - 1)
    assert row("gain", 1, "corrupted", "prediction_shift", "recordings")["value"] == 0
    gap = row("gain", 2, "corrupted − clean", "mae", "recordings")
    assert gap["low"] < gap["value"] < gap["high"] and gap["n"] == 8 and gap["n_subjects"] == 4
    # Two differences of that metric and unit have a p: Holm doubles the smaller, and they are equal.
    assert gap["p_holm"] == pytest.approx(min(2 * gap["p_value"], 1)) and gap["p_value"] < 0.05
