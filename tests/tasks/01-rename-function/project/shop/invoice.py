"""Orders as text that can be printed."""

from . import pricing
from .pricing import Line

WIDTH = 40


def row(left: str, right: str) -> str:
    return left + right.rjust(WIDTH - len(left))


def render(customer: str, lines: list[Line]) -> str:
    """The whole invoice; the last row is the sum."""
    rows = [f"Invoice for {customer}", "=" * WIDTH]
    for line in lines:
        rows.append(row(f"{line.count} x {line.name}", str(pricing.line_total(line))))
    rows.append("-" * WIDTH)
    rows.append(row("Total", str(pricing.calc(lines))))
    return "\n".join(rows)
