"""A site as a table of addresses."""

from dataclasses import dataclass, field

from slugs import slug


@dataclass
class Site:
    pages: dict[str, str] = field(default_factory=dict)

    def add(self, title: str, text: str) -> str:
        """Adds a page; its address."""
        name = slug(title, self.pages)
        self.pages[name] = f"# {title}\n\n{text}\n"
        return f"/{name}/"

    def move(self, old: str, title: str) -> str:
        """Gives a page another title, and so another address."""
        text = self.pages.pop(old.strip("/"))
        name = slug(title, self.pages)
        self.pages[name] = text
        return f"/{name}/"
