"""`python main.py csv|json < measurements.txt`: lines of `sensor seconds value`."""

import sys

from exporter import FORMATS, Measurement, export


def read(lines) -> list[Measurement]:
    found = []
    for line in lines:
        parts = line.split()
        if len(parts) == 3:
            found.append(Measurement(parts[0], float(parts[1]), float(parts[2])))
    return found


def main(arguments: list[str], lines, out) -> int:
    if len(arguments) != 1 or arguments[0] not in FORMATS:
        out.write(f"usage: main.py {'|'.join(FORMATS)}\n")
        return 2
    out.write(export(arguments[0], read(lines)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], sys.stdin, sys.stdout))
