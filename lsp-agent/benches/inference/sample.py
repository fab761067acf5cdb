"""A small shop: prices, baskets and their totals."""

from dataclasses import dataclass, field


@dataclass
class Item:
    name: str
    price: float
    count: int = 1

    def cost(self) -> float:
        return self.price * self.count


@dataclass
class Basket:
    owner: str
    items: list[Item] = field(default_factory=list)

    def add(self, item: Item) -> None:
        for known in self.items:
            if known.name == item.name:
                known.count += item.count
                return
        self.items.append(item)

    def remove(self, name: str) -> bool:
        before = len(self.items)
        self.items = [item for item in self.items if item.name != name]
        return len(self.items) < before


def total(basket: Basket, discount: float = 0.0) -> float:
    amount = sum(item.cost() for item in basket.items)
    if discount < 0.0 or discount > 1.0:
        raise ValueError("a discount is between 0 and 1")
    return amount * (1.0 - discount)


def receipt(basket: Basket) -> str:
    lines = [f"{item.name}: {item.count} x {item.price:.2f}" for item in basket.items]
    lines.append(f"total: {total(basket):.2f}")
    return "\n".join(lines)
