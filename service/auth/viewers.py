"""From a request to its viewer: one function for bearer tokens and sessions alike."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import flask

from graph.store.principals import Account
from service.auth.accounts import viewer_of
from service.auth.errors import NotAuthenticated
from service.auth.roles import Permission, Viewer
from service.auth.sessions import session_token
from service.context import services

P = ParamSpec("P")
T = TypeVar("T")


def allowed(permission: Permission) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Decorate a view: refuse who may not before anything that was sent is looked at. Goes above `arguments`."""

    def decorate(view: Callable[P, T]) -> Callable[P, T]:
        @wraps(view)
        def checked(*args: P.args, **kwargs: P.kwargs) -> T:
            current_viewer(permission)
            return view(*args, **kwargs)

        return checked

    return decorate


def current_viewer(permission: Permission | None = None) -> Viewer:
    """Who asks; raises NotAuthenticated when nobody is signed in and Forbidden when the roles do not suffice.

    A request with an Authorization header is judged by that alone: its cookies are not looked at.
    """
    if "viewer" not in flask.g:
        flask.g.viewer = viewer_of(_account())
    viewer: Viewer = flask.g.viewer
    if permission is not None:
        viewer.require(permission)
    return viewer


def optional_viewer() -> Viewer | None:
    """Who asks, or None: for pages that anybody may see."""
    try:
        return current_viewer()
    except NotAuthenticated:
        return None


def _account() -> Account:
    header = flask.request.headers.get("Authorization")
    if header is not None:
        return _bearer(header)
    token = session_token()
    if not token:
        raise NotAuthenticated("sign in, or send an access token: Authorization: Bearer ...")
    account = services.accounts.session_owner(token)
    if account is None:
        raise NotAuthenticated("the session has ended; sign in again")
    return account


def _bearer(header: str) -> Account:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotAuthenticated("an access token is expected: Authorization: Bearer ...")
    subject = services.tokens.read(token.strip())
    account = services.principals.get(subject.principal)
    if account is None or account.disabled or account.generation != subject.generation:
        raise NotAuthenticated("the access token is not valid, or it has expired", code="invalid_token")
    return account
