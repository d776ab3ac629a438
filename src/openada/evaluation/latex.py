r"""A table as LaTeX that any installation compiles: a plain tabular with \hline, no package, everything escaped."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

_ESCAPED = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"$<$",
    ">": r"$>$",
    "|": r"$|$",
    '"': "''",
    "−": "$-$",
    "±": r"$\pm$",
    "×": r"$\times$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "–": "--",
    "—": "---",
    "“": "``",
    "”": "''",
    "’": "'",
    "…": r"\ldots{}",
}


def to_latex(table: pd.DataFrame, *, digits: int = 2, title: str = "", footer: Sequence[str] = ()) -> str:
    r"""`table` as a tabular, numbers to the right with `digits` decimals, -- for NaN and None.

    `title` becomes a comment above it, `footer` lines of text below it. No column is dropped and no row is ranked.
    """
    numeric = [pd.api.types.is_numeric_dtype(table[column]) for column in table.columns]
    rows = [[_cell(value, digits) for value in row] for row in table.itertuples(index=False, name=None)]
    heads = [escaped(str(column)) for column in table.columns]
    lines = [f"% {line}" for line in title.splitlines()]
    lines += [
        r"\medskip\noindent",
        rf"\begin{{tabular}}{{{''.join('r' if right else 'l' for right in numeric)}}}",
        r"\hline",
        " & ".join(heads) + r" \\",
        r"\hline",
        # A row that begins with [ or * would be read as an argument of the \\ before it.
        *(("{}" if row[0][:1] in ("[", "*") else "") + " & ".join(row) + r" \\" for row in rows),
        r"\hline",
        r"\end{tabular}\par",
    ]
    if footer:
        # A paragraph of its own below the table.
        lines += ["", r"\smallskip", *(rf"\noindent{{\footnotesize {escaped(line)}}}\par" for line in footer)]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """`text` as LaTeX sets it letter by letter; characters that LaTeX reads as UTF-8 by itself stay."""
    return "".join(_ESCAPED.get(letter, letter) for letter in " ".join(text.split()))


def _cell(value: object, digits: int) -> str:
    if value is None or value is pd.NA or (isinstance(value, (float, np.floating)) and np.isnan(value)):
        return "--"
    if isinstance(value, (float, np.floating)):
        text = f"{value:.{digits}f}"
        text = text.removeprefix("-") if float(text) == 0 else text
        return f"$-${text[1:]}" if text.startswith("-") else text
    return escaped(str(value))
