"""`merge` is explained, and without its explanation the file is what it was."""

import ast
import unittest

import intervals
from calendar_day import busy

def without_docstrings(tree: ast.AST) -> str:
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(tree)


class Explained(unittest.TestCase):
    def test_docstring(self):
        text = intervals.merge.__doc__ or ""
        self.assertGreaterEqual(len(text.split()), 10, text)
        self.assertIn("gap", text)
        self.assertIn("ValueError", text)

    def test_the_code_is_the_same(self):
        with open("intervals.py", encoding="utf-8") as now, open("intervals.py.before", encoding="utf-8") as before:
            self.assertEqual(without_docstrings(ast.parse(now.read())), without_docstrings(ast.parse(before.read())))

    def test_the_others_keep_theirs(self):
        self.assertEqual(intervals.gaps.__doc__, "What is free inside `within`, in order.")
        self.assertTrue(intervals.__doc__.startswith("Intervals of whole numbers"))

    def test_it_works(self):
        self.assertEqual(busy(["9:00-10:00", "10:05-11:00", "12-13"]), ["09:00-11:00", "12:00-13:00"])


if __name__ == "__main__":
    unittest.main()
