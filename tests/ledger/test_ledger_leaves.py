"""Leaves, what they commit to, and the version of the policy in them: canonical, and nothing else is read."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.model.documents import Format, Verdict
from graph.model.intake import Admission
from service.ledger.entry import Leaf, Scribe, _is_canonical, parse_leaf
from service.ledger.errors import ProofRefused
from service.ledger.merkle import leaf_hash
from service.ledger.policy import is_policy, policy_record, policy_version
from service.trust import checks
from service.trust.checks import Refusal
from service.trust.limits import Limits
from tests.kit.logs import paper_leaf

AT = 1_800_000_000.0


def test_a_leaf_is_canonical_and_read_back() -> None:
    leaf = parse_leaf(paper_leaf("a", failed="balances", key="k" * 43))
    assert (leaf.kind, leaf.accepted, leaf.failed, leaf.key) == ("rejection", False, "balances", "k" * 43)
    assert isinstance(leaf, Leaf)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"{}", paper_leaf("a", document=...), paper_leaf("a", kind=1), paper_leaf("a", verdict="accepted"),
        paper_leaf("a", verdict={}), paper_leaf("a", verdict={"accepted": 1}),
        paper_leaf("a").replace(b":", b": ", 1), paper_leaf("a", key=None),
        paper_leaf("a", verdict={"accepted": True, "failed": None}), paper_leaf("a", more="x" * 5000),
    ],
)  # fmt: skip
def test_what_is_no_leaf_is_refused(content: bytes) -> None:
    with pytest.raises(ProofRefused):
        parse_leaf(content)


SCRIBE = Scribe(b"a secret", "f" * 64)


@given(st.text(max_size=40), st.text(max_size=40))
def test_commitments_are_over_canonical_json(issuer: str, identity: str) -> None:
    opening = SCRIBE.statement(issuer, identity)
    commitment = sha256(bytes.fromhex(opening.salt) + rfc8785.dumps(["statement", issuer, identity])).hexdigest()
    assert opening.opens(commitment)
    assert not opening.opens(commitment[:-1] + ("0" if commitment[-1] != "0" else "1"))
    assert not Scribe(b"another").statement(issuer, identity).opens(commitment)


NAMES = ("caps", "signature", "key-state", "balances")
STATES = st.none() | st.booleans()
TEXTS = st.text(max_size=30)


@given(TEXTS, TEXTS, st.none() | st.sampled_from(NAMES), st.tuples(STATES, STATES, STATES))
def test_what_is_written_is_canonical_and_opens(
    issuer: str, identity: str, failed: str | None, states: tuple[bool | None, bool | None, bool | None]
) -> None:
    results = (checks.failed(Refusal(failed, "no")),) if failed else ()
    verdict = Verdict(not failed, results, *states)
    entered = SCRIBE.entered(Admission("d" * 64, 3, Format.JWS, "s", issuer, identity, AT, b"", verdict, "t" * 43))
    leaf = parse_leaf(entered.leaf)
    assert (leaf.accepted, leaf.failed, leaf.document, leaf.policy) == (not failed, failed or "", "d" * 64, "f" * 64)
    assert leaf.kind == ("rejection" if failed else "statement")
    assert (leaf.received, leaf.key) == ("2027-01-15T08:00:00Z", "t" * 43)
    assert entered.leaf_hash == leaf_hash(entered.leaf)
    assert SCRIBE.issuer("d" * 64, issuer).opens(leaf.issuer)
    assert SCRIBE.subject("d" * 64, []).opens(leaf.subject)
    assert SCRIBE.statement(issuer, identity).opens(leaf.statement) if identity else leaf.statement == ""


@given(st.lists(st.lists(st.text(max_size=12), min_size=2, max_size=2), max_size=4))
def test_subjects_are_committed_to_in_canonical_form(facts: list[list[str]]) -> None:
    made = SCRIBE._commit("subject", "d", ["subject", facts])
    assert SCRIBE.subject("d", facts).opens(made)
    assert not SCRIBE.subject("d", [*facts, ["lot", "x"]]).opens(made)
    assert not SCRIBE.subject("e", facts).opens(made)


def test_the_policy_version_follows_from_what_is_checked() -> None:
    assert policy_version(Limits(), "default") == policy_version(Limits(), "default")
    assert policy_version(Limits(json_depth=1), "default") != policy_version(Limits(), "default")
    assert policy_version(Limits(), "strict") != policy_version(Limits(), "default")
    bodies = [policy_version(Limits(), "default", names) for names in ((), ("urn:a",), ("urn:a", "urn:b"))]
    assert len({*bodies}) == 3
    assert policy_version(Limits(), "default", ("urn:b", "urn:a")) == bodies[2]


def test_the_version_is_computed_from_the_record() -> None:
    record = policy_record(Limits(), "default", "", ("urn:a",))
    told = json.loads(record)["policy"]
    assert sha256(rfc8785.dumps(told)).hexdigest() == policy_version(Limits(), "default", ("urn:a",))
    assert told["recognised_bodies"] == ["urn:a"]
    assert [is_policy(r) for r in (record, b"{}", b"[]", b"x")] == [True, False, False, False]
    assert record != policy_record(Limits(), "default", "a")


_TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
_MEMBERS = st.recursive(
    st.one_of(
        _TEXTS, st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1), st.floats(allow_nan=False, allow_infinity=False)
    ),
    lambda inner: st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=6,
)


@settings(max_examples=40)
@given(st.dictionaries(_TEXTS, _MEMBERS, max_size=4))
def test_whatever_a_leaf_holds_besides_it_is_held_to_the_canonical_form(members: dict[str, Any]) -> None:
    """Leaves of other programs may have members that ours have not, numbers among them."""
    canonical = bytes(rfc8785.dumps(members))
    assert _is_canonical(members, canonical)
    for other in (json.dumps(members), json.dumps(members, ensure_ascii=False, separators=(",", ":"))):
        assert _is_canonical(members, other.encode()) == (other.encode() == canonical)
