"""A megabyte of whatever is refused costs less than a tenth of a second and 64 MB, of each kind that a cap allows.

Seconds are those of the machine that the figures in docs/trust.md are from: a loop that takes it ten milliseconds is
the unit. Time of the processor counts, so that a busy machine fails no test.
"""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from graph.model.documents import Format, Received
from schemas.statement import load_statement
from service.trust.disclosures import MOST_DISCLOSURES
from service.trust.forms import guess
from service.trust.limits import Limits
from service.trust.verify import Examined, examine
from service.trust.wanted import wanted
from tests.trust.test_trust_fuzz import CONTEXT
from tests.trust.trust_kit import AT, ME
from tests.vectors import chains, credentials, kit, selective, world

MEGABYTE = 1_000_000
SIGNED = (Format.JWS, Format.VC_JWT, Format.DATA_INTEGRITY, Format.SD_JWT)
MOST_UNITS = 10
MOST_MEMORY = 64_000_000
Make = Callable[[], bytes]


def look(content: bytes, form: Format) -> Examined:
    """All that is done with a document before the graph is asked."""
    wanted(content, form, Limits())
    guess(content)
    return examine(Received(content, form, ME, AT), CONTEXT, load_statement)


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _unit() -> float:
    return min(_seconds(lambda: sum(n * n for n in range(160_000))) for _ in range(2))


def cost(content: bytes, form: Format) -> float:
    """Units that a refusal takes; the least of some attempts, while it is too much."""
    least = float("inf")
    for _ in range(8):
        # Collections of garbage are not this code's.
        gc.disable()
        least = min(least, _seconds(lambda: look(content, form)) / _unit())
        gc.enable()
        if least < MOST_UNITS / 2:
            break
    return least


def peak(content: bytes, form: Format) -> int:
    """Bytes in use at once, beside the document itself."""
    tracemalloc.start()
    try:
        look(content, form)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def check(content: bytes, form: Format) -> None:
    assert look(content, form).failed is not None
    assert cost(content, form) < MOST_UNITS


def test_the_unit_is_a_hundredth_of_a_second_or_so() -> None:
    """Else the limit would mean something else than it says."""
    assert 0.002 < _unit() < 0.2


