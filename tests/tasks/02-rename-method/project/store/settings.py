"""Settings from lines of `key = value`."""

from typing import Optional


class Settings:
    def __init__(self, text: str = ""):
        self._values: dict[str, str] = {}
        for line in text.splitlines():
            line = line.split("#", 1)[0].strip()
            if not line:
                continue
            key, equals, value = line.partition("=")
            if not equals:
                raise ValueError(f"`{line}` is no setting")
            self._values[key.strip()] = value.strip()

    def get_or_none(self, key: str) -> Optional[str]:
        return self._values.get(key)

    def number(self, key: str, default: int) -> int:
        text = self.get_or_none(key)
        return default if text is None else int(text)
