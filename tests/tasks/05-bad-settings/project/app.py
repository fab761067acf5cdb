"""The command line of the editor: shows settings, or changes one."""

import sys
from pathlib import Path

from settings import load, save

FILE = Path("settings.json")


def show(path: Path) -> str:
    settings = load(path)
    return "\n".join(f"{name}: {value}" for name, value in vars(settings).items())


def change(path: Path, name: str, value: str) -> str:
    settings = load(path)
    if not hasattr(settings, name):
        return f"there is no setting `{name}`"
    kind = type(getattr(settings, name))
    setattr(settings, name, value == "yes" if kind is bool else kind(value))
    save(path, settings)
    return f"{name} is {value} now"


if __name__ == "__main__":
    words = sys.argv[1:]
    print(change(FILE, *words) if len(words) == 2 else show(FILE))
