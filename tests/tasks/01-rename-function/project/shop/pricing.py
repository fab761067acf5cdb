"""What an order costs."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")

# From this many pieces on, a line gets cheaper by this part.
STEPS = [(100, Decimal("0.15")), (50, Decimal("0.10")), (10, Decimal("0.05"))]


@dataclass(frozen=True)
class Line:
    """One article of an order."""

    name: str
    price: Decimal
    count: int = 1


def discount_for(count: int) -> Decimal:
    """The part that is taken off a line of so many pieces."""
    for least, part in STEPS:
        if count >= least:
            return part
    return Decimal(0)


def line_total(line: Line) -> Decimal:
    full = line.price * line.count
    return (full * (1 - discount_for(line.count))).quantize(CENT, ROUND_HALF_UP)


def calc(lines: list[Line], tax: Decimal = Decimal("0.19")) -> Decimal:
    """What all lines cost together, tax included."""
    net = sum((line_total(line) for line in lines), Decimal(0))
    return (net * (1 + tax)).quantize(CENT, ROUND_HALF_UP)
