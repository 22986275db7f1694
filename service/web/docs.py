"""The browsable API description: Swagger UI, its files served from the installed package `flask-swagger-ui`."""

from contextlib import suppress
from importlib.resources import files

import flask
from werkzeug.wrappers import Response

from graph.errors import EngineError
from service.auth.viewers import optional_viewer

ASSETS = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")
_FOLDER = str(files("flask_swagger_ui") / "dist")
# Swagger UI draws its icons from data: URLs; nothing else is looser than on other pages.
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

blueprint = flask.Blueprint("docs", __name__)


@blueprint.get("/api/docs")
def page() -> Response:
    """The page; who is signed in finds the own navigation on it."""
    with suppress(EngineError):  # the description is there without a graph
        optional_viewer()
    response = flask.make_response(flask.render_template("docs.html"))
    response.headers["Content-Security-Policy"] = _POLICY
    return response


@blueprint.get("/api/docs/assets/<path:name>")
def asset(name: str) -> Response:
    """One of the files of Swagger UI that the page asks for."""
    if name not in ASSETS:
        flask.abort(404)
    return flask.send_from_directory(_FOLDER, name, max_age=3600)
