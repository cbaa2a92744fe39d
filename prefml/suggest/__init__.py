"""Form sets of new pictures and suggest for them, the least certain first."""

from prefml.suggest.run import ORDERS, Request, SuggestReport, suggest

__all__ = ["ORDERS", "Request", "SuggestReport", "suggest"]
