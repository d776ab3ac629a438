"""People who do not exist: who they are, how they answer, and how that shows in their faces, at effects that are known.

Person i is drawn from (seed, i) alone. A latent depression, anxiety and stress, correlated, and shifted by age, sex and site,
give the 21 answers through thresholds; totals follow. A *trait* is a person's level of one feature, in standard deviations:

    trait = r · z + √(1 − r²) · e + covariates,   e = √(1 − c²) · own + c · shared

z: the doubled total, less its regression on age, sex and site, standardised; e: noise with a part that all traits share.
The covariates, the same age, sex and site, act on scores and faces alike. So r is the correlation of feature and total in the
population once both are adjusted for age, sex and site, and the unadjusted one differs. Constants of that regression come from
`REFERENCE` people drawn once from a seed of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from openada.cohort.instruments import INSTRUMENTS, ITEM_COLUMNS, totals
from openada.cohort.questionnaire import PERSON
from openada.errors import UnusableInput

SITES = ("Aspen", "Birch", "Cedar", "Dogwood")
SCALES = ("dass21_depression", "dass21_anxiety", "dass21_stress")
ITEMS = tuple(
    sorted((name for name in ITEM_COLUMNS if name.startswith("dass21_")), key=lambda name: int(name.split("_")[1]))
)
REFERENCE = 100_000
SHARED = 0.4
MISSING_ANSWERS = 0.004


@dataclass(frozen=True)
class Planted:
    """An effect: `feature` (`<signal>__mean` or `<signal>__std`) goes with the total `scale` at an adjusted correlation `r`."""

    feature: str
    scale: str
    r: float


PLANTED = (
    Planted("AU12_g__mean", "dass21_depression", -0.12),
    Planted("expressivity__mean", "dass21_depression", -0.10),
    Planted("gaze_pitch_deg__mean", "dass21_depression", 0.08),
    Planted("head_pitch_deg__std", "dass21_depression", -0.06),
    Planted("AU04_g__mean", "dass21_stress", 0.10),
    Planted("iris_left_diameter__std", "dass21_stress", 0.15),
    Planted("gaze_yaw_deg__std", "dass21_anxiety", 0.12),
    Planted("AU24_g__mean", "dass21_anxiety", 0.05),
)
"""Small, as what has been found in large samples. The other statistics of these signals are moved with them."""

_LOADING = 0.75
_THRESHOLDS = np.array([0.25, 1.15, 1.85])
_LATENT = np.linalg.cholesky(np.array([[1.0, 0.75, 0.72], [0.75, 1.0, 0.78], [0.72, 0.78, 1.0]]))
_ITEM_SHIFT = np.linspace(-0.3, 0.3, 7)
# Age (standardised), female, and each site: shifts of the three latents, in their standard deviations.
_ON_LATENT = np.array(
    [[0.12, 0.08, 0.10], [0.25, 0.35, 0.30], [0.0, 0.0, 0.0], [0.15, 0.1, 0.2], [-0.2, -0.1, -0.1], [0.05, 0.1, 0.0]]
)
_COVARIATES = ("age", "female", *SITES)
_FIRST = 21 + 3 + 3  # normals of one person before those of the traits: answers, latents, who they are


@dataclass(frozen=True)
class People:
    """`table`: person, age, sex, site and the items, some missing. `traits` (n, features): levels in standard deviations."""

    table: pd.DataFrame
    traits: np.ndarray


def draw_people(
    numbers: np.ndarray, seed: int, features: tuple[str, ...], effects: tuple[Planted, ...] = PLANTED
) -> People:
    """People by their numbers (n,), with a trait for each of `features`; `effects` empty: the null cohort.

    Raises UnusableInput for an effect on a feature that is not among them.
    """
    unknown = [effect.feature for effect in effects if effect.feature not in features]
    if unknown:
        raise UnusableInput(
            f"an effect is planted on {unknown[0]}, which is not made: choose from {', '.join(features)}"
        )
    width = _FIRST + len(features) + 1
    normals, uniform = np.empty((len(numbers), width)), np.empty((len(numbers), len(ITEMS)))
    for row, number in enumerate(numbers):
        rng = person_generator(seed, int(number), 0)
        normals[row], uniform[row] = rng.standard_normal(width), rng.random(len(ITEMS))
    answers, design = _answers(normals)
    z = _residuals(answers, design)
    own, shared = normals[:, _FIRST:-1], normals[:, -1:]
    noise = np.sqrt(1 - SHARED**2) * own + SHARED * shared
    traits = noise.copy()
    for effect in effects:
        place = features.index(effect.feature)
        traits[:, place] = effect.r * z[:, SCALES.index(effect.scale)] + np.sqrt(1 - effect.r**2) * noise[:, place]
    traits += design @ covariate_effects(features)
    table = pd.DataFrame({PERSON: [f"p{number:05d}" for number in numbers]})
    table["age"] = np.round(15.0 + 1.7 * design[:, 0], 1)
    table["sex"] = np.where(design[:, 1] > 0, "female", "male")
    table["site"] = np.array(SITES)[design[:, 2:].argmax(axis=1)]
    given = np.where(uniform < MISSING_ANSWERS, np.nan, answers)
    return People(pd.concat([table, pd.DataFrame(given, columns=list(ITEMS))], axis=1), traits)


def person_generator(seed: int, number: int, purpose: int) -> np.random.Generator:
    """The generator of one person for one purpose (0 who they are, 1 their recording)."""
    return np.random.default_rng([seed, number, purpose])


def covariate_effects(features: tuple[str, ...]) -> np.ndarray:
    """(6, features): shift of each trait by standardised age, female, and each site; the same for all seeds."""
    rng = np.random.default_rng(20)
    return np.concatenate(
        [rng.normal(0.0, 0.15, (2, len(features))), rng.normal(0.0, 0.2, (len(SITES), len(features)))]
    )


def truth_table(features: tuple[str, ...], effects: tuple[Planted, ...] = PLANTED) -> pd.DataFrame:
    """A row per feature and scale: `r_adjusted` for age, sex and site, `r_unadjusted`, and whether it was `planted` there.

    The totals go together, so that an effect planted on one shows, smaller, on the others: r times their adjusted correlation.
    Both are the population's, computed on the reference people.
    """
    z, scores, design = _reference()
    among = np.corrcoef(z.T)
    planted = {effect.feature: effect for effect in effects}
    size = np.zeros((len(features), len(SCALES)))  # r on the scale that it is planted on, else 0
    for place, feature in enumerate(features):
        if feature in planted:
            size[place, SCALES.index(planted[feature].scale)] = planted[feature].r
    shown = design @ covariate_effects(features) + z @ size.T
    sd = np.sqrt(shown.var(axis=0) + 1 - (size**2).sum(axis=1))
    together = (shown - shown.mean(axis=0)).T @ (scores - scores.mean(axis=0)) / len(scores)
    unadjusted = together / sd[:, None] / scores.std(axis=0)
    adjusted = size @ among
    rows = [
        (feature, scale, float(adjusted[place, k]), float(unadjusted[place, k]), bool(size[place, k]))
        for place, feature in enumerate(features)
        for k, scale in enumerate(SCALES)
    ]
    return pd.DataFrame(rows, columns=["feature", "scale", "r_adjusted", "r_unadjusted", "planted"])


def _answers(normals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Answers (n, 21) in the order of `ITEMS`, none missing, and the covariates (n, 6) as `_COVARIATES` name them."""
    from scipy.special import ndtr

    uniform = ndtr(normals[:, 24:27])
    design = np.zeros((len(normals), len(_COVARIATES)))
    design[:, 0] = np.round(np.sqrt(12) * (uniform[:, 0] - 0.5) * 1.7, 1) / 1.7  # ages 12 to 18, to a tenth of a year
    design[:, 1] = uniform[:, 1] < 0.5
    site = np.digitize(uniform[:, 2], [0.4, 0.7, 0.9])
    design[np.arange(len(site)), 2 + site] = 1.0
    latent = normals[:, 21:24] @ _LATENT.T + design @ _ON_LATENT
    answers = np.empty((len(normals), len(ITEMS)))
    for k, scale in enumerate(SCALES):
        for j, name in enumerate(INSTRUMENTS[scale].columns):
            place = ITEMS.index(name)
            felt = _LOADING * latent[:, k] + np.sqrt(1 - _LOADING**2) * normals[:, place]
            answers[:, place] = np.digitize(felt - _ITEM_SHIFT[j], _THRESHOLDS)
    return answers, design


