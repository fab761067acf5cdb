"""The parameter does what it says, and nothing else has changed."""

import inspect
import unittest

from money import format_amount
from report import Month, chart, table


class Parameter(unittest.TestCase):
    def test_default(self):
        self.assertEqual(inspect.signature(format_amount).parameters["places"].default, 2)
        self.assertEqual(format_amount(1234.5), "€1,234.50")
        self.assertEqual(format_amount(-3, "USD"), "-$3.00")
        self.assertEqual(format_amount(12, "CHF"), "12.00 CHF")

    def test_places(self):
        self.assertEqual(format_amount(1234.567, places=1), "€1,234.6")
        self.assertEqual(format_amount(-1234.5678, "CHF", places=3), "-1,234.568 CHF")

    def test_none_leaves_no_point(self):
        self.assertEqual(format_amount(1999.6, places=0), "€2,000")

    def test_report(self):
        months = [Month("May", 2000, 100), Month("June", 500.25, 1500)]
        self.assertTrue(chart(months)[0].endswith("# €1,900"), chart(months)[0])
        self.assertTrue(chart(months, "USD")[1].endswith("# -$1,000"), chart(months, "USD")[1])
        self.assertIn("€1,900.00", table(months)[0])


if __name__ == "__main__":
    unittest.main()
