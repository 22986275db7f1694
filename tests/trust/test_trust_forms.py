"""Every form of signed statement: what was signed arrives, in whose name, and nothing else does."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.model.documents import Format, Outcome, Received
from schemas.statement import load_statement
from service.trust import signing
from service.trust.anchors import TrustAnchors
from service.trust.checks import Refusal
from service.trust.envelopes.base import OpenContext
from service.trust.envelopes.sd_jwt import reveals
from service.trust.forms import guess
from service.trust.keys import KeyRefused, KnownKey
from service.trust.limits import Limits
from service.trust.multikey import did_key
from service.trust.signing_forms import FORMS, Issuing, sign_as
from service.trust.verify import Examined, examine
from service.trust.wanted import NOTHING, Wanted, wanted
from tests.trust.test_trust_vectors import CONTEXT
from tests.trust.trust_kit import ME
from tests.vectors import chains, credentials, generate, kit, selective, world

AT = kit.AT
KINDS = {
    "jws": Format.JWS,
    "vc-jwt": Format.VC_JWT,
    "data-integrity": Format.DATA_INTEGRITY,
    "sd-jwt": Format.SD_JWT,
    "x5c": Format.JWS,
}
KEYS = {name: signing.new_key("ES256" if name == "x5c" else "EdDSA") for name in FORMS}
PUBLIC = {name: signing.public_key(key) for name, key in KEYS.items()}
LOT = {"lot": {"issuer": "urn:greenchain:org:mine", "id": "ore-1"}, "quantity": {"value": "40", "unit": "t"}}
SCRAP = {"material": "scrap", "country": "DE", "quantity": {"value": "66", "unit": "t"}, "role": "material"}
PROCESS = {
    "kind": "process",
    "id": "melt",
    "produced_from": "2026-01-01",
    "produced_to": "2026-12-31",
    "inputs_complete": True,
    "inputs": [LOT, SCRAP],
    "outputs": [{"id": "good", "product": "bracket", "quantity": {"value": "90", "unit": "t"}}],
    "attachments": [{"sha256": "ab" * 32, "name": "meter", "media_type": "application/pdf"}],
}
STATEMENT = {"iss": ME, "jti": "s-1", "iat": AT - 60, "exp": AT + 3600, "facts": [PROCESS]}
WORLD = OpenContext(
    keys={key.thumbprint: KnownKey(ME, key) for name, key in PUBLIC.items() if name != "x5c"},
    at=AT,
    audience=kit.AUDIENCE,
    anchors=TrustAnchors(roots=(chains.root().public_bytes(chains.Encoding.DER),)),
)


def issuing(name: str, **changes: Any) -> Issuing:
    chain = b""
    if name == "x5c":
        leaf = chains.leaf(key=PUBLIC["x5c"].raw, by=chains.ROOT)
        chain = leaf.public_bytes(chains.Encoding.PEM)
    salts = iter(f"salt {n}" for n in range(100))
    return replace(Issuing(at=AT, audience=kit.AUDIENCE, chain=chain, salt=lambda: next(salts)), **changes)


def signed(name: str, **changes: Any) -> bytes:
    return sign_as(name, STATEMENT, KEYS[name], issuing(name, **changes)).document


def look(content: bytes, kind: Format, context: OpenContext = WORLD) -> Examined:
    return examine(Received(content, kind, "urn:anybody", AT), context, load_statement)


@pytest.mark.parametrize("name", FORMS)
def test_what_is_signed_arrives_in_the_name_of_the_signer(name: str) -> None:
    found = look(signed(name), KINDS[name])
    assert found.failed is None
    assert found.statement == load_statement(STATEMENT)
    assert (found.issuer, found.signature_valid, found.signer_authorised) == (ME, True, True)
    assert found.thumbprint == PUBLIC[name].thumbprint
    assert found.vouched == ("its certificate" if name == "x5c" else "")
    outcomes = {c.name: c.outcome for c in found.checks}
    applies = outcomes["disclosure"] is Outcome.PASSED
    assert applies is (name == "sd-jwt")
    assert outcomes["credential-status"] is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_told_apart_by_its_bytes_and_taken_as_no_other(name: str) -> None:
    content = signed(name)
    assert guess(content) is KINDS[name]
    for other in set(KINDS.values()) - {KINDS[name]}:
        failed = look(content, other).failed
        assert failed is not None
        assert failed.name in ("envelope", "header", "json")


def test_plain_json_is_guessed_as_json() -> None:
    assert guess(json.dumps(STATEMENT).encode()) is Format.JSON
    assert guess(b"") is guess(b"[]") is guess(b"....") is guess(kit.b64(b"[]") + b".A.A") is Format.JWS


@pytest.mark.parametrize("name", ["vc-jwt", "data-integrity"])
def test_faults_of_facts_are_named_where_they_stand_in_a_credential(name: str) -> None:
    faulty = {**STATEMENT, "facts": [{**PROCESS, "colour": "green"}]}
    failed = look(sign_as(name, faulty, KEYS[name], issuing(name)).document, KINDS[name]).failed
    assert failed is not None
    assert (failed.name, [e.pointer for e in failed.errors]) == ("schema", ["/credentialSubject/facts/0/colour"])


def test_hidden_inputs_make_a_process_incomplete_and_can_be_shown_later() -> None:
    made = sign_as("sd-jwt", STATEMENT, KEYS["sd-jwt"], issuing("sd-jwt", hide=("/facts/0/inputs/0",)))
    found = look(made.document, Format.SD_JWT)
    assert found.failed is None
    assert found.statement is not None
    [stated] = found.statement.facts
    assert stated.fact == replace(
        load_statement({**STATEMENT, "facts": [{**PROCESS, "inputs": [SCRAP]}]}).facts[0].fact,
        complete=False,
        undisclosed=1,
    )
    detail = next(c.detail for c in found.checks if c.name == "disclosure")
    assert detail.startswith("hidden: /facts/0/inputs/0;")
    [kept] = made.kept
    shown = reveals(made.document, kept, Limits())
    assert (shown.pointer, shown.name, shown.value) == ("/facts/0/inputs/0", None, LOT)
    other = sign_as("sd-jwt", STATEMENT, KEYS["sd-jwt"], issuing("sd-jwt"))
    with pytest.raises(Refusal, match="belongs to nothing"):
        reveals(other.document, selective.DECOY, Limits())
    with pytest.raises(Refusal, match="not a JSON object"):
        reveals(selective.sd_jwt(b"[]"), kept, Limits())


def test_a_hidden_attachment_leaves_a_process_complete() -> None:
    content = sign_as("sd-jwt", STATEMENT, KEYS["sd-jwt"], issuing("sd-jwt", hide=("/facts/0/attachments/0",))).document
    found = look(content, Format.SD_JWT)
    assert found.statement is not None
    assert found.statement.facts[0].fact == replace(load_statement(STATEMENT).facts[0].fact, attachments=())


@settings(deadline=None)
@given(st.sets(st.sampled_from(["/facts/0/inputs/0", "/facts/0/inputs/1", "/facts/0/attachments/0"])))
def test_what_is_hidden_never_looks_like_nothing(hide: set[str]) -> None:
    content = sign_as("sd-jwt", STATEMENT, KEYS["sd-jwt"], issuing("sd-jwt", hide=tuple(hide))).document
    found = look(content, Format.SD_JWT)
    assert found.statement is not None
    fact: Any = found.statement.facts[0].fact
    hidden = sum("inputs" in place for place in hide)
    assert (fact.complete, fact.undisclosed) == (hidden == 0, hidden)
    assert len(fact.inputs) + len(fact.attachments) == 3 - len(hide)


def test_many_hidden_places_are_counted() -> None:
    inputs = [{**SCRAP, "material": f"scrap-{n}"} for n in range(9)]
    statement = {**STATEMENT, "facts": [{**PROCESS, "inputs": inputs}]}
    hide = tuple(f"/facts/0/inputs/{n}" for n in range(9))
    content = sign_as("sd-jwt", statement, KEYS["sd-jwt"], issuing("sd-jwt", hide=hide)).document
    detail = next(c.detail for c in look(content, Format.SD_JWT).checks if c.name == "disclosure")
    assert "and 4 more" in detail


def test_nothing_is_signed_that_cannot_be() -> None:
    with pytest.raises(signing.SigningError, match="no input or attachment at /facts/0/outputs/0"):
        signed("sd-jwt", hide=("/facts/0/outputs/0",))
    with pytest.raises(signing.SigningError, match="salts"):
        signed("sd-jwt", salt=None)
    with pytest.raises(signing.SigningError, match="no certificates"):
        signed("x5c", chain=b"x")
    with pytest.raises(signing.SigningError, match="Ed25519"):
        sign_as("data-integrity", STATEMENT, KEYS["x5c"])


# What is wanted from outside


def test_only_dids_and_status_lists_are_wanted() -> None:
    stated = world.entry(url=world.LIST)
    by_web = world.vc_jwt(
        world.credential(issuer=world.WEB, credentialStatus=[stated, stated]), world.WEB_KEY, f"{world.WEB}#key-1"
    )
    assert wanted(by_web, Format.VC_JWT, Limits()) == Wanted((world.WEB,), (world.LIST,))
    assert wanted(signed("vc-jwt"), Format.VC_JWT, Limits()) == NOTHING
    inside = credentials.data_integrity(world.credential(credentialStatus=stated))
    assert wanted(inside, Format.DATA_INTEGRITY, Limits()) == Wanted((), (world.LIST,))
    assert not wanted(inside, Format.JSON, Limits())
    assert not wanted(inside, Format.DATA_INTEGRITY, Limits(document_bytes=10))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"a.b",
        b"e30.e30.A",
        b"bm8.bm8.A",
        world.vc_jwt(b"[]"),
        world.vc_jwt(kid="https://rival.example/#1"),
        world.vc_jwt(world.credential(credentialStatus="https://rival.example/")),
        world.vc_jwt(jku="https://rival.example/", x5u="https://rival.example/"),
    ],
)
def test_nothing_else_is(content: bytes) -> None:
    assert wanted(content, Format.VC_JWT, Limits()) == NOTHING
    assert wanted(content, Format.DATA_INTEGRITY, Limits()) == NOTHING


def test_a_proof_that_is_none_wants_nothing() -> None:
    assert wanted(b'{"proof":[]}', Format.DATA_INTEGRITY, Limits()) == NOTHING
    assert wanted(b'{"proof":{}}', Format.DATA_INTEGRITY, Limits()) == NOTHING


def test_a_did_key_is_as_the_method_writes_it() -> None:
    """did:key method, examples of Ed25519: the first is the vectors' own key, written by other code."""
    assert did_key(signing.public_key({**kit.ED.jwk})) == world.did_key(kit.ED)
    assert did_key(signing.public_key({**kit.ES384.jwk})) == world.did_key(kit.ES384)
    with pytest.raises(KeyRefused, match="RSA"):
        did_key(signing.public_key({**kit.PS.jwk}))


