"""The stock and its movements as text."""

from inventory import Inventory


def stock(inventory: Inventory, least: int = 5) -> str:
    low = set(inventory.low(least))
    rows = []
    for article in sorted(inventory.stock):
        mark = " (order more)" if article in low else ""
        rows.append(f"{inventory.count(article):>5}  {article}{mark}")
    return "\n".join(rows)


def movements(inventory: Inventory) -> str:
    return "\n".join(f"{movement.count:+d}  {movement.article}" for movement in inventory.log)


def balance(inventory: Inventory) -> dict[str, int]:
    """The stock as the log tells it."""
    sums: dict[str, int] = {}
    for movement in inventory.log:
        sums[movement.article] = sums.get(movement.article, 0) + movement.count
    return {article: count for article, count in sums.items() if count}
