"""How long something was done day after day."""

from datetime import date, timedelta

DAY = timedelta(days=1)


def longest(days: list[date]) -> int:
    """The most days in a row; `days` are in order."""
    best = run = 0
    previous = None
    for day in days:
        run = run + 1 if previous is not None and day - previous == DAY else 1
        best = max(best, run)
        previous = day
    return best


def current(days: list[date], today: date) -> int:
    """Days in a row up to today, or up to yesterday where today is not done yet."""
    done = set(days)
    day = today if today in done else today - DAY
    count = 0
    while day in done:
        count += 1
        day -= DAY
    return count


def week_of(day: date) -> tuple[int, int]:
    """Year and week: weeks begin on Monday, and belong to the year of most of their days."""
    return day.year, day.isocalendar()[1]


def weeks(days: list[date], least: int) -> int:
    """Weeks with at least so many days."""
    counts: dict[tuple[int, int], int] = {}
    for day in days:
        week = week_of(day)
        counts[week] = counts.get(week, 0) + 1
    return sum(count >= least for count in counts.values())
