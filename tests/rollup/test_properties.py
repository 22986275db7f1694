"""What holds for every chain: random chains against a dense solution, permutations, prefixes, sums."""

import math
import random

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from graph.model.tables import TABLES
from graph.rollup.arrays import ABSENT
from graph.rollup.contributions import contributions
from graph.rollup.errors import PolicyUnknown
from graph.rollup.figure import content, footprint
from graph.rollup.levels import CYCLIC, components, topological_levels
from graph.rollup.policy import gwp_set, load_policy, policy_names
from schemas.figures import BREAKDOWNS
from tests.rollup.rollup_book import NAN, Book

SEEDS = st.integers(0, 10**6)
ORIGINS = ("", "pre-consumer", "post-consumer", "non-grain-bio", "grain-bio", "waste-bio", "virgin")


def consume(rng: random.Random, book: Book, names: list[str], at: int) -> None:
    """Random inputs of a process: earlier lots, materials, and the product of any process, which may close a loop."""
    for source in rng.sample(names[:at], min(at, rng.randrange(4))):
        book.consumes(source, rng.uniform(0.1, 3), role=rng.choice(["material", "fuel", "own-scrap"]))
    if rng.random() < 0.3:
        target = rng.choice(["pig-iron", "paper-scrap", "mystery"])
        book.consumes(target, rng.uniform(0.1, 3), "material", country="CN", origin=rng.choice(ORIGINS))
    if rng.random() < 0.4:
        later = rng.choice(names)
        book.consumes(f"{later}-product", rng.uniform(0.01, 0.2), "product", end=rng.choice([NAN, 100.0]))


def random_book(seed: int, lots: int = 12, scale: float = 1.0) -> Book:
    """A random chain with gaps, defaults, footprints and content declarations, and in most a recycling loop or two."""
    rng, book = random.Random(seed), Book()
    names = [f"urn:{rng.choice('abcd')}|{i}" for i in range(lots)]
    for i, name in enumerate(names):
        issuer = name.partition("|")[0]
        book.process(f"{issuer}|T{i}", signed=rng.random() < 0.7, boundary="cradle-to-gate")
        for _ in range(rng.randrange(3)):
            scope = rng.choice(["direct", "indirect", "undivided"])
            book.emits(scale * rng.uniform(-1, 9), scope=scope, primary=rng.randrange(2))
        consume(rng, book, names, i)
        for output in ("o", "p")[: rng.randrange(1, 3)]:
            book.makes(rng.uniform(1, 5), f"{name}-product" if output == "o" else "", output=output)
        book.lot(name, f"{issuer}|T{i}")
        if i and rng.random() < 0.3:
            book.draws(name, rng.choice(names[:i]), rng.uniform(0.1, 2), "lot")
        if rng.random() < 0.15:
            book.footprint(name, scale * rng.uniform(1, 9), signed=rng.random() < 0.6, primary_data_share=0.5)
        if rng.random() < 0.1:
            kinds = {"subject_kind": "product", "signed": rng.random() < 0.6}
            book.footprint(f"{name}-product", scale * rng.uniform(1, 9), **kinds)
        if rng.random() < 0.15:
            book.content(name, post_consumer=rng.random(), signed=rng.random() < 0.6)
    return book


def rolled_book(seed: int, **options):
    """A random chain in which every lot has a figure."""
    snapshot, rolled = random_book(seed).rolled(**options)
    assume((rolled.cause == ABSENT).all())
    return snapshot, rolled


