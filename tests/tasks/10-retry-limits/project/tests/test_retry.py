import unittest

from fetch.retry import GaveUp, retry, waits
from fetch.transfer import download


class RetryTest(unittest.TestCase):
    def test_waits_grow(self):
        self.assertEqual(list(waits(4)), [0.5, 1.5, 4.5])

    def test_the_second_try_works(self):
        answers = [OSError("busy"), b"content"]

        def read():
            answer = answers.pop(0)
            if isinstance(answer, OSError):
                raise answer
            return answer

        slept = []
        self.assertEqual(download(read, slept.append), b"content")
        self.assertEqual(slept, [0.5])

    def test_giving_up(self):
        def read():
            raise OSError("busy")

        with self.assertRaises(GaveUp):
            retry(read, 2, lambda seconds: None)


if __name__ == "__main__":
    unittest.main()
