"""kill -9 of the service and of the engine: the short form of `python -m bench durability`."""

import pytest

from bench import durability


@pytest.mark.engine
@pytest.mark.long
def test_nothing_acknowledged_is_lost() -> None:
    outcomes = durability.rounds(2, 120)
    assert next(o.killed for o in outcomes) == durability.SERVICE
    for outcome in outcomes:
        assert outcome.audit.faults == ()
        assert outcome.audit.found == outcome.acknowledged
        assert outcome.acknowledged >= outcome.sent // 10
        assert outcome.sound
