"""What is said of a lot or a product from its cut of the chain is what the whole chain says, to the last bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.model.refs import Kind
from graph.model.standing import COMPROMISE
from graph.model.tables import TABLES, ChainTables
from graph.rollup import asking
from graph.rollup.breakdown import DIMENSIONS, breakdown
from graph.rollup.budget import Telling, budget
from graph.rollup.contributions import contributions
from graph.rollup.drawing import chain
from graph.rollup.errors import LotUnknown, NoFigure
from graph.rollup.explanation import explanation
from graph.rollup.figure import content, footprint
from graph.rollup.kernel import Rolled, roll_up
from graph.rollup.lookup import Index, Indexed
from graph.rollup.policy import Policy, load_policy
from graph.rollup.product import product_footprint
from graph.rollup.reach import Root, cut
from graph.rollup.resources import resources
from graph.rollup.scenarios import Grid, Scale, prepare
from graph.rollup.sensitivity import sensitivities
from graph.rollup.snapshot import ChainSnapshot, build
from graph.rollup.whatif import what_if
from tests.rollup.rollup_book import NAN, Book
from tests.rollup.test_laws import Plant
from tests.rollup.test_properties import random_book
from tests.rollup.wild import BODY, RECOGNISED, VERIFIER, Wild

SEEDS = st.integers(0, 10**6)
INF = float("inf")
PERIODS = ((-INF, INF), (0.0, 50.0), (50.0, 200.0))
POLICIES = ("default", "cbam-2026", "pact-3")
MOST = 10_000

Solved = tuple[ChainSnapshot, Rolled]


def told(question: Callable[[], Any]) -> str:
    """An answer in all its digits, or why there is none."""
    try:
        return repr(question())
    except (LotUnknown, NoFigure) as error:
        return f"{type(error).__name__} {error.args}"


def of_lot(solved: Solved, lot: str) -> dict[str, str]:
    """All that the engine says of a lot."""
    found = {
        each.__name__: told(lambda each=each: each(*solved, lot))
        for each in (footprint, content, resources, contributions)
    }
    found["chain"] = told(lambda: chain(*solved, lot, 1000))
    found["explanation"] = told(lambda: explanation(*solved, lot, 1000))
    found |= {by: told(lambda by=by: breakdown(*solved, lot, [by])) for by in DIMENSIONS}
    return found


def asked(solved: Solved, lot: str) -> dict[str, str]:
    """What a lot's figure would be, and what it moves with."""
    prepared = prepare(*solved)
    openly = asking.those(solved[0], lambda organization: organization < "urn:c")
    changes = [[Grid("CN", 0.1)], [Scale(0.5, "own")], [Scale(2.0, type="electricity"), Scale(0.0, type="transport")]]

    def would_be() -> Any:
        base, outcomes = what_if(prepared, asking.about_lot(solved[0], lot, openly, 2), changes)
        plain = [
            (o.found, o.difference.tolist(), o.bound, [(e.matched, e.counted) for e in o.effects]) for o in outcomes
        ]
        return base, plain

    def whom() -> Any:
        whole = footprint(*solved, lot)
        named = asking.those(solved[0], lambda organization: organization < "urn:d")
        seen = Telling(openly, named, lambda name: name.key < "urn:c", "others")
        return budget(prepared, asking.sum_of_lot(solved[0], lot, whole.total or 0.0), seen)

    return {
        "what-if": told(would_be),
        "sensitivities": told(lambda: sensitivities(prepared, lot, 10, openly)),
        "uncertainty": told(whom),
    }


def of_product(solved: Solved, product: str) -> dict[str, str]:
    return {str(p): told(lambda p=p: product_footprint(*solved, product, *p)) for p in PERIODS}


def solved(tables: Any, at: int, policy: Policy) -> Solved:
    snapshot = build(tables, at, policy)
    return snapshot, roll_up(snapshot)


