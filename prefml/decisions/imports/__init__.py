"""Bring decisions in from other programs: marks in, logs of prefml's own format out."""

from prefml.decisions.imports.catalogue import read_catalogue
from prefml.decisions.imports.log import ImportedCrop, ImportedSet, ImportLogs
from prefml.decisions.imports.marked import Marked, MarkedPicture
from prefml.decisions.imports.sidecars import SidecarFolder
from prefml.decisions.imports.table import read_marks_table
from prefml.decisions.imports.verdict import REASONS, Verdict, verdict_of

__all__ = [
    "REASONS",
    "ImportLogs",
    "ImportedCrop",
    "ImportedSet",
    "Marked",
    "MarkedPicture",
    "SidecarFolder",
    "Verdict",
    "read_catalogue",
    "read_marks_table",
    "verdict_of",
]
