"""Why somebody is not let in or may not do something.

AuthError
├── NotAuthenticated      nobody is signed in, or the token or session is not good
├── Forbidden             the roles do not allow it
├── FormForged            a form came without the token of its session
├── TooManyAttempts       too many failed attempts; says when to try again
├── SignInFailed          name and password do not go together
├── LinkSpent             a sign-in link is unknown, used or too old
├── WeakPassword          a password is too short or too long
├── UnknownPrincipal      no such principal, or none that the asker may manage
├── UnknownOrganization   no such organization, or none that the asker may manage
└── LastAdmin             the operator would be left without an admin
"""

from graph.errors import GreenchainError


class AuthError(GreenchainError):
    """Base of what the doors refuse."""


class NotAuthenticated(AuthError):
    """Nobody is signed in; `code` is the error of RFC 6750 3.1, empty when nothing was presented."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class Forbidden(AuthError):
    """The roles of the principal do not allow it."""


class FormForged(AuthError):
    """A form came without the token that its session gives out."""


class TooManyAttempts(AuthError):
    """Too many failed attempts; `seconds` until the next is looked at."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many failed attempts; try again in {seconds} seconds")
        self.seconds = seconds


class SignInFailed(AuthError):
    """Name and password do not go together, or the principal is disabled: which of them is not told."""


class LinkSpent(AuthError):
    """The sign-in link is unknown, used or too old: which of them is not told."""


class WeakPassword(AuthError):
    """The password is too short or too long."""


class UnknownPrincipal(AuthError):
    """There is no such principal, or none that the asker may manage."""


class UnknownOrganization(AuthError):
    """There is no such organization, or none that the asker may manage."""


class LastAdmin(AuthError):
    """The operator would be left without an admin who can sign in."""
