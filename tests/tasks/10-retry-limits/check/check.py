"""Downloads are more patient and wait less; nothing else has changed."""

import unittest

from fetch import limits, retry, transfer


def fails(*_):
    raise OSError("busy")


class Limits(unittest.TestCase):
    def test_values(self):
        expected = {
            "DOWNLOAD_TRIES": 5,
            "FIRST_WAIT": 0.5,
            "WAIT_FACTOR": 3.0,
            "LONGEST_WAIT": 30.0,
            "DOWNLOAD_BYTES": 64 << 20,
            "UPLOAD_TRIES": 3,
            "UPLOAD_BYTES": 16 << 20,
            "LOOKUP_TRIES": 2,
            "LOOKUP_WAIT": 60.0,
        }
        self.assertEqual({name: value for name, value in vars(limits).items() if name.isupper()}, expected)

    def test_downloads(self):
        slept = []
        with self.assertRaises(retry.GaveUp):
            transfer.download(fails, slept.append)
        self.assertEqual(slept, [0.5, 1.5, 4.5, 13.5])
        self.assertEqual(max(retry.waits(9)), 30.0)

    def test_uploads(self):
        slept = []
        with self.assertRaises(retry.GaveUp):
            transfer.upload(fails, b"x", slept.append)
        self.assertEqual(slept, [0.5, 1.5])


if __name__ == "__main__":
    unittest.main()
