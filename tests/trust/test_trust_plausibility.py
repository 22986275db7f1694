"""The check ``plausibility``: times, shares and balances that can be true together."""

from dataclasses import replace
from decimal import Decimal

import pytest

from graph.model.facts import AllocationKey, Fact, LotSource, ProcessKind, Role
from graph.model.refs import Ref
from service.trust.plausibility import check
from tests.trust import facts_kit as f
from tests.trust.trust_kit import AT, DAY, statement

SPLIT = replace(f.PROCESS, process_kind=ProcessKind.SPLIT)
OWN = AllocationKey.EXPLICIT


def errors(fact: Fact) -> list[str]:
    found = check(statement(f.GRANT, fact), AT).errors
    assert all(e.pointer.startswith("/facts/1") and e.detail for e in found)
    return [e.pointer.removeprefix("/facts/1") for e in found]


def findings(fact: Fact) -> list[str]:
    found = check(statement(fact), AT).findings
    assert all(x.subjects == (fact.ref.key,) and x.message for x in found)
    return [x.code for x in found]


def test_sound_facts_are_plausible() -> None:
    found = check(statement(*f.SOUND), AT)
    assert (found.errors, found.findings) == ((), ())


def _process(
    *, kind: ProcessKind = ProcessKind.SPLIT, into: tuple = (), out: tuple = (), complete: bool = False
) -> Fact:
    return replace(f.PROCESS, process_kind=kind, inputs=into, outputs=out, complete=complete)


def _shares(*values: str | None, key: AllocationKey = OWN) -> Fact:
    outputs = tuple(f.output(f.kg("10"), key, v, name=str(n)) for n, v in enumerate(values))
    return replace(f.PROCESS, outputs=outputs)


def _part(amount: str) -> LotSource:
    return LotSource(Ref("https://rival.example/", "b"), f.kg(amount))


@pytest.mark.parametrize(
    "fact",
    [
        replace(f.LOT, produced_at=AT + 60),
        replace(f.LOT, produced_at=-631_152_000.0),
        replace(f.LOT, drawn_from=()),
        replace(f.LOT, amount=f.kg("10.05")),
        replace(f.LOT, amount=f.kg("19"), part_of=(_part("9"),)),
        replace(f.LOT, amount=f.pieces("1000")),
        replace(f.TRANSFER, at=AT + 60),
        replace(f.PROCESS, end=AT + 60),
        replace(f.FOOTPRINT, valid_from=None, valid_to=None),
        replace(f.FOOTPRINT, valid_to=f.FOOTPRINT.end + 3 * 366 * DAY),
        replace(f.REVOCATION, reason="keyCompromise", since=AT + 60),
        replace(f.CONTENT, virgin=Decimal("0.501")),
        replace(f.INVENTORY, end=AT + 60),
        replace(f.CONTENT, pre_consumer=None, post_consumer=None, virgin=Decimal(1)),
        _shares("0.3", "0.7"),
        _shares("0.3333333333", "0.3333333333", "0.3333333334"),
        _shares("5", "7", key=AllocationKey.ECONOMIC),
        _process(into=(f.material(f.kg("100")),), out=(f.output(f.kg("100.5")),)),
        _process(into=(f.material(f.kg("60")), f.material(f.kg("40"), Role.OWN_SCRAP)), out=(f.output(f.kg("100")),)),
        _process(kind=ProcessKind.TRANSFORM, out=(f.output(f.kg("100")),)),
        _process(kind=ProcessKind.REWORK, into=(f.material(f.kg("1")),), out=(f.output(f.kg("100")),)),
    ],
)
def test_plausible(fact: Fact) -> None:
    assert errors(fact) == []