def permuted(book: Book, seed: int) -> Book:
    rng, other = random.Random(seed), Book()
    other.index, other.tables.head = book.index, book.tables.head
    for table, columns in book.tables.rows.items():
        order = list(range(len(next(iter(columns.values())))))
        rng.shuffle(order)
        for name, values in columns.items():
            other.tables.rows[table][name].extend(values[i] for i in order)
    return other


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_the_pass_agrees_with_a_dense_solution(seed):
    snapshot, rolled = rolled_book(seed)
    size = len(snapshot.key)
    matrix, right = np.eye(size), snapshot.own[:, :7].copy()
    for node in range(size):
        at = np.flatnonzero(snapshot.decided == node)
        if len(at) and rolled.offer[at[0]] >= 0:
            right[node] = snapshot.offers.values[rolled.offer[at[0]], :7]
            continue
        for edge in range(snapshot.indptr[node], snapshot.indptr[node + 1]):
            matrix[node, snapshot.indices[edge]] -= snapshot.emissions[edge]
    np.testing.assert_allclose(rolled.chosen[:, :7], np.linalg.solve(matrix, right), rtol=1e-9, atol=1e-9)


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_the_order_of_rows_changes_no_bit(seed):
    book = random_book(seed)
    (_, one), (_, other) = book.rolled(), permuted(book, seed).rolled()
    for name in ("chosen", "mass", "basis", "computed", "offer"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes(), name
    lot = next(iter(book.rolled()[0].lots))
    assert footprint(*book.rolled(), lot) == footprint(*permuted(book, seed).rolled(), lot)


def crowded(rng: random.Random, many: int = 40) -> Book:
    """Much of everything that is added up: outputs, sources, inputs, activities, transfers, makers of a product."""
    book = Book()
    for i in range(many):
        book.process(f"urn:a|T{i}", boundary="cradle-to-gate", accounts="energy water")
        for _ in range(6):
            given = {"scope": rng.choice(["direct", "indirect", "undivided"]), "gsd": rng.uniform(1, 2)}
            book.emits(rng.uniform(-1, 9), name="own", energy=rng.uniform(0, 5), carrier="coal", type="stream", **given)
        for output in range(6):
            book.makes(rng.uniform(1, 5), "urn:a|p", output=f"o{output}")
        book.lot(f"urn:a|l{i}", product="urn:a|p")
        for output in range(6):
            book.draws(f"urn:a|l{i}", f"urn:a|T{i}", rng.uniform(1, 5), output=f"o{output}")
        for _ in range(4):
            book.moved(f"urn:a|l{i}", "urn:z", rng.uniform(1, 5), rng.uniform(0, 1), sender="urn:a")
        book.content(f"urn:a|l{i}", post_consumer=rng.uniform(0, 1))
    for firm in ("urn:y", "urn:z"):
        book.process(f"{firm}|T", boundary="cradle-to-gate", accounts="energy water")
        for i in range(many):
            book.consumes(f"urn:a|l{i}", rng.uniform(1, 5))
            book.emits(rng.uniform(-1, 9), name="own", factor_source=f"factor {i % 3}", gsd=rng.uniform(1, 2))
        book.consumes("urn:a|p", 3.0, "product")
        book.makes(many / 3)
        book.lot(f"{firm}|l", f"{firm}|T")
    return book


def test_the_order_of_many_rows_changes_no_bit():
    """Three and more numbers in a sum: of two it never matters which comes first."""
    book = crowded(random.Random(1))
    (snapshot, one), (_, other) = book.rolled(), permuted(book, 2).rolled()
    assert one.same(other)
    again = permuted(book, 3).rolled()
    for lot in ("urn:y|l", "urn:z|l"):
        assert footprint(snapshot, one, lot) == footprint(*again, lot)
    assert footprint(snapshot, one, "urn:y|l").particulars.spread.gsd is not None, (
        "of the one that nothing was carried to"
    )
    assert contributions(snapshot, one, "urn:z|l") == contributions(*again, "urn:z|l")


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_contributions_sum_to_the_total(seed):
    snapshot, rolled = rolled_book(seed)
    for lot, node in snapshot.lots.items():
        found = contributions(snapshot, rolled, lot)
        size = rolled.chosen[node, 3]
        for field in BREAKDOWNS:
            parts = getattr(found, f"by_{field}").values()
            for scope, column in (("direct", 0), ("indirect", 1), ("undivided", 2)):
                summed = math.fsum(getattr(part, scope) for part in parts)
                assert abs(summed - rolled.chosen[node, column]) <= 1e-12 * max(size, 1e-300)


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_shares_sum_to_one_and_unknown_is_said(seed):
    snapshot, rolled = rolled_book(seed)
    np.testing.assert_allclose(rolled.mass[:, :6].sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(rolled.mass[:, 6:].sum(axis=1), 1, atol=1e-12)
    for lot in snapshot.lots:
        found = footprint(snapshot, rolled, lot)
        assert found.lower_bound == bool(found.missing)
        assert (found.total is None) == (found.basis.name == "UNKNOWN")
        for share in (found.coverage_emissions, found.default_share, found.primary_data_share):
            assert share is None or -1e-12 <= share <= 1 + 1e-12
        assert content(snapshot, rolled, lot).unknown >= 0


@given(SEEDS, st.floats(0.01, 100))
@settings(max_examples=30, deadline=None)
def test_emissions_are_linear(seed, scale):
    no = load_policy("no-defaults")
    (_, one), (_, other) = random_book(seed).rolled(policy=no), random_book(seed, scale=scale).rolled(policy=no)
    np.testing.assert_allclose(other.chosen[:, :7], one.chosen[:, :7] * scale, rtol=1e-9, atol=1e-12)


@given(SEEDS, st.integers(0, 40))
@settings(max_examples=40, deadline=None)
def test_as_of_equals_rebuilding_from_the_prefix(seed, at):
    book = random_book(seed)
    prefix = Book()
    for table, columns in book.tables.rows.items():
        ids = columns["index"] if table == "documents" else [fid >> 20 for fid in columns["fid"]]
        for name in TABLES[table]:
            kept = zip(columns[name], ids, strict=True)
            prefix.tables.rows[table][name].extend(value for value, index in kept if index <= at)
    (one, rolled), (other, again) = book.rolled(at), prefix.rolled(at)
    assert one.key == other.key
    assert rolled.chosen.tobytes() == again.chosen.tobytes()


def test_a_diamond_counts_once():
    book = Book()
    book.process("urn:a|0")
    book.emits(8.0)
    book.makes(8.0)
    book.lot("urn:a|l0", "urn:a|0")
    for side in ("1", "2"):
        book.process(f"urn:a|{side}")
        book.consumes("urn:a|l0", 1.0)
        book.makes(1.0)
        book.lot(f"urn:a|l{side}", f"urn:a|{side}")
    book.process("urn:a|3")
    book.consumes("urn:a|l1", 1.0)
    book.consumes("urn:a|l2", 1.0)
    book.makes(2.0)
    book.lot("urn:a|l3", "urn:a|3")
    assert footprint(*book.rolled(), "urn:a|l3").total == 1.0


def test_levels_and_components():
    rows, columns = np.array([1, 2, 2, 4, 5, 6, 7]), np.array([0, 1, 0, 5, 4, 5, 7])
    assert topological_levels(rows, columns, 8).tolist() == [0, 1, 2, 0, CYCLIC, CYCLIC, CYCLIC, CYCLIC]
    found = components(rows, columns, 8)
    assert found[4] == found[5] != CYCLIC
    assert found[7] != CYCLIC
    assert (found[[0, 1, 2, 3, 6]] == CYCLIC).all()


def test_policies_are_data_with_sources():
    assert {"default", "no-defaults"} <= set(policy_names())
    policy = Book().rolled()[0].policy
    assert policy.order[0].label == "attested"
    assert policy.grid_default(("", "CN-EAST")).value == pytest.approx(0.55 / 3.6)
    assert policy.grid_default(("cn-xx",)).region == "CN"
    assert policy.grid_default(("", "")) is None
    assert policy.grid_default(("XX",)) is None
    assert policy.material_default("", "72083700", "FR").region == "other"
    assert policy.material_default("grey-clinker", "", "TR") is None, "listed without a value"
    assert policy.material_default("", "", "CN") is None
    assert policy.is_burden_free("aluminium-scrap", "cradle-to-gate")
    assert policy.is_burden_free("iron-ore", "cbam-embedded")
    assert not policy.is_burden_free("iron-ore", "cradle-to-gate")
    assert not policy.is_burden_free("Iron-Ore", "cbam-embedded")
    assert gwp_set("commission") == {"CO2": 1, "CH4": 28, "N2O": 265, "CF4": 6630, "C2F6": 11100}
    for factor in (*policy.grid.values(), *policy.materials.values()):
        assert factor.source
        assert factor.year
        assert factor.unit
    for ask in (load_policy, gwp_set):
        with pytest.raises(PolicyUnknown):
            ask("nonsense")
    assert Book().rolled(policy=load_policy("no-defaults"))[0].policy.grid == {}
    assert math.isnan(NAN)
