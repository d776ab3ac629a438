"""The page of several runs together: their table with the baselines, or their differences in plain sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openada.report.content import NamedTable
from openada.report.evaluation import as_is, comparison
from openada.report.figures import Drawing
from openada.report.page import write_page

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Section:
    """One card of the page: sentences, a wide table of figures, further tables, drawings, and the footer of them all.

    `metrics` and `baselines` have the columns of `evaluation.table` (`sd_over_seeds` is shown as ± sd); without `metrics`
    there is no wide table. `tables` are shown column by column.
    """

    title: str
    sentences: Sequence[str] = ()
    note: str = ""
    baselines: pd.DataFrame | None = None
    metrics: pd.DataFrame | None = None
    tables: Sequence[NamedTable] = ()
    drawings: Sequence[Drawing] = ()
    footer: Sequence[str] = ()


def write_comparison_report(
    out_html: Path,
    *,
    kind: str,
    title: str,
    lead: str,
    sections: Sequence[Section],
    critical_warnings: Sequence[str] = (),
    warnings: Sequence[str] = (),
    versions: Mapping[str, str],
) -> None:
    """Write the page as a single HTML file that needs no network."""
    write_page(
        Path(out_html),
        "comparison.html.j2",
        None,
        kind=kind,
        title=title,
        lead=lead,
        critical_warnings=list(critical_warnings),
        warnings=list(warnings),
        versions=dict(versions),
        sections=[shown_section(section) for section in sections],
    )


def shown_section(section: Section) -> dict[str, Any]:
    """What a template is given of a section."""
    from markupsafe import Markup

    return {
        "title": section.title,
        "sentences": list(section.sentences),
        "note": section.note,
        "figures": None if section.metrics is None else comparison(section.baselines, section.metrics),
        "tables": [
            {"title": table.title, "note": table.note, "published": table.published, **as_is(table.frame)}
            for table in section.tables
        ],
        "drawings": [drawing._replace(svg=Markup(drawing.svg)) for drawing in section.drawings],
        "footer": list(section.footer),
    }
