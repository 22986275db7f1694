"""Verifying a receipt offline: bytes, signatures, authority, entries in the log, and the sums. Pure.

Nothing is fetched and no clock is read: each document is judged at the moment at which the log received it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

import marshmallow as ma

from graph.model.documents import Format, Received
from graph.rollup.errors import RollupError
from graph.rollup.figure import Figure
from graph.rollup.partial import PartUnknown
from graph.rollup.policy import Policy, load_policy
from schemas.fields import Time
from schemas.receipts import Exhibit, Receipt, ReceiptInvalid, load_receipt
from schemas.statement import load_statement
from service.ledger.entry import Leaf, Opening, parse_leaf
from service.ledger.errors import LedgerError
from service.ledger.merkle import leaf_hash, verify_inclusion
from service.ledger.note import Checkpoint, Verifier, open_checkpoint
from service.receipts.commitment import commits
from service.receipts.figures import Said, TwiceInForce, numbers_of, recomputed, unit_of
from service.receipts.report import Line, proven, word, wrong
from service.trust.authority import needs
from service.trust.checks import Refusal
from service.trust.envelopes.base import OpenContext
from service.trust.keys import KnownKey
from service.trust.limits import Limits
from service.trust.registration import audience_of, verify_registration
from service.trust.verify import Examined, examine


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of it: the tree of what was looked at, and the receipt's own account of itself where it is one."""

    tree: Line
    receipt: Receipt | None = None

    @property
    def holds(self) -> bool:
        """Nothing in it is wrong."""
        return self.tree.holds


@dataclass(slots=True)
class _Bench:
    """What has been shown so far: the head, the keys that were registered, and the documents that speak."""

    head: Checkpoint
    limits: Limits
    keys: dict[str, KnownKey] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)


def verify_receipt(content: bytes, logs: Sequence[Verifier], limits: Limits | None = None) -> Verdict:
    """Everything that can be shown of a receipt with the keys of logs (and witnesses) that the reader trusts."""
    try:
        receipt = load_receipt(content)
    except ReceiptInvalid as error:
        return Verdict(wrong("receipt", str(error)))
    try:
        head, signed = open_checkpoint(receipt.checkpoint, logs)
    except LedgerError as error:
        return Verdict(wrong("receipt", "", wrong("checkpoint", str(error))), receipt)
    names = ", ".join(sorted(v.name for v in signed))
    lines = [proven("checkpoint", f"{head.origin}, {head.size} entries, signed by {names}")]
    bench = _Bench(head, limits or Limits())
    documents = _documents(receipt, bench)
    lines += [documents, _committed(receipt, bench), _aggregates(receipt)]
    lines += [_figure(receipt, bench, documents.holds), _untold(receipt)]
    whole = proven if all(line.holds for line in lines) else wrong
    return Verdict(whole("receipt", f"{receipt.subject.kind} {receipt.subject.key}", *lines), receipt)


def _documents(receipt: Receipt, bench: _Bench) -> Line:
    """Registrations of keys first: what else is signed is signed with them."""
    first = [e for e in receipt.exhibits if e.format == Format.KEY_REGISTRATION.value]
    rest = [e for e in receipt.exhibits if e.format != Format.KEY_REGISTRATION.value]
    lines = [_exhibit(e, bench) for e in (*first, *rest)]
    ids = [sha256(e.content).digest() for e in receipt.exhibits]
    if len(set(ids)) != len(ids):
        lines.append(wrong("documents", "one document stands in the receipt twice"))
    return Line("documents", proven("").standing, f"{len(receipt.exhibits)} in the receipt", tuple(lines))


def _exhibit(exhibit: Exhibit, bench: _Bench) -> Line:
    identity = sha256(exhibit.content).hexdigest()
    try:
        leaf = _entered(exhibit, identity, bench)
        at = _received(leaf)
        logged = proven("log entry", f"number {exhibit.index}, received {leaf.received}, verdict accepted")
        spoken = _registered(exhibit, at, bench) if _registers(exhibit) else _stated(exhibit, identity, at, bench)
    except _Broken as broken:
        return wrong(f"document {identity}", "", broken.line)
    return proven(f"document {identity}", exhibit.issuer, logged, *spoken)


class _Broken(Exception):
    """Something about a document does not hold."""

    def __init__(self, what: str, detail: str) -> None:
        super().__init__(detail)
        self.line = wrong(what, detail)


def _registers(exhibit: Exhibit) -> bool:
    return exhibit.format == Format.KEY_REGISTRATION.value


def _entered(exhibit: Exhibit, identity: str, bench: _Bench) -> Leaf:
    """The document's entry: in the log under the head, about these bytes, of this issuer, and accepted."""
    try:
        verify_inclusion(leaf_hash(exhibit.leaf), exhibit.index, bench.head.size, exhibit.path, bench.head.root)
        leaf = parse_leaf(exhibit.leaf)
    except LedgerError as error:
        raise _Broken("log entry", str(error)) from error
    if leaf.document != identity:
        raise _Broken("bytes", f"the log entry is about document {leaf.document}: these bytes are others")
    if not leaf.accepted:
        raise _Broken("verdict", f"the log says that the document was refused ({leaf.failed})")
    if not Opening(exhibit.issuer_salt, ["issuer", exhibit.issuer]).opens(leaf.issuer):
        raise _Broken("issuer", "the log entry names another issuer")
    return leaf


