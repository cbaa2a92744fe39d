"""New pictures -> sets -> suggestions for review, least certain first."""

from prefml.suggest.run import ORDERS, Request, SuggestReport, suggest

__all__ = ["ORDERS", "Request", "SuggestReport", "suggest"]
