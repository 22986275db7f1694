"""Any bytes in any form get a verdict: no exception but ours, soon, and in little memory."""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.model.documents import Format, Received
from service.trust.checks import Refusal
from service.trust.envelopes.sd_jwt import reveals
from service.trust.forms import guess
from service.trust.limits import Limits
from service.trust.verify import Examined, examine
from service.trust.wanted import wanted
from tests.trust.test_trust_vectors import CONTEXT
from tests.trust.trust_kit import AT, ME, parse_statement
from tests.vectors import chains, credentials, kit, selective, world

SIGNED = (Format.JWS, Format.VC_JWT, Format.DATA_INTEGRITY, Format.SD_JWT)
RELAXED = settings(deadline=None, max_examples=150)
MEGABYTE = 1_000_000

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
_CONTEXT = type(CONTEXT)(
    **{name: getattr(CONTEXT, name) for name in CONTEXT.__dataclass_fields__ if name != "limits"}, limits=Limits()
)


def look(content: bytes, form: Format) -> Examined:
    return examine(Received(content, form, ME, AT), _CONTEXT, parse_statement)


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    """Time of the processor, so that a busy machine fails no test; collections of garbage are not this code's."""
    gc.disable()
    start = time.process_time()
    try:
        yield
        spent = time.process_time() - start
    finally:
        gc.enable()
    assert spent < seconds


@RELAXED
@given(st.binary(max_size=1000) | _JSON.map(kit.compact), st.sampled_from(SIGNED))
def test_any_bytes_get_a_verdict_soon(content: bytes, form: Format) -> None:
    with _within(0.1):
        assert look(content, form).failed is not None
        wanted(content, form, Limits())
        guess(content)


@RELAXED
@given(_JSON, st.dictionaries(st.sampled_from([*world.credential(), "credentialStatus", "proof", "x"]), _JSON))
def test_any_signed_credential_gets_a_verdict(payload: Any, changes: dict[str, Any]) -> None:
    look(world.vc_jwt(kit.compact(payload)), Format.VC_JWT)
    look(world.vc_jwt(world.credential(**changes)), Format.VC_JWT)


@RELAXED
@given(st.dictionaries(st.sampled_from([*credentials.proof(), "proofValue", "expires", "@context"]), _JSON))
def test_any_proof_gets_a_verdict(changes: dict[str, Any]) -> None:
    content = kit.compact({**world.credential(), "proof": {**credentials.proof(), "proofValue": "z1", **changes}})
    assert look(content, Format.DATA_INTEGRITY).failed is not None


@RELAXED
@given(st.dictionaries(st.sampled_from(["_sd", "_sd_alg", "cnf", "facts", "...", "iss"]), _JSON), st.lists(_JSON))
def test_any_disclosure_gets_a_verdict(changes: dict[str, Any], given_: list[Any]) -> None:
    disclosures = tuple(kit.b64(kit.compact(one)) for one in given_)
    content = selective.sd_jwt(given=disclosures, **changes)
    look(content, Format.SD_JWT)
    for one in disclosures:
        with pytest.raises(Refusal):
            reveals(content, one, Limits())


@RELAXED
@given(st.lists(st.text(max_size=30) | _JSON, max_size=6))
def test_any_chain_gets_a_verdict(chain: list[Any]) -> None:
    assert look(chains.x5c(x5c=chain), Format.JWS).failed is not None


_MEGABYTES: dict[str, bytes] = {
    "brackets": b"[" * MEGABYTE,
    "objects": b'{"a":' * (MEGABYTE // 5),
    "dots": b"." * MEGABYTE,
    "tildes": b"~" * MEGABYTE,
    "zeros": b"\0" * MEGABYTE,
    "letters": b"e" * MEGABYTE,
    "digits": b"9" * MEGABYTE,
    "high bytes": b"\xff" * MEGABYTE,
    "long kid": world.vc_jwt(kid="did:key:z" + "2" * 20_000) + b"A" * 900_000,
    "base58": credentials.data_integrity(value="z" + "2" * (MEGABYTE - 2000)),
    "proof of many members": kit.compact({"proof": {str(n): n for n in range(80_000)}}),
    "many members": kit.compact({**{str(n): n for n in range(60_000)}, "proof": credentials.proof()}),
    "disclosures": b"~".join([selective.sd_jwt().partition(b"~")[0], *[b"WzEsMl0"] * 110_000, b""]),
    "signed brackets": kit.jws(payload=b"[" * 700_000),
    "signed disclosures": selective.sd_jwt(
        given=tuple(selective.disclosure("x" * 60, salt=str(n)) for n in range(8000))
    ),
}


@pytest.mark.parametrize("name", _MEGABYTES)
def test_a_hostile_megabyte_costs_little(name: str) -> None:
    content = _MEGABYTES[name]
    for form in SIGNED:
        with _within(1.0):
            assert look(content, form).failed is not None
    tracemalloc.start()
    try:
        for form in SIGNED:
            look(content, form)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 64_000_000
