"""The app for a WSGI server: settings from the environment, the graph that NEO4J_URI names (already migrated)."""

import flask

from graph.store.database import Database, EngineAddress
from service.app import create_app
from service.config import Settings


def application() -> flask.Flask:
    """Build the app; `greenchain run` sets NEO4J_* to the embedded engine for its workers."""
    settings = Settings.from_environment()
    address = EngineAddress(settings.neo4j_uri, settings.neo4j_user, settings.neo4j_password, settings.neo4j_database)
    return create_app(settings, Database(address))
