import tempfile
import unittest
from pathlib import Path

from app import change, show
from settings import Settings, load, save


class SettingsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "settings.json"

    def test_there_and_back(self):
        save(self.path, Settings(theme="dark"))
        self.assertEqual(load(self.path), Settings(theme="dark"))

    def test_unknown_values_are_left_out(self):
        self.path.write_text('{"theme": "dark", "mood": "good"}')
        self.assertEqual(load(self.path).changed(), {"theme": "dark"})

    def test_app(self):
        save(self.path, Settings())
        self.assertEqual(change(self.path, "font_size", "14"), "font_size is 14 now")
        self.assertIn("font_size: 14", show(self.path))


if __name__ == "__main__":
    unittest.main()
