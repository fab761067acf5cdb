"""Long lists in pages."""

from dataclasses import dataclass
from typing import Generic, Sequence, TypeVar

T = TypeVar("T")


@dataclass
class Page(Generic[T]):
    items: Sequence[T]
    number: int
    count: int

    @property
    def has_previous(self) -> bool:
        return self.number > 1

    @property
    def has_next(self) -> bool:
        return self.number < self.count


def page_count(total: int, size: int) -> int:
    """How many pages `total` items fill; an empty list has one empty page."""
    if size < 1:
        raise ValueError("a page has at least one item")
    return total // size + 1


def page(items: Sequence[T], number: int, size: int = 10) -> Page[T]:
    """The page of this number, counted from 1; numbers beyond the ends give the first or last page."""
    count = page_count(len(items), size)
    number = min(max(number, 1), count)
    start = (number - 1) * size
    return Page(items[start : start + size], number, count)


def links(current: Page, around: int = 2) -> list[int]:
    """Numbers to show: the first, the last, and those around the current one."""
    near = range(current.number - around, current.number + around + 1)
    wanted = {1, current.count, *near}
    return sorted(number for number in wanted if 1 <= number <= current.count)