# Any byte

ACCEPTED = {
    name: (generate.HERE / name).read_bytes()
    for name in (
        *("valid-es384.jws", "valid-ps256.jws", "vc-jwt-valid.vcjwt", "vc-jwt-status-valid.vcjwt"),
        *("di-valid.vc", "di-valid-status.vc", "x5c-valid.jws", "sd-jwt-valid.sdjwt", "sd-jwt-valid-hidden.sdjwt"),
    )
}


def _meaning(name: str, content: bytes) -> Any:
    kind = next(f for f, ending in kit.ENDINGS.items() if name.endswith("." + ending))
    return examine(Received(content, Format(kind), "urn:anybody", AT), CONTEXT, _Meaning.of)


class _Meaning:
    """What a statement says, as its parsed JSON, in the shape that ``authority`` looks at."""

    def __init__(self, value: dict[str, Any]) -> None:
        self.value, self.issuer, self.facts = value, value["iss"], ()

    @classmethod
    def of(cls, value: Any) -> Any:
        return cls(value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Meaning) and self.value == other.value

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize("name", ACCEPTED)
def test_any_byte_changed_is_refused_or_means_the_same(name: str) -> None:
    good = ACCEPTED[name]
    meant = _meaning(name, good).statement
    assert meant is not None
    step = max(1, len(good) // 700)
    same = 0
    for place in range(0, len(good), step):
        for mask in (0x01, 0x20):
            found = _meaning(name, good[:place] + bytes([good[place] ^ mask]) + good[place + 1 :])
            same += found.failed is None
            assert found.failed is not None or found.statement == meant, place
    # Only the form that is signed over its canonical form has other spellings.
    assert not same or name.startswith("di-")


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(sorted(ACCEPTED)), st.data())
def test_cut_or_longer_is_refused_or_means_the_same(name: str, data: st.DataObject) -> None:
    good = ACCEPTED[name]
    meant = _meaning(name, good).statement
    cut = data.draw(st.integers(0, len(good) - 1))
    assert _meaning(name, good[:cut]).failed is not None
    longer = _meaning(name, good + data.draw(st.binary(min_size=1, max_size=6)))
    assert longer.failed is not None or longer.statement == meant
