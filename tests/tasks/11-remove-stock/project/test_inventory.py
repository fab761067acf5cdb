import unittest

from inventory import Inventory, Movement
from report import balance, movements, stock


class InventoryTest(unittest.TestCase):
    def setUp(self):
        self.inventory = Inventory()
        self.inventory.add("bolt", 10)
        self.inventory.add("nut", 3)

    def test_add(self):
        self.assertEqual(self.inventory.add("bolt", 5), 15)
        self.assertEqual(self.inventory.log[-1], Movement("bolt", 5))
        with self.assertRaises(ValueError):
            self.inventory.add("bolt", 0)

    def test_report(self):
        self.assertEqual(stock(self.inventory), "   10  bolt\n    3  nut (order more)")
        self.assertEqual(movements(self.inventory), "+10  bolt\n+3  nut")
        self.assertEqual(balance(self.inventory), self.inventory.stock)


if __name__ == "__main__":
    unittest.main()
