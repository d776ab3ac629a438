"""What training reads: which segments, and how many."""

from dataclasses import replace
from pathlib import Path

import pytest

from openada.errors import UnusableInput
from openada.prepared.dataset import PreparedDataset
from openada.training.material import Source, segment_loader
from openada.training.recordings import usable_recordings
from training_recipe import RECIPE


@pytest.mark.parametrize(("stride", "first"), [(None, range(0, 33, 4)), (3, range(0, 33, 3)), (11, range(0, 33, 11))])
def test_stage_1_trains_on_segments_by_the_recipes_stride(
    shared_prepared: Path, stride: int | None, first: range
) -> None:
    """Recordings have 40 frames, segments 8; frames 10 to 13 of r1 are lost, no more than half of any segment."""
    dataset, source = PreparedDataset(shared_prepared), Source(replace(RECIPE, stride=stride))
    table, _ = usable_recordings(dataset, source.segments, split="official", task="")
    training, development = (table[table["split"] == part] for part in ("training", "development"))
    assert source.segments(dataset.recording("r0"), source.training_stride).first_frame.tolist() == list(first)
    assert len(segment_loader(source, dataset, training, training=True).dataset) == 6 * len(first)
    assert len(segment_loader(source, dataset, development, training=False).dataset) == 3 * 5


def test_half_a_segment_is_rounded_up() -> None:
    recipe = replace(RECIPE, model=replace(RECIPE.model, segment_frames=5))
    assert Source(recipe).training_stride == 3


def test_a_stride_of_nought_is_refused(shared_prepared: Path) -> None:
    dataset, source = PreparedDataset(shared_prepared), Source(replace(RECIPE, stride=0))
    table, _ = usable_recordings(dataset, source.segments, split="official", task="")
    with pytest.raises(UnusableInput, match="every 0"):
        segment_loader(source, dataset, table, training=True)


def test_a_task_that_nobody_recorded_is_refused_with_those_there_are(shared_prepared: Path) -> None:
    dataset = PreparedDataset(shared_prepared)
    with pytest.raises(UnusableInput, match="no recording has the task 'talk'; there are: x"):
        usable_recordings(dataset, Source(RECIPE).segments, split="official", task="talk")
    assert len(usable_recordings(dataset, Source(RECIPE).segments, split="official", task="x")[0]) == 12
