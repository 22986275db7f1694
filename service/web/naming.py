"""What organizations are called on a page, as far as the viewer may know it."""

from collections.abc import Callable
from dataclasses import dataclass

from service.auth.viewers import current_viewer
from service.context import services
from service.figures import Ask
from service.visibility import Sight


@dataclass(frozen=True, slots=True)
class Naming:
    """The names that organizations gave themselves, behind the viewer's sight."""

    sees: Sight
    named: Callable[[str], str | None]

    def organization(self, uri: str) -> str:
        """The name of an organization that the viewer may know; otherwise its identifier, as the fact had it."""
        return (self.named(uri) if self.sees.name_of(uri) else None) or uri


def naming(asked: Ask | None = None) -> Naming:
    """The names as of the time asked for."""
    asked = asked or Ask(current_viewer())
    return Naming(services.chain.sight(asked.viewer), services.chain.organization_names(asked.as_of))
