"""Every form of signed statement at the one door: stored with its verdict, counted, and nothing more."""

from __future__ import annotations

import pytest

from graph.model.documents import Format, StoredDocument, ValidationDatum, ValidationKind
from graph.store.database import Database
from graph.store.documents import find_document
from graph.store.ledger import leaves_at
from graph.store.validation import validation_of
from service.intake.submit import Intake, NotNow, Surroundings
from service.intake.writer import GroupWriter
from service.ledger.entry import parse_leaf
from service.trust.forms import guess
from service.trust.limits import Limits
from service.trust.signing import new_key
from service.trust.signing_forms import FORMS, sign_as
from service.trust.wanted import Wanted
from tests.kit.abroad import Web, anchors, by_web, issuing, web_document
from tests.kit.doors import AUDIENCE, Hall, Party, refusal
from tests.kit.statements import product, statement, unique

pytestmark = pytest.mark.engine


@pytest.fixture
def web() -> Web:
    return Web()


@pytest.fixture
def intake(hall: Hall, web: Web) -> Intake:
    """The hall's intake, with a certificate authority to trust and a way to the outside."""
    around = Surroundings(AUDIENCE, anchors(), resolve=web.resolve)
    scribe = hall.intake._writer._scribe
    return Intake(hall.database, GroupWriter(hall.database, scribe), Limits(), surroundings=around)


def _as(form: str, party: Party) -> bytes:
    """A statement of its own in some form."""
    said = statement(party.uri, product(unique("p")))
    return sign_as(form, said, party.key, issuing(party.uri, party.key)).document


def _submit(intake: Intake, party: Party, content: bytes) -> StoredDocument:
    return intake.submit([(content, guess(content))], party.uri)[0]


@pytest.mark.parametrize("form", FORMS)
def test_a_statement_in_any_form_is_accepted_once(hall: Hall, intake: Intake, form: str) -> None:
    party = hall.party(alg="ES256" if form == "x5c" else "EdDSA")
    content = sign_as(
        form, statement(party.uri, product(unique("p"))), party.key, issuing(party.uri, party.key)
    ).document
    first = _submit(intake, party, content)
    assert first.verdict.accepted, first.verdict.failed
    assert (first.issuer, first.format, first.key_thumbprint) == (party.uri, guess(content), party.thumbprint)
    assert (first.verdict.signature_valid, first.verdict.signer_authorised, first.verdict.key_in_force) == (True,) * 3
    assert _submit(intake, party, content) == first
    kept = hall.database.read(find_document, first.id)
    assert kept is not None
    assert (kept.content, kept.format) == (content, first.format)


@pytest.mark.parametrize("form", [f for f in FORMS if f != "x5c"])
def test_a_revoked_key_is_refused_in_every_form(hall: Hall, intake: Intake, form: str) -> None:
    party = hall.party()
    revocation = {"kind": "key-revocation", "id": unique("r"), "thumbprint": party.thumbprint, "reason": "superseded"}
    party.accepted(revocation)
    content = sign_as(
        form, statement(party.uri, product(unique("p"))), party.key, issuing(party.uri, party.key)
    ).document
    found = _submit(intake, party, content)
    refusal(found, "key-state")
    assert (found.verdict.signature_valid, found.verdict.key_in_force) == (True, False)


def test_a_certificate_speaks_with_a_key_that_is_not_registered(hall: Hall, intake: Intake) -> None:
    party = hall.party()
    holder = Party(party.uri, intake, new_key("ES256"))
    content = sign_as("x5c", statement(party.uri, product("p")), holder.key, issuing(holder.uri, holder.key)).document
    found = _submit(intake, party, content)
    assert found.verdict.accepted, found.verdict.failed
    assert (found.issuer, found.key_thumbprint, found.verdict.key_in_force) == (party.uri, holder.thumbprint, True)
    kept = hall.database.read(find_document, found.id)
    assert kept is not None
    assert kept.key_thumbprint == holder.thumbprint


def test_the_same_statement_in_another_form_is_a_replay(hall: Hall, intake: Intake) -> None:
    party = hall.party()
    said = statement(party.uri, product(unique("p")))
    assert _submit(intake, party, sign_as("jws", said, party.key).document).verdict.accepted
    refusal(
        _submit(intake, party, sign_as("vc-jwt", said, party.key, issuing(party.uri, party.key)).document), "replay"
    )


