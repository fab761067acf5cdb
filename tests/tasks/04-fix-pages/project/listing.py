"""A list of articles as text, one page at a time."""

from pages import links, page


def footer(shown) -> str:
    parts = []
    last = 0
    for number in links(shown):
        if number > last + 1:
            parts.append("...")
        parts.append(f"[{number}]" if number == shown.number else str(number))
        last = number
    return " ".join(parts)


def listing(titles: list[str], number: int, size: int = 5) -> str:
    shown = page(titles, number, size)
    first = (shown.number - 1) * size + 1
    rows = [f"{place}. {title}" for place, title in enumerate(shown.items, first)]
    return "\n".join([*rows, footer(shown)])
