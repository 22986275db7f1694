"""Verifying a receipt offline: bytes, signatures, authority, entries in the log, and the sums. Pure.

Nothing is fetched and no clock is read: each document is judged at the moment at which the log received it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from graph.model.documents import Format
from graph.rollup.errors import RollupError
from graph.rollup.partial import PartUnknown
from graph.rollup.policy import Policy, factors_version, load_policy
from schemas.receipts import Account, Receipt, ReceiptInvalid, load_receipt
from service.ledger.errors import LedgerError
from service.ledger.note import Verifier, open_checkpoint
from service.ledger.quorum import NOBODY, Quorum
from service.receipts.commitment import commits
from service.receipts.earlier import brought_along
from service.receipts.exhibits import Bench, Broken, documents, entered
from service.receipts.figures import Again, TwiceInForce, as_told, numbers_of, recomputed, unit_of
from service.receipts.report import Line, proven, word, wrong
from service.trust.limits import Limits


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of it: the tree of what was looked at, and the receipt's own account of itself where it is one."""

    tree: Line
    receipt: Receipt | None = None

    @property
    def holds(self) -> bool:
        """Nothing in it is wrong."""
        return self.tree.holds


def verify_receipt(
    content: bytes,
    logs: Sequence[Verifier],
    limits: Limits | None = None,
    roots: Sequence[bytes] = (),
    *,
    quorum: Quorum = NOBODY,
) -> Verdict:
    """Everything that can be shown of a receipt with the keys of logs that the reader trusts.

    ``quorum``: how many of which witnesses must have cosigned its checkpoint.

    ``roots``: certificates (DER) of the authorities that the reader trusts; without them those of the receipt stand,
    on the service's word.
    """
    try:
        receipt = load_receipt(content)
    except ReceiptInvalid as error:
        return Verdict(wrong("receipt", str(error)))
    try:
        head, signed = open_checkpoint(receipt.checkpoint, [*logs, *quorum.witnesses])
        quorum.met_by(signed)
    except LedgerError as error:
        return Verdict(wrong("receipt", "", wrong("checkpoint", str(error))), receipt)
    names = ", ".join(sorted(v.name for v in signed))
    bench = Bench(head, limits or Limits(), tuple(roots))
    checkpoint = proven("checkpoint", f"{head.origin}, {head.size} entries, signed by {names}")
    shown = documents(receipt, bench)
    lines = [checkpoint, shown, _committed(receipt, bench), _aggregates(receipt)]
    lines += [*_figures(receipt, bench, shown.holds), _untold(receipt)]
    whole = proven if all(line.holds for line in lines) else wrong
    return Verdict(whole("receipt", f"{receipt.subject.kind} {receipt.subject.key}", *lines), receipt)


def _committed(receipt: Receipt, bench: Bench) -> Line:
    """The service's word on what only it can know is in the log, so that it cannot give another one later."""
    try:
        entered(receipt.commitment, sha256(receipt.commitment.content).hexdigest(), bench)
    except Broken as broken:
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


def _figures(receipt: Receipt, bench: Bench, sound: bool) -> list[Line]:
    """The sums, over what was shown."""
    if not sound:
        return [wrong("figure", "not computed: what it rests on does not hold")]
    try:
        policy = load_policy(receipt.policy, frozenset(receipt.recognised), receipt.gwp)
        _check_policy(policy, receipt)
        again = recomputed(receipt, [*bench.said, *brought_along(receipt)], policy)
    except (RollupError, PartUnknown, TwiceInForce) as error:
        return [wrong("figure", str(error))]
    return [
        _footprint(receipt, again),
        *_content(receipt, again),
        *_indicators(receipt, again),
        *_assurance(receipt, again),
    ]


