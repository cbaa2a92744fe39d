"""Apply approved decisions to files: planned, journalled, and undone byte for byte."""

from prefml.apply.execute import Report, execute, preview, undo
from prefml.apply.journal import applied_groups, read_journals
from prefml.apply.picks import export_picks, preview_picks
from prefml.apply.plan import LeftOut, Plan, Step

__all__ = [
    "LeftOut",
    "Plan",
    "Report",
    "Step",
    "applied_groups",
    "execute",
    "export_picks",
    "preview",
    "preview_picks",
    "read_journals",
    "undo",
]
