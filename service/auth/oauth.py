"""OAuth2 client credentials (RFC 6749 4.4), as PACT asks for them: POST /auth/token."""

import logging
from typing import Any

import flask
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc6749.util import extract_basic_authorization
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from werkzeug.wrappers import Response

from graph.store.principals import Account
from service.auth.errors import TooManyAttempts
from service.auth.tokens import TokenSubject
from service.context import services

TOKEN_PATH = "/auth/token"  # noqa: S105  a path
_MOST_DESCRIPTION = 200
# Which of the two is wrong is nobody's to learn; Authlib would list the methods it tried.
_WRONG = "The client id or the client secret is missing or wrong."
_CHALLENGE = f'Basic error="invalid_client", error_description="{_WRONG}"'

blueprint = flask.Blueprint("oauth", __name__)


class Client(ClientMixin):  # type: ignore[misc]
    """A system as Authlib sees it. There is one for every id: that an id is unknown shows only as a wrong secret."""

    def __init__(self, client_id: str) -> None:
        self._id = client_id
        self.account: Account | None = None

    def get_client_id(self) -> str:
        """Its id."""
        return self._id

    def get_allowed_scope(self, scope: str | None) -> str:
        """There are no scopes: roles decide."""
        return ""

    def check_client_secret(self, client_secret: str) -> bool:
        """Look the system up and compare its secret."""
        self.account = services.accounts.client(self._id, client_secret)
        return self.account is not None

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """A secret in a Basic header or in the form."""
        return method in Grant.TOKEN_ENDPOINT_AUTH_METHODS

    def check_grant_type(self, grant_type: str) -> bool:
        """Systems speak for themselves."""
        return grant_type == "client_credentials"


class Grant(ClientCredentialsGrant):  # type: ignore[misc]
    """The one grant."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post")


class Server(AuthorizationServer):  # type: ignore[misc]
    """Authlib's server, saying no more of a request than its error code needs."""

    def handle_response(self, status_code: int, payload: Any, headers: Any) -> Response:
        """Cut what is echoed, and let nobody keep an answer."""
        if isinstance(payload, dict) and payload.get("error") == "invalid_client":
            payload["error_description"] = _WRONG
            headers = [(n, _CHALLENGE if n == "WWW-Authenticate" else v) for n, v in headers]
        if isinstance(payload, dict) and "error_description" in payload:
            payload["error_description"] = payload["error_description"][:_MOST_DESCRIPTION]
        response: Response = super().handle_response(status_code, payload, headers)
        response.headers["Cache-Control"] = "no-store"
        return response


def init_app(app: flask.Flask) -> None:
    """Set the authorization server up for an app."""
    # Authlib writes tokens to its debug log.
    logging.getLogger("authlib").setLevel(logging.WARNING)
    server = Server(app, query_client=Client, save_token=_keep_nothing)
    server.register_token_generator("default", BearerTokenGenerator(_issue, expires_generator=_seconds))
    server.register_grant(Grant)
    app.extensions["greenchain-oauth"] = server
    app.register_blueprint(blueprint)


@blueprint.post(TOKEN_PATH)
def token() -> Response:
    """Give out an access token."""
    address = flask.request.remote_addr or ""
    try:
        name = _client_id()
        services.attempts.check(name, address)
    except ValueError as error:
        return _json({"error": "invalid_request", "error_description": str(error)}, 400, {})
    except TooManyAttempts as error:
        body = {"error": "temporarily_unavailable", "error_description": str(error)}
        return _json(body, 429, {"Retry-After": str(error.seconds)})
    # What Authlib answers is OAuth2's own form of error, not problem+json.
    response: Response = flask.current_app.extensions["greenchain-oauth"].create_token_response()
    if response.status_code == 200:
        services.attempts.succeeded(name, address)
    elif (response.get_json(silent=True) or {}).get("error") == "invalid_client":
        services.attempts.failed(name, address)
    return response


@blueprint.get("/.well-known/openid-configuration")
def openid_configuration() -> Response:
    """Where tokens are had (PACT 3, "Authentication flow")."""
    url = services.settings.url
    metadata = {
        "issuer": url,
        "token_endpoint": url + TOKEN_PATH,
        "grant_types_supported": [Grant.GRANT_TYPE],
        "token_endpoint_auth_methods_supported": list(Grant.TOKEN_ENDPOINT_AUTH_METHODS),
        "response_types_supported": ["token"],
    }
    return _json(metadata, 200, {"Cache-Control": "public, max-age=300"})


def _json(body: dict[str, Any], status: int, headers: dict[str, str]) -> Response:
    response = flask.jsonify(body)
    response.status_code = status
    response.headers.update(headers)
    return response


def _client_id() -> str:
    """The id that the client shows, once: with two of them, failures would be counted for the wrong one."""
    try:
        basic, _ = extract_basic_authorization(flask.request.headers)
    except UnicodeDecodeError:
        raise ValueError("the credentials are not UTF-8") from None
    posted = flask.request.form.getlist("client_id")
    if len(posted) > 1 or (basic and "client_secret" in flask.request.form):
        raise ValueError("one set of client credentials is expected")
    return basic or (posted[0] if posted else "")


def _issue(client: Client, **_: object) -> str:
    account = client.account
    if account is None:
        raise RuntimeError("a token for a client that has not shown its secret")
    return services.tokens.issue(TokenSubject(account.id, account.generation), account.organization)


def _keep_nothing(*_: object) -> None:
    """Tokens carry all that they mean."""


def _seconds(*_: object) -> int:
    return services.settings.token_seconds
