"""STA-DRN's tables and figures on twelve small recordings: what is trained, what is shared, where the figures come from."""

import importlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from clip_recipe import CLIP_RECIPE, SYSTEM
from openada.datasets.scales import SCALES, band_name
from openada.errors import UnusableInput
from openada.evaluation.published_sta_drn import VARIANTS, compared_table, published_beside, variants_by_year, year_of
from openada.explanation.recording_maps import explain_recording
from openada.inference.recording import TrainedRun
from openada.prepared.dataset import PreparedDataset
from openada.studies.reproduce import sta_drn_runs, sta_drn_tables
from openada.studies.reproduce.job import Job
from openada.studies.reproduce.result import write_result
from openada.studies.reproduce.sta_drn_runs import variant_runs
from openada.studies.reproduce.subset_figures import clip_subsets
from openada.studies.reproduce.targets import TARGETS, reproduce

ONCE = replace(CLIP_RECIPE, epochs=1, keep="last")
MakeJob = Callable[..., Job]


@pytest.fixture(scope="module")
def trained(shared_prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The four fusions at one group, one seed; only read."""
    job = Job(shared_prepared, tmp_path_factory.mktemp("sta"), ONCE, (0,), SYSTEM, progress=False)
    for runs in variant_runs(job, [1]).values():
        job.predictions(runs[0])
    return job.out


@pytest.fixture
def make(shared_prepared: Path, trained: Path, tmp_path: Path) -> MakeJob:
    out = Path(shutil.copytree(trained, tmp_path / "out"))

    def job(**changes: object) -> Job:
        arguments = {
            "data": shared_prepared,
            "out": out,
            "recipe": ONCE,
            "seeds": (0,),
            "system": SYSTEM,
            "progress": False,
        }
        return Job(**{**arguments, **changes})  # type: ignore[arg-type]

    return job


def test_the_variants_are_runs_of_their_own_and_their_figures_are_those_of_their_predictions(
    make: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sta_drn_runs.variant_runs, "__defaults__", ((1,),))
    result = reproduce("sta-drn/table3", make())
    assert [run.name for run in result.runs] == [
        f"sta-drn-k1-{fusion}-s0" for fusion in ("spatial", "temporal", "feature", "vector")
    ]
    table = result.table[result.table["subset"] == "all recordings"].set_index(["predictor", "metric"])
    for run, fusion in zip(result.runs, ("spatial", "temporal", "feature", "vector"), strict=True):
        rows = pd.read_parquet(run / "predictions.parquet").query("split == 'test'")
        error = rows["prediction"] - rows["score"]
        assert table.loc[(f"k = 1, {fusion}", "rmse"), "value"] == pytest.approx(np.sqrt((error**2).mean()))
        assert table.loc[(f"k = 1, {fusion}", "mae"), "value"] == pytest.approx(error.abs().mean())
    assert len(result.files["pairs"].query("metric == 'rmse'")) % 6 == 0  # six pairs on every subset
    text = result.markdown()
    assert "published, not measured here" in text and "without such pre-training" in text
    assert "cannot be compared with these" in text  # the small data set is no AVEC
    assert {"mae", "rmse", "pcc", "ccc"} <= set(result.table["metric"])


def test_every_target_has_its_function() -> None:
    own = [target.function.partition(":") for name, target in TARGETS.items() if name.startswith("sta-drn/")]
    assert len(own) == 11
    assert all(callable(getattr(importlib.import_module(module), function)) for module, _, function in own)


def test_the_size_table_trains_the_plain_network_alike(make: MakeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (sta_drn_runs, sta_drn_tables):
        monkeypatch.setattr(module, "DEPTHS", {18: (1, 1, 1, 1)})
    result = reproduce("sta-drn/table4", make())
    assert [run.name for run in result.runs] == ["resnet3d-18-s0", "sta-drn-k1-vector-s0"]
    size = next(table.frame for table in result.sections[0].tables if table.title == "Size")
    assert size["network"].tolist() == ["ResNet-18", "STA-18"]
    from safetensors.torch import load_file

    held = load_file(result.runs[0] / "checkpoint" / "model.safetensors")
    learnt = sum(value.numel() for name, value in held.items() if "running" not in name and "num_batches" not in name)
    assert float(size["parameters, M"][0]) == pytest.approx(learnt / 1e6, abs=5e-4)


def test_degraded_inputs_are_measured_by_the_robustness_study(make: MakeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    from openada.clips import corruptions

    few = replace(corruptions.KINDS["noise"], strengths=(0.5,))
    monkeypatch.setitem(corruptions.KINDS, "noise", few)
    made = make()
    result = reproduce("sta-drn/figure9", made)
    run = result.runs[0]
    rows = pd.read_parquet(run / "robustness" / "predictions" / "noise_0.5.parquet")
    own = result.table[(result.table["predictor"] == "0.5") & (result.table["unit"] == "recordings")]
    expected = np.sqrt(((rows["prediction"] - rows["score"]) ** 2).mean())
    assert own.set_index("metric").loc["rmse", "value"] == pytest.approx(expected)
    plain = pd.read_parquet(run / "predictions.parquet").query("split == 'test'")
    clean = result.table[(result.table["predictor"] == "0") & (result.table["unit"] == "recordings")]
    assert clean.set_index("metric").loc["mae", "value"] == pytest.approx(
        (plain["prediction"] - plain["score"]).abs().mean(), abs=1e-3
    )
    folder = write_result(made, result)
    assert (folder / "figures" / "noise_rmse.svg").is_file()
    pictures = reproduce("sta-drn/figure8", made)
    assert [drawing.name for drawing in pictures.sections[0].drawings] == [
        "noise_112",
        "noise_32",
        "blur_112",
        "blur_32",
    ]
    assert pictures.sections[0].drawings[0].svg.count("<image") == 2  # as it is, and at the one strength


def test_the_scatter_shows_every_fusion(make: MakeJob) -> None:
    result = reproduce("sta-drn/figure7", make())
    assert {name for name in result.table["predictor"] if " − " not in name} == {
        f"k = 1, {fusion}" for fusion in ("spatial", "temporal", "feature", "vector")
    }


def test_a_recipe_of_another_system_is_refused(make: MakeJob) -> None:
    from training_recipe import RECIPE

    with pytest.raises(UnusableInput, match="trains a clip model"):
        reproduce("sta-drn/table6", make(recipe=RECIPE))
    with pytest.raises(UnusableInput, match="trains expada, and the recipe given is one for sta-drn"):
        reproduce("expada/sweep-p", make())


def test_published_figures_stand_beside_their_own_corpus_alone() -> None:
    printed = pd.DataFrame(
        {
            "subset": ["AVEC 2013", "AVEC 2014", "all recordings"],
            "predictor": ["k = 2, vector"] * 2 + ["k = 1, spatial"],
        }
    )
    found = published_beside(
        printed, variants_by_year(["mae", "ccc"]), {"AVEC 2013": "AVEC 2013", "AVEC 2014": "AVEC 2014"}
    )
    assert found["MAE (published)"].tolist()[:2] == [6.15, 6.00] and found["CCC (published)"].tolist()[:2] == [
        0.72,
        0.73,
    ]
    assert np.isnan(found["MAE (published)"][2])
    assert list(published_beside(printed, variants_by_year(["mae"]), {}).columns) == ["subset", "predictor"]
    assert (year_of("avec2014"), year_of("AVEC 2013"), year_of("planted-standard")) == ("2014", "2013", None)
    assert len(VARIANTS) == 12 and len({(groups, fusion) for groups, fusion, *_ in VARIANTS}) == 12
    assert len(compared_table("2013")) == 17 and len(compared_table("2014")) == 18


def test_a_union_is_counted_corpus_by_corpus() -> None:
    rows = pd.DataFrame(
        {
            "recording_id": list("abcd"), "subject": list("xxyz"), "session": "1", "task": "t", "score": [1.0, 1.0, 2.0, 3.0],
            "prediction": [2.0, 4.0, 5.0, 7.0],
        }
    )  # fmt: skip
    found = clip_subsets(rows, {"a": "one", "b": "two", "c": "two", "d": "one"})
    assert [subset.name for subset in found] == ["one", "two", "all recordings", "sessions, tasks fused"]
    assert [list(subset.units(rows)["prediction"]) for subset in found[:3]] == [[2, 7], [4, 5], [2, 4, 5, 7]]
    assert sorted(found[3].units(rows)["prediction"]) == [3, 5, 7]
    assert [subset.name for subset in clip_subsets(rows.drop(index=1), {})] == ["all recordings"]


def test_the_maps_are_of_each_bands_middle_recording_and_of_its_strongest_clip(
    make: MakeJob, shared_prepared: Path
) -> None:
    job = make()
    result = reproduce("sta-drn/figure11", job)
    run = result.runs[0]
    rows = pd.read_parquet(run / "predictions.parquet").query("split == 'test'").sort_values("prediction")
    shown = result.table.set_index("band")["recording"]
    trained = TrainedRun.load(run)
    for band, of_band in rows.groupby(rows["score"].map(lambda score: band_name(score, SCALES["BDI-II"]))):
        chosen = of_band["recording_id"].iloc[(len(of_band) - 1) // 2]
        assert shown[band] == chosen
        recording = PreparedDataset(shared_prepared).recording(chosen)
        cut = trained.source.segments(recording)
        maps = explain_recording(
            trained.model, trained.source.reader(recording), cut, "modified-grad-cam++", size_px=224
        )
        strongest = max(maps, key=lambda one: one.explanation.values.sum())
        at = result.table.set_index("band").loc[band]
        assert at["clip's score"] == pytest.approx(strongest.explanation.score, abs=0.01)
        first = recording.time_s[strongest.first_frame]
        assert first <= at["at (s)"] <= recording.time_s[strongest.first_frame + strongest.frames - 1]
    assert len(shown) == rows["score"].map(lambda score: band_name(score, SCALES["BDI-II"])).nunique()
    (drawing,) = result.sections[0].drawings
    assert "<image" in drawing.svg and "guided backpropagation" not in result.table.columns
