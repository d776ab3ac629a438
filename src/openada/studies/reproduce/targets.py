"""What `openada reproduce` can make. Free of heavy imports: the command line lists it."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from openada.errors import UnusableInput

if TYPE_CHECKING:
    from openada.studies.reproduce.job import Job
    from openada.studies.reproduce.result import Result


class Target(NamedTuple):
    """A table or figure: where the paper has it, what it shows, and the function ("module:name") that makes it."""

    place: str
    shows: str
    function: str


_TABLES = "openada.studies.reproduce.expada_tables"
_FIGURES = "openada.studies.reproduce.expada_figures"
_REPRESENTATIONS = "openada.studies.reproduce.expada_representations"
_STABILITY = "openada.studies.reproduce.expada_stability"
_STA_TABLES = "openada.studies.reproduce.sta_drn_tables"
_STA_FIGURES = "openada.studies.reproduce.sta_drn_figures"
_STA_SALIENCY = "openada.studies.reproduce.sta_drn_saliency"
_DEPNET = "openada.studies.reproduce.depnet_tables"
_DEPNET_TESTS = "openada.studies.reproduce.depnet_tests"
_EXPRESSO = "openada.studies.reproduce.expresso_tables"
_EXPRESSO_MAPS = "openada.studies.reproduce.expresso_attribution"
_EXPRESSO_UNITS = "openada.studies.reproduce.expresso_units"
_PAN = "Pan et al. 2023"
_HE = "He et al. 2022"
_MORENO = "Moreno et al. 2023"
TARGETS: dict[str, Target] = {
    "expada/table1": Target(
        "Liao et al. 2026, Table 1", "the selection method beside other systems", f"{_TABLES}:table1"
    ),
    "expada/table2": Target("Liao et al. 2026, Table 2", "base, ordinal and selection per subset", f"{_TABLES}:table2"),
    "expada/sweep-p": Target(
        "Liao et al. 2026, Ablation (supplement)", "the share of segments that are selected", f"{_TABLES}:sweep_p"
    ),
    "expada/sweep-T": Target(
        "Liao et al. 2026, Ablation (supplement)", "the length of a segment in frames", f"{_TABLES}:sweep_t"
    ),
    "expada/figure3": Target("Liao et al. 2026, Fig. 3", "relevance of all scales along time", f"{_FIGURES}:figure3"),
    "expada/figure4": Target(
        "Liao et al. 2026, Fig. 4", "the most and the least relevant representations", f"{_REPRESENTATIONS}:figure4"
    ),
    "expada/figure5": Target("Liao et al. 2026, Fig. 5", "prediction against label", f"{_FIGURES}:figure5"),
    "expada/stability": Target(
        "Liao et al. 2026, Interpretability", "relevance over random initialisations", f"{_STABILITY}:stability"
    ),
    "sta-drn/table2": Target(f"{_PAN}, Table 2", "groups × fusion: MAE and RMSE", f"{_STA_TABLES}:table2"),
    "sta-drn/table3": Target(f"{_PAN}, Table 3", "groups × fusion: PCC and CCC", f"{_STA_TABLES}:table3"),
    "sta-drn/table4": Target(f"{_PAN}, Table 4", "three depths beside the plain 3-D ResNet", f"{_STA_TABLES}:table4"),
    "sta-drn/table5": Target(f"{_PAN}, Table 5", "frame networks of timm beside STA-DRN", f"{_STA_TABLES}:table5"),
    "sta-drn/table6": Target(f"{_PAN}, Table 6", "STA-DRN beside others on AVEC 2013", f"{_STA_TABLES}:table6"),
    "sta-drn/table7": Target(f"{_PAN}, Table 7", "STA-DRN beside others on AVEC 2014", f"{_STA_TABLES}:table7"),
    "sta-drn/figure7": Target(f"{_PAN}, Fig. 7", "prediction against label, by fusion", f"{_STA_FIGURES}:figure7"),
    "sta-drn/figure8": Target(f"{_PAN}, Fig. 8", "what degraded inputs look like", f"{_STA_FIGURES}:figure8"),
    "sta-drn/figure9": Target(f"{_PAN}, Fig. 9", "errors under Gaussian noise", f"{_STA_FIGURES}:figure9"),
    "sta-drn/figure10": Target(f"{_PAN}, Fig. 10", "errors under Gaussian blur", f"{_STA_FIGURES}:figure10"),
    "sta-drn/figure11": Target(f"{_PAN}, Fig. 11", "maps by severity band", f"{_STA_SALIENCY}:figure11"),
    "depnet/table2": Target(f"{_HE}, Table 2", "four architectures, with AVEC 2013", f"{_DEPNET}:table2"),
    "depnet/table3": Target(f"{_HE}, Table 3", "four architectures, with AVEC 2014", f"{_DEPNET}:table3"),
    "depnet/table4": Target(f"{_HE}, Table 4", "DepNet beside others on AVEC 2013", f"{_DEPNET}:table4"),
    "depnet/table5": Target(f"{_HE}, Table 5", "DepNet beside others on AVEC 2014", f"{_DEPNET}:table5"),
    "depnet/table6": Target(f"{_HE}, Table 6", "hypothesis tests on predictions, AVEC 2013", f"{_DEPNET_TESTS}:table6"),
    "depnet/table7": Target(f"{_HE}, Table 7", "hypothesis tests on predictions, AVEC 2014", f"{_DEPNET_TESTS}:table7"),
    "depnet/figure7": Target(f"{_HE}, Fig. 7", "DepNet beside entries of AVEC 2013's challenge", f"{_DEPNET}:figure7"),
    "depnet/figure8": Target(f"{_HE}, Fig. 8", "DepNet beside entries of AVEC 2014's challenge", f"{_DEPNET}:figure8"),
    "depnet/reductions": Target(
        f"{_HE}, section 4.2", "four layers that reduce the trunk's channels", f"{_DEPNET}:reductions"
    ),
    "expresso/windows": Target(_MORENO, "lengths and dilations of the window", f"{_EXPRESSO}:windows"),
    "expresso/backbones": Target(_MORENO, "four backbones of action recognition", f"{_EXPRESSO}:backbones"),
    "expresso/single-face": Target(_MORENO, "video beside single faces", f"{_EXPRESSO}:single_face"),
    "expresso/regions": Target(
        _MORENO, "attribution by region of the face, by band and outcome", f"{_EXPRESSO_MAPS}:regions"
    ),
    "expresso/units": Target(
        _MORENO, "movements that go with the attribution, by band and outcome", f"{_EXPRESSO_UNITS}:units"
    ),
}
OWN_DOWNLOADS = ("sta-drn/table5",)
"""Targets whose --download-weights is for networks that they bring, not for the system of the recipe."""


SYSTEMS = {"expresso": "expresso-ai"}
"""What stands before a target's stroke → the system, where it is called otherwise."""


def system_of(name: str) -> str:
    """The system that a target trains, by what stands before the stroke."""
    paper = name.partition("/")[0]
    return SYSTEMS.get(paper, paper)


def reproduce(name: str, job: Job) -> Result:
    """Make one target; everything trained on the way stays in the job's folder.

    Raises UnusableInput for an unknown name, and for a job whose recipe is one for another system.
    """
    if name not in TARGETS:
        raise UnusableInput(f"nothing is called {name!r}; choose one of: {', '.join(TARGETS)}")
    if system_of(name) != job.system:
        raise UnusableInput(f"{name} trains {system_of(name)}, and the recipe given is one for {job.system}")
    module, _, function = TARGETS[name].function.partition(":")
    made: Callable[[str, Job], Result] = getattr(importlib.import_module(module), function)
    return made(name, job)
