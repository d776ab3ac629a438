"""Figures that the STA-DRN paper gives (Pan et al., Expert Systems with Applications 2023): published, not measured here.

Test parts of AVEC 2013 (50 clips) and AVEC 2014 (100 clips), BDI-II points, without intervals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

YEARS = ("2013", "2014")

# Tables 2 and 3: k and fusion, then on AVEC 2013 and on AVEC 2014 MAE, RMSE, PCC, CCC.
VARIANTS: tuple[tuple[int, str, tuple[float, ...], tuple[float, ...]], ...] = (
    (1, "spatial", (7.97, 10.35, 0.50, 0.48), (7.81, 10.25, 0.52, 0.50)),
    (1, "temporal", (7.58, 9.12, 0.65, 0.52), (7.68, 9.29, 0.66, 0.52)),
    (1, "feature", (7.54, 9.88, 0.57, 0.54), (7.43, 9.79, 0.58, 0.56)),
    (1, "vector", (7.19, 9.65, 0.59, 0.57), (7.07, 9.55, 0.60, 0.59)),
    (2, "spatial", (7.45, 9.37, 0.66, 0.65), (7.30, 9.28, 0.67, 0.66)),
    (2, "temporal", (7.21, 9.32, 0.67, 0.56), (7.07, 9.22, 0.68, 0.58)),
    (2, "feature", (7.11, 9.21, 0.70, 0.62), (6.97, 9.12, 0.71, 0.63)),
    (2, "vector", (6.15, 7.98, 0.73, 0.72), (6.00, 7.75, 0.75, 0.73)),
    (4, "spatial", (7.97, 10.11, 0.58, 0.44), (7.90, 9.88, 0.61, 0.45)),
    (4, "temporal", (7.77, 10.12, 0.58, 0.57), (7.48, 9.56, 0.63, 0.59)),
    (4, "feature", (7.60, 9.70, 0.67, 0.66), (7.45, 9.61, 0.65, 0.65)),
    (4, "vector", (7.41, 9.83, 0.67, 0.68), (7.38, 9.63, 0.67, 0.67)),
)
METRICS = ("mae", "rmse", "pcc", "ccc")

# Table 4: MAE and RMSE on AVEC 2013, on AVEC 2014, parameters in millions, "FLOPs" in 10^9 (they are multiply-accumulates).
SIZES: tuple[tuple[str, float, float, float, float, float, float], ...] = (
    ("ResNet-18", 6.94, 9.14, 6.72, 8.93, 33.20, 65.80),
    ("MDN-18", 7.02, 8.58, 6.48, 8.64, 11.41, 179.84),
    ("STA-18", 6.15, 7.98, 6.00, 7.75, 31.27, 192.71),
    ("ResNet-50", 6.83, 8.84, 6.53, 8.53, 46.20, 79.96),
    ("MDN-50", 6.28, 8.02, 6.38, 8.14, 18.73, 213.37),
    ("STA-50", 6.39, 8.19, 6.27, 7.94, 41.41, 238.16),
    ("ResNet-152", 6.57, 8.42, 6.64, 8.29, 117.41, 148.41),
    ("MDN-152", 6.42, 7.83, 6.28, 7.85, 52.25, 424.96),
    ("STA-152", 6.48, 8.16, 6.64, 8.25, 78.14, 375.69),
)

# Table 5: fine-tuned face recognition networks on single frames; MAE and RMSE on AVEC 2013, on AVEC 2014.
FRAME_NETWORKS: tuple[tuple[str, float, float, float, float], ...] = (
    ("MobileFace (Deng et al. 2022)", 8.15, 9.34, 8.04, 9.20),
    ("IRSE50 (Hu et al. 2020)", 8.34, 9.86, 8.25, 9.67),
    ("FaceNet (Schroff et al. 2015)", 7.05, 8.64, 7.04, 8.51),
    ("IR152 (He et al. 2016)", 6.57, 8.42, 6.64, 8.29),
    ("STA-DRN (Pan et al. 2023)", 6.15, 7.98, 6.00, 7.75),
)

_NAN = float("nan")
# Tables 6 and 7: MAE and RMSE as the paper cites them.
COMPARED: Mapping[str, tuple[tuple[str, float, float], ...]] = {
    "2013": (
        ("Baseline (Valstar et al. 2013)", 10.88, 13.61),
        ("PHOG (Cummins et al. 2013)", _NAN, 10.45),
        ("MHH + PLS (Meng et al. 2013)", 9.14, 11.19),
        ("LPQ (Kächele et al. 2014)", 8.97, 10.82),
        ("LPQ-TOP (Wen et al. 2015)", 8.22, 10.27),
        ("DCNNs (Zhu et al. 2018)", 7.58, 9.82),
        ("DPFV (He et al. 2019)", 7.55, 9.20),
        ("RNN-C3D (Jazaery and Guo 2018)", 7.37, 9.28),
        ("VSLF (Niu et al. 2020)", 7.32, 8.97),
        ("VLDN (Uddin et al. 2020)", 7.04, 8.93),
        ("DJ-LDML (Zhou, Wei et al. 2020)", 6.63, 8.37),
        ("LGA-CNN-WSPP (He et al. 2021)", 6.59, 8.39),
        ("Global-Local C3D (de Melo et al. 2019)", 6.40, 8.26),
        ("LQGDNet (Shang et al. 2021)", 6.38, 8.20),
        ("MR-DepressNet (Zhou, Jin et al. 2020)", 6.20, 8.28),
        ("MDN (Carneiro de Melo et al. 2021)", 6.24, 7.55),
        ("STA-DRN (Pan et al. 2023)", 6.15, 7.98),
    ),
    "2014": (
        ("LGBP-TOP-SVM (Sidorov and Minker 2014)", 11.20, 13.87),
        ("Baseline (Valstar et al. 2014)", 8.86, 10.86),
        ("INN (Cholet et al. 2019)", 8.59, 10.56),
        ("LBP-EOH-LPQ (Jan et al. 2014)", 8.44, 10.50),
        ("LPQ-DFT (Kaya et al. 2014)", 8.20, 10.27),
        ("DCNNs (Zhu et al. 2018)", 7.47, 9.55),
        ("RNN-C3D (Jazaery and Guo 2018)", 7.22, 9.20),
        ("DPFV (He et al. 2019)", 7.21, 9.01),
        ("VLDN (Uddin et al. 2020)", 6.86, 8.78),
        ("DJ-LDML (Zhou, Wei et al. 2020)", 6.59, 8.30),
        ("Global-Local C3D (de Melo et al. 2019)", 6.59, 8.31),
        ("LGA-CNN-WSPP (He et al. 2021)", 6.51, 8.30),
        ("VSLF (Niu et al. 2020)", 6.43, 8.60),
        ("FDHH (Jan et al. 2018)", 6.68, 8.01),
        ("MR-DepressNet (Zhou, Jin et al. 2020)", 6.21, 8.39),
        ("LQGDNet (Shang et al. 2021)", 6.08, 7.84),
        ("MDN (Carneiro de Melo et al. 2021)", 6.06, 7.65),
        ("STA-DRN (Pan et al. 2023)", 6.00, 7.75),
    ),
}


def variant_name(groups: int, fusion: str) -> str:
    """A variant of STA-DRN as the tables call it."""
    return f"k = {groups}, {fusion}"


def variants_table(metrics: Sequence[str]) -> pd.DataFrame:
    """Tables 2 and 3: a row per variant, a column per year and metric, marked as published."""
    rows = []
    for groups, fusion, *by_year in VARIANTS:
        cells = {
            f"{year} {metric.upper()} (published)": values[METRICS.index(metric)]
            for year, values in zip(YEARS, by_year, strict=True)
            for metric in metrics
        }
        rows.append({"variant": variant_name(groups, fusion), **cells})
    return pd.DataFrame(rows)


def sizes_table() -> pd.DataFrame:
    """Table 4: errors on both years and the size of every network, marked as published."""
    errors = [f"{year} {metric} (published)" for year in YEARS for metric in ("MAE", "RMSE")]
    return pd.DataFrame(SIZES, columns=["network", *errors, "parameters, M (published)", "MACs, G (published)"])


def frame_networks_table() -> pd.DataFrame:
    """Table 5: frame networks on both years, marked as published."""
    errors = [f"{year} {metric} (published)" for year in YEARS for metric in ("MAE", "RMSE")]
    return pd.DataFrame(FRAME_NETWORKS, columns=["network", *errors])


def compared_table(year: str) -> pd.DataFrame:
    """Table 6 ("2013") or 7 ("2014"): the systems that the paper compares with, marked as published."""
    return pd.DataFrame(COMPARED[year], columns=["system", "MAE (published)", "RMSE (published)"])


def year_of(corpus: str) -> str | None:
    """ "2013" or "2014" for a corpus called like AVEC 2013 or avec2014; None for another."""
    key = "".join(letter for letter in corpus.lower() if letter.isalnum())
    return key.removeprefix("avec") if key in ("avec2013", "avec2014") else None


def published_beside(
    printed: pd.DataFrame, values: Mapping[str, pd.DataFrame], corpus_of_subset: Mapping[str, str]
) -> pd.DataFrame:
    """A printed table (columns subset, predictor) with the paper's own figures in further columns, where it is of its corpora.

    `values`: year → a table's row per predictor. Rows of other subsets and predictors stay empty; without any nothing is added.
    """
    columns: dict[str, list[float]] = {}
    years = [year_of(corpus_of_subset.get(subset, "")) for subset in printed["subset"]]
    for place, (year, predictor) in enumerate(zip(years, printed["predictor"], strict=True)):
        if year and year in values and predictor in values[year].index:
            for name, value in values[year].loc[predictor].items():
                columns.setdefault(f"{name} (published)", [_NAN] * len(printed))[place] = float(value)
    return printed.assign(**columns)


def variants_by_year(metrics: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Year → a row per variant by name, a column per metric (upper case)."""
    names = [variant_name(groups, fusion) for groups, fusion, *_ in VARIANTS]
    chosen = [METRICS.index(metric) for metric in metrics]
    heads = [metric.upper() for metric in metrics]
    first = pd.DataFrame([[values[k] for k in chosen] for _, _, values, _ in VARIANTS], names, heads)
    second = pd.DataFrame([[values[k] for k in chosen] for _, _, _, values in VARIANTS], names, heads)
    return dict(zip(YEARS, (first, second), strict=True))


def sizes_by_year() -> dict[str, pd.DataFrame]:
    """Year → a row per network of Table 4, columns MAE and RMSE."""
    names = [row[0] for row in SIZES]
    return {
        year: pd.DataFrame([row[1 + 2 * order : 3 + 2 * order] for row in SIZES], names, ["MAE", "RMSE"])
        for order, year in enumerate(YEARS)
    }
