"""Parse the timestamps of the logs."""

from __future__ import annotations

import re
from datetime import UTC, datetime

__all__ = ["parse_timestamp"]

# Seconds or milliseconds since 1970 of the years 2001 to 2286; no date is written like that.
_EPOCH = re.compile(r"(\d{10})(\d{3})?(\.\d*)?", re.ASCII)


def parse_timestamp(text: object) -> datetime | None:
    """Parse a timestamp in any of the forms the logs use.

    Parameters
    ----------
    text : object
        ISO 8601 with `Z`, an offset or neither (then UTC), with or without microseconds, or
        `YYYYMMDD_HHMMSS`; or a number or its text, seconds (10 digits) or milliseconds (13
        digits) since 1970 in UTC. Anything else has no time.

    Returns
    -------
    datetime or None
        In UTC; None if it cannot be read.

    Examples
    --------
    >>> parse_timestamp("20250727_224840").isoformat()
    '2025-07-27T22:48:40+00:00'
    """
    if isinstance(text, int | float) and not isinstance(text, bool):
        text = str(text)
    if not isinstance(text, str):
        return None
    try:
        if epoch := _EPOCH.fullmatch(text.strip()):
            seconds, thousandths, rest = epoch.groups(default="")
            return datetime.fromtimestamp(float(f"{seconds}.{thousandths or rest[1:]}"), UTC)
        when = datetime.fromisoformat(text.strip())
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
