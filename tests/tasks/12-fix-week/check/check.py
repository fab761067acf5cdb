"""Weeks over the turn of a year are one, whichever year they belong to."""

import unittest
from datetime import date, timedelta

from habits.log import Log
from habits.streaks import current, longest, week_of, weeks
from habits.summary import summary


def row(start: date, count: int) -> list[date]:
    return [start + timedelta(days=n) for n in range(count)]


class Weeks(unittest.TestCase):
    def test_turn_of_the_year(self):
        self.assertEqual(weeks(row(date(2025, 12, 29), 7), 7), 1)
        self.assertEqual(weeks(row(date(2026, 12, 28), 7), 7), 1)
        self.assertEqual(tuple(week_of(date(2025, 12, 31))), (2026, 1))
        self.assertEqual(tuple(week_of(date(2027, 1, 3))), (2026, 53))

    def test_far_weeks_stay_apart(self):
        self.assertEqual(weeks([date(2025, 1, 1), date(2025, 12, 31)], 2), 0)
        self.assertEqual(weeks(row(date(2026, 3, 2), 14), 7), 2)

    def test_the_rest(self):
        days = row(date(2026, 3, 1), 3) + row(date(2026, 3, 10), 2)
        self.assertEqual((longest(days), current(days, date(2026, 3, 12))), (3, 2))
        log = Log(["2026-03-02 run", "2026-03-03 run", "2026-03-04 run", "2026-03-04 run", "nothing"])
        self.assertEqual(summary(log, date(2026, 3, 5)), ["run: 3 now, 3 at most, 1 good weeks"])


if __name__ == "__main__":
    unittest.main()
