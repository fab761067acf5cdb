"""Missing files give the defaults, broken ones an error that names them."""

import tempfile
import unittest
from pathlib import Path

import settings
from settings import Settings, load


class Errors(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "chosen.json"

    def refused(self, text):
        self.path.write_text(text, encoding="utf-8")
        with self.assertRaises(settings.SettingsError) as caught:
            load(self.path)
        self.assertIn("chosen.json", str(caught.exception))

    def test_missing(self):
        self.assertEqual(load(self.path), Settings())
        self.assertFalse(self.path.exists())

    def test_no_json(self):
        self.refused("{theme: dark}")
        self.refused("")

    def test_no_object(self):
        self.refused("[1, 2]")
        self.refused('"dark"')
        self.refused("null")

    def test_it_is_an_error(self):
        self.assertTrue(issubclass(settings.SettingsError, Exception))

    def test_good_files_are_read(self):
        self.path.write_text('{"theme": "dark", "mood": 1}', encoding="utf-8")
        self.assertEqual(load(self.path), Settings(theme="dark"))


if __name__ == "__main__":
    unittest.main()
