"""The documents of a receipt, one by one: bytes, entry in the log, signature, authority, and what those rest on. Pure.

Each is judged at the moment at which the log received it, with what it was examined with then.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256

import marshmallow as ma

from graph.model.documents import Format, Outcome, Received, ValidationDatum, ValidationKind
from graph.model.factors import FactorSet
from graph.model.facts import Lot, Statement
from graph.model.intake import DelegationInForce
from graph.model.refs import fact_id
from graph.model.standing import Delegation
from schemas.errors import FactorSetInvalid
from schemas.fields import Time
from schemas.receipts import Exhibit, Receipt
from schemas.statement import load_statement
from service.intake.records import FACTORS, factors_stated
from service.ledger.entry import Leaf, Opening, parse_leaf, validated
from service.ledger.errors import LedgerError
from service.ledger.merkle import leaf_hash, verify_inclusion
from service.ledger.note import Checkpoint
from service.receipts.figures import Said
from service.receipts.report import Line, proven, word, wrong
from service.trust.authority import needs
from service.trust.checks import Refusal
from service.trust.delegation import covering
from service.trust.envelopes.base import OpenContext
from service.trust.keys import KnownKey
from service.trust.limits import Limits
from service.trust.registration import audience_of, verify_registration
from service.trust.validation import surrounded
from service.trust.verify import Examined, examine


@dataclass(slots=True)
class Bench:
    """What has been shown so far: the head, the keys and DIDs that were registered, and the documents that speak.

    ``identities``: the organizations by the did:web DIDs registered for them. ``roots``: certificates (DER) of the
    authorities that the reader trusts itself. ``products``: by lot, as documents say; ``delegations``: those that
    signed documents make.
    """

    head: Checkpoint
    limits: Limits
    roots: tuple[bytes, ...] = ()
    audience: str = ""
    data: dict[str, bytes] = field(default_factory=dict)
    keys: dict[str, KnownKey] = field(default_factory=dict)
    identities: dict[str, str] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)
    products: dict[str, str] = field(default_factory=dict)
    delegations: list[DelegationInForce] = field(default_factory=list)


class Broken(Exception):
    """Something about a document does not hold."""

    def __init__(self, what: str, detail: str) -> None:
        super().__init__(detail)
        self.line = wrong(what, detail)


def documents(receipt: Receipt, bench: Bench) -> Line:
    """In the order of the log: a key or DID counts for what was logged after its registration, and not before."""
    bench.audience = receipt.audience
    bench.data = {sha256(content).hexdigest(): content for content in receipt.validation_data}
    lines = [_exhibit(e, bench) for e in sorted(receipt.exhibits, key=lambda e: e.index)]
    ids = [sha256(e.content).digest() for e in receipt.exhibits]
    if len(set(ids)) != len(ids):
        lines.append(wrong("documents", "one document stands in the receipt twice"))
    used = {datum.digest for e in receipt.exhibits for datum in e.validation}
    if len(bench.data) != len(receipt.validation_data) or not used.issuperset(bench.data):
        lines.append(wrong("validation data", "there are bytes that no document was examined with"))
    return Line("documents", proven("").standing, f"{len(receipt.exhibits)} in the receipt", tuple(lines))


def entered(exhibit: Exhibit, identity: str, bench: Bench) -> Leaf:
    """The document's entry: in the log under the head, about these bytes, of this issuer, and accepted.

    Raises ``Broken``.
    """
    try:
        verify_inclusion(leaf_hash(exhibit.leaf), exhibit.index, bench.head.size, exhibit.path, bench.head.root)
        leaf = parse_leaf(exhibit.leaf)
    except LedgerError as error:
        raise Broken("log entry", str(error)) from error
    if leaf.document != identity:
        raise Broken("bytes", f"the log entry is about document {leaf.document}: these bytes are others")
    if not leaf.accepted:
        raise Broken("verdict", f"the log says that the document was refused ({leaf.failed})")
    if not Opening(exhibit.issuer_salt, ["issuer", exhibit.issuer]).opens(leaf.issuer):
        raise Broken("issuer", "the log entry names another issuer")
    return leaf


def _exhibit(exhibit: Exhibit, bench: Bench) -> Line:
    identity = sha256(exhibit.content).hexdigest()
    try:
        leaf = entered(exhibit, identity, bench)
        at, data = _received(leaf), _validation(exhibit, leaf, bench)
        logged = proven("log entry", f"number {exhibit.index}, received {leaf.received}, verdict accepted")
        spoken = _READ.get(exhibit.format, _stated)(exhibit, at, data, bench)
    except Broken as broken:
        return wrong(f"document {identity}", _title(exhibit), broken.line)
    return proven(f"document {identity}", _title(exhibit) or exhibit.issuer, logged, *spoken)


def _title(exhibit: Exhibit) -> str:
    """What published factors call themselves, whether or not that holds."""
    try:
        stated = factors_stated(exhibit.content, exhibit.issuer, 0.0) if _records(exhibit) else None
    except FactorSetInvalid:
        return "published factors"
    return f"published factors {stated.facts[0].fact.ref.id}" if stated else ""


def _records(exhibit: Exhibit) -> bool:
    return exhibit.format == Format.RECORD.value


def _received(leaf: Leaf) -> float:
    try:
        return float(Time().deserialize(leaf.received))
    except ma.ValidationError as error:
        raise Broken("log entry", "the time of receipt is no time") from error


def _validation(exhibit: Exhibit, leaf: Leaf, bench: Bench) -> tuple[ValidationDatum, ...]:
    """What the document was examined with: the bytes that its entry commits to."""
    found = []
    for datum in exhibit.validation:
        if datum.digest not in bench.data:
            raise Broken("validation data", f"{datum.kind} {datum.name}: no bytes of this digest are in the receipt")
        try:
            found.append(ValidationDatum(ValidationKind(datum.kind), datum.name, bench.data[datum.digest]))
        except ValueError as error:
            raise Broken("validation data", f"{datum.kind[:50]} is nothing that a document is examined with") from error
    opening = Opening(exhibit.validation_salt, ["validation", validated(found)])
    if not (opening.opens(leaf.validation) if found or leaf.validation else not exhibit.validation_salt):
        raise Broken("validation data", "the log entry says that the document was examined with something else")
    return tuple(found)


def _registered(exhibit: Exhibit, at: float, data: tuple[ValidationDatum, ...], bench: Bench) -> list[Line]:
    """A registration proves possession; that its nonce was fresh is the service's word.

    A did:web is registered with a key that its document lists, which is not a registered key by that.
    """
    try:
        found = verify_registration(
            exhibit.content,
            organization=exhibit.issuer,
            audience=audience_of(exhibit.content, bench.limits),
            nonce_ok=lambda _: True,
            at=at,
            limits=bench.limits,
            did_documents={d.name: d.content for d in data if d.kind is ValidationKind.DID_DOCUMENT},
        )
    except (Refusal, ValueError) as error:
        raise Broken("key", str(error)) from error
    key = found.key
    if found.did:
        bench.identities[found.did] = exhibit.issuer
        shown = f"key {key.thumbprint}, which the document of {found.did} lists, signed its registration"
    else:
        bench.keys[key.thumbprint] = KnownKey(exhibit.issuer, key)
        shown = f"key {key.thumbprint} signed its own registration"
    return [
        proven("possession", shown),
        word("owner", f"that whoever registered it acts for {exhibit.issuer} is the service's word"),
        *(_rested(datum, bench) for datum in data),
    ]


def _stated(exhibit: Exhibit, at: float, data: tuple[ValidationDatum, ...], bench: Bench) -> list[Line]:
    try:
        received = Received(exhibit.content, Format(exhibit.format), exhibit.issuer, at)
    except ValueError as error:
        raise Broken("format", f"{exhibit.format[:50]} is no form of a document") from error
    world = OpenContext(bench.keys, at, bench.limits, bench.audience, bench.identities)
    context = surrounded(world, data, bench.roots)
    found = examine(received, context, load_statement)
    if found.statement is None:
        raise Broken("checks", f"{found.failed.name}: {found.failed.detail}" if found.failed else "not passed")
    if found.issuer != exhibit.issuer:
        raise Broken("issuer", f"the document speaks for {found.issuer}")
    _check_positions(exhibit, found.statement)
    signed = bool(found.signature_valid and found.signer_authorised)
    identity = sha256(exhibit.content).hexdigest()
    lines = list(_spoken(exhibit, found, data, bench)) if signed else [_unsigned(exhibit)]
    bench.said.append(Said(exhibit, identity, exhibit.issuer, found.statement, signed))
    _learn(bench.said[-1], found, at, bench)
    return lines


def _published(exhibit: Exhibit, at: float, _: tuple[ValidationDatum, ...], bench: Bench) -> list[Line]:
    """Published factors: the log holds the service to these bytes, and they name their source."""
    try:
        statement = factors_stated(exhibit.content, exhibit.issuer, at)
    except FactorSetInvalid as error:
        raise Broken("factors", str(error)) from error
    if statement is None or parse_leaf(exhibit.leaf).kind != FACTORS:
        raise Broken("factors", "a record that states no published factors of the service")
    _check_positions(exhibit, statement)
    bench.said.append(Said(exhibit, statement.id, exhibit.issuer, statement, signed=False))
    found = statement.facts[0].fact
    assert isinstance(found, FactorSet)
    told = f"version {found.version}: that {found.source} published it for {found.year} is the word of {exhibit.issuer}"
    return [word("source", told)]


def _check_positions(exhibit: Exhibit, statement: Statement) -> None:
    stated = {s.position for s in statement.facts}
    if len(set(exhibit.in_force)) != len(exhibit.in_force) or not stated.issuperset(exhibit.in_force):
        raise Broken("facts", "facts are named that the document does not state")


def _learn(said: Said, found: Examined, at: float, bench: Bench) -> None:
    """What later documents are judged by: of what product a lot is, and who may speak for whom."""
    for stated in said.statement.facts:
        fact = stated.fact
        if isinstance(fact, Lot):
            bench.products.setdefault(fact.ref.key, fact.product.key)
        if isinstance(fact, Delegation) and said.signed:
            fid = fact_id(said.exhibit.index, stated.position)
            bench.delegations.append(_delegation(fact, fid, said, found.thumbprint, at))


def _delegation(fact: Delegation, fid: int, said: Said, thumbprint: str, at: float) -> DelegationInForce:
    about, kinds = fact.about.key if fact.about else "", tuple(kind.value for kind in fact.kinds)
    given = (said.issuer, fact.delegate, fact.key, kinds, fact.about_kind, about, fact.start, fact.end)
    return DelegationInForce(fid, *given, said.id, thumbprint, at)


def _unsigned(exhibit: Exhibit) -> Line:
    return word("sender", f"unsigned: that {exhibit.issuer} sent it is the log's word")


def _spoken(exhibit: Exhibit, found: Examined, data: tuple[ValidationDatum, ...], bench: Bench) -> Iterator[Line]:
    """Of a signed document: whose key it is, on what it rests, and by whose authority it speaks."""
    yield proven("signature", f"by key {found.thumbprint}, which may speak for {found.issuer}")
    yield from _passed(found)
    if found.thumbprint in bench.keys or found.vouched in bench.identities:
        what = found.vouched if found.vouched in bench.identities else "the key"
        yield word(
            "key in force",
            f"that {what} was not revoked when this was logged is the word of the log ({exhibit.index})",
        )
    for datum in data:
        yield _rested(datum, bench)
    if exhibit.format == Format.SD_JWT.value:
        yield word(
            "audience", f"it was made out to {bench.audience}: that this is the service's own address is its word"
        )
    yield from _delegated(exhibit, found, bench)


def _passed(found: Examined) -> Iterator[Line]:
    """Checks that not every form has, in their own words."""
    for check in found.checks:
        if check.name in ("disclosure", "credential-status") and check.outcome is Outcome.PASSED:
            yield proven(check.name, check.detail)


def _rested(datum: ValidationDatum, bench: Bench) -> Line:
    """The entry in the log holds the service to these bytes; that the world was like that is its word."""
    known = f"SHA-256 {datum.digest}"
    if datum.kind is ValidationKind.ROOT:
        if bench.roots:
            return proven("certificate authority", "the chain leads to an authority that you trust yourself")
        return word("certificate authority", f"{known}: taken from the receipt; verify with your own (--anchors)")
    if datum.kind is ValidationKind.INTERMEDIATE:
        return proven("certificate", f"{known}: below that authority, by its signature")
    if datum.kind is ValidationKind.CRL:
        return word("revocation list", f"{known}: signed by its authority; that there was none newer is the log's word")
    what = f"{datum.kind.value} {datum.name}"
    return word(what, f"{known}: that it said so when this was logged is the word of the log")


def _delegated(exhibit: Exhibit, found: Examined, bench: Bench) -> Iterator[Line]:
    """For another's things: the delegation, where its document is in the receipt."""
    statement = found.statement
    wanted = needs(statement, found.issuer) if statement else ()
    if not wanted or statement is None:
        return
    try:
        used = covering(
            wanted,
            [d for d in bench.delegations if d.delegate == found.issuer],
            thumbprint=found.thumbprint,
            signed_at=statement.issued_at,
            logged_at=_received(parse_leaf(exhibit.leaf)),
            product_of=lambda lot: bench.products.get(lot, ""),
        )
    except Refusal:
        yield word("delegation", "that it may speak for others' things is the log's word: no document here shows it")
        return
    for given in used:
        yield proven("delegation", f"{given.issuer} lets it state this, by document {given.document}")
    yield word("delegation in force", "that it had not been taken back when this was logged is the log's word")


# How a document of a form is read; every other is a statement.
_READ = {Format.KEY_REGISTRATION.value: _registered, Format.RECORD.value: _published}
