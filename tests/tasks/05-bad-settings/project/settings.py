"""What the user has chosen, from a JSON file."""

import json
from dataclasses import dataclass, fields
from pathlib import Path


@dataclass
class Settings:
    theme: str = "light"
    font_size: int = 12
    autosave: bool = True

    def changed(self) -> dict:
        """The fields that are not as they come."""
        plain = Settings()
        names = [field.name for field in fields(self)]
        return {name: getattr(self, name) for name in names if getattr(self, name) != getattr(plain, name)}


def from_dict(values: dict) -> Settings:
    """Settings with these values; what we do not know is left out."""
    known = {field.name for field in fields(Settings)}
    return Settings(**{name: value for name, value in values.items() if name in known})


def load(path: Path) -> Settings:
    """The settings in a file."""
    text = path.read_text(encoding="utf-8")
    return from_dict(json.loads(text))


def save(path: Path, settings: Settings) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(settings.changed(), indent=2) + "\n", encoding="utf-8")
