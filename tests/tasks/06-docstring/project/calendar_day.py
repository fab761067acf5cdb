"""When a room is free on one day."""

from intervals import Interval, gaps, merge

OPEN = Interval(8 * 60, 18 * 60)


def minutes(text: str) -> int:
    hour, _, minute = text.partition(":")
    return int(hour) * 60 + int(minute or 0)


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def busy(bookings: list[str], pause: int = 10) -> list[str]:
    """Bookings such as `9:00-10:30`; what lies closer together than a pause is one."""
    intervals = [Interval(*map(minutes, booking.split("-"))) for booking in bookings]
    return [f"{clock(start)}-{clock(end)}" for start, end in merge(intervals, pause)]


def free(bookings: list[str]) -> list[str]:
    intervals = [Interval(*map(minutes, booking.split("-"))) for booking in bookings]
    return [f"{clock(start)}-{clock(end)}" for start, end in gaps(intervals, OPEN)]