@pytest.mark.parametrize(
    ("fact", "pointers"),
    [
        (replace(f.LOT, produced_at=AT + 61), ["/produced_at"]),
        (replace(f.LOT, produced_at=-631_152_001.0), ["/produced_at"]),
        (replace(f.LOT, amount=f.kg("10.06")), ["/quantity"]),
        (replace(f.LOT, amount=f.kg("10.06"), drawn_from=(), part_of=(_part("10"),)), ["/quantity"]),
        (replace(f.TRANSFER, at=AT + 61), ["/at"]),
        (replace(f.PROCESS, end=f.PROCESS.start), ["/produced_to"]),
        (replace(f.PROCESS, end=f.PROCESS.start - 1), ["/produced_to"]),
        (replace(f.PROCESS, end=AT + 61), ["/produced_to"]),
        (replace(f.FOOTPRINT, end=f.FOOTPRINT.start), ["/period_end"]),
        (replace(f.CONTENT, end=f.CONTENT.start - 1), ["/period_end"]),
        (replace(f.FOOTPRINT, valid_to=f.FOOTPRINT.valid_from), ["/valid_to"]),
        (replace(f.FOOTPRINT, valid_to=f.FOOTPRINT.end + 3 * 366 * DAY + 1), ["/valid_to"]),
        (replace(f.CONTENT, valid_to=f.CONTENT.end + 4 * 366 * DAY), ["/valid_to"]),
        (replace(f.REVOCATION, reason="keyCompromise", since=AT + 61), ["/since"]),
        (replace(f.INVENTORY, end=AT + 61), ["/period_end"]),
        (replace(f.INVENTORY, end=f.INVENTORY.start), ["/period_end"]),
        (replace(f.CONTENT, virgin=Decimal("0.5011")), [""]),
        (replace(f.CONTENT, other_bio=Decimal("-0.1")), ["/other_bio"]),
        (replace(f.CONTENT, virgin=Decimal("1.1")), ["/virgin", ""]),
        (_shares("0.3", "0.6"), ["/outputs"]),
        (_shares("0.5", "0.500000002"), ["/outputs"]),
        (_shares("1", None), ["/outputs"]),
        (replace(f.PROCESS, outputs=(f.output(f.kg("1"), OWN, "1"), f.output(f.kg("1")))), ["/outputs"]),
        (_process(into=(f.material(f.kg("100")),), out=(f.output(f.kg("100.51")),)), ["/outputs"]),
        (_process(into=(f.material(f.kg("100")),), out=(f.output(f.kg("60")), f.output(f.kg("60")))), ["/outputs"]),
        (_process(into=(f.material(f.kg("100"), Role.FUEL),), out=(f.output(f.kg("1")),)), ["/outputs"]),
        (_process(out=(f.output(f.pieces("1")),)), ["/outputs"]),
        (_process(kind=ProcessKind.BLEND, out=(f.output(f.kg("1")),)), ["/outputs"]),
        (_process(kind=ProcessKind.STORE, out=(f.output(f.kg("1")),)), ["/outputs"]),
    ],
)
def test_implausible(fact: Fact, pointers: list[str]) -> None:
    assert errors(fact) == pointers


MORE = {"into": (f.material(f.kg("100")),), "out": (f.output(f.kg("100.6")),)}


@pytest.mark.parametrize(
    ("fact", "codes"),
    [
        (_process(kind=ProcessKind.TRANSFORM, complete=True, **MORE), ["mass-out-exceeds-in"]),
        (_process(kind=ProcessKind.REWORK, complete=True, **MORE), ["mass-out-exceeds-in"]),
        (_process(kind=ProcessKind.TRANSFORM, **MORE), []),
        (_process(kind=ProcessKind.SPLIT, complete=True, **MORE), []),
        (_process(kind=ProcessKind.TRANSFORM, complete=True, into=(f.material(f.pieces("1")),), out=MORE["out"]), []),
        (_process(kind=ProcessKind.TRANSFORM, complete=True, into=MORE["into"], out=(f.output(f.kg("100.5")),)), []),
        (_process(into=(f.material(f.kg("1")),), out=(f.output(f.pieces("9")),)), ["balance-not-comparable"]),
        (_process(into=(f.material(f.kg("9")),), out=(f.output(f.kg("9")),)), []),
        (_process(out=(f.output(f.kg("9")),)), []),
    ],
)
def test_findings(fact: Fact, codes: list[str]) -> None:
    assert findings(fact) == codes


def test_every_fault_is_told_at_once() -> None:
    found = check(statement(replace(f.LOT, produced_at=AT + 99), replace(f.TRANSFER, at=AT + 99)), AT)
    assert [e.pointer for e in found.errors] == ["/facts/0/produced_at", "/facts/1/at"]
