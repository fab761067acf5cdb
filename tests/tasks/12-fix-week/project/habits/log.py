"""What was done on which day, from lines of `2026-03-01 run`."""

from collections import defaultdict
from datetime import date
from typing import Iterable


class Log:
    def __init__(self, lines: Iterable[str] = ()):
        self._days: dict[str, set[date]] = defaultdict(set)
        for line in lines:
            day, _, habit = line.strip().partition(" ")
            if habit:
                self.done(habit.strip(), date.fromisoformat(day))

    def done(self, habit: str, day: date) -> None:
        self._days[habit].add(day)

    def days(self, habit: str) -> list[date]:
        """In order, each once."""
        return sorted(self._days.get(habit, ()))

    def habits(self) -> list[str]:
        return sorted(self._days)