_ANY: dict[str, Make] = {
    "nothing": lambda: b"",
    "brackets": lambda: b"[" * MEGABYTE,
    "objects": lambda: b'{"a":' * (MEGABYTE // 5),
    "dots": lambda: b"." * MEGABYTE,
    "tildes": lambda: b"~" * MEGABYTE,
    "null bytes": lambda: b"\0" * MEGABYTE,
    "letters": lambda: b"e" * MEGABYTE,
    "digits": lambda: b"9" * MEGABYTE,
    "high bytes": lambda: b"\xff" * MEGABYTE,
    "quotes": lambda: b'"' * MEGABYTE,
    "long kid": lambda: world.vc_jwt(kid="did:key:z" + "2" * 20_000) + b"A" * 900_000,
}


@pytest.mark.parametrize("name", _ANY)
def test_any_bytes_in_any_form(name: str) -> None:
    content = _ANY[name]()
    for form in (*SIGNED, Format.JSON):
        check(content, form)


def _claims(**changes: Any) -> bytes:
    return kit.claims(**changes)


def _with(value: bytes) -> bytes:
    """A payload with one more member of these bytes."""
    return kit.claims()[:-1] + b',"q":' + value + b"}"


def _list(element: bytes, size: int = 700_000) -> bytes:
    return b"[" + b",".join([element] * (size // (len(element) + 1))) + b"]"


# What whoever holds a registered key can have read, so that its signature holds: three quarters of a megabyte.
_SIGNED: dict[str, Callable[[], bytes]] = {
    "brackets": lambda: b"[" * 700_000,
    "closed brackets": lambda: _with(_list(b"[]")),
    "nested lists": lambda: _with(_list(b"[" * 60 + b"]" * 60)),
    "sparse lists": lambda: _with(_list(b"[" + b" " * 7 + b"]")),
    "empty objects": lambda: _with(_list(b"{}")),
    "small objects": lambda: _with(_list(b'{"abcdefghij":1}')),
    "zeros": lambda: _with(_list(b"0")),
    "sparse decimals": lambda: _with(_list(b"0.1234567")),
    "long decimals": lambda: _with(_list(b"0." + b"9" * 97)),
    "long integers": lambda: _with(_list(b"9" * 100)),
    "strings": lambda: _with(_list(b'"abcdefg"')),
    "quotes and brackets": lambda: _list(b'"[[["'),
    "escaped letters": lambda: _with(b'"' + rb"\u0041" * 115_000 + b'"'),
    "escaped halves": lambda: _with(b"[" + rb'"\ud83c\udf31",' * 45_000 + b"1]"),
    "backslashes": lambda: b'"' + b"\\" * 700_000,
    "a long string": lambda: _claims(jti="é" * 350_000),
    "a long id": lambda: _claims(facts=[{"kind": "grant", "id": "a" + "\u0301" * 340_000}]),
    "many members": lambda: _claims(**{f"n{n}": 1 for n in range(60_000)}),
    "a member twice, late": lambda: kit.compact({f"n{n}": 1 for n in range(60_000)})[:-1] + b',"n59999":2}',
    "empty facts": lambda: _claims(facts=[{}] * 80_000),
    "no facts": lambda: _claims(facts=[None] * 80_000),
    "facts of no kind": lambda: _claims(facts=[{"kind": "such a rumour"}] * 28_000),
    "facts without anything": lambda: _claims(facts=[{"kind": "lot", "quantity": 1}] * 20_000),
    "units that are none": lambda: _claims(facts=[_lot(n, unit="kilobanana") for n in range(6000)]),
    "facts of many members": lambda: _claims(facts=[{"kind": "lot", **{f"n{n}": 1 for n in range(60_000)}}]),
    "empty inputs": lambda: _claims(facts=[{"kind": "process", "inputs": [{}] * 80_000}]),
    "strange inputs": lambda: _claims(facts=[{"kind": "process", "inputs": [{"a": {"b": 1}}] * 40_000}]),
    "bad attachments in each": lambda: _claims(facts=[{"kind": "lot", "attachments": [{"a": 1}] * 9}] * 5500),
}


def _lot(number: int, **quantity: str) -> dict[str, Any]:
    stated = {"value": "1", "unit": "t", **quantity}
    return {"kind": "lot", "id": f"L{number}", "product": "P", "quantity": stated, "produced_at": "2025-01-01"}


@pytest.mark.parametrize("name", _SIGNED)
def test_what_is_signed(name: str) -> None:
    check(kit.jws(payload=_SIGNED[name]()), Format.JWS)


def _credential(**changes: Any) -> bytes:
    return world.vc_jwt(world.credential(**changes))


def _proven(**changes: Any) -> bytes:
    """With a proof that does not hold, which is seen only after everything was written in its canonical form."""
    proof = {**credentials.proof(), "proofValue": "z" + "2" * 80}
    return kit.compact({**world.credential(), "proof": proof, **changes})


def _disclosed(count: int) -> bytes:
    given = tuple(selective.disclosure("x" * 60, salt=str(n)) for n in range(count))
    return selective.sd_jwt(given=given, facts=[selective.process(*map(selective.element, given))])


# What each form has of its own.
_OF_A_FORM: dict[str, tuple[Make, Format]] = {
    "contexts": (lambda: _credential(**{"@context": [world.V2, *["abcdef"] * 80_000]}), Format.VC_JWT),
    "types": (lambda: _credential(type=["abcdef"] * 80_000), Format.VC_JWT),
    "status entries": (lambda: _credential(credentialStatus=[world.entry()] * 4000), Format.VC_JWT),
    "credential of a stranger": (lambda: world.vc_jwt(_list(b'"abcdefg"'), world.STRANGER), Format.VC_JWT),
    "base58": (lambda: credentials.data_integrity(value="z" + "2" * 490_000), Format.DATA_INTEGRITY),
    "proof of many members": (
        lambda: kit.compact({"proof": {str(n): n for n in range(9_900)}}),
        Format.DATA_INTEGRITY,
    ),
    "more decimals than are taken": (lambda: _proven(q=[0.1234567] * 45_000), Format.DATA_INTEGRITY),
    "proven decimals": (lambda: _proven(q=[0.1234567] * 9_900), Format.DATA_INTEGRITY),
    "proven objects": (lambda: _proven(q=[{"abcdefgh": 1}] * 4900), Format.DATA_INTEGRITY),
    "proven strings": (lambda: _proven(q=['a"b'] * 9_900), Format.DATA_INTEGRITY),
    "proven members": (lambda: _proven(q={f"n{n}": 1 for n in range(9_900)}), Format.DATA_INTEGRITY),
    "proven control characters": (lambda: _proven(q="\x01" * 82_000), Format.DATA_INTEGRITY),
    "proven megabyte": (lambda: _proven(q="x" * 990_000), Format.DATA_INTEGRITY),
    "disclosures of nothing": (
        lambda: b"~".join([selective.sd_jwt().partition(b"~")[0], *[b"WzEsMl0"] * 110_000, b""]),
        Format.SD_JWT,
    ),
    "disclosures that do not belong": (
        lambda: selective.sd_jwt(given=tuple(selective.disclosure(n, salt="") for n in range(MOST_DISCLOSURES - 1))),
        Format.SD_JWT,
    ),
    "disclosures in their places": (lambda: _disclosed(MOST_DISCLOSURES - 1), Format.SD_JWT),
    "digests": (lambda: selective.sd_jwt(_sd=[f"{n:043}" for n in range(15_000)]), Format.SD_JWT),
    "hidden inputs": (
        lambda: selective.sd_jwt(facts=[selective.process(*[{"...": f"{n:043}"} for n in range(10_000)])]),
        Format.SD_JWT,
    ),
    "a large key binding": (lambda: selective.sd_jwt(bound=b"A" * 990_000), Format.SD_JWT),
    "one certificate many times": (lambda: chains.x5c(chains.leaf(), *[chains.middle()] * 4), Format.JWS),
    "certificates of nothing": (lambda: chains.x5c(*["A" * 8000] * 4), Format.JWS),
}


@pytest.mark.parametrize("name", _OF_A_FORM)
def test_what_a_form_has_of_its_own(name: str) -> None:
    make, form = _OF_A_FORM[name]
    check(make(), form)


ALL: dict[str, tuple[Make, Format]] = {
    **{f"any {name}": (make, Format.JSON) for name, make in _ANY.items()},
    **{name: (lambda make=make: kit.jws(payload=make()), Format.JWS) for name, make in _SIGNED.items()},
    **_OF_A_FORM,
}


@pytest.mark.parametrize(
    "name", [n if n in ("empty facts", "any objects") else pytest.param(n, marks=pytest.mark.long) for n in ALL]
)
def test_little_memory_is_in_use_at_once(name: str) -> None:
    make, form = ALL[name]
    assert peak(make(), form) < MOST_MEMORY


def test_the_densest_statement_is_not_too_dense() -> None:
    """The cap on items touches no statement that the schema takes: the shortest inputs, a hundred thousand of them."""
    short = {"lot": "L", "quantity": {"value": 1, "unit": "t"}}
    process = {"kind": "process", "id": "P", "produced_from": "2025-01-01", "produced_to": "2025-02-01"}
    output = {"id": "o", "product": "p", "quantity": {"value": 1, "unit": "t"}}
    content = kit.claims(facts=[{**process, "inputs": [short] * 10_000, "outputs": [output]}])
    assert look(kit.jws(payload=content), Format.JWS).failed is None


@pytest.mark.long
def test_a_sound_megabyte_takes_little_memory() -> None:
    """Its time is that of its facts, each of which is looked at: docs/trust.md says how long."""
    content = kit.jws(payload=_claims(facts=[_lot(n) for n in range(7000)]))
    assert look(content, Format.JWS).failed is None
    assert peak(content, Format.JWS) < MOST_MEMORY
