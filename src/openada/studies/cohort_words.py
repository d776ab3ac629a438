"""Words and numbers that the sections of a cohort study's page share."""

from __future__ import annotations

import pandas as pd

from openada.report.comparison import Section

TOP = 12


def missing(title: str, command: str) -> Section:
    """A card that names the command of what has not been done."""
    return Section(title, [f"Not done yet: openada cohort {command} COHORT"])


def span(row: pd.Series, value: str, low: str, high: str) -> str:
    """Columns of a row as 0.12 (0.05 to 0.19); without an interval the value alone."""
    if pd.isna(row[low]):
        return figure(row[value])
    return f"{figure(row[value])} ({figure(row[low])} to {figure(row[high])})"


def figure(value: float) -> str:
    """Two digits, a true minus, and a dash for what is undefined."""
    return "–" if pd.isna(value) else f"{value:.2f}".replace("-", "−")
