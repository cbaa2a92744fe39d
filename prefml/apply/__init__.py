"""Apply approved decisions to files: planned, journalled, and undone byte for byte."""

from prefml.apply.execute import Report, execute, preview, undo
from prefml.apply.journal import applied_groups, read_journals
from prefml.apply.plan import LeftOut, Plan, Step

__all__ = [
    "LeftOut",
    "Plan",
    "Report",
    "Step",
    "applied_groups",
    "execute",
    "preview",
    "read_journals",
    "undo",
]
