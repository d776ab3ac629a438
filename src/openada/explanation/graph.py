"""The graph that autograd keeps behind a score."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import Tensor


def nodes(score: Tensor) -> Iterator[Any]:
    """Every node of the graph behind `score`, once."""
    seen = {score.grad_fn}
    waiting: list[Any] = [score.grad_fn]
    while waiting:
        node = waiting.pop()
        yield node
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                waiting.append(following)
