import unittest
from decimal import Decimal

from shop import Line, calc, discount_for


class PricingTest(unittest.TestCase):
    def test_one_line(self):
        self.assertEqual(calc([Line("pen", Decimal("1.00"))]), Decimal("1.19"))

    def test_many_pieces_are_cheaper(self):
        self.assertEqual(discount_for(50), Decimal("0.10"))
        self.assertEqual(calc([Line("pen", Decimal("1.00"), 50)], tax=Decimal(0)), Decimal("45.00"))

    def test_nothing(self):
        self.assertEqual(calc([]), Decimal("0.00"))


if __name__ == "__main__":
    unittest.main()
