"""What failed in a batch, as text."""

from __future__ import annotations

from collections.abc import Sequence

from openada.batch.types import Outcome


def failure_table(outcomes: Sequence[Outcome]) -> str | None:
    """A line per failed item (key, exit code, error) under a line that counts them; None if nothing failed."""
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    if not failed:
        return None
    width = max(len("item"), *(len(outcome.key) for outcome in failed))
    rows = [f"{len(failed)} of {len(outcomes)} failed:", f"  {'item':<{width}}  code  error"]
    rows += [f"  {outcome.key:<{width}}  {outcome.exit_code or 1:>4}  {outcome.error}" for outcome in failed]
    return "\n".join(rows)