def _check_policy(policy: Policy, receipt: Receipt) -> None:
    if f"{policy.name}/{policy.version}" != receipt.policy_version:
        raise PartUnknown(f"the receipt follows {receipt.policy_version}, this program knows {policy.version}")
    if receipt.factors != factors_version() and not brought_along(receipt):
        raise PartUnknown(
            "the receipt counts with figures that came with another version of this program (warming potentials, "
            "floors; published factors before they were documents), and no document in it states them"
        )


def _footprint(receipt: Receipt, again: Again) -> Line:
    figure = again.figure
    more = {"unit": unit_of(figure), "basis": figure.basis.label, "lower_bound": figure.lower_bound}
    # Of a known part no receipt ever said 0 for what is unknown; of a total stated alone earlier ones did.
    stated = as_told(receipt.numbers, gaps=False) | {name: getattr(receipt, name) for name in more}
    total = "known part " if figure.lower_bound else ""
    what = f"{total}{_shown(figure.total)} {receipt.unit}, computed again"
    return _compared("figure", what, stated, numbers_of(figure) | more)


def _content(receipt: Receipt, again: Again) -> list[Line]:
    """The shares of mass, of a lot."""
    if receipt.content is None or again.content is None:
        alike = receipt.content is again.content
        return [] if alike else [wrong("content", "a lot has a content, and a product has none here")]
    return [_compared("content", "shares of mass, computed again", receipt.content, again.content)]


def _indicators(receipt: Receipt, again: Again) -> list[Line]:
    """Energy, water, waste and captured CO2 of a lot; receipts of earlier versions have none."""
    if receipt.indicators is None:
        return []
    if again.indicators is None or receipt.indicators.keys() != again.indicators.keys():
        return [wrong("indicators", "the receipt does not state the groups of indicators that a lot has")]
    parts = [_account(group, told, again.indicators[group]) for group, told in receipt.indicators.items()]
    return [proven("indicators", "each computed again from the documents here", *parts)]


def _account(group: str, stated: Account, again: Account) -> Line:
    """What leads to it may lie below a footprint that stands for the emissions, and so not be in the receipt."""
    told = ", ".join(f"{name} {_shown(value)}" for name, value in stated.values.items())
    told = f"{told} {stated.unit} ({stated.basis})"
    if not stated.shown:
        return word(group, f"{told}: the service's word; what it rests on is not all in the receipt")
    if stated != again:
        return wrong(group, f"{told}, but the documents here give {again.values} {again.unit} ({again.basis})")
    if stated.lower_bound:
        return word(group, f"{told}: the documents here say so much; that nobody says more is the service's word")
    return proven(group, told)


def _compared(what: str, detail: str, stated: Mapping[str, object], again: Mapping[str, object]) -> Line:
    if stated.keys() != again.keys():
        return wrong(what, f"the receipt does not state the numbers that a {what} has")
    parts = [
        proven(name, _shown(value)) if stated[name] == value else wrong(name, f"{_shown(stated[name])}, not {value}")
        for name, value in again.items()
    ]
    return proven(what, detail, *parts)


def _assurance(receipt: Receipt, again: Again) -> list[Line]:
    """The level is the least of all attested footprints, so hidden ones and unreadable assurances leave it on word."""
    stated, shown = receipt.assurance, again.figure.assurance
    if stated is None and shown is None:
        return []
    bodies = ", ".join(receipt.recognised) or "none"
    told = f"{stated or 'none'}, where {bodies} counts as accreditation body, at the time of entry {receipt.as_of}"
    if stated == shown and not receipt.aggregates:
        return [proven("assurance", told)]
    return [word("assurance", f"{told}: the service's word; the documents here show {shown or 'none'}")]


def _shown(value: object) -> str:
    return "unknown" if value is None else str(value)


def _untold(receipt: Receipt) -> Line:
    """What no receipt can show."""
    return word(
        "nothing newer",
        f"that no document up to entry {receipt.as_of} has ended what these say is the service's word; "
        "whoever follows the log sees corrections, and of whom they are where it may",
    )
