"""Check ``authority``, second part: whose delegations in force cover what is said about another's things."""

from dataclasses import replace
from typing import Any

import pytest

from graph.model.documents import Outcome
from graph.model.intake import DelegationInForce
from graph.model.refs import Kind
from service.trust.authority import Need
from service.trust.checks import Refusal
from service.trust.delegation import HAND_IN_SECONDS, Named, authorised, covering
from tests.trust.trust_kit import AT, DAY, ME, RIVAL

THUMBPRINT = "the delegate's key"
LOT, PRODUCT, WORKS = f"{RIVAL}|L", f"{RIVAL}|steel", f"{RIVAL}|works"
OF_LOT = Need("/facts/0/lot", Kind.FOOTPRINT, RIVAL, lot=LOT)
OF_PRODUCT = Need("/facts/1/product", Kind.FOOTPRINT, RIVAL, product=PRODUCT)
OF_PRODUCT_AT_WORKS = replace(OF_PRODUCT, facility=WORKS)
ALL = DelegationInForce(
    1, RIVAL, ME, "", ("footprint",), "", "", AT - DAY, AT + DAY, "d" * 64, "the owner's key", AT - DAY
)


def find(*needs: Need, given: tuple[DelegationInForce, ...] = (ALL,), **other: Any) -> Named:
    world = {"signed_at": AT, "logged_at": AT, "product_of": {LOT: PRODUCT}.__getitem__, **other}
    return covering(needs, given, thumbprint=THUMBPRINT, **world)


def about(kind: str, key: str) -> DelegationInForce:
    return replace(ALL, about_kind=kind, about=key)


@pytest.mark.parametrize(
    ("given", "need"),
    [
        (ALL, OF_LOT),
        (ALL, OF_PRODUCT),
        (replace(ALL, key=THUMBPRINT), OF_LOT),
        (replace(ALL, kinds=("content", "footprint")), OF_LOT),
        (about("lot", LOT), OF_LOT),
        # A delegation for a product covers its lots.
        (about("product", PRODUCT), OF_LOT),
        (about("product", PRODUCT), OF_PRODUCT),
        (about("facility", WORKS), OF_PRODUCT_AT_WORKS),
    ],
)
def test_covered(given: DelegationInForce, need: Need) -> None:
    assert find(need, given=(given,)) == (given,)


@pytest.mark.parametrize(
    ("given", "need"),
    [
        (replace(ALL, issuer="https://third.example/"), OF_LOT),
        (replace(ALL, key="another key"), OF_LOT),
        (replace(ALL, kinds=("content",)), OF_LOT),
        (about("lot", f"{RIVAL}|M"), OF_LOT),
        (about("lot", LOT), OF_PRODUCT),
        (about("product", f"{RIVAL}|tin"), OF_LOT),
        (about("product", f"{RIVAL}|tin"), OF_PRODUCT),
        (about("facility", WORKS), OF_PRODUCT),
        (about("facility", WORKS), OF_LOT),
        (about("facility", f"{RIVAL}|mine"), OF_PRODUCT_AT_WORKS),
    ],
)
def test_not_covered(given: DelegationInForce, need: Need) -> None:
    with pytest.raises(Refusal) as refused:
        find(need, given=(given,))
    assert refused.value.check == "authority"
    assert [e.pointer for e in refused.value.errors] == [need.pointer]
    assert RIVAL in refused.value.detail


def test_a_lot_whose_product_nobody_says_is_not_covered_by_a_product() -> None:
    with pytest.raises(Refusal):
        find(OF_LOT, given=(about("product", PRODUCT),), product_of=lambda _: "")


@pytest.mark.parametrize("signed_at", [AT - DAY, AT, AT + DAY - 1])
def test_authority_is_judged_when_it_was_signed(signed_at: float) -> None:
    assert find(OF_LOT, signed_at=signed_at) == (ALL,)


@pytest.mark.parametrize(
    ("signed_at", "logged_at"),
    [(AT - DAY - 1, AT), (AT + DAY, AT + DAY), (AT, AT + DAY + HAND_IN_SECONDS)],
)
def test_before_it_begins_from_its_end_on_and_long_after_nothing_is_covered(signed_at: float, logged_at: float) -> None:
    with pytest.raises(Refusal):
        find(OF_LOT, signed_at=signed_at, logged_at=logged_at)


def test_what_was_signed_in_time_may_be_handed_in_for_a_week() -> None:
    assert find(OF_LOT, logged_at=AT + DAY + HAND_IN_SECONDS - 1) == (ALL,)


def test_the_earliest_that_fits_each_need_is_named_once() -> None:
    later, other = replace(ALL, fid=2), replace(ALL, fid=3, kinds=("content",))
    needs = (OF_PRODUCT, OF_LOT, replace(OF_LOT, kind=Kind.CONTENT))
    assert find(*needs, given=(other, later, ALL)) == (ALL, other)


def test_every_need_without_a_delegation_is_told() -> None:
    with pytest.raises(Refusal) as refused:
        find(OF_LOT, OF_PRODUCT, given=())
    assert [e.pointer for e in refused.value.errors] == ["/facts/0/lot", "/facts/1/product"]
    assert find(given=()) == ()


def test_the_verdict_says_on_whose_authority() -> None:
    said = authorised((ALL, replace(ALL, issuer="https://third.example/", document="e" * 64)))
    assert (said.name, said.outcome) == ("authority", Outcome.PASSED)
    assert said.detail == (
        f"on the authority of {RIVAL} (document {'d' * 64}); "
        f"on the authority of https://third.example/ (document {'e' * 64})"
    )
