"""Amounts of money as people write them."""

SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£"}


def group(digits: str, separator: str = ",") -> str:
    """`1234567` as `1,234,567`."""
    head = len(digits) % 3
    groups = [digits[:head]] if head else []
    groups += [digits[at : at + 3] for at in range(head, len(digits), 3)]
    return separator.join(groups)


def format_amount(amount: float, currency: str = "EUR") -> str:
    """An amount with its currency: `€1,234.50`, `-$3.00`, `12.00 CHF`."""
    sign = "-" if amount < 0 else ""
    whole, _, fraction = f"{abs(amount):.2f}".partition(".")
    number = f"{group(whole)}.{fraction}"
    symbol = SYMBOLS.get(currency)
    if symbol is None:
        return f"{sign}{number} {currency}"
    return f"{sign}{symbol}{number}"


def parse_amount(text: str) -> float:
    """The other way round, without the currency."""
    kept = "".join(c for c in text if c.isdigit() or c in ".-")
    return float(kept)
