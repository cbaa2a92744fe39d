"""Parse the timestamps of the logs."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["parse_timestamp"]


def parse_timestamp(text: object) -> datetime | None:
    """Parse a timestamp in any of the forms the logs use.

    Parameters
    ----------
    text : object
        ISO 8601 with `Z`, an offset or neither (then UTC), with or without microseconds, or
        `YYYYMMDD_HHMMSS`. Anything that is not text has no time.

    Returns
    -------
    datetime or None
        In UTC; None if it cannot be read.

    Examples
    --------
    >>> parse_timestamp("20250727_224840").isoformat()
    '2025-07-27T22:48:40+00:00'
    """
    if not isinstance(text, str):
        return None
    try:
        when = datetime.fromisoformat(text.strip())
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
