"""The Flask app: its blueprints, and what holds for every request."""

import re
import secrets
import time
from pathlib import Path

import flask
from werkzeug.exceptions import RequestHeaderFieldsTooLarge, RequestURITooLarge
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response

from graph.store.database import Database
from service import logs, problems
from service.api import accounts as accounts_api
from service.api import certificates as certificates_api
from service.api import chain as chain_api
from service.api import documents as documents_api
from service.api import factors as factors_api
from service.api import history as history_api
from service.api import inventories as inventories_api
from service.api import ledger as ledger_api
from service.api import questions as questions_api
from service.api.documentation import Api, openapi_settings, publish_statement
from service.auth import oauth, sessions
from service.config import Settings
from service.context import attach, services
from service.web import assets, docs, downloads, pages
from service.web import documents as document_pages
from service.web import keys as key_pages
from service.web import lots as lot_pages
from service.web import portfolio as portfolio_pages

# Documented in OpenAPI, in this order.
API_BLUEPRINTS = (
    *(documents_api.blueprint, chain_api.blueprint, questions_api.blueprint, history_api.blueprint),
    *(certificates_api.blueprint, factors_api.blueprint, inventories_api.blueprint, accounts_api.blueprint),
    ledger_api.blueprint,
)
# Pages for people.
PAGE_BLUEPRINTS = (
    pages.blueprint,
    lot_pages.blueprint,
    portfolio_pages.blueprint,
    document_pages.blueprint,
    key_pages.blueprint,
    docs.blueprint,
    assets.blueprint,
    downloads.blueprint,
)

MAX_QUERY, MAX_HEADERS = 4096, 16 * 1024
_MAX_BODY = 1024 * 1024
# What takes documents in has caps of its own; everything else is small.
_LARGE_BODIES = ("/api/v1/documents", "/epcis/")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_WEB = Path(__file__).parent / "web"

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def create_app(settings: Settings, database: Database) -> flask.Flask:
    """Build the app of one worker on a migrated graph."""
    app = flask.Flask("service", static_folder=_WEB / "static", template_folder=str(_WEB / "templates"))
    app.config.from_mapping(openapi_settings(settings), MAX_CONTENT_LENGTH=_MAX_BODY, MAX_FORM_MEMORY_SIZE=_MAX_BODY)
    app.jinja_env.globals["csrf_token"] = sessions.csrf_token
    attach(app, settings, database)
    if settings.https:
        # One proxy ends TLS in front of us; what it says about the client is believed, and nothing before it.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]
    app.before_request(_begin)
    app.before_request(sessions.check_form)
    app.after_request(_finish)
    problems.init_app(app)
    _register(app)
    return app


def _register(app: flask.Flask) -> None:
    app.add_url_rule("/healthz", view_func=_alive)
    app.add_url_rule("/readyz", view_func=_ready)
    oauth.init_app(app)
    api = Api(app)
    publish_statement(api)
    for blueprint in API_BLUEPRINTS:
        api.register_blueprint(blueprint)
    for page in PAGE_BLUEPRINTS:
        app.register_blueprint(page)


def _begin() -> None:
    request = flask.request
    flask.g.started = time.perf_counter()
    flask.g.machine = problems.is_machine(request.path)
    asked = request.headers.get("X-Request-ID", "")
    flask.g.request_id = asked if _REQUEST_ID.fullmatch(asked) else secrets.token_hex(8)
    if len(request.query_string) > MAX_QUERY:
        raise RequestURITooLarge(f"A query string has at most {MAX_QUERY} bytes.")
    if sum(len(name) + len(value) for name, value in request.headers) > MAX_HEADERS:
        raise RequestHeaderFieldsTooLarge(f"The headers have at most {MAX_HEADERS} bytes.")
    if request.path.startswith(_LARGE_BODIES):
        request.max_content_length = services.settings.max_batch_bytes
    if services.settings.https and not request.is_secure and request.path not in {"/healthz", "/readyz"}:
        flask.abort(403, description="This service is reached by https only.")


def _finish(response: Response) -> Response:
    sessions.keep_binding(response)
    response.headers["X-Request-ID"] = flask.g.request_id
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    if services.settings.https:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    if flask.request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    logs.log_request(response)
    return response


def _alive() -> dict[str, str]:
    return {"status": "alive"}


def _ready() -> dict[str, str]:
    services.database.verify()
    return {"status": "ready"}
