"""Read and write the line files under review: suggestions, decisions and corrected sets.

What prefml writes into them is declared in `suggestions`, `decisions` and `corrections`. Lines that
something else wrote, or added fields to, are read by `lines` as plain objects and kept as they are.
"""

from prefml.proposals.fields import as_list, as_mapping, index_of, read_share
from prefml.proposals.files import (
    decisions_path,
    read_decided,
    read_suggestions,
    single_writer,
    suggestions_path,
)
from prefml.proposals.lines import Lines, Row, read_lines, rewrite_lines, write_lines

__all__ = [
    "Lines",
    "Row",
    "as_list",
    "as_mapping",
    "decisions_path",
    "index_of",
    "read_decided",
    "read_lines",
    "read_share",
    "read_suggestions",
    "rewrite_lines",
    "single_writer",
    "suggestions_path",
    "write_lines",
]