def _received(leaf: Leaf) -> float:
    try:
        return float(Time().deserialize(leaf.received))
    except ma.ValidationError as error:
        raise _Broken("log entry", "the time of receipt is no time") from error


def _registered(exhibit: Exhibit, at: float, bench: _Bench) -> list[Line]:
    """A registration proves possession; that its nonce was fresh is the service's word."""
    try:
        found = verify_registration(
            exhibit.content,
            organization=exhibit.issuer,
            audience=audience_of(exhibit.content, bench.limits),
            nonce_ok=lambda _: True,
            at=at,
            limits=bench.limits,
        )
    except (Refusal, ValueError) as error:
        raise _Broken("key", str(error)) from error
    key = found.key
    bench.keys[key.thumbprint] = KnownKey(exhibit.issuer, key)
    return [
        proven("possession", f"key {key.thumbprint} signed its own registration"),
        word("owner", f"that whoever registered it acts for {exhibit.issuer} is the service's word"),
    ]


def _stated(exhibit: Exhibit, identity: str, at: float, bench: _Bench) -> list[Line]:
    try:
        received = Received(exhibit.content, Format(exhibit.format), exhibit.issuer, at)
    except ValueError as error:
        raise _Broken("format", f"{exhibit.format[:50]} is no form of a document") from error
    found = examine(received, OpenContext(bench.keys, at, bench.limits), load_statement)
    if found.statement is None:
        raise _Broken("checks", f"{found.failed.name}: {found.failed.detail}" if found.failed else "not passed")
    if found.issuer != exhibit.issuer:
        raise _Broken("issuer", f"the document speaks for {found.issuer}")
    _check_positions(exhibit, found)
    signed = bool(found.signature_valid and found.signer_authorised)
    bench.said.append(Said(exhibit, identity, exhibit.issuer, found.statement, signed))
    if not signed:
        return [word("sender", f"unsigned: that {exhibit.issuer} sent it is the log's word")]
    if needs(found.statement, found.issuer):
        return [_signed(found), word("delegation", "that it may speak for others' things is the log's word")]
    return [_signed(found)]


def _check_positions(exhibit: Exhibit, found: Examined) -> None:
    stated = {s.position for s in found.statement.facts} if found.statement else set()
    if len(set(exhibit.in_force)) != len(exhibit.in_force) or not stated.issuperset(exhibit.in_force):
        raise _Broken("facts", "facts are named that the document does not state")


def _signed(found: Examined) -> Line:
    return proven("signature", f"by key {found.thumbprint}, which may speak for {found.issuer}")


def _committed(receipt: Receipt, bench: _Bench) -> Line:
    """The service's word on what only it can know is in the log, so that it cannot give another one later."""
    try:
        _entered(receipt.commitment, sha256(receipt.commitment.content).hexdigest(), bench)
    except _Broken as broken:
        return wrong("commitment", "", broken.line)
    if receipt.commitment.format != Format.RECORD.value or not commits(receipt.commitment.content, receipt):
        return wrong("commitment", "the log holds a commitment to something else than this receipt says")
    return proven("commitment", f"entry {receipt.commitment.index} of the log holds the service to this account")


def _aggregates(receipt: Receipt) -> Line:
    """What stands for documents that are not in the receipt."""
    if not receipt.aggregates:
        return proven("hidden branches", "none: every document behind the figure is in the receipt")
    told = [p for p in receipt.aggregates if not p.hidden]
    places = [word(f"{p.kind} {p.key}", "what others add above it, as one number") for p in told]
    return word("hidden branches", "the service's word, to which the commitment holds it", *places)


def _figure(receipt: Receipt, bench: _Bench, sound: bool) -> Line:
    """The sums, over what was shown."""
    if not sound:
        return wrong("figure", "not computed: what it rests on does not hold")
    try:
        policy = load_policy(receipt.policy)
        _check_policy(policy, receipt)
        figure = recomputed(receipt, bench.said, policy)
    except (RollupError, PartUnknown, TwiceInForce) as error:
        return wrong("figure", str(error))
    return _compared(receipt, figure)


def _check_policy(policy: Policy, receipt: Receipt) -> None:
    if f"{policy.name}/{policy.version}" != receipt.policy_version:
        raise PartUnknown(f"the receipt follows {receipt.policy_version}, this program knows {policy.version}")


def _compared(receipt: Receipt, figure: Figure) -> Line:
    more = {"unit": unit_of(figure), "basis": figure.basis.label, "lower_bound": figure.lower_bound}
    again = numbers_of(figure) | more
    stated = receipt.numbers | {name: getattr(receipt, name) for name in more}
    if stated.keys() != again.keys():
        return wrong("figure", "the receipt does not state the numbers that a figure has")
    parts = [
        proven(name, _shown(value)) if stated[name] == value else wrong(name, f"{_shown(stated[name])}, not {value}")
        for name, value in again.items()
    ]
    total = "at least " if figure.lower_bound else ""
    return proven("figure", f"{total}{_shown(figure.total)} {receipt.unit}, computed again", *parts)


def _shown(value: object) -> str:
    return "unknown" if value is None else str(value)


def _untold(receipt: Receipt) -> Line:
    """What no receipt can show."""
    return word(
        "nothing newer",
        f"that no document up to entry {receipt.as_of} has ended what these say is the service's word; "
        "whoever follows the log sees corrections, and of whom they are where it may",
    )
