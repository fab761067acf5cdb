"""Names of pages as they stand in their addresses."""

import re
import unicodedata
from collections.abc import Collection

LONGEST = 40


def plain(text: str) -> str:
    """Letters without accents: `Café` is `Cafe`."""
    parts = unicodedata.normalize("NFKD", text)
    return "".join(c for c in parts if not unicodedata.combining(c))


def slug(title: str, taken: Collection[str] = (), longest: int = LONGEST) -> str:
    """A title in lower case, its words joined by `-`, at most `longest` characters and none of `taken`.

    A title without a letter or digit is `page`. Where the name is taken, a number follows: `about-2`, `about-3`. The
    number does not count for the length. A name that is too long is cut, and never ends in `-`.

    >>> slug("Hello, World!")
    'hello-world'
    """
    words = re.findall(r"[a-z0-9]+", plain(title).lower())
    name = "-".join(words)[:longest].rstrip("-") or "page"
    if name not in taken:
        return name
    number = 2
    while f"{name}-{number}" in taken:
        number += 1
    return f"{name}-{number}"
