"""What nothing used is gone with its imports; the rest is there and works."""

import ast
import io
import unittest

import test_exporter


def defined_and_imported():
    with open("exporter.py", encoding="utf-8") as file:
        tree = ast.parse(file.read())
    defined = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    imported = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            imported |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported |= {f"{node.module}.{name.name}" for name in node.names}
    return defined, imported


class Deleted(unittest.TestCase):
    def test_definitions(self):
        defined, _ = defined_and_imported()
        self.assertEqual(defined, {"Measurement", "_stamp", "_rounded", "to_csv", "to_json", "export"})

    def test_imports(self):
        _, imported = defined_and_imported()
        expected = {"csv", "io", "json", "dataclasses.asdict", "dataclasses.dataclass", "datetime.datetime", "datetime.timezone"}
        self.assertEqual(imported, expected)

    def test_the_rest_works(self):
        suite = unittest.defaultTestLoader.loadTestsFromModule(test_exporter)
        self.assertTrue(unittest.TextTestRunner(stream=io.StringIO()).run(suite).wasSuccessful())


if __name__ == "__main__":
    unittest.main()
