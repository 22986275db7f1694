"""Pages for people: signing in and out, and their account."""

import re

import flask
from werkzeug.wrappers import Response

from service.auth import sessions
from service.auth.accounts import clean_name
from service.auth.errors import AuthError, SignInFailed, TooManyAttempts, WeakPassword
from service.auth.hashing import MIN_PASSWORD
from service.auth.roles import PERMISSIONS
from service.auth.viewers import current_viewer, optional_viewer
from service.context import services
from service.problems import KINDS
from service.web import filters

HOME = "/lots"
# A path of our own: a second slash or a backslash would lead elsewhere.
_OWN_PATH = re.compile(r"/(?![/\\])[A-Za-z0-9/_.~-]{0,300}")

blueprint = flask.Blueprint("pages", __name__)
blueprint.record_once(lambda state: filters.init_app(state.app))


@blueprint.app_context_processor
def _who() -> dict[str, object]:
    """What the layout shows of who is signed in; only once a view has asked, so that error pages need no graph."""
    return {"viewer": flask.g.get("viewer"), "min_password": MIN_PASSWORD}


@blueprint.get("/")
def home() -> Response:
    """To the lots, or to the door."""
    return flask.redirect(HOME if optional_viewer() else "/sign-in", 303)


@blueprint.get("/sign-in")
def sign_in() -> str:
    """The form for name and password."""
    return flask.render_template("sign_in.html", next=_next(flask.request.args.get("next", "")))


@blueprint.post("/sign-in")
def sign_in_with_password() -> Response:
    """Open a session."""
    form = flask.request.form
    name, address = clean_name(form.get("name", "")), flask.request.remote_addr or ""
    try:
        services.attempts.check(name, address)
        token, _ = services.accounts.sign_in(name, form.get("password", ""))
    except SignInFailed as error:
        services.attempts.failed(name, address)
        return _again("sign_in.html", error, name=name[:120], next=_next(form.get("next", "")))
    except TooManyAttempts as error:
        response = _again("sign_in.html", error, name=name[:120], next=_next(form.get("next", "")))
        response.headers["Retry-After"] = str(error.seconds)
        return response
    services.attempts.succeeded(name, address)
    return _enter(token, _next(form.get("next", "")))


@blueprint.get("/sign-in/<token>")
def sign_in_link(token: str) -> str:
    """Show whom a link lets in. It is not used up here: programs that scan mail follow links."""
    account = services.accounts.link_owner(token)
    return flask.render_template("sign_in_link.html", account=account)


@blueprint.post("/sign-in/<token>")
def sign_in_by_link(token: str) -> Response:
    """Use a link up and open a session."""
    session, account = services.accounts.redeem(token)
    return _enter(session, HOME if account.secret_hash else "/account")


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End the session."""
    if token := sessions.session_token():
        services.accounts.sign_out(token)
    response = flask.redirect("/sign-in", 303)
    sessions.end_session(response)
    return response


@blueprint.get("/account")
def account() -> str:
    """Who is signed in."""
    return _account_page()


@blueprint.post("/account")
def set_password() -> Response:
    """Choose a password."""
    form, viewer = flask.request.form, current_viewer()
    address = flask.request.remote_addr or ""
    try:
        services.attempts.check(viewer.principal, address)
        services.accounts.set_password(
            viewer.principal, form.get("current", ""), form.get("password", ""), sessions.session_token()
        )
    except (WeakPassword, SignInFailed, TooManyAttempts) as error:
        if isinstance(error, SignInFailed):
            services.attempts.failed(viewer.principal, address)
        return flask.make_response(_account_page(str(error)), KINDS[type(error)].status)
    services.principals.forget(viewer.principal)
    return flask.redirect("/account?saved=1", 303)


def _account_page(error: str = "") -> str:
    viewer = current_viewer()
    stored = services.accounts.find(viewer.principal)
    return flask.render_template(
        "account.html",
        account=stored,
        roles=sorted(viewer.roles),
        permissions=sorted({p.value for role in viewer.roles for p in PERMISSIONS[role]}),
        error=error,
        saved="saved" in flask.request.args,
    )


def _again(template: str, error: AuthError, **values: str) -> Response:
    return flask.make_response(flask.render_template(template, error=str(error), **values), KINDS[type(error)].status)


def _enter(token: str, path: str) -> Response:
    """Start a session, and end the one that the browser had."""
    if old := sessions.session_token():
        services.accounts.sign_out(old)
    response = flask.redirect(path, 303)
    sessions.give_session(response, token)
    return response


def _next(path: str) -> str:
    return path if _OWN_PATH.fullmatch(path) else HOME
