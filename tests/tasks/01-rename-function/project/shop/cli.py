"""`python -m shop.cli name=price[*count] …`"""

import sys
from decimal import Decimal

from .invoice import render
from .pricing import Line, calc


def parse(word: str) -> Line:
    name, _, rest = word.partition("=")
    price, _, count = rest.partition("*")
    return Line(name, Decimal(price), int(count or 1))


def main(words: list[str]) -> int:
    if not words:
        print("usage: python -m shop.cli name=price[*count] ...", file=sys.stderr)
        return 2
    lines = [parse(word) for word in words]
    if calc(lines) == 0:
        print("nothing to pay")
        return 0
    print(render("cash customer", lines))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
