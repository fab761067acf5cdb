"""A line for each habit."""

from datetime import date

from .log import Log
from .streaks import current, longest, weeks


def summary(log: Log, today: date) -> list[str]:
    rows = []
    for habit in log.habits():
        days = log.days(habit)
        rows.append(
            f"{habit}: {current(days, today)} now, {longest(days)} at most, "
            f"{weeks(days, 3)} good weeks"
        )
    return rows
