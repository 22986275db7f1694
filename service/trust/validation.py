"""What an examination takes from outside a document, kept with it, and the world that it makes again. Pure.

A DID document, a status list, a root or a revocation list changes or disappears; whoever examines a document later
(a rebuild, the reader of a receipt) must have them as they were when it was logged (ETSI EN 319 102-1, 5.6.3).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from graph.model.documents import ValidationDatum, ValidationKind
from service.trust.anchors import TrustAnchors
from service.trust.envelopes.base import OpenContext
from service.trust.wanted import Resolved


def looked_up(found: Resolved) -> tuple[ValidationDatum, ...]:
    """What was found outside for one document."""
    return (
        *(
            ValidationDatum(ValidationKind.DID_DOCUMENT, did, content)
            for did, content in sorted(found.did_documents.items())
        ),
        *(
            ValidationDatum(ValidationKind.STATUS_LIST, url, content)
            for url, content in sorted(found.status_lists.items())
        ),
    )


def surrounded(context: OpenContext, data: Iterable[ValidationDatum], roots: Sequence[bytes] = ()) -> OpenContext:
    """The context with what was kept of a document in it.

    ``roots``: certificates (DER) that stand instead of the kept ones: those that the reader itself trusts.
    """
    kept = tuple(data)
    of = {kind: tuple(d for d in kept if d.kind == kind) for kind in ValidationKind}
    anchors = TrustAnchors(
        roots=tuple(roots) or tuple(d.content for d in of[ValidationKind.ROOT]),
        intermediates=tuple(d.content for d in of[ValidationKind.INTERMEDIATE]),
        crls=tuple(d.content for d in of[ValidationKind.CRL]),
    )
    return replace(
        context,
        did_documents={d.name: d.content for d in of[ValidationKind.DID_DOCUMENT]},
        status_lists={d.name: d.content for d in of[ValidationKind.STATUS_LIST]},
        anchors=anchors if anchors.roots else context.anchors,
    )
