"""Read times and numbers from file names, as whole numbers."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

__all__ = ["SECOND", "last_number", "microseconds", "time_in"]

# Times are counted in microseconds, whole, so that a gap is compared exactly.
SECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_DAY = r"(?P<y>(?:19|20)\d\d)-?(?P<mo>[01]\d)-?(?P<d>[0-3]\d)"
_FORMS = tuple(
    re.compile(form)
    for form in (
        # 20231207_101605, PXL_20231026_210642603, BURST20230709220904977
        rf"(?<!\d){_DAY}[_\- T]?(?P<h>[0-2]\d)(?P<mi>[0-5]\d)(?P<s>[0-5]\d)(?P<f>\d{{3}})?(?!\d)",
        # 2024-12-09 10.39.49, 2024-01-05_12-30-45, 2024-01-05 at 10.39.49
        rf"(?<!\d){_DAY}(?:[_\- T]| at )(?P<h>[0-2]?\d)[.:\-_](?P<mi>[0-5]\d)[.:\-_](?P<s>[0-5]\d)"
        r"(?P<f>)?(?!\d)",
        # Apr 27, 2025, 09_10_29 PM
        rf"(?P<mo>{'|'.join(_MONTHS)}) (?P<d>\d\d?), (?P<y>\d{{4}}), (?P<h>[01]?\d)_"
        r"(?P<mi>[0-5]\d)_(?P<s>[0-5]\d)(?P<f>)\s?(?P<half>[AP]M)",
    )
)


def time_in(text: str) -> int | None:
    """Return the first time in a text.

    Parameters
    ----------
    text : str
        A file name, or a part of one.

    Returns
    -------
    int or None
        Microseconds since 1970, on the clock that wrote the name; None without a time that a clock
        shows.

    Examples
    --------
    >>> time_in("PXL_20231026_210642603.jpg") - time_in("PXL_20231026_210642220.jpg")
    383000
    """
    for form in _FORMS:
        for found in form.finditer(text):
            when = _microseconds_of(found.groupdict())
            if when is not None:
                return when
    return None


def _microseconds_of(parts: dict[str, str | None]) -> int | None:
    month, hour = str(parts["mo"]), int(str(parts["h"]))
    if parts.get("half"):
        hour = hour % 12 + 12 * (parts["half"] == "PM")
    try:
        when = datetime(
            int(str(parts["y"])),
            _MONTHS.index(month) + 1 if month in _MONTHS else int(month),
            int(str(parts["d"])), hour, int(str(parts["mi"])), int(str(parts["s"])), tzinfo=UTC,
        )  # fmt: skip
    except ValueError:
        return None
    return microseconds(when) + 1000 * int(parts.get("f") or 0)


def microseconds(when: datetime) -> int:
    """Return a time in whole microseconds since 1970.

    Parameters
    ----------
    when : datetime
        With a time zone.

    Returns
    -------
    int
    """
    return (when - _EPOCH) // timedelta(microseconds=1)


def last_number(stem: str) -> int | None:
    """Return the last number in a name without its ending.

    Parameters
    ----------
    stem : str
        The name.

    Returns
    -------
    int or None
        None without a number of at most 18 digits.
    """
    found = re.findall(r"\d+", stem)
    return int(found[-1]) if found and len(found[-1]) <= 18 else None
