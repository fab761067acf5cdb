"""The new tests pass on the code as it is, and each fault that we plant in it fails at least one of them."""

import io
import pathlib
import sys
import types
import unittest

SOURCE = pathlib.Path("slugs.py").read_text(encoding="utf-8")

FAULTS = {
    "accents": ('"".join(c for c in parts if not unicodedata.combining(c))', "text"),
    "runs of punctuation": ('re.findall(r"[a-z0-9]+", plain(title).lower())', 're.split(r"[^a-z0-9]", plain(title).lower())'),
    "the length limit": ("[:longest]", ""),
    "names that are taken": ("if name not in taken:", "if True:"),
}


def outcome(source: str) -> unittest.TestResult:
    """Their tests over this text of slugs.py."""
    module = types.ModuleType("slugs")
    exec(compile(source, "slugs.py", "exec"), module.__dict__)
    sys.modules["slugs"] = module
    sys.modules.pop("pages", None)
    sys.modules.pop("test_slugs", None)
    suite = unittest.defaultTestLoader.loadTestsFromName("test_slugs")
    return unittest.TextTestRunner(stream=io.StringIO()).run(suite)


class Tests(unittest.TestCase):
    def test_they_pass(self):
        result = outcome(SOURCE)
        self.assertEqual(result.errors + result.failures, [])
        self.assertGreaterEqual(result.testsRun, 1)

    def test_they_find_faults(self):
        for name, (old, new) in FAULTS.items():
            self.assertEqual(SOURCE.count(old), 1, name)
            with self.subTest(name):
                self.assertFalse(outcome(SOURCE.replace(old, new)).wasSuccessful(), f"no test covers {name}")


if __name__ == "__main__":
    unittest.main()
