"""Ages as laboratories write them, in whole days of life. Pure: it knows no sample."""

from __future__ import annotations

import math
import re

from predictions.errors import AgeInvalid
from predictions.intervals import DAYS_OF

OLDEST_YEARS = 130
_WRITTEN = re.compile(r"(\d{1,5}) ?([dmy])?", re.ASCII)
OLDEST_DAYS = math.ceil(OLDEST_YEARS * DAYS_OF["y"])


def age_in_days(age: str | int) -> int:
    """The first whole day on which somebody is of this age.

    Args:
        age: "3 d", "4 m" or "35 y"; a number alone is of days.

    Returns:
        0 to `OLDEST_DAYS`, rounded up: one of "18 y" has left what ends with the 18th birthday.

    Raises:
        AgeInvalid: it is written otherwise, or nobody is that old.
    """
    written = _WRITTEN.fullmatch(str(age).strip().lower())
    if written is None:
        raise AgeInvalid(
            "Age: write days, months or years as a number and a letter: 3 d, 4 m or 35 y."
        )
    days = math.ceil(int(written[1]) * DAYS_OF[written[2] or "d"])
    if days > OLDEST_DAYS:
        raise AgeInvalid(f"Age: it can be at most {OLDEST_YEARS} years. Check number and letter.")
    return days
