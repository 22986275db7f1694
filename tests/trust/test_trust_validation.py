"""What an examination took from outside is kept, and makes the same world again."""

from __future__ import annotations

from dataclasses import replace

from graph.model.documents import Format, Received, ValidationDatum, ValidationKind
from service.trust.anchors import TrustAnchors
from service.trust.validation import looked_up, surrounded
from service.trust.verify import examine
from service.trust.wanted import Resolved
from tests.trust.test_trust_vectors import CONTEXT
from tests.trust.trust_kit import AT, ME, parse_statement
from tests.vectors import chains, world

BARE = replace(CONTEXT, did_documents={}, status_lists={}, anchors=TrustAnchors())
BY_WEB = world.vc_jwt(
    world.credential(issuer=world.WEB, credentialStatus=world.entry(url=world.LIST)),
    world.WEB_KEY,
    f"{world.WEB}#key-1",
)


def test_what_was_found_is_kept_in_one_order() -> None:
    found = Resolved({"did:web:b": b"2", "did:web:a": b"1"}, {"https://b/": b"4", "https://a/": b"3"})
    assert [(d.kind, d.name, d.content) for d in looked_up(found)] == [
        (ValidationKind.DID_DOCUMENT, "did:web:a", b"1"),
        (ValidationKind.DID_DOCUMENT, "did:web:b", b"2"),
        (ValidationKind.STATUS_LIST, "https://a/", b"3"),
        (ValidationKind.STATUS_LIST, "https://b/", b"4"),
    ]


def test_what_was_kept_is_the_world_again() -> None:
    kept = looked_up(Resolved(CONTEXT.did_documents, CONTEXT.status_lists))
    again = surrounded(BARE, kept)
    assert (again.did_documents, again.status_lists) == (CONTEXT.did_documents, CONTEXT.status_lists)
    assert again.anchors == BARE.anchors
    received = Received(BY_WEB, Format.VC_JWT, ME, AT)
    assert examine(received, again, parse_statement).checks == examine(received, CONTEXT, parse_statement).checks
    absent = examine(received, surrounded(CONTEXT, ()), parse_statement).failed
    assert absent is not None, "what was not kept is not at hand, whatever is at hand today"


def test_a_readers_own_roots_stand_instead_of_those_that_were_kept() -> None:
    kinds = (ValidationKind.ROOT, ValidationKind.INTERMEDIATE, ValidationKind.CRL)
    kept = [ValidationDatum(kind, "", kind.value.encode()) for kind in kinds]
    held = surrounded(BARE, kept).anchors
    assert (held.roots, held.intermediates, held.crls) == tuple((kind.value.encode(),) for kind in kinds)
    assert surrounded(BARE, kept, [b"mine"]).anchors.roots == (b"mine",)
    root = chains.root().public_bytes(chains.Encoding.DER)
    chain = Received(chains.x5c(chains.leaf(by=chains.ROOT)), Format.JWS, ME, AT)
    assert examine(chain, surrounded(BARE, (), [root]), parse_statement).failed is None
    assert examine(chain, surrounded(BARE, kept[1:], []), parse_statement).failed is not None


def test_without_roots_the_anchors_are_those_of_today() -> None:
    assert surrounded(CONTEXT, ()).anchors == CONTEXT.anchors
