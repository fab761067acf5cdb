"""What came in and went out, month by month."""

from dataclasses import dataclass

from money import format_amount

BAR = 30


@dataclass
class Month:
    name: str
    income: float
    spent: float

    @property
    def left(self) -> float:
        return self.income - self.spent


def table(months: list[Month]) -> list[str]:
    rows = []
    for month in months:
        cells = [format_amount(value) for value in (month.income, month.spent, month.left)]
        rows.append(month.name.ljust(10) + "".join(cell.rjust(14) for cell in cells))
    return rows


def chart(months: list[Month], currency: str = "EUR") -> list[str]:
    """A bar for what each month left, with a label."""
    most = max((abs(month.left) for month in months), default=0) or 1
    rows = []
    for month in months:
        bar = "#" * round(abs(month.left) / most * BAR)
        label = format_amount(month.left, currency)
        rows.append(f"{month.name.ljust(10)}{bar} {label}")
    return rows
