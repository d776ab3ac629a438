"""What a reproduction writes: table.csv, the tables as Markdown and LaTeX, the pictures as SVG, and one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from openada.evaluation.latex import to_latex
from openada.evaluation.published import LABEL
from openada.evaluation.table import to_markdown
from openada.files import atomic_path, write_json, write_text
from openada.report.comparison import Section, write_comparison_report
from openada.studies.evaluation_content import PLANTED, bullets
from openada.studies.evaluation_drawings import write_drawings
from openada.studies.reproduce.targets import TARGETS

if TYPE_CHECKING:
    import pandas as pd

    from openada.studies.reproduce.job import Job


@dataclass(frozen=True)
class Result:
    """`sections` are what is shown, in order; `table` every figure behind it in long form. `files` are further CSV tables."""

    name: str
    sections: Sequence[Section]
    table: pd.DataFrame
    planted: bool
    runs: Sequence[Path] = ()
    files: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Which table or figure of which paper."""
        target = TARGETS[self.name]
        return f"{self.name}: {target.shows} ({target.place})"

    @property
    def lines(self) -> list[str]:
        """What a reader must know before any figure."""
        return [PLANTED] if self.planted else []

    def markdown(self) -> str:
        """The tables and sentences as they are printed."""
        text = [f"# {self.title}", "", *self.lines]
        for section in self.sections:
            text += ["", f"## {section.title}", "", *bullets(section.sentences)]
            for table in section.tables:
                label = [f"*{LABEL}*", ""] if table.published else []
                note = [table.note, ""] if table.note else []
                text += ["", f"### {table.title}", "", *label, *note, to_markdown(table.frame)]
            text += bullets(section.footer)
        return "\n".join(text) + "\n"

    def latex(self) -> str:
        """The tables as LaTeX."""
        return "\n".join(
            to_latex(
                table.frame,
                title=f"{table.title} ({LABEL})" if table.published else table.title,
                footer=[*([table.note] if table.note else []), *section.footer],
            )
            for section in self.sections
            for table in section.tables
        )


def write_result(job: Job, result: Result) -> Path:
    """Write OUT/TARGET/: table.csv, table.md, table.tex, further CSV files, figures/, report.html, job.json; the folder."""
    folder = job.out / result.name.replace("/", "-")
    for stem, content in {"table": result.table, **result.files}.items():
        with atomic_path(folder / f"{stem}.csv") as temporary:
            content.to_csv(temporary, index=False)
    write_text(folder / "table.md", result.markdown())
    write_text(folder / "table.tex", result.latex())
    write_drawings(folder / "figures", [drawing for section in result.sections for drawing in section.drawings])
    target = TARGETS[result.name]
    write_comparison_report(
        folder / "report.html",
        kind=f"Reproduction of {target.place}",
        title=f"{result.name}: {target.shows}",
        lead="Ours, measured on the recordings named below; published figures stand in tables of their own and are labelled.",
        sections=result.sections,
        warnings=result.lines,
        versions={name: version(name) for name in ("openada", "torch")},
    )
    write_json(
        folder / "job.json",
        {
            "target": result.name,
            "data": str(job.data.resolve()),
            "part": job.part,
            "seeds": list(job.seeds),
            "recipe": asdict(job.recipe),
            "runs": [run.name for run in result.runs],
            "versions": {name: version(name) for name in ("openada", "torch")},
        },
    )
    return folder
