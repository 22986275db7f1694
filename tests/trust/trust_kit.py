"""A small world for the tests of service/trust: keys, limits, and a statement schema of five claims."""

from collections.abc import Mapping
from typing import Any

from graph.model.documents import FieldError, Format, Received
from graph.model.facts import Fact, Stated, Statement
from schemas.errors import StatementInvalid
from service.trust.envelopes.base import OpenContext
from service.trust.keys import KnownKey, parse_jwk
from service.trust.verify import Examined, examine
from tests.vectors import kit

ME = kit.ORGANIZATION
RIVAL = kit.OTHER
AT = kit.AT
DAY = 86_400.0

KEYS: Mapping[str, KnownKey] = {
    signer.kid: KnownKey(organization, parse_jwk(signer.jwk)) for signer, organization in kit.KEYS
}


def parse_statement(value: object) -> Statement:
    """The claims and nothing else; facts are looked at elsewhere."""
    assert isinstance(value, dict)
    errors = tuple(FieldError(f"/{name}", "is unknown") for name in value if name not in kit.CLAIMS)
    if errors:
        raise StatementInvalid(errors)
    return Statement(value["iss"], value["jti"], float(value["iat"]), value.get("exp"), ())


def received(content: bytes, how: str = "application/jose") -> Received:
    return Received(content, Format(how), ME, AT)


def run(content: bytes, how: str = "application/jose", **changes: Any) -> Examined:
    parse = changes.pop("parse_statement", parse_statement)
    context = OpenContext(**{"keys": KEYS, "at": AT, "audience": kit.AUDIENCE, **changes})
    return examine(received(content, how), context, parse)


def statement(*facts: Fact, issuer: str = ME) -> Statement:
    stated = tuple(Stated(n, fact, "") for n, fact in enumerate(facts))
    return Statement(issuer, "s-1", AT, None, stated)
