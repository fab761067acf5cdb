"""The method has its new name, and the other class its old one."""

import io
import unittest

from store.cache import Cache
from store.pages import Pages
from store.settings import Settings


class Renamed(unittest.TestCase):
    def test_the_cache(self):
        cache = Cache(1)
        cache.put("a", 1)
        self.assertEqual(cache.peek("a"), 1)
        self.assertIsNone(cache.peek("b"))
        self.assertEqual(cache.get("b", lambda: 2), 2)
        self.assertFalse(hasattr(cache, "get_or_none"))

    def test_the_settings(self):
        settings = Settings("title = T\npages = 3")
        self.assertEqual(settings.get_or_none("title"), "T")
        self.assertFalse(hasattr(settings, "peek"))

    def test_the_pages(self):
        pages = Pages({"a": "x", "b": "y"}, Settings("title = T"))
        self.assertFalse(pages.is_ready("a"))
        self.assertIn("<h1>T: a</h1>", pages.page("a"))
        self.assertTrue(pages.is_ready("a"))
        self.assertEqual(pages.warm(), 1)
        self.assertEqual(pages.renders, 2)

    def test_their_tests_still_pass(self):
        from tests import test_cache

        suite = unittest.defaultTestLoader.loadTestsFromModule(test_cache)
        self.assertEqual(suite.countTestCases(), 3)
        self.assertTrue(unittest.TextTestRunner(stream=io.StringIO()).run(suite).wasSuccessful())


if __name__ == "__main__":
    unittest.main()
