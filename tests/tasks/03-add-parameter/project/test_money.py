import unittest

from money import format_amount, group, parse_amount
from report import Month, table


class MoneyTest(unittest.TestCase):
    def test_groups(self):
        self.assertEqual(group("1234567"), "1,234,567")
        self.assertEqual(group("12"), "12")

    def test_amounts(self):
        self.assertEqual(format_amount(1234.5), "€1,234.50")
        self.assertEqual(format_amount(-3, "USD"), "-$3.00")
        self.assertEqual(format_amount(12, "CHF"), "12.00 CHF")

    def test_there_and_back(self):
        self.assertEqual(parse_amount(format_amount(-1234.5)), -1234.5)

    def test_table(self):
        self.assertIn("€1,900.00", table([Month("May", 2000, 100)])[0])


if __name__ == "__main__":
    unittest.main()
