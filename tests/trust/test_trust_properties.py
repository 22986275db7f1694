"""What holds for any bytes: nothing raises, no change of an accepted document is accepted, and it stays quick."""

import contextlib
import json
import time
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas import strict_json
from service.trust import nonce, signing
from service.trust.checks import Refusal
from service.trust.envelope import decode_base64url, encode_base64url
from service.trust.keys import KeyRefused, parse_jwk
from service.trust.registration import verify_registration
from tests.trust.trust_kit import AT, ME, run
from tests.vectors import kit, registrations

# Time is measured as time of the processor, so that a busy machine does not fail a test.
RELAXED = settings(deadline=None)
ACCEPTED = [kit.jws(), kit.jws(signer=kit.ES)]


@pytest.mark.parametrize("good", ACCEPTED)
def test_every_change_of_one_byte_is_refused(good: bytes) -> None:
    assert run(good).failed is None
    for place in range(len(good)):
        for mask in (0x01, 0x20, 0x80):
            assert run(good[:place] + bytes([good[place] ^ mask]) + good[place + 1 :]).failed, place


@RELAXED
@given(st.sampled_from(ACCEPTED), st.data())
def test_a_changed_byte_is_refused(good: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(good) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda b: b != good[place]))
    assert run(good[:place] + bytes([other]) + good[place + 1 :]).failed


@RELAXED
@given(st.sampled_from(ACCEPTED), st.data())
def test_a_cut_or_longer_document_is_refused(good: bytes, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(good) - 1))
    assert run(good[:cut]).failed
    assert run(good + data.draw(st.binary(min_size=1, max_size=8))).failed


_JSONISH = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
_PARTS = st.lists(st.binary(max_size=60) | _JSONISH.map(kit.compact), max_size=5)


@RELAXED
@given(st.binary(max_size=2000) | _PARTS.map(lambda parts: b".".join(kit.b64(p) for p in parts)))
def test_any_bytes_get_a_verdict(content: bytes) -> None:
    for how in ("application/jose", "application/json"):
        start = time.process_time()
        found = run(content, how)
        assert time.process_time() - start < 0.1
        assert found.failed is not None
        assert found.statement is None


@RELAXED
@given(_JSONISH, st.dictionaries(st.sampled_from(["alg", "kid", "typ", "cty", "crit", "x"]), _JSONISH))
def test_any_signed_content_gets_a_verdict(payload: Any, changes: dict[str, Any]) -> None:
    assert run(kit.jws(payload=kit.compact(payload))).failed
    run(kit.jws(kit.header(**changes)))


@RELAXED
@given(st.binary(max_size=300) | _JSONISH.map(lambda v: registrations.registration(jwk=v)))
@example(registrations.registration(nonce="\ud800é"))
def test_any_registration_gets_an_answer(content: bytes) -> None:
    with pytest.raises(Refusal):
        verify_registration(content, organization=ME, audience=kit.AUDIENCE, nonce_ok=lambda _: False, at=AT)


@RELAXED
@given(_JSONISH | st.dictionaries(st.sampled_from(["kty", "crv", "x", "y", "alg", "use"]), _JSONISH))
def test_no_jwk_raises_anything_else(value: Any) -> None:
    with pytest.raises(KeyRefused):
        parse_jwk(value)


_HOSTILE = {
    "open brackets": b"[" * 11_000_000,
    "open objects": b'{"a":' * 2_000_000,
    "quotes": b'"' * 11_000_001,
    "escaped quotes": b'["' + b'\\"' * 5_000_000 + b"[" * 100,
    "backslashes": b'["' + b"\\" * 11_000_000 + b"[" * 100,
    "digits": b"9" * 11_000_000,
    "decimals": b"0." + b"9" * 11_000_000,
    "dots": b"." * 11_000_000,
    "zeros": b"\0" * 11_000_000,
    "spaces": b" " * 11_000_000,
    "high bytes": b"\xff" * 11_000_000,
}


@pytest.mark.parametrize("name", _HOSTILE)
def test_eleven_hostile_megabytes_are_refused_in_time(name: str) -> None:
    for how in ("application/jose", "application/json"):
        start = time.process_time()
        assert run(_HOSTILE[name], how).failed
        # 100 ms for ordinary sizes (above); here a linear scan of 11 MB, on a slow machine.
        assert time.process_time() - start < 3.0, how


@RELAXED
@given(st.binary(max_size=100))
def test_base64url_has_one_spelling(data: bytes) -> None:
    assert decode_base64url(encode_base64url(data)) == data


@RELAXED
@given(st.binary(max_size=100))
def test_what_decodes_encodes_back(text: bytes) -> None:
    decoded = decode_base64url(text)
    assert decoded is None or encode_base64url(decoded) == text


@RELAXED
@given(st.text(max_size=30), st.binary(min_size=16, max_size=16), st.integers(0, 2**40))
def test_a_nonce_fits_its_organization_and_time_only(organization: str, random: bytes, at: int) -> None:
    made = nonce.make_nonce(b"k" * 32, organization, at + 0.5, random)
    assert nonce.check_nonce(b"k" * 32, made, organization, at + 0.5)
    assert nonce.check_nonce(b"k" * 32, made, organization, at + 599)
    assert not nonce.check_nonce(b"k" * 32, made, organization, at + 600)
    assert not nonce.check_nonce(b"k" * 32, made, organization, at - 1)
    assert not nonce.check_nonce(b"k" * 32, made, organization + "x", at + 1)
    assert not nonce.check_nonce(b"j" * 32, made, organization, at + 1)
    assert not nonce.check_nonce(b"k" * 32, made + "A", organization, at + 1)


@RELAXED
@given(_JSONISH)
def test_strict_json_agrees_with_json_or_refuses(value: Any) -> None:
    text = kit.compact(value)
    try:
        parsed = strict_json.parse(text)
    except strict_json.StrictJsonError:
        return
    assert json.loads(text) == json.loads(json.dumps(parsed, default=float))


_TRICKY = st.text(alphabet='[]{},"\\a', max_size=8)
_TREES = st.recursive(
    _TRICKY, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TRICKY, inner, max_size=4), max_leaves=12
)


def _size(value: Any) -> tuple[int, int]:
    """Items as brackets and commas outside strings count them, and depth."""
    if isinstance(value, str):
        return 0, 0
    inside = [_size(one) for one in (value.values() if isinstance(value, dict) else value)]
    return max(1, len(inside)) + sum(n for n, _ in inside), 1 + max((depth for _, depth in inside), default=0)


@RELAXED
@given(_TREES)
def test_items_and_depth_are_counted_outside_strings(value: Any) -> None:
    text, (items, depth) = kit.compact(value), _size(value)
    assert strict_json.parse(text, max_items=items + 1, max_depth=depth) == value
    for caps in ({"max_items": items}, {"max_depth": depth - 1}) if depth else ():
        with pytest.raises(strict_json.StrictJsonError):
            strict_json.parse(text, **caps)


@RELAXED
@given(st.binary(max_size=200))
def test_strict_json_raises_nothing_else(data: bytes) -> None:
    with contextlib.suppress(strict_json.StrictJsonError):
        strict_json.parse(data)


@RELAXED
@given(st.dictionaries(st.text(max_size=5), _JSONISH, max_size=5))
def test_what_was_signed_arrives(payload: dict[str, Any]) -> None:
    key = signing.new_key()
    try:
        signed = signing.sign_statement(payload, key)
    except signing.SigningError:
        return
    head, body, signature = signed.split(b".")
    message = head + b"." + body
    assert signing.public_key(key).verifies(message, decode_base64url(signature) or b"")
