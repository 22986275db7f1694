"""Keys: thumbprints, the attack that small orders allow, signing, and the list of checks."""

import json
from decimal import Decimal

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from graph.model.documents import Outcome
from service.trust import checks, nonce, signing
from service.trust.keys import KeyRefused, KnownKey, load_jwk, parse_jwk
from service.trust.registration import verify_registration
from tests.trust.trust_kit import AT, KEYS, ME, run
from tests.vectors import kit, registrations

P = registrations.P


def test_thumbprint_of_rfc8037_a3() -> None:
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    assert parse_jwk(jwk).thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_canonical_members_only() -> None:
    key = parse_jwk({**kit.ED.jwk, "use": "sig", "kid": "x"})
    assert dict(key.jwk) == kit.ED.jwk
    assert key == parse_jwk(kit.ED.jwk)
    with pytest.raises(TypeError):
        key.jwk["x"] = "y"  # type: ignore[index]


def test_load_jwk_parses_once() -> None:
    text = json.dumps(kit.ES.jwk)
    assert load_jwk(text) is load_jwk(text)
    with pytest.raises(KeyRefused):
        load_jwk("{")


def _on_curve_order(y: int, sign: int) -> int:
    """The order of a point by repeated addition, from the textbook (RFC 8032 5.1.4)."""
    d = -121665 * pow(121666, -1, P) % P
    y %= P
    xx = (y * y - 1) * pow(d * y * y + 1, -1, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if x * x % P != xx:
        x = x * pow(2, (P - 1) // 4, P) % P
    assert x * x % P == xx
    if x % 2 != sign:
        x = -x % P
    point, order = (x, y), 1
    while point != (0, 1) and order < 9:
        (a, b), order = point, order + 1
        t = d * a * x * b * y % P
        point = ((a * y + x * b) * pow(1 + t, -1, P) % P, (b * y + a * x) * pow(1 - t, -1, P) % P)
    return order


def test_the_fourteen_encodings_are_those_of_small_order() -> None:
    orders = [_on_curve_order(y, sign) for y, sign in registrations.SMALL_ORDER]
    assert len({str(registrations.small_order_jwk(y, s)) for y, s in registrations.SMALL_ORDER}) == 14
    assert sorted(orders) == [1] * 4 + [2] * 2 + [4] * 4 + [8] * 4


def test_why_they_are_refused() -> None:
    """The library below loads such a key and takes one signature for all messages."""
    neutral = Ed25519PublicKey.from_public_bytes((1).to_bytes(32, "little"))
    forged = (1).to_bytes(32, "little") + bytes(32)
    for message in (b"1 kg", b"1000 kg"):
        neutral.verify(forged, message)
    with pytest.raises(InvalidSignature):
        kit.ED.key.public_key().verify(forged, b"1 kg")


@pytest.mark.parametrize("y", [P + 2, P + 18])
def test_a_y_beyond_the_field_is_refused(y: int) -> None:
    with pytest.raises(KeyRefused, match="canonical"):
        parse_jwk(registrations.small_order_jwk(y, 0))


@pytest.mark.parametrize("alg", ["EdDSA", "Ed25519", "ES256", "ES384", "PS256"])
def test_signed_statements_are_accepted(alg: str) -> None:
    private = signing.new_key(alg)
    key = signing.public_key(private)
    assert signing.public_jwk(private) == dict(key.jwk)
    assert private["kid"] == key.thumbprint
    signed = signing.sign_statement({**kit.CLAIMS, "jti": "ü"}, private)
    found = run(signed, keys={key.thumbprint: KnownKey(ME, key)})
    assert found.failed is None
    assert found.thumbprint == key.thumbprint
    unknown = run(signed).failed
    assert unknown is not None
    assert unknown.name == "key"


@pytest.mark.parametrize("alg", ["EdDSA", "ES256"])
def test_signed_registrations_are_accepted(alg: str) -> None:
    private = signing.new_key(alg)
    given = nonce.make_nonce(b"s" * 32, ME, AT, bytes(16))
    proof = signing.sign_registration(private, organization=ME, audience=kit.AUDIENCE, nonce=given, issued_at=AT)
    key = verify_registration(
        proof,
        organization=ME,
        audience=kit.AUDIENCE,
        nonce_ok=lambda n: nonce.check_nonce(b"s" * 32, n, ME, AT + 5),
        at=AT + 5,
    ).key
    assert key == signing.public_key(private)
    # A proof is no statement, and a statement no proof (RFC 8725 3.11).
    failed = run(proof, keys={key.thumbprint: KnownKey(ME, key)}).failed
    assert failed is not None
    assert failed.name == "header"


def test_decimals_are_signed_without_loss() -> None:
    assert signing.canonical({"b": [Decimal("0.10"), (1,)], "a": Decimal("1e3")}) == b'{"a":1000,"b":[0.1,[1]]}'


@pytest.mark.parametrize("value", [Decimal("0.12345678901234567890"), 2**60, float("nan"), {1}, Decimal("NaN")])
def test_what_json_does_not_keep_is_not_signed(value: object) -> None:
    with pytest.raises(signing.SigningError):
        signing.canonical({"a": value})


def test_a_bottomless_payload_is_not_signed() -> None:
    endless: dict[str, object] = {}
    endless["a"] = endless
    with pytest.raises(signing.SigningError):
        signing.canonical(endless)


def test_keys_that_cannot_sign() -> None:
    with pytest.raises(signing.SigningError, match="no such algorithm"):
        signing.new_key("RS256")
    with pytest.raises(signing.SigningError, match="no private part"):
        signing.sign_statement(kit.CLAIMS, kit.ED.jwk)
    mixed = {**signing.new_key("ES256"), **kit.ES.jwk, "kid": "x"}
    with pytest.raises(signing.SigningError, match="does not fit"):
        signing.sign_statement(kit.CLAIMS, mixed)
    with pytest.raises(KeyRefused):
        signing.sign_statement(kit.CLAIMS, {"kty": "oct", "k": "AAAA"})


def test_nonces_need_sixteen_random_bytes() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        nonce.make_nonce(b"s", ME, AT, b"short")


def test_the_checks_are_numbered_and_say_what_to_do() -> None:
    assert [c.number for c in checks.CHECKS] == list(range(1, 17))
    assert [c.name for c in checks.CHECKS] == [
        *("caps", "envelope", "header", "key", "signature", "json", "disclosure"),
        *(
            "claims",
            "schema",
            "authority",
            "credential-status",
            "key-state",
            "plausibility",
            "replay",
            "balances",
            "store",
        ),
    ]
    assert all(c.clause and c.meaning.endswith(".") and c.remedy.endswith((".", ").")) for c in checks.CHECKS)


def test_results_are_completed() -> None:
    row = checks.complete([checks.passed("caps"), checks.not_applicable("key", "unsigned")])
    assert [c.outcome for c in row[:4]] == [
        Outcome.PASSED,
        Outcome.NOT_REACHED,
        Outcome.NOT_REACHED,
        Outcome.NOT_APPLICABLE,
    ]
    later = checks.complete([checks.failed(checks.Refusal("replay", "used before"))], row)
    assert later[0].outcome is Outcome.PASSED
    assert (later[13].outcome, later[13].detail) == (Outcome.FAILED, "used before")
    assert len(later) == 16


def test_known_keys_are_named_by_thumbprint() -> None:
    assert all(known.thumbprint == name for name, known in KEYS.items())