def cut_solved(tables: Any, root: Root, at: int, policy: Policy) -> Solved:
    found = cut(Indexed(tables), [root], at, MOST)
    if found is None:
        assert len(tables.rows["inventories"]["fid"]), "all but what was made where there is an inventory can be cut"
        return solved(tables, at, policy)
    return solved(found.tables, at, policy)


def differing(book: Any, lots: Any, products: Any, at: int, policy: Policy) -> list[str]:
    """The lots and products of which a cut says something else than the whole chain."""
    whole, found = solved(book.tables, at, policy), []
    for lot in lots:
        small = cut_solved(book.tables, (Kind.LOT, lot), at, policy)
        found += [lot] * ((of_lot(small, lot), asked(small, lot)) != (of_lot(whole, lot), asked(whole, lot)))
    for product in products:
        small = cut_solved(book.tables, (Kind.PRODUCT, product), at, policy)
        found += [product] * (of_product(small, product) != of_product(whole, product))
    return found


def differing_of(wild: Wild, name: str, share: float) -> list[str]:
    lots, products = [*wild.lots, "urn:x|none"], [*wild.products, "urn:x|none"]
    return differing(wild.book, lots, products, int(wild.book.index * share), load_policy(name, RECOGNISED))


@given(SEEDS, st.sampled_from(POLICIES), st.floats(0.3, 1.0))
@settings(max_examples=5, deadline=None)
def test_the_cut_says_what_the_whole_chain_says(seed, name, share):
    assert differing_of(Wild(seed), name, share) == []


@pytest.mark.long
@pytest.mark.timeout(900)
@given(SEEDS, st.sampled_from(POLICIES), st.floats(0.3, 1.0))
@settings(max_examples=150, deadline=None)
def test_the_cut_says_what_the_whole_chain_says_of_many_chains(seed, name, share):
    assert differing_of(Wild(seed), name, share) == []


@pytest.mark.parametrize("chains", [(Plant,), pytest.param((Plant, random_book), marks=pytest.mark.long)])
@given(seed=SEEDS)
@settings(max_examples=2, deadline=None)
def test_the_cut_of_chains_with_loops(chains, seed):
    for made_of in chains:
        found = made_of(seed)
        book = found.book if isinstance(found, Plant) else found
        lots = sorted(set(book.tables.rows["lots"]["key"]))
        products = sorted(set(book.tables.rows["lots"]["product"]) - {""})
        assert differing(book, lots[::6], products[:2], book.index, load_policy()) == []


def made(book: Book, lot: str = "urn:a|l", **values: Any) -> str:
    """A lot of `urn:a` that its process makes two kilograms of."""
    book.process("urn:a|T")
    book.emits(1.0)
    book.makes(2.0, values.get("product", ""))
    return book.lot(lot, "urn:a|T", quantity=2.0, **values)


def another_account(book: Book) -> None:
    """Who uses more than there is said so second: the first account of a process counts, and it is without."""
    made(book)
    for inputs in ((), ("urn:a|l",)):
        book.document()
        book.current = "urn:b|T"
        book.emits(1.0)
        for lot in inputs:
            book.consumes(lot, 9.0)


def another_reference(book: Book) -> None:
    """The first who names a product that nobody describes tells in what it is counted."""
    book.process("urn:b|T")
    book.consumes("urn:c|p", 1.0, "product", dimension=7)
    book.process("urn:a|T")
    book.consumes("urn:c|p", 1.0, "product")
    book.makes(2.0)
    book.lot("urn:a|l", "urn:a|T")


def another_footprint_of_the_name(book: Book) -> None:
    """Of two footprints of one name the later is what an assurance is about."""
    made(book)
    for lot in ("urn:a|l", "urn:a|m"):
        book.footprint(lot, 5.0, key="urn:a|F")
    book.document()
    book.row("accreditations", issuer=BODY, institution=VERIFIER, scope="s", valid_from=0.0, valid_to=1e6)
    book.document()
    stated = {"issuer": VERIFIER, "footprint": "urn:a|F", "document": "sha2", "level": "limited", "standard": "s"}
    book.row("assurances", valid_to=1e6, **stated)


