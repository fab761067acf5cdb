"""A cache that forgets what was not used for longest."""

from collections import OrderedDict
from typing import Any, Callable, Optional


class Cache:
    """At most `size` values by name."""

    def __init__(self, size: int = 100):
        if size < 1:
            raise ValueError("a cache holds at least one value")
        self.size = size
        self._values: OrderedDict[str, Any] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get_or_none(self, key: str) -> Optional[Any]:
        """The value, without counting as a use; None where there is none."""
        return self._values.get(key)

    def get(self, key: str, make: Callable[[], Any]) -> Any:
        """The value; made and kept where there is none."""
        found = self.get_or_none(key)
        if found is None:
            found = make()
            self.put(key, found)
        else:
            self._values.move_to_end(key)
        return found

    def put(self, key: str, value: Any) -> None:
        self._values[key] = value
        self._values.move_to_end(key)
        while len(self._values) > self.size:
            self._values.popitem(last=False)

    def forget(self, key: str) -> bool:
        """Whether there was one."""
        return self._values.pop(key, None) is not None
