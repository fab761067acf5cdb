"""Pages, rendered once and kept."""

from .cache import Cache
from .settings import Settings


class Pages:
    def __init__(self, sources: dict[str, str], settings: Settings):
        self.sources = sources
        self.title = settings.get_or_none("title") or "Untitled"
        self.rendered = Cache(settings.number("pages", 50))
        self.renders = 0

    def render(self, name: str) -> str:
        self.renders += 1
        body = self.sources[name].replace("\n\n", "</p>\n<p>")
        return f"<h1>{self.title}: {name}</h1>\n<p>{body}</p>"

    def page(self, name: str) -> str:
        return self.rendered.get(name, lambda: self.render(name))

    def is_ready(self, name: str) -> bool:
        return self.rendered.get_or_none(name) is not None

    def warm(self) -> int:
        """Renders what is missing, and says how many that were."""
        missing = [name for name in self.sources if self.rendered.get_or_none(name) is None]
        for name in missing:
            self.page(name)
        return len(missing)