def _scores(answers: np.ndarray) -> np.ndarray:
    """The three totals (n, 3) of answers of which none is missing."""
    columns = ([ITEMS.index(name) for name in INSTRUMENTS[scale].columns] for scale in SCALES)
    return np.stack(
        [totals(answers[:, place], INSTRUMENTS[scale]) for scale, place in zip(SCALES, columns, strict=True)], axis=1
    )


def _residuals(answers: np.ndarray, design: np.ndarray) -> np.ndarray:
    weights, sd = _regression()
    return (_scores(answers) - design @ weights) / sd


@cache
def _drawn_reference() -> tuple[np.ndarray, np.ndarray]:
    answers, design = _answers(np.random.default_rng(11_427).standard_normal((REFERENCE, _FIRST)))
    return _scores(answers), design


@cache
def _regression() -> tuple[np.ndarray, np.ndarray]:
    """Weights (6, 3) of the totals on the covariates (the sites span the constant), and the sd (3,) of what is left."""
    scores, design = _drawn_reference()
    weights = np.linalg.lstsq(design, scores, rcond=None)[0]
    return weights, (scores - design @ weights).std(axis=0)


def _reference() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    scores, design = _drawn_reference()
    weights, sd = _regression()
    return (scores - design @ weights) / sd, scores, design
