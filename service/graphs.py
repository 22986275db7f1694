"""Where the graph of some settings is."""

from graph.errors import GreenchainError
from graph.store.database import EngineAddress
from graph.store.embedded import running_engine
from service.config import Settings


class NoGraph(GreenchainError):
    """No graph answers for these settings; the message says what to do."""


def server_address(settings: Settings) -> EngineAddress | None:
    """The server that ``NEO4J_URI`` names; None where the graph is the embedded one."""
    s = settings
    if not s.neo4j_uri:
        return None
    return EngineAddress(s.neo4j_uri, s.neo4j_user, s.neo4j_password, s.neo4j_database)


def running_address(settings: Settings) -> EngineAddress:
    """The server, or the embedded engine of a service that runs over the data folder. Raises ``NoGraph``."""
    found = server_address(settings) or running_engine(settings.data)
    if found is None:
        raise NoGraph(f"no service runs over {settings.data}: start it there, or set GREENCHAIN_DATA to its folder")
    return found
