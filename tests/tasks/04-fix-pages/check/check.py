"""Pages are counted rightly, whole ones and empty lists too."""

import unittest

from listing import listing
from pages import links, page, page_count


class Pages(unittest.TestCase):
    def test_count(self):
        for total, size, count in [(0, 10, 1), (1, 10, 1), (9, 10, 1), (10, 10, 1), (11, 10, 2), (20, 10, 2), (3, 1, 3)]:
            self.assertEqual(page_count(total, size), count, (total, size))

    def test_sizes_below_one_are_refused(self):
        with self.assertRaises(ValueError):
            page_count(5, 0)

    def test_ends(self):
        last = page(list(range(20)), 99)
        self.assertEqual((list(last.items), last.number, last.has_next), (list(range(10, 20)), 2, False))
        empty = page([], 3)
        self.assertEqual((list(empty.items), empty.number, empty.count), ([], 1, 1))

    def test_what_uses_it(self):
        self.assertEqual(links(page(list(range(95)), 5)), [1, 3, 4, 5, 6, 7, 10])
        self.assertEqual(listing(list("abcdefghij"), 2), "6. f\n7. g\n8. h\n9. i\n10. j\n1 [2]")


if __name__ == "__main__":
    unittest.main()
