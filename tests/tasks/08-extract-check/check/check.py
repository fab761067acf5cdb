"""The check of an address is written once, used twice, and does what it did."""

import ast
import pathlib
import unittest

from users import UserError, Users

TEXT = pathlib.Path("users.py").read_text(encoding="utf-8")


def functions():
    return {node.name: node for node in ast.walk(ast.parse(TEXT)) if isinstance(node, ast.FunctionDef)}


def called(function):
    calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    return {getattr(name, "id", getattr(name, "attr", None)) for name in calls}


class Extracted(unittest.TestCase):
    def test_used_in_both(self):
        found = functions()
        self.assertIn("check_address", found)
        self.assertIn("check_address", called(found["create"]))
        self.assertIn("check_address", called(found["change_address"]))

    def test_written_once(self):
        self.assertEqual(TEXT.count("is no e-mail address"), 1)
        self.assertEqual(TEXT.count("are not taken"), 1)
        self.assertIn("is no e-mail address", ast.get_source_segment(TEXT, functions()["check_address"]))

    def test_behaviour(self):
        users = Users()
        users.create("ada", " Ada@Lovelace.org ")
        self.assertEqual(users.find("ada").address, "ada@lovelace.org")
        users.change_address("ada", " A@L.org")
        self.assertEqual(users.find("ada").address, "a@l.org")
        wrong = {
            "ada": "`ada` is no e-mail address",
            "@l.org": "`@l.org` is no e-mail address",
            "a@l": "`a@l` is no e-mail address",
            "A@Example.com": "addresses of `example.com` are not taken",
        }
        for address, message in wrong.items():
            for attempt in (lambda: users.create("bob", address), lambda: users.change_address("ada", address)):
                with self.assertRaises(UserError) as caught:
                    attempt()
                self.assertEqual(str(caught.exception), message)
        self.assertIsNone(users.find("bob"))
        with self.assertRaises(UserError):
            users.create(" ", "b@l.org")


if __name__ == "__main__":
    unittest.main()
