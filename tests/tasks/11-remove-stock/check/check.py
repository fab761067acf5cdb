"""Pieces go out as they came in."""

import unittest

from inventory import Inventory, Movement
from report import balance, movements


class Remove(unittest.TestCase):
    def setUp(self):
        self.inventory = Inventory()
        self.inventory.add("bolt", 10)

    def test_some(self):
        self.inventory.remove("bolt", 4)
        self.assertEqual(self.inventory.count("bolt"), 6)
        self.assertEqual(self.inventory.log[-1], Movement("bolt", -4))
        self.assertEqual(movements(self.inventory), "+10  bolt\n-4  bolt")

    def test_all(self):
        self.inventory.remove("bolt", 10)
        self.assertEqual(self.inventory.stock, {})
        self.assertEqual(balance(self.inventory), {})
        self.assertEqual(self.inventory.low(5), [])

    def test_refused(self):
        for error, article, count in [
            (KeyError, "nut", 1),
            (ValueError, "bolt", 11),
            (ValueError, "bolt", 0),
            (ValueError, "bolt", -2),
        ]:
            with self.assertRaises(error, msg=(article, count)):
                self.inventory.remove(article, count)
        self.assertEqual(self.inventory.stock, {"bolt": 10})
        self.assertEqual(self.inventory.log, [Movement("bolt", 10)])

    def test_add_is_as_it_was(self):
        self.assertEqual(self.inventory.add("bolt", 1), 11)
        with self.assertRaises(ValueError):
            self.inventory.add("bolt", 0)


if __name__ == "__main__":
    unittest.main()
