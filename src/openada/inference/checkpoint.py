"""A converted checkpoint that came without a run: a clip model that can score, and of which nothing else is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from openada.datasets.scales import SCALES
from openada.errors import UnusableInput
from openada.inference.clips import ClipRun
from openada.inference.recording import TrainedRun
from openada.models.weights import load_checkpoint
from openada.prepared.job import Parameters
from openada.training.clip_recipe import RECIPES, ClipRecipe
from openada.training.run_folder import RunFolder

WEIGHTS = "model.safetensors"
PRESET = "converted checkpoint"


@dataclass(frozen=True)
class CheckpointRun(ClipRun):
    """A checkpoint as `models.weights.save_checkpoint` writes it (`openada convert`), used as if it were a run's.

    Of its `meta` are read: `scale` or `label_scale` (BDI-II where there is neither); `training_set` in words, or what a run's own
    checkpoint says of `corpus`, `planted` and `frame_rate_hz`; and of `preprocessing` the `frame_step` (every so-manieth frame of
    a video; 1) and the `alignment` of the crops, as `openada prepare` names it.
    """

    about: Mapping[str, Any] = field(default_factory=dict)
    file: Path = Path(WEIGHTS)

    @property
    def config(self) -> Mapping[str, Any]:
        """What a run's config.json would say; what is not known is None or empty."""
        return self.about

    @property
    def weights(self) -> Path:
        """The checkpoint itself."""
        return self.file

    @staticmethod
    def load_or_run(path: Path) -> TrainedRun:
        """The run in the folder `path`; or the checkpoint in the file, or in a folder that holds one and is no run.

        Raises UnusableInput where there is neither, and for a checkpoint of a model that does not score single clips.
        """
        file = path / WEIGHTS if path.is_dir() else path
        if path.is_dir() and ((path / "config.json").is_file() or not file.is_file()):
            return TrainedRun.load(path)
        if file.suffix != ".safetensors":
            raise UnusableInput(
                f"{path} is neither a run nor a .safetensors checkpoint; 'openada convert' makes one of weights"
            )
        model, meta = load_checkpoint(file)
        name = str(model.name)
        if name not in RECIPES:
            raise UnusableInput(f"{file} holds {name!r}, which needs its whole run: give the run's folder with --run")
        scale = str(meta.get("scale") or meta.get("label_scale") or "BDI-II")
        if scale not in SCALES:
            raise UnusableInput(f"{file} gives scores on {scale!r}; known scales: {', '.join(SCALES)}")
        settings: Any = model.config
        read = meta.get("preprocessing") or {}
        parameters = Parameters(alignment=str(read.get("alignment", Parameters.alignment)))
        recipe: ClipRecipe[Any] = ClipRecipe(
            model=settings, preset=PRESET, frame_step=int(read.get("frame_step", 1)),
            reference="median" if settings.input_range == "difference" else "none",
        )  # fmt: skip
        trained_on = str(meta.get("training_set", ""))
        about = {
            "system": name,
            "recipe": asdict(recipe),
            "model": asdict(settings),
            "prepared": asdict(parameters),
            "scale": scale,
            "corpus": meta.get("corpus") or ([trained_on] if trained_on else []),
            "planted": bool(meta.get("planted")),
            "recordings": {"training": None},
            "subjects": {"training": None},
            "split_sha256": "",
            "frame_rate_hz": meta.get("frame_rate_hz"),
            "selected_on": None,
            "pretrained": None,
        }
        return CheckpointRun(RunFolder(file.parent), model.eval(), recipe, about, file)
