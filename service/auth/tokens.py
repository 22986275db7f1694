"""Access tokens: JWTs (RFC 9068 form) signed with a key derived from the server secret."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from service.auth.errors import NotAuthenticated
from service.secrets import derive

_ALGORITHM, _TYPE = "HS256", "at+jwt"
_MOST_CHARACTERS = 2048


@dataclass(frozen=True, slots=True)
class TokenSubject:
    """Whom a token stands for, and which generation of its secret it was given out on."""

    principal: str
    generation: int


class Tokens:
    """Gives out and reads access tokens."""

    def __init__(self, secret: bytes, issuer: str, seconds: int, clock: Callable[[], float] = time.time) -> None:
        self.seconds = seconds
        self._key = OctKey.import_key(derive(secret, "access-token"))
        self._issuer = issuer
        self._clock = clock

    def issue(self, subject: TokenSubject, organization: str) -> str:
        """A token that is good for `seconds`."""
        now = int(self._clock())
        claims = {
            "iss": self._issuer,
            "aud": self._issuer,
            "sub": subject.principal,
            "client_id": subject.principal,
            "org": organization,
            "gen": subject.generation,
            "iat": now,
            "exp": now + self.seconds,
            "jti": secrets.token_urlsafe(12),
        }
        return jwt.encode({"alg": _ALGORITHM, "typ": _TYPE}, claims, self._key)

    def read(self, text: str) -> TokenSubject:
        """Whom a token stands for; raises NotAuthenticated when it is not ours, not whole, or too old."""
        if len(text) > _MOST_CHARACTERS:
            raise _refused()
        try:
            token = jwt.decode(text, self._key, algorithms=[_ALGORITHM])
            self._requirements().validate(token.claims)
            subject = TokenSubject(str(token.claims["sub"]), int(token.claims["gen"]))
        # RecursionError: a header of nothing but brackets is read before any signature is.
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            raise _refused() from error
        if token.header.get("typ") != _TYPE:
            raise _refused()
        return subject

    def _requirements(self) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            now=int(self._clock()),
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._issuer},
            sub={"essential": True},
            exp={"essential": True},
            gen={"essential": True},
        )


def _refused() -> NotAuthenticated:
    return NotAuthenticated("the access token is not valid, or it has expired", code="invalid_token")
