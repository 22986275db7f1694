"""Every vector is refused by the check that its manifest names, its valid twin by none; files are as generated."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from graph.model.documents import CheckResult, Outcome
from service.trust import nonce
from service.trust.anchors import TrustAnchors
from service.trust.checks import CHECKS, Refusal
from service.trust.envelopes.base import OpenContext
from service.trust.keys import KnownKey, parse_jwk
from service.trust.limits import Limits
from service.trust.registration import RegisteredKey, audience_of, verify_registration
from service.trust.verify import Examined, examine
from tests.trust.trust_kit import AT, parse_statement, received
from tests.vectors import generate, kit

WORLD = json.loads((generate.HERE / "manifest.json").read_text())
LIMITS = Limits(**WORLD["limits"])
VECTORS: dict[str, dict[str, Any]] = WORLD["vectors"]
STATEMENTS = [name for name, v in VECTORS.items() if "registration" not in v["format"]]
REGISTRATIONS = [name for name, v in VECTORS.items() if "registration" in v["format"]]


def _keys() -> dict[str, KnownKey]:
    known = [KnownKey(k["organization"], parse_jwk(k["jwk"])) for k in WORLD["keys"]]
    return {k.thumbprint: k for k in known}


def _decoded(name: str) -> dict[str, bytes]:
    return {key: base64.b64decode(text) for key, text in WORLD[name].items()}


CONTEXT = OpenContext(
    keys=_keys(),
    at=WORLD["at"],
    limits=LIMITS,
    audience=WORLD["audience"],
    identities=WORLD["identities"],
    did_documents=_decoded("did_documents"),
    status_lists=_decoded("status_lists"),
    anchors=TrustAnchors(
        *(tuple(map(base64.b64decode, WORLD["anchors"][n])) for n in ("roots", "intermediates", "crls"))
    ),
)


def _examined(name: str) -> Examined:
    document = received((generate.HERE / name).read_bytes(), VECTORS[name]["format"])
    return examine(document, CONTEXT, parse_statement)


def _register(content: bytes) -> RegisteredKey:
    return verify_registration(
        content,
        organization=WORLD["sender"],
        audience=WORLD["audience"],
        nonce_ok=lambda n: nonce.check_nonce(WORLD["nonce_secret"].encode(), n, WORLD["sender"], AT),
        at=WORLD["at"],
    )


def test_files_are_as_generated() -> None:
    on_disk = {p.name: p.read_bytes() for p in generate.HERE.iterdir() if p.suffix[1:] in kit.ENDINGS.values()}
    assert on_disk == generate.files(), "run python -m tests.vectors.generate"


def test_the_generator_removes_what_is_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "HERE", tmp_path)
    (tmp_path / "gone.jws").write_bytes(b"x")
    generate.write()
    assert {p.name for p in tmp_path.iterdir()} == generate.files().keys()


def test_there_are_many_and_every_check_that_bytes_can_fail_has_some() -> None:
    faults = [v["check"] for v in VECTORS.values() if v["check"]]
    assert len(faults) > 450
    # Authority takes facts, so it has its own tests.
    assert set(faults) == {c.name for c in CHECKS[:12]} - {"authority"}


@pytest.mark.parametrize("name", STATEMENTS)
def test_statement(name: str) -> None:
    found = _examined(name)
    failed = found.failed
    assert (failed.name if failed else None) == VECTORS[name]["check"], failed
    assert (found.statement is None) == (failed is not None)
    assert [c.number for c in found.checks] == list(range(1, 17))
    if failed:
        assert failed.detail
        assert all(c.outcome is Outcome.NOT_REACHED for c in found.checks[failed.number :])
    else:
        assert all(c.outcome is Outcome.NOT_REACHED for c in found.checks[11:])


@pytest.mark.parametrize("name", REGISTRATIONS)
def test_registration(name: str) -> None:
    content = (generate.HERE / name).read_bytes()
    if VECTORS[name]["check"] is None:
        assert _register(content).key.thumbprint in _keys()
        return
    with pytest.raises(Refusal) as refused:
        _register(content)
    assert refused.value.check == VECTORS[name]["check"], refused.value


@pytest.mark.parametrize(
    ("name", "audience"),
    [
        ("registration-valid-ed25519.reg", kit.AUDIENCE),
        ("registration-aud-other.reg", "https://other.example/"),
        # Nothing is verified here, and what cannot be read names nobody.
        ("registration-stranger.reg", kit.AUDIENCE),
        ("registration-padding.reg", ""),
        ("registration-list.reg", ""),
    ],
)
def test_whom_a_registration_was_made_for(name: str, audience: str) -> None:
    assert audience_of((generate.HERE / name).read_bytes(), Limits()) == audience


def _outcome(checks: tuple[CheckResult, ...], name: str) -> Outcome:
    return next(c.outcome for c in checks if c.name == name)


def test_the_three_facts_stay_apart() -> None:
    good = _examined("valid-es256.jws")
    assert (good.signature_valid, good.signer_authorised, good.thumbprint) == (True, True, kit.ES.kid)
    assert good.claims is not None
    assert (good.claims.id, good.claims.expires_at) == ("s-1", AT + 3600)
    bad = _examined("signature-bit.jws")
    assert (bad.signature_valid, bad.signer_authorised, bad.thumbprint) == (False, None, kit.ED.kid)
    valid_but_rival = _examined("claims-rival-key.jws")
    assert (valid_but_rival.signature_valid, valid_but_rival.signer_authorised) == (True, None)
    unsigned = _examined("unsigned-valid.json")
    assert (unsigned.signature_valid, unsigned.signer_authorised, unsigned.thumbprint) == (None, None, "")
    for name in ("envelope", "header", "key", "signature"):
        assert _outcome(unsigned.checks, name) is Outcome.NOT_APPLICABLE


def test_a_refused_document_says_which_fields() -> None:
    failed = _examined("claims-exp-string.jws").failed
    assert failed is not None
    assert [e.pointer for e in failed.errors] == ["/exp"]
    schema = _examined("schema-unknown-field.jws").failed
    assert schema is not None
    assert [e.pointer for e in schema.errors] == ["/sub"]
