"""Measure agreement between the person and prefml over time, and the bar of 99 %."""

from prefml.status.report import Status, status_of, summarize, to_dict

__all__ = ["Status", "status_of", "summarize", "to_dict"]
