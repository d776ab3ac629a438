"""A resumable run over many items, in this process or in many; it does not know what an item is."""

from openada.batch.runner import default_workers, run
from openada.batch.table import failure_table
from openada.batch.types import Item, Outcome

__all__ = ["Item", "Outcome", "default_workers", "failure_table", "run"]
