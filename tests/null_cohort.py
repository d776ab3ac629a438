"""A small cohort in which behaviour has nothing to do with the questionnaire."""

import numpy as np
import pandas as pd

from openada.cohort.dictionary import COLUMNS
from openada.cohort.layout import Cohort


def null_cohort(n=120, d=5, seed=0):
    rng = np.random.default_rng(seed)
    names = [f"p{k:03d}" for k in rng.permutation(n)]
    people = pd.DataFrame({"person": names, "age": rng.integers(12, 19, n), "sex": rng.choice(["f", "m"], n)})
    people["dass21_stress"] = rng.integers(0, 21, n) * 2.0
    features = pd.DataFrame(rng.standard_normal((n, d)), columns=[f"AU0{k}_g__mean" for k in range(1, d + 1)])
    features.insert(0, "person", rng.permutation(names))
    rows = [(name, "people", "demographic", "", "", 1.0) for name in ("age", "sex")]
    return Cohort(features, people, pd.DataFrame(rows, columns=list(COLUMNS)))
