"""Agreement between the person and prefml over time, and whether the bar for batches is met."""

from prefml.status.report import Status, status_of, summarize, to_dict

__all__ = ["Status", "status_of", "summarize", "to_dict"]
