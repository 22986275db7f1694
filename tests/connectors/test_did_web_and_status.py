"""did:web documents and status lists, fetched from a real server."""

from __future__ import annotations

import json

import pytest

from connectors.did_web import document_url, resolve_did_web
from connectors.errors import Refused, Unresolvable
from connectors.status_lists import fetch_status_list
from tests.connectors.conftest import HOST


@pytest.mark.parametrize(
    ("did", "url"),
    [
        ("did:web:w3c-ccg.github.io", "https://w3c-ccg.github.io/.well-known/did.json"),
        ("did:web:w3c-ccg.github.io:user:alice", "https://w3c-ccg.github.io/user/alice/did.json"),
        ("did:web:example.com%3A3000:user:alice", "https://example.com:3000/user/alice/did.json"),
        ("did:web:example.com%3a3000", "https://example.com:3000/.well-known/did.json"),
        ("did:web:Example.COM", "https://example.com/.well-known/did.json"),
        ("did:web:xn--bcher-kva.example", "https://xn--bcher-kva.example/.well-known/did.json"),
        ("did:web:example.com:b%C3%BCcher", "https://example.com/b%C3%BCcher/did.json"),
    ],
)
def test_where_a_document_lies(did, url):
    """The first three are the examples of the method specification, 2.5.2."""
    assert document_url(did) == url


@pytest.mark.parametrize(
    "did",
    [
        "did:web:",
        "did:key:z6Mk",
        "DID:WEB:example.com",
        "did:web:example.com#key-1",
        "did:web:example.com?x=1",
        "did:web:example.com/path",
        "did:web:user@example.com",
        "did:web:example.com%2Fpath",
        "did:web:example.com%3A",
        "did:web:example.com%3A0",
        "did:web:example.com%3A70000",
        "did:web:example.com%3A443%3A80",
        "did:web:example.com:",
        "did:web:example.com::x",
        "did:web:example.com:..:x",
        "did:web:example.com:.",
        "did:web:example.com:%2e%2e:x",
        "did:web:example.com:a%2Fb",
        "did:web:example.com:a%5cb",
        "did:web:example.com:a%00",
        "did:web:example.com:a%252f",
        "did:web:example.com:a%",
        "did:web:127.0.0.1",
        "did:web:10.1",
        "did:web:2130706433",
        "did:web:0x7f000001",
        "did:web:0x7f.1",
        "did:web:[::1]",
        "did:web:b\u00fccher.example",
        "did:web:example.com\n",
        "did:web:" + "a." * 200 + "com",
    ],
)
def test_what_is_no_plain_did_web_is_refused(did):
    with pytest.raises(Refused):
        document_url(did)


def _did(site, *path):
    return ":".join([f"did:web:{HOST}%3A{site.port}", *path])


def test_a_document_is_found_by_its_name(session, site):
    did = _did(site, "suppliers", "acme")
    content = json.dumps({"id": did, "assertionMethod": []}).encode()
    site.says("/suppliers/acme/did.json", content, "application/did+json")
    assert resolve_did_web(session(), did) == content


def test_a_document_of_another_is_refused(session, site):
    for told in (_did(site, "b"), f"did:web:{HOST}", _did(site).upper(), None, 1):
        site.says("/a/did.json", json.dumps({"id": told}).encode(), Cache_Control="no-store")
        with pytest.raises(Refused, match="another"):
            resolve_did_web(session(), _did(site, "a"))


@pytest.mark.parametrize(
    "content", [b"", b"<html>", b"[]", b"null", b'{"id": "x", "id": "y"}', b'{"a": NaN}', b"[" * 60_000, b"\xff"]
)
def test_a_document_that_is_no_plain_json_is_refused(session, site, content):
    site.says("/.well-known/did.json", content)
    with pytest.raises(Refused):
        resolve_did_web(session(), _did(site))


def test_a_did_that_leads_inside_is_refused(session, site):
    """signatures.md: did:web by DNS rebinding; here the name leads to this machine, and nobody allowed it."""
    with pytest.raises(Refused, match="public internet"):
        resolve_did_web(session("127.0.0.1", allowed=()), _did(site))
    assert site.seen == []


def test_a_server_that_is_away_says_nothing_about_the_document(session, site):
    site.answers["/.well-known/did.json"] = lambda request: request.wfile.close()
    with pytest.raises(Unresolvable):
        resolve_did_web(session(), _did(site))


@pytest.mark.parametrize("media_type", ["application/vc+jwt", "application/vc"])
def test_a_status_list_comes_with_its_media_type(session, site, media_type):
    site.says("/status/3", b"eyJ", media_type)
    found = fetch_status_list(session(), f"https://{HOST}:{site.port}/status/3")
    assert (found.content, found.media_type) == (b"eyJ", media_type)
    assert site.seen[0][1]["Accept"] == "application/vc+jwt, application/vc"


@pytest.mark.parametrize("media_type", ["text/html", "application/json", ""])
def test_a_status_list_of_another_kind_is_refused(session, site, media_type):
    site.says("/status/3", b"{}", media_type)
    with pytest.raises(Refused, match="status list comes as"):
        fetch_status_list(session(), f"https://{HOST}:{site.port}/status/3")
