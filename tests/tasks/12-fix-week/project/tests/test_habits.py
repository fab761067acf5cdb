import unittest
from datetime import date, timedelta

from habits.log import Log
from habits.streaks import current, longest, weeks
from habits.summary import summary


def row(start: date, count: int) -> list[date]:
    return [start + timedelta(days=n) for n in range(count)]


class HabitsTest(unittest.TestCase):
    def test_streaks(self):
        days = row(date(2026, 3, 1), 3) + row(date(2026, 3, 10), 2)
        self.assertEqual(longest(days), 3)
        self.assertEqual(current(days, date(2026, 3, 12)), 2)
        self.assertEqual(current(days, date(2026, 3, 13)), 0)

    def test_weeks(self):
        self.assertEqual(weeks(row(date(2026, 3, 2), 7), 7), 1)

    def test_new_year(self):
        # A Monday to the Sunday of the same week.
        self.assertEqual(weeks(row(date(2025, 12, 29), 7), 7), 1)

    def test_summary(self):
        log = Log(["2026-03-02 run", "2026-03-03 run", "2026-03-04 run", "2026-03-04 run", "nothing"])
        self.assertEqual(summary(log, date(2026, 3, 5)), ["run: 3 now, 3 at most, 1 good weeks"])


if __name__ == "__main__":
    unittest.main()
