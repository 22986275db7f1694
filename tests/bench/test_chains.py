"""The generated chain is the same chain as columns and as statements."""

import time
from pathlib import Path

import numpy as np
import pytest

from bench.chains import Chain, Spec, generate, layered, pyramid, statements, tables
from graph.model.documents import Format
from graph.model.indicators import Group
from graph.model.tables import ChainTables
from graph.rollup.kernel import roll_up
from graph.rollup.policy import load_policy
from graph.rollup.snapshot import build
from graph.store.database import Database
from graph.store.tables import read_newer
from service.intake.submit import Intake, Registration
from service.intake.writer import GroupWriter
from service.ledger.entry import Scribe
from service.trust.limits import Limits
from service.trust.signing import new_key, sign_registration, sign_statement

SPEC = Spec((6, 8, 5, 1), (2, 3), attested=0.3, organizations=8, seed=7)


def figures(chain: Chain, made: ChainTables) -> np.ndarray:
    snapshot = build(made, made.head, load_policy())
    assert snapshot.ready == len(snapshot.kind)
    chosen = roll_up(snapshot).chosen
    return np.array([chosen[snapshot.lots[chain.key(lot)]] for lot in range(len(chain))])


def test_the_same_seed_gives_the_same_chain() -> None:
    first, second = generate(layered(500)), generate(layered(500))
    assert np.array_equal(first.quantity, second.quantity)
    assert np.array_equal(first.source, second.source)
    assert not np.array_equal(first.quantity, generate(layered(500, seed=2)).quantity)


def test_a_pyramid_ends_in_one_lot_that_stands_on_all_others() -> None:
    chain = generate(pyramid(300))
    assert len(chain) == 301
    reached = {300}
    for user, source in zip(chain.user[::-1].tolist(), chain.source[::-1].tolist(), strict=True):
        assert source < user
    for lot in range(300, -1, -1):
        if lot in reached:
            reached.update(chain.source[chain.user == lot].tolist())
    assert len(reached) == 301


def test_no_more_is_consumed_than_is_made() -> None:
    chain = generate(layered(400))
    used = np.bincount(chain.source, chain.consumed, len(chain))
    assert (used <= chain.quantity * 1.000001).all()


@pytest.mark.engine
def test_columns_and_statements_give_the_same_figures(database: Database, tmp_path: Path) -> None:
    chain = generate(SPEC)
    intake = Intake(database, GroupWriter(database, Scribe(b"a secret of the tests"), tmp_path / "turn"), Limits())
    keys: dict[str, dict[str, str]] = {}
    now = int(time.time())
    for maker, statement in statements(chain, per_document=3):
        if maker not in keys:
            keys[maker] = new_key()
            proof = sign_registration(keys[maker], organization=maker, audience="here", nonce="n", issued_at=now)
            intake.register_key(proof, maker, Registration("here", lambda _: True))
        content = sign_statement({**statement, "iat": now, "exp": now + 600}, keys[maker])
        [stored] = intake.submit([(content, Format.JWS)], maker)
        assert stored.verdict.accepted, stored.verdict
    ours, theirs = figures(chain, tables(chain)), figures(chain, read_newer(database))
    assert ours[:, :2].min() > 0
    np.testing.assert_allclose(theirs, ours, rtol=1e-12)


def test_a_chain_with_indicators_states_every_group_that_rolls_up() -> None:
    chain = generate(layered(100, indicators=True))
    made = tables(chain)
    snapshot = build(made, made.head, load_policy())
    assert set(snapshot.indicators.layout.groups) == set(Group) - {Group.CAPTURE}
    plain = tables(generate(layered(100)))
    assert np.array_equal(roll_up(snapshot).chosen, roll_up(build(plain, plain.head, load_policy())).chosen)
