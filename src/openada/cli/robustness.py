"""`openada robustness`: what worse recordings do to a trained run's errors."""

from __future__ import annotations

from pathlib import Path

from tyro.conf import Positional

from openada.clips.corruptions import KINDS, KindName


def robustness(
    run: Positional[Path],
    /,
    *,
    kinds: tuple[KindName, ...] = tuple(KINDS),
    split: str = "test",
    recordings: int | None = None,
    data: Path | None = None,
    seed: int = 0,
) -> None:
    """Corrupt the crops of held-out recordings, kind by kind and ever more, and measure how a run's errors grow.

    Writes robustness.csv, .md, .svg and a page with example crops into RUN/robustness. Interrupted and started again it
    goes on where it was. The crops are corrupted after tracking: this tests the network, not the tracker.

    Args:
        run: Folder of a trained run.
        kinds: Kinds of corruption; kinds done earlier stay in the report.
        split: Part to report; the part that selected the model is refused.
        recordings: A quick look at this many evenly spaced recordings; it gets a folder of its own.
        data: Where the prepared data set lies now, if it was moved.
        seed: Decides the noise and where the hidden square lies.
    """
    from openada.cli.output import print_markdown
    from openada.studies.robustness import study_robustness

    found = study_robustness(run, kinds=kinds, part=split, recordings=recordings, data=data, seed=seed)
    print_markdown(found.markdown)
    print(f"report: {found.folder / 'robustness.html'}")