def the_same_values(book: Book) -> None:
    """Somebody with whom there is no business states what the lot's maker states."""
    for firm in ("urn:a", *["urn:a"] * 3, "urn:x"):
        book.product(f"{firm}|p", material="goods")
        key = f"{firm}|l{book.index}" if book.index > 2 else "urn:a|l"
        book.lot(key, product=f"{firm}|p")
        book.footprint(key, 1.234567)


def the_same_values_of_many(book: Book) -> None:
    """Of hundreds who state the same only the last has stated it of the same material, and in a signed document."""
    book.product("urn:a|p", material="goods")
    book.lot("urn:a|l", product="urn:a|p")
    book.footprint("urn:a|l", 1.234567)
    for n in range(200):
        book.product(f"urn:{n}|p", material="goods" if n > 197 else "others")
        book.footprint(f"urn:{n}|p", 1.234567, subject_kind="product", signed=n != 198)


def the_last_document(book: Book) -> None:
    """An assurance ends by the time of a document that has nothing to do with it."""
    made(book)
    book.footprint("urn:a|l", 5.0, key="urn:a|F")
    book.document()
    stated = {"issuer": VERIFIER, "footprint": "urn:a|F", "document": "sha2", "level": "limited", "standard": "s"}
    book.row("assurances", valid_to=book.index + 1.0, **stated)
    book.lot("urn:x|l")


def made_of_itself(book: Book) -> None:
    """Two lots of which each is part of the other, beside one that is neither."""
    made(book, "urn:a|k")
    for one, other in (("urn:a|l", "urn:b|l"), ("urn:b|l", "urn:a|l")):
        book.lot(one)
        book.draws(one, other, 1.0, "lot")


def nobody_states_water(book: Book) -> None:
    """Elsewhere somebody states how much water it took."""
    made(book)
    book.process("urn:x|T")
    book.emits(3.0, name="water", type="water")


def factors_published_later(book: Book) -> None:
    """What a grid gives off is published by nobody in the chain, and last in a newer set."""
    book.process("urn:a|T")
    book.power(10.0, region="CN")
    book.makes(2.0)
    book.lot("urn:a|l", "urn:a|T")
    for value in ("0.5", "0.9"):
        book.publishes("grids", {"region": "CN", "value": value}, year=2030 + book.index)


def a_process_named_like_the_lot(book: Book) -> None:
    """What left about a process is told of the lot that bears its name."""
    made(book)
    gone = book.document()
    book.row("processes", key="urn:a|l")
    end = book.document()
    book.row("revocations", issuer="urn:a", thumbprint="t", reason=COMPROMISE)
    book.tables.superseded[gone << 20] = end


