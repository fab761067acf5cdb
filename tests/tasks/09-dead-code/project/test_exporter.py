import io
import unittest

from main import main


class ExportTest(unittest.TestCase):
    def run_main(self, *arguments):
        out = io.StringIO()
        code = main(list(arguments), ["b 60 1.5", "a 0 2", "broken"], out)
        return code, out.getvalue()

    def test_csv(self):
        expected = "sensor,time,value\na,1970-01-01T00:00:00Z,2\nb,1970-01-01T00:01:00Z,1.5\n"
        self.assertEqual(self.run_main("csv"), (0, expected))

    def test_json(self):
        code, text = self.run_main("json")
        self.assertEqual(code, 0)
        self.assertEqual(text.splitlines()[0], '{"sensor": "a", "seconds": 0.0, "value": 2.0}')

    def test_usage(self):
        self.assertEqual(self.run_main("xml"), (2, "usage: main.py csv|json\n"))


if __name__ == "__main__":
    unittest.main()
