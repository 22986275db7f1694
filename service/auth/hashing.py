"""Secrets: made from the system's randomness, kept only as Argon2 hashes or SHA-256 digests."""

import hashlib
import secrets
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from service.auth.errors import WeakPassword

MIN_PASSWORD, MAX_SECRET = 12, 256

# OWASP's second choice: 19 MiB and two passes, about 20 ms here. Two cores serve everybody, so not more.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def new_token() -> str:
    """A token of 256 random bits, safe in URLs, cookies and headers."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """The SHA-256 of a token in hex. A token of 256 random bits needs no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def hash_secret(secret: str) -> str:
    """The Argon2id hash of a secret."""
    return _HASHER.hash(_normal(secret))


def hash_password(password: str) -> str:
    """The hash of a password that somebody chose; raises WeakPassword."""
    if not MIN_PASSWORD <= len(_normal(password)) <= MAX_SECRET:
        raise WeakPassword(f"a password has {MIN_PASSWORD} to {MAX_SECRET} characters")
    return hash_secret(password)


def secret_matches(secret_hash: str, secret: str) -> bool:
    """Tell whether a secret is the one that was hashed; no hash ("") costs as much and matches nothing."""
    # A secret of megabytes would buy an attacker our time; none that we made or took is so long.
    candidate = _normal(secret[: MAX_SECRET + 1])
    try:
        matches = _HASHER.verify(secret_hash or _stand_in(), candidate)
    except (VerificationError, InvalidHashError):
        return False
    return matches and bool(secret_hash)


def _normal(secret: str) -> str:
    """The same characters typed on two keyboards are the same password (NIST SP 800-63B 5.1.1.2)."""
    return unicodedata.normalize("NFKC", secret)


@cache
def _stand_in() -> str:
    return _HASHER.hash(new_token())
