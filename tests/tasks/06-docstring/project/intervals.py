"""Intervals of whole numbers, such as opening hours in minutes. The end does not belong to an interval."""

from typing import Iterable, NamedTuple


class Interval(NamedTuple):
    """From `start` up to, but without, `end`."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """How many numbers lie in it."""
        return self.end - self.start


def merge(intervals: Iterable[Interval], gap: int = 0) -> list[Interval]:
    if gap < 0:
        raise ValueError("a gap is not negative")
    merged: list[Interval] = []
    for interval in sorted(intervals):
        if interval.start > interval.end:
            raise ValueError(f"{interval} ends before it starts")
        if merged and interval.start - merged[-1].end <= gap:
            last = merged.pop()
            interval = Interval(last.start, max(last.end, interval.end))
        merged.append(interval)
    return merged


def gaps(intervals: Iterable[Interval], within: Interval) -> list[Interval]:
    """What is free inside `within`, in order."""
    free = []
    start = within.start
    for interval in merge(intervals):
        if interval.start > start:
            free.append(Interval(start, min(interval.start, within.end)))
        start = max(start, interval.end)
    if start < within.end:
        free.append(Interval(start, within.end))
    return [interval for interval in free if interval.length > 0]
