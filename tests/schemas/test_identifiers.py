"""Identifiers, with examples that their registrars published."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.identifiers import (
    IdentifierError,
    check_organization,
    check_uri,
    gs1_check_digit,
    is_gln,
    is_gtin,
    is_lei,
    is_uscc,
)

LEIS = ("5493001KJTIIGC8Y1R12", "529900T8BM49AURSDO55", "INR2EJN1ERAN0W5ZP974", "HWUPKR0MPOU8FGXBT394")
USCCS = ("91350100M000100Y43", "9144030071526726XG", "914403001922038216", "91110000600037341L")
GLNS = ("9506000134352", "0614141073467", "4012345000009")
GTINS = ("09506000134352", "96385074", "036000291452", "4006381333931", "10614141000415")


@pytest.mark.parametrize("lei", LEIS)
def test_published_leis_hold(lei):
    assert is_lei(lei)
    assert not is_lei(lei.lower())
    assert not is_lei(lei[:-1])


@pytest.mark.parametrize("uscc", USCCS)
def test_published_usccs_hold(uscc):
    assert is_uscc(uscc)


@pytest.mark.parametrize("uscc", ["91350100M000100Y44", "91350100M000100I43", "91350100m000100y43", "9135", ""])
def test_other_usccs_do_not(uscc):
    assert not is_uscc(uscc)


@pytest.mark.parametrize("gln", GLNS)
def test_published_glns_hold(gln):
    assert is_gln(gln)


@pytest.mark.parametrize("gtin", GTINS)
def test_published_gtins_hold(gtin):
    assert is_gtin(gtin)


@pytest.mark.parametrize("text", ["9506000134353", "950600013435", "٩٥٠٦٠٠٠١٣٤٣٥٢", "9506000134352 ", "+506000134352"])
def test_other_glns_do_not(text):
    assert not is_gln(text)


@given(st.sampled_from(LEIS), st.integers(0, 19), st.integers(0, 25))
def test_an_lei_shows_every_letter_for_a_letter_and_digit_for_a_digit(lei, place, number):
    """A letter for a digit moves all that stands before it, and one in 97 of those stays unseen: so is the standard."""
    character = chr(ord("A") + number) if lei[place].isalpha() else str(number % 10)
    changed = lei[:place] + character + lei[place + 1 :]
    assert is_lei(changed) == (changed == lei)


@given(st.sampled_from(USCCS), st.integers(0, 17), st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUWXY"))
def test_a_uscc_shows_every_single_error(uscc, place, character):
    changed = uscc[:place] + character + uscc[place + 1 :]
    assert is_uscc(changed) == (changed == uscc)


@given(st.text("0123456789", min_size=12, max_size=12), st.integers(0, 12), st.sampled_from("0123456789"))
def test_a_gln_shows_every_single_error(digits, place, digit):
    gln = digits + str(gs1_check_digit(digits))
    changed = gln[:place] + digit + gln[place + 1 :]
    assert is_gln(gln)
    assert is_gln(changed) == (changed == gln)


@pytest.mark.parametrize(
    "uri",
    [
        "urn:lei:5493001KJTIIGC8Y1R12",
        "urn:uscc:91350100M000100Y43",
        "https://id.gs1.org/417/9506000134352",
        "urn:greenchain:org:acme-steel-2",
    ],
)
def test_organizations_are_named_in_four_ways(uri):
    assert check_organization(uri) == uri


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("urn:lei:5493001KJTIIGC8Y1R13", "ISO 17442"),
        ("urn:uscc:91350100M000100Y44", "GB 32100"),
        ("https://id.gs1.org/417/9506000134353", "GLN"),
        ("http://id.gs1.org/417/9506000134352", "begins with one of"),
        ("https://id.gs1.org/414/9506000134352", "begins with one of"),
        ("urn:greenchain:org:Acme", "a-z, 0-9"),
        ("urn:greenchain:org:", "a-z, 0-9"),
        ("urn:greenchain:org:" + "a" * 64, "1 to 63"),
        ("urn:greenchain:org:acme\n", "blank, control"),
        ("", "1 to 200"),
    ],
)
def test_other_names_are_refused_with_the_reason(uri, reason):
    with pytest.raises(IdentifierError, match=reason):
        check_organization(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "urn:a|b",
        "urn:a b",
        "urn:a\tb",
        "urn:a\u00a0b",
        "urn:a\u200bb",
        "urn:a\u202eb",
        "urn:a\ud800b",
        "urn:a\x00b",
        "urn:e\u0301",
        "URN:a",
        "no-scheme",
        "1:a",
        "urn:",
        "urn:" + "a" * 197,
    ],
)
def test_uris_that_could_deceive_are_refused(uri):
    with pytest.raises(IdentifierError):
        check_uri(uri)


@pytest.mark.parametrize("uri", ["urn:a", "https://example.com/é", "urn:" + "a" * 196, "https://id.gs1.org/01/1?x=%20"])
def test_other_uris_pass(uri):
    assert check_uri(uri) == uri
