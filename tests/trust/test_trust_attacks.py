"""Each attack that the intake must survive has a vector in each form that it can reach."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from graph.model.documents import Format, Received
from service.trust.verify import examine
from tests.trust.test_trust_vectors import CONTEXT, VECTORS, _register
from tests.trust.trust_kit import AT, ME, parse_statement
from tests.vectors import matrix

JOSE = ("x5c", "vc-jwt", "sd-jwt", "binding", "registration")
# Where a form has nothing that the attack could be made of.
NAMED_BY_KID = ("vc-jwt", "sd-jwt", "registration")


def _attack(name: str, *forms: str) -> list[str]:
    return [f"attack-{form}-{name}" for form in forms]


# The attack, in the words of the list that the service is held to; then one vector a form at least.
ATTACKS: dict[str, list[str]] = {
    **{
        f"alg {alg}": [f"header-alg-none-{n}", *_attack(f"alg-{alg}-{n}", *JOSE)]
        for n, alg in enumerate(("none", "None", "NONE", "nOnE"), 1)
    },
    "no cryptosuite": ["di-header-suite-none", "di-header-suite-missing"],
    "HS256 keyed with the public key": [
        *("header-hs256-okp", "header-hs256-ec", "header-hs256-rsa"),
        *_attack("hs256", *JOSE),
    ],
    "embedded jwk": ["header-jwk", "di-header-method-object", *_attack("jwk", *JOSE)],
    "jku": ["header-jku", "di-key-url", *_attack("jku", *JOSE)],
    "x5u": ["header-x5u", *_attack("x5u", *JOSE)],
    "kid traversal": ["key-traversal", *_attack("kid-traversal", "di", *NAMED_BY_KID)],
    "kid that is not a string": [
        *("header-kid-number", "header-kid-list", "header-kid-object", "di-header-method-list"),
        *_attack("kid-number", *NAMED_BY_KID),
        *_attack("kid-list", *NAMED_BY_KID),
    ],
    "duplicate kid": ["header-duplicate-kid", "vc-jwt-key-web-twice", *_attack("key-twice", "di")],
    "crit unknown": ["header-crit-unknown", "di-header-challenge", *_attack("crit-unknown", *JOSE)],
    "crit empty": ["header-crit-empty", *_attack("crit-empty", *JOSE)],
    "crit naming a missing header": ["header-crit-missing", *_attack("crit-missing", *JOSE)],
    "b64 false": ["header-b64-false", *_attack("b64-false", *JOSE)],
    "padding after the signature": ["envelope-padding", "di-header-value-base64", *_attack("padding", *JOSE)],
    "altered unused bits": ["envelope-unused-bits", *_attack("unused-bits", *JOSE)],
    "duplicate JSON keys": ["json-duplicate-iss", "di-json-duplicate", *_attack("json-duplicate", "unsigned", *JOSE)],
    "NaN": ["json-nan", "di-json-nan", *_attack("json-nan", "unsigned", *JOSE)],
    "5,000-digit integers": ["json-integer-5000", "di-json-integer", *_attack("json-integer-5000", "unsigned", *JOSE)],
    "deep nesting": ["json-nested-100000", "di-json-nested", *_attack("json-nested", "unsigned", *JOSE)],
    "exp as string": [
        *("claims-exp-string", "sd-jwt-binding-iat-string"),
        *_attack("exp-string", "x5c", "vc-jwt", "di", "sd-jwt", "registration", "unsigned"),
    ],
    "missing exp": [
        "claims-exp-missing",
        *_attack("exp-missing", "x5c", "vc-jwt", "di", "sd-jwt", "registration"),
    ],
    "future iat": [
        *("claims-iat-future", "sd-jwt-binding-future", "di-header-created-future"),
        *_attack("iat-future", "x5c", "vc-jwt", "di", "sd-jwt", "registration", "unsigned"),
    ],
    "a signer not authorised": [
        *("claims-rival-key", "x5c-iss-other", "vc-jwt-claims-rival-issuer", "di-claims-issuer"),
        *("sd-jwt-claims-rival-key", "registration-iss-other", "unsigned-iss-other"),
    ],
    "a revoked key": ["x5c-revoked", "x5c-revoked-authority", "vc-jwt-key-web-revoked", "vc-jwt-key-web-expired"],
    "low-order Ed25519 public keys": [
        *(f"registration-small-order-{n}" for n in range(1, 15)),
        *("sd-jwt-binding-cnf-small-order", "vc-jwt-key-small-order", *_attack("small-order", "vc-jwt", "di")),
    ],
    "RSA below 2048 bits": ["registration-rsa-1024", "x5c-rsa-1024", *_attack("rsa-1024", "vc-jwt", "binding")],
    "RSA with e < 65537": ["registration-rsa-e-3", "x5c-rsa-e-3", *_attack("rsa-e-257", "vc-jwt", "binding")],
    "an expired chain": ["x5c-expired", "x5c-authority-expired"],
    "a self-signed chain": ["x5c-self-signed", "x5c-false-root"],
    "a chain over what is no authority": ["x5c-not-an-authority", "x5c-authority-basic", "x5c-authority-usage"],
    "a name-constrained chain": ["x5c-name-constraint", "x5c-name-excluded"],
    "foreign typ": [
        *("header-typ-jwt", "x5c-typ", "vc-jwt-header-typ-jwt", "di-header-type", "sd-jwt-header-typ-jwt"),
        *("sd-jwt-binding-typ", "registration-typ-statement"),
    ],
    "a status list with a bad signature": ["vc-jwt-status-forged", "attack-di-status-forged"],
    "a status list for the wrong purpose": ["vc-jwt-status-purpose", "attack-di-status-purpose"],
    "a status list that is a gzip bomb": ["vc-jwt-status-bomb", "attack-di-status-bomb"],
}
# What needs the ledger or a resolver is told elsewhere: replay and key state by tests/intake, rebinding by
# tests/connectors/test_guarded.py, authority over a lot by tests/vectors/standing and test_trust_authority.py.


def _named() -> Iterator[tuple[str, str]]:
    for attack, names in ATTACKS.items():
        yield from ((attack, name) for name in names)


@pytest.mark.parametrize(("attack", "name"), [*_named()])
def test_the_vector_is_there_and_is_refused(attack: str, name: str) -> None:
    """That it is refused by just this check is shown where all vectors are run (test_trust_vectors.py)."""
    found = [v for file, v in VECTORS.items() if file.rpartition(".")[0] == name]
    assert len(found) == 1, f"{attack}: there is no vector {name}"
    assert found[0]["check"], f"{attack}: {name} is not refused"


def test_no_vector_of_the_matrix_belongs_to_no_attack() -> None:
    listed = {name for _, name in _named()}
    assert {v.name for v in matrix.vectors()} <= listed


@pytest.mark.parametrize("form", [*matrix.ENVELOPED])
def test_without_its_fault_each_form_is_accepted(form: str) -> None:
    """So it is the one fault that is refused: unchanged, and with the payload written out."""
    for content in (matrix.made(form), matrix.made(form, payload=matrix.sound(form))):
        if form == "registration":
            assert _register(content).key
            continue
        found = examine(Received(content, Format(matrix.KINDS[form]), ME, AT), CONTEXT, parse_statement)
        assert found.failed is None, found.failed
