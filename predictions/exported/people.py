"""What may be said of a person outside the laboratory: an age in years, and a year. Pure.

Source: 45 CFR 164.514(b)(2), the safe harbour of HIPAA: no date but its year, and all ages over 89
as one.
"""

from __future__ import annotations

from datetime import datetime

from predictions.intervals import DAYS_OF

OLDEST_YEARS = 89
_OLDER = "90+"


def age_in_years(age_days: int | None) -> str:
    """An age as it may leave the laboratory.

    Args:
        age_days: whole days; none where it is not known.

    Returns:
        Completed years, "90+" above 89, empty where it is not known.
    """
    if age_days is None:
        return ""
    # Years have a quarter of a day that birthdays have not: one day more, or on the very day of
    # the 90th birthday it would still be 89.
    years = int((age_days + 1) / DAYS_OF["y"])
    return str(years) if years <= OLDEST_YEARS else _OLDER


def year_of(moment: datetime | None) -> str:
    """The year alone."""
    return "" if moment is None else str(moment.year)
