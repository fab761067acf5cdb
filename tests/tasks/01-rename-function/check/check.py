"""The new name works everywhere, and the old one is nowhere."""

import ast
import contextlib
import io
import pathlib
import unittest
from decimal import Decimal

import shop
from shop import cli, invoice, pricing


class Renamed(unittest.TestCase):
    def test_the_new_name_works(self):
        lines = [pricing.Line("pen", Decimal("1.00"), 10)]
        self.assertEqual(shop.order_total(lines), Decimal("11.31"))
        self.assertIs(shop.order_total, pricing.order_total)
        self.assertIn("order_total", shop.__all__)
        self.assertTrue(invoice.render("a", lines).endswith("11.31"))

    def test_the_command_line_works(self):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            self.assertEqual(cli.main(["pen=2*3"]), 0)
        self.assertTrue(out.getvalue().rstrip().endswith("7.14"))

    def test_the_old_name_is_gone(self):
        for file in [*pathlib.Path("shop").glob("*.py"), pathlib.Path("tests/test_pricing.py")]:
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                names = [getattr(node, field, None) for field in ("id", "attr", "name", "value")]
                self.assertNotIn("calc", names, file)

    def test_their_tests_still_pass(self):
        from tests import test_pricing

        suite = unittest.defaultTestLoader.loadTestsFromModule(test_pricing)
        self.assertEqual(suite.countTestCases(), 3)
        self.assertTrue(unittest.TextTestRunner(stream=io.StringIO()).run(suite).wasSuccessful())


if __name__ == "__main__":
    unittest.main()
