import unittest

from store.cache import Cache
from store.settings import Settings


class CacheTest(unittest.TestCase):
    def test_looking_is_no_use(self):
        cache = Cache(2)
        cache.put("a", 1)
        cache.put("b", 2)
        self.assertEqual(cache.get_or_none("a"), 1)
        cache.put("c", 3)
        self.assertIsNone(cache.get_or_none("a"))
        self.assertEqual(len(cache), 2)

    def test_made_once(self):
        cache = Cache()
        self.assertEqual(cache.get("a", lambda: 1), 1)
        self.assertEqual(cache.get("a", lambda: 2), 1)


class SettingsTest(unittest.TestCase):
    def test_missing(self):
        self.assertIsNone(Settings("a = 1").get_or_none("b"))
        self.assertEqual(Settings("a = 1").number("a", 0), 1)
