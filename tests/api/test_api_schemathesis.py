"""schemathesis over the API's own description: no server error, and answers are as the description says.

Signed in as a supplier, over a graph with a lot in it; bounded in examples and time, the same examples every time.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from graph.store.database import Database
from service.auth.roles import Role
from tests.kit.doors import Client, House
from tests.kit.graphs import cleared
from tests.kit.statements import lot, process, product

EXAMPLES = 6
# For all operations together, each its share; at least one call of each is made whatever it takes.
SECONDS = 45.0
CHECKS = [not_a_server_error, response_schema_conformance, content_type_conformance]


@schemathesis.serializer("application/x-ndjson", "application/jose")
def as_text(_context: Any, value: Any) -> bytes:
    """Whatever was generated for a body of lines or of a signature, as the bytes that are sent."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@pytest.fixture(scope="module")
def caller(session_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    house = House(cleared(session_database), tmp_path_factory.mktemp("house"))
    found = house.client("supplier", Role.SUPPLIER, Role.ADMIN, signs=True)
    found.signs(product(), process(), lot())
    return found


def attempt(operation: Any, caller: Client, until: float) -> int:
    """Call one operation with what its description allows and what it forbids; how often."""
    calls = 0

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def call(case: Any) -> None:
        nonlocal calls
        if not calls or time.monotonic() < until:
            calls += 1
            case.validate_response(case.call(headers=caller.headers), checks=CHECKS)

    call()
    return calls


def test_no_request_that_the_description_allows_or_forbids_breaks_the_service(caller: Client) -> None:
    described = schemathesis.openapi.from_wsgi("/api/openapi.json", caller.http.application)
    operations = [found.ok() for found in described.get_all_operations()]
    calls = {o.label: attempt(o, caller, time.monotonic() + SECONDS / len(operations)) for o in operations}
    assert len(calls) >= 15
    assert all(calls.values()), calls
    assert caller.get(caller.lot("L1") + "/footprint").json["total"] == pytest.approx(0.1), "nothing was harmed"


def test_everything_the_api_answers_is_described(caller: Client) -> None:
    """Every route under /api/v1 and /ledger is in the description, so that nothing escapes the test above."""
    spec = caller.get("/api/openapi.json").json
    assert spec["openapi"].startswith("3.1")
    rules = {
        rule.rule.replace("<string:", "{").replace("<path:", "{").replace(">", "}")
        for rule in caller.http.application.url_map.iter_rules()
        if rule.rule.startswith(("/api/v1", "/ledger"))
    }
    assert rules == set(spec["paths"])
