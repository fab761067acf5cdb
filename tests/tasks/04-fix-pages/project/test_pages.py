import unittest

from listing import listing
from pages import links, page, page_count


class PagesTest(unittest.TestCase):
    def test_count(self):
        self.assertEqual(page_count(11, 10), 2)
        self.assertEqual(page_count(9, 10), 1)
        self.assertEqual(page_count(20, 10), 2)

    def test_last_page(self):
        last = page(list(range(20)), 99)
        self.assertEqual(list(last.items), list(range(10, 20)))
        self.assertFalse(last.has_next)

    def test_links(self):
        self.assertEqual(links(page(list(range(95)), 5)), [1, 3, 4, 5, 6, 7, 10])

    def test_listing(self):
        self.assertEqual(listing(["a", "b", "c"], 2, 2), "3. c\n1 [2]")


if __name__ == "__main__":
    unittest.main()
