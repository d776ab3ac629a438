"""DepNet's tables and STA-DRN's Table 5 on twelve small recordings: what is trained, what is shared, what is said."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from clip_recipe import CLIP_RECIPE
from openada.errors import UnusableInput
from openada.evaluation.prediction_tests import SAYS
from openada.models.registry import config_for
from openada.models.weights import local_weights
from openada.studies.reproduce import depnet_tables, frame_networks
from openada.studies.reproduce.job import Job
from openada.studies.reproduce.result import write_result
from openada.studies.reproduce.subset_figures import pairs_shown
from openada.studies.reproduce.targets import reproduce
from openada.training.clip_recipe import ClipRecipe, clip_recipe
from openada.training.run_folder import RunFolder

RECIPE: ClipRecipe[Any] = replace(
    clip_recipe("depnet"),
    model=config_for("depnet", trunk="test_resnet", image_size=32, filters=2, hidden=3, head="pooled"),
    cached=True,
    cached_features=7,
    epochs=1,
    batch=8,
)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shared: later tests find what earlier ones trained."""
    return tmp_path_factory.mktemp("depnet")


def job(data: Path, out: Path, **changes: Any) -> Job:
    return Job(data, out, **{"recipe": RECIPE, "seeds": (0,), "system": "depnet", "progress": False, **changes})


@pytest.fixture
def small_resnet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(depnet_tables.RESNETS, "published", "test_resnet.r160_in1k")


def test_networks_that_do_not_start_alike_are_told(shared_prepared: Path, out: Path) -> None:
    made = job(shared_prepared, out, weights=local_weights(out / "senet.pth"))
    trunk, plain = made.clips.model.trunk, "resnet50"
    said = depnet_tables.sentences(made, (trunk, plain))
    assert f"Not equal conditions: {trunk} from pre-trained weights, {plain} from random ones." in said[1]
    assert f"A frozen trunk of random weights ({plain}) does not" in said[2] and len(said) == 3
    assert len(depnet_tables.sentences(made)) == 1
    assert len(depnet_tables.sentences(job(shared_prepared, out), (trunk, plain))) == 2


def test_four_architectures_share_recipe_and_test_frames(shared_prepared: Path, out: Path, small_resnet: None) -> None:
    result = reproduce("depnet/table2", job(shared_prepared, out))
    assert [run.name for run in result.runs] == [
        "single-test_resnet-s0",
        "depnet-test_resnet-max8-s0",
        "single-test_resnet.r160_in1k-s0",
        "depnet-test_resnet.r160_in1k-max8-s0",
    ]
    table = result.table[result.table["subset"] == "all recordings"].set_index(["predictor", "metric"])
    rows = pd.read_parquet(result.runs[1] / "predictions.parquet").query("split == 'test'")
    error = rows["prediction"] - rows["score"]
    assert table.loc[("DepNet (test_resnet-based)", "rmse"), "value"] == pytest.approx(np.sqrt((error**2).mean()))
    assert {"test_resnet (single image)", "test_resnet.r160_in1k (image sequence)"} <= set(result.table["predictor"])
    single = RunFolder(result.runs[0]).recipe()
    assert isinstance(single, ClipRecipe)
    assert (single.test_frames, single.model.clip_frames, single.cached_features) == (5, 1, 0)
    assert (single.optimiser, single.learning_rate, single.loss) == ("sgd", 1e-5, "half-mse")
    text = result.markdown()
    assert "published, not measured here" in text and "7.36" in text and "cannot be compared with these" in text
    assert "not of DepNet" in text  # a frozen trunk of random weights
    before = [RunFolder(run).model.stat().st_mtime_ns for run in result.runs]
    again = reproduce("depnet/table3", job(shared_prepared, out))
    assert [RunFolder(run).model.stat().st_mtime_ns for run in again.runs] == before and "7.26" in again.markdown()


def test_hypothesis_tests_come_with_what_they_cannot_say(shared_prepared: Path, out: Path) -> None:
    made = job(shared_prepared, out)
    result = reproduce("depnet/table6", made)
    assert result.table["test"].tolist() == list(SAYS) and set(result.table["n"]) == {3}
    text = result.markdown()
    assert "does not show superiority" in text and "0.499" in text and all(words in text for words in SAYS.values())
    assert (write_result(made, result) / "table.csv").is_file()


def test_other_tables_and_figures_show_the_papers_lists(shared_prepared: Path, out: Path) -> None:
    for target, line in (
        ("table4", "Cummins"),
        ("table5", "Sidorov"),
        ("figure7", "Team-australia"),
        ("figure8", "INRIA"),
    ):
        assert line in reproduce(f"depnet/{target}", job(shared_prepared, out)).markdown()


def test_reductions_are_runs_of_their_own(shared_prepared: Path, out: Path) -> None:
    result = reproduce("depnet/reductions", job(shared_prepared, out))
    assert [run.name for run in result.runs] == [
        f"depnet-test_resnet-{name}-s0" for name in ("max8", "max4", "mean8", "conv")
    ]
    assert {"largest of 8 channels", "1×1 convolution to an eighth"} <= set(result.table["predictor"])


def test_frame_networks_stand_beside_sta_drn(shared_prepared: Path, out: Path) -> None:
    recipe = replace(CLIP_RECIPE, epochs=1, keep="last")
    made = job(shared_prepared, out, recipe=recipe, system="sta-drn", networks=("test_resnet",))
    result = reproduce("sta-drn/table5", made)
    assert [run.name for run in result.runs] == ["frame-network-test_resnet-s0", "sta-drn-k1-vector-s0"]
    text = result.markdown()
    assert "MobileFace" in text and "8.15" in text and "start untrained" in text
    assert frame_networks.frame_recipe(made, "resnet18").model.image_size == recipe.model.image_size
    assert frame_networks.downloaded(replace(made, download=True), "resnet18").sha256  # type: ignore[union-attr]


def test_weights_that_cannot_be_checked_are_refused_before_training(shared_prepared: Path, tmp_path: Path) -> None:
    made = job(shared_prepared, tmp_path / "out", recipe=CLIP_RECIPE, system="sta-drn", download=True)
    with pytest.raises(
        UnusableInput, match=r"SHA-256 to check the weights of inception_resnet_v2 by.*--networks mobilenetv3"
    ):
        reproduce("sta-drn/table5", made)
    assert not (tmp_path / "out").exists()


def test_a_difference_without_an_interval_is_printed_without_one() -> None:
    table = pd.DataFrame(
        {"subset": "all", "a": "x", "b": "y", "metric": "rmse", "value": [-0.5, -1.25], "low": [np.nan, -2.0],
         "high": [np.nan, 0.125], "p_holm": [np.nan, 0.0312]}
    )  # fmt: skip
    printed = pairs_shown(table)
    assert printed["value"].tolist() == ["−0.50", "−1.25 [−2.00, 0.12]"] and printed["p (Holm)"].tolist() == [
        "–",
        "0.031",
    ]
