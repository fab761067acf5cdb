"""What lies in the warehouse."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Movement:
    """A change of the stock: pieces that came are positive, pieces that went negative."""

    article: str
    count: int


@dataclass
class Inventory:
    stock: dict[str, int] = field(default_factory=dict)
    log: list[Movement] = field(default_factory=list)

    def add(self, article: str, count: int) -> int:
        """Puts pieces of an article in; how many there are now."""
        if count < 1:
            raise ValueError("add at least one piece")
        self.stock[article] = self.stock.get(article, 0) + count
        self.log.append(Movement(article, count))
        return self.stock[article]

    def count(self, article: str) -> int:
        return self.stock.get(article, 0)

    def low(self, least: int) -> list[str]:
        """Articles of which there are fewer than `least`, by name."""
        return sorted(article for article, count in self.stock.items() if count < least)
