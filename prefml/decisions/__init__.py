"""Parse selection logs, crop logs, reviews and manifests into typed frames."""

from prefml.decisions.projects import ProjectResolver
from prefml.decisions.reader import Decisions, read_decisions
from prefml.decisions.report import write_report
from prefml.decisions.stages import form_sets, stage_of, timestamp_of

__all__ = [
    "Decisions",
    "ProjectResolver",
    "form_sets",
    "read_decisions",
    "stage_of",
    "timestamp_of",
    "write_report",
]
