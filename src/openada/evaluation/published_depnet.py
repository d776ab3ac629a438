"""Figures that the DepNet paper gives (He et al., Int. J. of Intelligent Systems 2022): published, not measured here.

Test parts of AVEC 2013 (50 clips) and AVEC 2014 (100 clips), BDI-II points, without intervals. Its abstract gives DepNet an
RMSE of 9.01 on AVEC 2014, its tables 9.03, which stands here.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

_NAN = float("nan")
SENET, DEPNET = "SENet (single image)", "DepNet (SENet-based)"
RESNET, RESNET_SEQUENCE = "ResNet-50 (single image)", "ResNet-50 (image sequence)"

# Tables 2 and 3: MAE and RMSE; the paper calls the first row SENet.
ARCHITECTURES: Mapping[str, tuple[tuple[str, float, float], ...]] = {
    "2013": ((SENET, 7.58, 9.43), (DEPNET, 7.36, 9.17), (RESNET, 7.90, 9.83), (RESNET_SEQUENCE, 7.66, 9.54)),
    "2014": ((SENET, 7.47, 9.30), (DEPNET, 7.26, 9.03), (RESNET, 7.68, 9.57), (RESNET_SEQUENCE, 7.48, 9.34)),
}

# Tables 4 and 5: systems that see video alone, MAE and RMSE as the paper cites them.
COMPARED: Mapping[str, tuple[tuple[str, float, float], ...]] = {
    "2013": (
        ("Baseline, LPQ-TOP", 10.88, 13.61),
        ("Cummins et al., STIP and PHOG", _NAN, 10.45),
        ("Meng et al., EOH and LBP", 9.14, 11.19),
        ("Wen et al., LPQ-TOP", 8.22, 10.27),
        ("Zhu et al., optical flow", 7.58, 9.82),
        ("Mohamad et al., C3D and RNN", 7.37, 9.28),
        ("Zhou et al., 2-D CNN", 6.30, 8.19),
        ("Song et al., CNN", 6.16, 8.10),
        ("Md et al., LSTM", 7.04, 8.93),
        ("DepNet (He et al. 2022)", 7.36, 9.17),
    ),
    "2014": (
        ("Baseline, LGBP-TOP", 8.86, 10.86),
        ("Sidorov et al., LGBP-TOP", 8.32, 10.83),
        ("Jan et al., EOH, LBP and LPQ", 8.44, 10.50),
        ("Kaya et al., LGBP-TOP and LPQ", 8.20, 10.27),
        ("Zhu et al., optical flow", 7.47, 9.55),
        ("Mohamad et al., C3D and RNN", 7.22, 9.20),
        ("Zhou et al., 2-D CNN", 6.21, 8.39),
        ("Song et al., CNN", 5.95, 7.15),
        ("Md et al., LSTM", 6.86, 8.78),
        ("DepNet (He et al. 2022)", 7.26, 9.03),
    ),
}

# Figures 7 and 8: entries of the challenges, which saw audio (A) too; MAE and RMSE.
CHALLENGES: Mapping[str, tuple[tuple[str, float, float], ...]] = {
    "2013": (
        ("Baseline (50, V)", 10.88, 13.61),
        ("Brunel-Beihang (50, A and V)", 8.72, 10.96),
        ("Team-australia (50, V)", _NAN, 10.17),
        ("MIT (50, A)", 5.75, 7.42),
        ("DepNet (50, V)", 7.36, 9.17),
    ),
    "2014": (
        ("Baseline (100, V)", 8.85, 10.85),
        ("SRI (100, A)", 8.83, 11.1),
        ("ULM (100, A and V)", 8.33, 10.83),
        ("BUAP (100, A and V)", 8.99, 10.82),
        ("SAIL (100, A, V and meta)", _NAN, 10.33),
        ("Brunel (100, A and V)", 8.3, 10.26),
        ("INRIA (100, A and V)", 8.39, 10.24),
        ("ULM (100, A, V and meta)", 7.28, 9.7),
        ("MIT (100, A and V)", 6.31, 8.12),
        ("DepNet (100, V)", 7.26, 9.03),
    ),
}

# Tables 6 and 7: p-values by test, on 30 samples "from each of the algorithm".
P_VALUES: Mapping[str, Mapping[str, float]] = {
    "2013": {"Shapiro-Wilk": 0.005, "Dickey-Fuller": 0.003, "ANOVA": 1.0, "chi-squared": 1.0, "Mann-Whitney U": 0.499},
    "2014": {"Shapiro-Wilk": 0.002, "Dickey-Fuller": 0.001, "ANOVA": 1.0, "chi-squared": 1.0, "Mann-Whitney U": 0.498},
}


def errors_table(rows: Mapping[str, tuple[tuple[str, float, float], ...]], year: str) -> pd.DataFrame:
    """One of the mappings above for a year, marked as published."""
    return pd.DataFrame(rows[year], columns=["system", "MAE (published)", "RMSE (published)"])


def p_values_table(year: str) -> pd.DataFrame:
    """Table 6 ("2013") or 7 ("2014"), marked as published, p to the paper's digits."""
    return pd.DataFrame([(test, f"{p:.3f}") for test, p in P_VALUES[year].items()], columns=["test", "p (published)"])


def architectures_by_year() -> dict[str, pd.DataFrame]:
    """Year → a row per architecture of Tables 2 and 3, columns MAE and RMSE."""
    return {
        year: pd.DataFrame([row[1:] for row in rows], [row[0] for row in rows], ["MAE", "RMSE"])
        for year, rows in ARCHITECTURES.items()
    }
