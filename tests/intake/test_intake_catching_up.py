"""Reading what is newer: rows, what ended them, and pieces that make the whole (graph/store/tables.py)."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from graph.model.refs import fact_id
from graph.model.tables import TABLES, ChainTables
from graph.store.tables import read_newer
from tests.intake.table_rows import rows_of
from tests.kit.doors import Hall, Party, org
from tests.kit.statements import (
    facility,
    grant,
    lot,
    process,
    product,
    withdrawal,
)


def test_a_fact_that_another_document_says_again_has_one_row(hall: Hall) -> None:
    me = hall.party()
    me.accepted(product(), lot("once", 5, ""))
    again = me.accepted(product(), lot("once", 5, ""), facility("new", "DE"))
    for few in (0, 10**9):
        tables = read_newer(hall.database, again.index - 1, few)
        assert [len(tables.rows[name]["key"]) for name in ("lots", "products", "facilities")] == [0, 0, 1]


def test_what_conflicts_is_read_and_was_never_in_force(hall: Hall) -> None:
    party = hall.party()
    party.accepted(lot(source=""))
    rival = party.accepted(lot(source="", kilograms=7))
    tables = read_newer(hall.database)
    assert [row["quantity"] for row in rows_of(tables, "lots", rival)] == [7.0]
    assert tables.superseded[fact_id(rival.index, 0)] == rival.index


def test_what_ended_is_told_with_the_index_that_ended_it(hall: Hall) -> None:
    party = hall.party()
    first = party.accepted(lot(source=""), product())
    second = party.accepted(lot(source="", kilograms=7, supersedes=first.id))
    third = party.accepted(withdrawal(first.id))
    ended = read_newer(hall.database).superseded
    assert {fid: at for fid, at in ended.items() if fid >> 20 in (first.index, second.index)} == {
        fact_id(first.index, 0): second.index,
        fact_id(first.index, 1): third.index,
    }


def test_a_refused_document_brings_no_row(hall: Hall) -> None:
    refused = hall.party().states(lot(source="", bad=1))
    tables = read_newer(hall.database)
    assert tables.head == refused.index
    assert all(not rows_of(tables, table, refused) for table in TABLES)


# Piece by piece


def canonical(tables: ChainTables) -> dict[str, list[str]]:
    """Rows as sorted text: the engine may hand the rows of one fact over in any order."""
    return {
        table: sorted(repr(row) for row in zip(*columns.values(), strict=True))
        for table, columns in tables.rows.items()
    }


def write_some(party: Party, turns: list[int]) -> None:
    """A few documents of every sort, each changing something of those before."""
    previous = ""
    for number, turn in enumerate(turns):
        facts = [
            [product(f"p{number}")],
            [process("x", 10 + number)],
            [lot("L", 1 + number, "")],
            [grant(org("g"), f"g{number}")],
        ][turn % 4]
        if turn == 4 and previous:
            facts = [withdrawal(previous)]
        previous = party.accepted(*facts).id


@settings(max_examples=6, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(turns=st.lists(st.integers(0, 4), min_size=4, max_size=8), cuts=st.sets(st.integers(0, 7), max_size=4))
def test_reading_piece_by_piece_gives_what_reading_at_once_gives(hall: Hall, turns: list[int], cuts: set[int]) -> None:
    party = hall.party()
    kept = read_newer(hall.database)
    for number, turn in enumerate(turns):
        write_some(party, [turn])
        if number in cuts:
            kept.extend(read_newer(hall.database, kept.head))
    kept.extend(read_newer(hall.database, kept.head))
    whole = read_newer(hall.database)
    assert canonical(kept) == canonical(whole)
    assert kept.superseded == whole.superseded
    assert kept.head == whole.head


def test_nothing_newer_is_nothing(hall: Hall) -> None:
    head = read_newer(hall.database).head
    newer = read_newer(hall.database, head)
    assert newer.head == head
    assert not newer.superseded
    assert all(not column for columns in newer.rows.values() for column in columns.values())


def test_windows_of_reading_leave_nothing_out(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    party = hall.party()
    write_some(party, [0, 1, 2, 3, 4, 0, 1])
    whole = read_newer(hall.database)
    monkeypatch.setattr("graph.store.tables.WINDOW", 2)
    assert canonical(read_newer(hall.database)) == canonical(whole)