def test_did_web_is_asked_for_and_believed(hall: Hall, intake: Intake, web: Web) -> None:
    party, did = hall.party(), "did:web:mill.example"
    web.documents[did] = web_document(did, party.key)
    found = _submit(intake, party, by_web(party.uri, party.key, did))
    assert found.verdict.accepted, found.verdict.failed
    assert web.asked == [Wanted((did,), ())]


def test_what_it_was_examined_with_is_kept_with_a_document(hall: Hall, intake: Intake, web: Web) -> None:
    """By its bytes, once, whatever becomes of the document; and the entry commits to it without naming it."""
    party, did = hall.party(), f"did:web:{unique('kept')}.example"
    web.documents[did] = web_document(did, party.key)
    found = [_submit(intake, party, by_web(party.uri, party.key, did)) for _ in range(2)]
    web.documents[did] = b"{}"
    refused = _submit(intake, party, by_web(party.uri, party.key, did))
    refusal(refused, "key")
    kept = hall.database.read(validation_of, [d.index for d in (*found, refused)])
    first = ValidationDatum(ValidationKind.DID_DOCUMENT, did, web_document(did, party.key))
    assert kept[found[0].index] == kept[found[1].index] == (first,)
    assert kept[refused.index] == (ValidationDatum(ValidationKind.DID_DOCUMENT, did, b"{}"),)
    leaf = hall.database.read(leaves_at, [found[0].index])[found[0].index]
    assert did.encode() not in leaf
    opening = hall.intake._writer._scribe.validation(found[0].id, (first,))
    assert opening.opens(parse_leaf(leaf).validation)
    assert not opening.opens(parse_leaf(hall.database.read(leaves_at, [refused.index])[refused.index]).validation)


def test_of_the_anchors_those_are_kept_that_a_chain_goes_through(hall: Hall, intake: Intake) -> None:
    party = hall.party()
    holder = Party(party.uri, intake, new_key("ES256"))
    content = sign_as("x5c", statement(party.uri, product("p")), holder.key, issuing(holder.uri, holder.key)).document
    found = _submit(intake, party, content)
    trusted = intake._around.anchors
    expected = ((ValidationKind.ROOT, trusted.roots[0]), (ValidationKind.CRL, trusted.crls[0]))
    kept = hall.database.read(validation_of, [found.index])[found.index]
    assert set(kept) == {ValidationDatum(kind, "", der) for kind, der in expected}
    plain = party.accepted(product(unique("p")))
    assert hall.database.read(validation_of, [plain.index]) == {}


def test_what_cannot_be_had_now_is_no_verdict(hall: Hall, intake: Intake, web: Web) -> None:
    party, did = hall.party(), "did:web:mill.example"
    content, plain = by_web(party.uri, party.key, did), party.signed(product(unique("p")))
    web.away = True
    with pytest.raises(NotNow):
        _submit(intake, party, content)
    refused, stored = intake.submit_each([(content, Format.VC_JWT), (plain, Format.JWS)], party.uri)
    assert isinstance(refused, NotNow)
    assert isinstance(stored, StoredDocument)
    assert stored.verdict.accepted
    web.away = False
    web.documents[did] = web_document(did, party.key)
    assert _submit(intake, party, content).verdict.accepted


def test_what_is_not_there_refuses(hall: Hall, intake: Intake) -> None:
    party = hall.party()
    refusal(_submit(intake, party, by_web(party.uri, party.key, "did:web:absent.example")), "key")


def test_without_a_way_out_everything_is_missing(hall: Hall) -> None:
    party = hall.party()
    refusal(_submit(hall.intake, party, by_web(party.uri, party.key, "did:web:mill.example")), "key")


def test_a_hidden_input_is_stored_as_such(hall: Hall, intake: Intake, session_database: Database) -> None:
    party = hall.party()
    process = {
        "kind": "process",
        "id": "melt",
        "produced_from": "2025-01-01",
        "produced_to": "2026-01-01",
        "inputs": [{"material": "scrap", "country": "DE", "quantity": {"value": "2", "unit": "t"}}],
        "outputs": [{"id": "o", "product": "p", "quantity": {"value": "1", "unit": "t"}}],
    }
    hiding = issuing(party.uri, party.key, hide=("/facts/0/inputs/0",))
    found = _submit(intake, party, sign_as("sd-jwt", statement(party.uri, process), party.key, hiding).document)
    assert found.verdict.accepted, found.verdict.failed
    rows = session_database.read(
        lambda tx: list(
            tx.run("MATCH (p:ProcessFact {key: $key}) RETURN p.complete AS complete", key=f"{party.uri}|melt")
        )
    )
    assert [r["complete"] for r in rows] == [-1]