CASES = (
    another_account, another_reference, another_footprint_of_the_name, the_same_values, the_same_values_of_many,
    the_last_document, made_of_itself, nobody_states_water, factors_published_later, a_process_named_like_the_lot,
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_what_lies_beside_a_lot(case):
    book = Book()
    case(book)
    assert differing(book, ["urn:a|l"], ["urn:c|p", "urn:a|p"], book.index, load_policy("default", RECOGNISED)) == []


def test_what_was_made_where_there_is_an_inventory_is_not_cut():
    """What it says of a lot depends on all that was made there."""
    book = Book()
    for place in ("urn:a|site", "urn:a|other"):
        book.process(f"{place}-T", facility=place)
        book.emits(1.0)
        book.makes(2.0)
        book.lot(f"{place}-l", f"{place}-T", quantity=2.0)
    book.document()
    given = {"start": 0.0, "end": 100.0, "direct": 1000.0, "method": "location-based", "gwp": "AR6"}
    book.row("inventories", key="urn:a|I", facility="urn:a|site", **given)
    assert cut(Indexed(book.tables), [(Kind.LOT, "urn:a|site-l")], book.index, MOST) is None
    assert differing(book, ["urn:a|other-l"], [], book.index, load_policy()) == []


def test_a_reach_beyond_what_is_asked_for_is_none():
    book = Plant(1).book
    lot = book.tables.rows["lots"]["key"][-1]
    size = cut(Indexed(book.tables), [(Kind.LOT, lot)], book.index, MOST).nodes
    assert size > 5
    assert cut(Indexed(book.tables), [(Kind.LOT, lot)], book.index, size).nodes == size
    assert cut(Indexed(book.tables), [(Kind.LOT, lot)], book.index, size - 1) is None


def test_others_uses_of_a_lot_are_counted_too():
    book = Book()
    made(book)
    for n in range(100):
        book.process(f"urn:b|{n}")
        book.consumes("urn:a|l", 0.01)
    assert cut(Indexed(book.tables), [(Kind.LOT, "urn:a|l")], book.index, 9) is None
    assert cut(Indexed(book.tables), [(Kind.LOT, "urn:a|l")], book.index, 30).nodes < 5


def test_a_cut_has_texts_of_its_own_in_the_order_of_the_whole():
    book = random_book(1, lots=40)
    found = cut(Indexed(book.tables), [(Kind.LOT, book.tables.rows["lots"]["key"][0])], book.index, MOST).tables
    assert len(found.pool) < len(book.tables.pool) / 2
    texts = [found.pool[code] for code in range(len(found.pool))]
    codes = [book.tables.pool.find(text) for text in texts]
    assert codes == sorted(codes)
    assert found.head == book.tables.head


@given(st.lists(st.lists(st.integers(0, 300), max_size=3000), max_size=6), st.sets(st.integers(0, 301), max_size=9))
@settings(max_examples=30, deadline=None)
def test_an_index_finds_what_is_there_as_rows_come_in(parts, keys):
    index, values = Index(), np.zeros(0, np.int32)
    wanted = np.array(sorted(keys), np.int64)
    for part in parts:
        values = np.append(values, np.array(part * 3, np.int32))
        assert index.find(values, wanted).tolist() == np.flatnonzero(np.isin(values, wanted)).tolist()


def test_a_new_row_sorts_nothing_anew():
    index, values = Index(), np.arange(100_000, dtype=np.int32)
    keys = np.array([5, 99_999, 100_001], np.int64)
    index.find(values, keys)
    runs = index._runs
    assert index.find(np.append(values, [5, 100_001]).astype(np.int32), keys).tolist() == [5, 99_999, 100_000, 100_001]
    assert index._runs is runs


def test_what_came_in_last_is_known_as_documents_come_in():
    tables = ChainTables()
    found = Indexed(tables)
    assert found.last_received(5).tolist() == []
    for index, (received, last) in enumerate([(NAN, []), (5.0, [1]), (3.0, [1]), (7.0, [3]), (NAN, [3])]):
        tables.rows["documents"]["index"].append(index)
        tables.rows["documents"]["received_at"].append(received)
        assert found.last_received(index).tolist() == last
    assert found.last_received(2).tolist() == [1]


def test_of_every_table_it_is_settled_what_a_cut_takes_of_it():
    """A table that is new belongs here once the walk looks at it, or once it is sure that no figure rests on it."""
    walked = {
        "documents", "organizations", "facilities", "products", "lots", "lot_sources", "processes", "inputs", "outputs",
        "activities", "footprints", "contents", "transfers", "revocations", "statuses", "accreditations", "assurances",
        "factors",
    }  # fmt: skip
    answered_from_the_whole_chain, no_figure_rests_on = {"inventories"}, {"grants", "certificates"}
    assert walked | answered_from_the_whole_chain | no_figure_rests_on == set(TABLES)
