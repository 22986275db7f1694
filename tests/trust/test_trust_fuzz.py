"""Any bytes in any form get a verdict: no exception but ours, soon, and in little memory."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
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
from tests.trust.test_trust_vectors import CONTEXT as SMALL
from tests.trust.trust_kit import AT, ME, parse_statement
from tests.vectors import chains, credentials, kit, selective, world

SIGNED = (Format.JWS, Format.VC_JWT, Format.DATA_INTEGRITY, Format.SD_JWT)
RELAXED = settings(deadline=None, max_examples=150)

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
# The world of the vectors with the caps of the service, not the small ones of the vectors.
CONTEXT = replace(SMALL, limits=Limits())


def look(content: bytes, form: Format) -> Examined:
    return examine(Received(content, form, ME, AT), CONTEXT, parse_statement)


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
