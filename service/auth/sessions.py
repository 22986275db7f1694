"""The cookies of people, and the tokens that tie a form to its session."""

import hashlib
import hmac

import flask
from werkzeug.wrappers import Response

from service.auth.accounts import SESSION_SECONDS
from service.auth.errors import FormForged
from service.auth.hashing import new_token
from service.config import Settings
from service.context import services

FIELD, HEADER = "csrf_token", "X-CSRF-Token"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


def cookie_name(purpose: str, settings: Settings) -> str:
    """Browsers keep `__Host-` cookies from being set by other hosts or over plain http."""
    return f"__Host-greenchain-{purpose}" if settings.https else f"greenchain-{purpose}"


def session_token() -> str:
    """The session cookie of the request, or nothing."""
    return flask.request.cookies.get(cookie_name("session", services.settings), "")


def give_session(response: Response, token: str) -> None:
    """Set the session cookie."""
    _set_cookie(response, "session", token, int(SESSION_SECONDS))


def end_session(response: Response) -> None:
    """Remove the session cookie."""
    _set_cookie(response, "session", "", 0)


def csrf_token() -> str:
    """The token that forms of this request's session carry; without a session it is bound to a cookie of its own."""
    return _token_for(_binding() or _new_binding())


def check_form() -> None:
    """Refuse an unsafe request that leans on cookies and does not prove that one of our pages made it."""
    request = flask.request
    if request.method in _SAFE_METHODS or "Authorization" in request.headers:
        return  # what carries its own credentials cannot be forged from another site
    if flask.g.machine and (not session_token() or request.path == "/auth/token"):
        return  # no cookie is looked at
    shown = request.headers.get(HEADER) or request.form.get(FIELD, "")
    binding = _binding()
    good = bool(binding) and hmac.compare_digest(_token_for(binding).encode(), shown.encode())
    if not good or request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise FormForged("the form is too old or was not made by this site; load the page again")


def keep_binding(response: Response) -> None:
    """Send the form cookie if a form of this answer needs a new one."""
    if binding := flask.g.get("form_binding"):
        _set_cookie(response, "form", binding, int(SESSION_SECONDS))


def _binding() -> str:
    return (
        session_token()
        or flask.request.cookies.get(cookie_name("form", services.settings), "")
        or flask.g.get("form_binding", "")
    )


def _new_binding() -> str:
    flask.g.form_binding = new_token()
    return str(flask.g.form_binding)


def _token_for(binding: str) -> str:
    return hmac.new(services.form_key, binding.encode(), hashlib.sha256).hexdigest()


def _set_cookie(response: Response, purpose: str, value: str, seconds: int) -> None:
    response.set_cookie(
        cookie_name(purpose, services.settings),
        value,
        max_age=seconds,
        path="/",
        secure=services.settings.https,
        httponly=True,
        samesite="Lax",
    )
