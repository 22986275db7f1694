"""Signing, for those who hold a key: the command line, the demo, the benchmarks and the tests.

Payloads are written in the canonical form of RFC 8785: not needed by the signature, which covers the bytes as sent, but
then the same statement signed again has the same payload.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import rfc8785
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from graph.errors import GreenchainError
from service.trust.canonical import NotCanonical
from service.trust.canonical import canonical as canonical_form
from service.trust.envelope import encode_base64url
from service.trust.headers import ALGORITHMS, REGISTRATION_TYPE, STATEMENT_TYPE
from service.trust.keys import PublicKey, parse_jwk

REGISTRATION_SECONDS: Final = 600
# What a private JWK holds beyond its public half (RFC 7518 6.2.2, 6.3.2).
_SECRET: Final = {"d", "p", "q", "dp", "dq", "qi"}
_PRIVATE: Final = _SECRET | {"use", "key_ops"}
_RSA_BITS: Final = 3072
_AnyKey = OKPKey | ECKey | RSAKey
_MAKERS: Final[Mapping[str, Callable[[], _AnyKey]]] = {
    "Ed25519": lambda: OKPKey.generate_key("Ed25519"),
    "ES256": lambda: ECKey.generate_key("P-256"),
    "ES384": lambda: ECKey.generate_key("P-384"),
    "PS256": lambda: RSAKey.generate_key(_RSA_BITS),
}
_LIBRARY: Final[Mapping[str, type[OKPKey] | type[ECKey] | type[RSAKey]]] = {"OKP": OKPKey, "EC": ECKey, "RSA": RSAKey}


class SigningError(GreenchainError):
    """A payload or key that nothing can be signed with."""


def new_key(alg: str = "EdDSA") -> dict[str, str]:
    """A new private key as JWK, its thumbprint as ``kid``. ``alg``: one of ``headers.ALGORITHMS``."""
    if alg not in ALGORITHMS:
        raise SigningError(f"no such algorithm: {alg}; take one of {', '.join(ALGORITHMS)}")
    key = _MAKERS[ALGORITHMS[alg]]()
    jwk = {name: str(value) for name, value in key.as_dict(private=True).items()}
    return {**jwk, "alg": alg, "kid": key.thumbprint()}


def public_jwk(private_jwk: Mapping[str, Any]) -> dict[str, str]:
    """The public members of a private key, ready to be registered."""
    return dict(public_key(private_jwk).jwk)


def public_key(private_jwk: Mapping[str, Any]) -> PublicKey:
    """The public half of a private key. Raises ``keys.KeyRefused`` where it is none that we take."""
    return parse_jwk({name: value for name, value in private_jwk.items() if name not in _PRIVATE})


def sign_statement(payload: Mapping[str, Any], private_jwk: Mapping[str, Any]) -> bytes:
    """A statement as compact JWS. The payload brings its own iss, jti, iat and exp."""
    return sign_compact(STATEMENT_TYPE, canonical(payload), private_jwk)


def sign_registration(
    private_jwk: Mapping[str, Any],
    *,
    organization: str,
    audience: str,
    nonce: str,
    issued_at: int,
    replaces: str = "",
    overlap_until: int | None = None,
    did: str = "",
) -> bytes:
    """The proof that a key is ours, as compact JWS, for the service at ``audience`` which gave the nonce.

    ``replaces``: the thumbprint of the key that it takes the place of, which signs on until ``overlap_until`` (seconds
    since the epoch; where None as long as the service leaves it). ``did``: the did:web to register in place of the key.
    """
    optional = {"replaces": replaces or None, "overlap_until": overlap_until, "did": did or None}
    payload = {
        "iss": organization,
        "aud": audience,
        "jwk": public_jwk(private_jwk),
        "nonce": nonce,
        "iat": issued_at,
        "exp": issued_at + REGISTRATION_SECONDS,
        **{name: value for name, value in optional.items() if value is not None},
    }
    return sign_compact(REGISTRATION_TYPE, canonical(payload), private_jwk)


def sign_compact(
    typ: str, payload: bytes, private_jwk: Mapping[str, Any], named_by: Mapping[str, Any] | None = None
) -> bytes:
    """Sign any payload (RFC 7515 5.1) under the header that this service takes.

    ``named_by``: the header member that names the key, where it is not ``kid`` with the thumbprint.
    """
    key = public_key(private_jwk)
    # Older verifiers know EdDSA and not Ed25519 (RFC 9864); the service takes both.
    alg = str(private_jwk.get("alg", "EdDSA")) if key.alg == "Ed25519" else key.alg
    header = rfc8785.dumps({"alg": alg, "typ": typ, **({"kid": key.thumbprint} if named_by is None else named_by)})
    signing_input = encode_base64url(header) + b"." + encode_base64url(payload)
    return signing_input + b"." + encode_base64url(raw_signature(signing_input, private_jwk))


def raw_signature(message: bytes, private_jwk: Mapping[str, Any]) -> bytes:
    """The signature over bytes as they are, by the algorithm of the key."""
    return JWSRegistry.algorithms[public_key(private_jwk).alg].sign(message, _private(private_jwk))


def _private(jwk: Mapping[str, Any]) -> _AnyKey:
    members = {n: str(jwk[n]) for n in ("kty", "crv", "x", "y", "n", "e", *sorted(_SECRET)) if n in jwk}
    if "d" not in members:
        raise SigningError("the key has no private part (d): this is the public half")
    try:
        return _LIBRARY[members["kty"]].import_key({**members})
    except (JoseError, ValueError) as error:
        raise SigningError("the private part of the key does not fit its public part") from error


def canonical(payload: Mapping[str, Any] | list[Any]) -> bytes:
    """RFC 8785. Raises ``SigningError`` for what JSON cannot hold, or not without loss."""
    try:
        return canonical_form(payload)
    except NotCanonical as error:
        raise SigningError(f"the payload {error}") from error
