import unittest

from pages import Site


class SiteTest(unittest.TestCase):
    def test_add(self):
        site = Site()
        self.assertEqual(site.add("About us", "We."), "/about-us/")
        self.assertEqual(site.pages["about-us"], "# About us\n\nWe.\n")

    def test_move(self):
        site = Site()
        site.add("News", "None.")
        self.assertEqual(site.move("/news/", "Old news"), "/old-news/")
        self.assertEqual(list(site.pages), ["old-news"])


if __name__ == "__main__":
    unittest.main()
