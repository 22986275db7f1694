"""Laws that every chain keeps, loops included: conservation, linearity, monotonicity, units, refinement."""

import math
import random
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from graph.rollup.arrays import ABSENT
from graph.rollup.choice import choose
from graph.rollup.figure import content, footprint
from graph.rollup.loops import best_offers
from graph.rollup.offers import DEFAULTED, GAP, KNOWN, TRACED
from graph.units import Dimension
from tests.rollup.rollup_book import NAN, Book
from tests.rollup.test_properties import random_book, rolled_book

SEEDS = st.integers(0, 10**6)


@dataclass
class Plant:
    """A chain in which every kilogram is accounted for: what is left of each lot, and all that was emitted.

    ``kg``: the mass of a unit of each product; 1 everywhere is a chain in kilograms, anything else one in pieces.
    """

    seed: int
    kg: float = 1.0
    book: Book = field(default_factory=Book)
    left: dict[str, float] = field(default_factory=dict)
    emitted: float = 0.0
    coin: random.Random = field(default_factory=lambda: random.Random(0))

    def __post_init__(self) -> None:
        rng, count = random.Random(self.seed), 10
        firms = [f"urn:{rng.choice('abc')}" for _ in range(count)]
        made = [rng.uniform(1, 5) for _ in range(count)]
        # Of some products a part goes into a process by reference to the product, which may close a loop.
        back = {j: (rng.randrange(count), made[j] * rng.uniform(0.05, 0.3)) for j in range(count) if rng.random() < 0.5}
        for j, firm in enumerate(firms):
            dimension = Dimension.MASS if self.kg == 1.0 else Dimension.PIECE
            self.book.product(f"{firm}|p{j}", dimension=dimension, kg_per_unit=self.kg)
        for i, firm in enumerate(firms):
            self.book.process(f"{firm}|T{i}")
            emitted = rng.uniform(0, 9)
            self.emitted += emitted
            self.book.emits(emitted, scope=rng.choice(["direct", "indirect", "undivided"]))
            for lot in rng.sample(sorted(self.left), min(len(self.left), rng.randrange(4))):
                used = self.left[lot] * rng.uniform(0.1, 0.9)
                self.left[lot] -= used
                self.takes(rng, lot, used, "lot")
            for j, (user, amount) in back.items():
                if user == i:
                    self.takes(rng, f"{firms[j]}|p{j}", amount, "product")
            self.makes(rng, i, firm, made[i], back.get(i, (0, 0.0))[1])

    def takes(self, rng: random.Random, target: str, mass: float, kind: str) -> None:
        """So much is consumed, of which only a part ends up in the product; stated in kilograms or in pieces."""
        incorporated = mass * rng.uniform(0.2, 1.0)
        pieces = self.kg != 1.0 and not target.endswith("'") and self.coin.random() < 0.5
        quantity, dimension = (mass / self.kg, Dimension.PIECE) if pieces else (mass, Dimension.MASS)
        self.book.consumes(target, quantity, kind, dimension=dimension, incorporated=incorporated)

    def makes(self, rng: random.Random, i: int, firm: str, mass: float, back: float) -> None:
        """A product, of which ``back`` does not become the lot, and perhaps a co-product that becomes one whole."""
        lot, unit = f"{firm}|l{i}", {"dimension": Dimension.MASS if self.kg == 1.0 else Dimension.PIECE}
        economic, beside = rng.random() < 0.5, rng.choice([0.0, rng.uniform(0.5, 2)])
        keys = (
            [{"allocation": "economic", "allocation_value": rng.uniform(1, 5)} for _ in "op"] if economic else [{}, {}]
        )
        self.book.makes(mass / self.kg, f"{firm}|p{i}", **unit, **keys[0])
        if beside:
            self.book.makes(beside, output="p", **keys[1])
        self.book.lot(lot, f"{firm}|T{i}", quantity=(mass - back) / self.kg, product=f"{firm}|p{i}", **unit)
        self.left[lot] = mass - back
        if beside:
            self.left[self.book.lot(f"{lot}'", f"{firm}|T{i}", quantity=beside, output="p")] = beside

    def totals(self) -> dict[str, float]:
        """kgCO2e per kilogram of every lot."""
        snapshot, rolled = self.book.rolled()
        assume((rolled.cause == ABSENT).all())
        found = {lot: float(rolled.chosen[node, :3].sum()) for lot, node in snapshot.lots.items()}
        return {lot: value / (1.0 if lot.endswith("'") else self.kg) for lot, value in found.items()}


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_burdens_in_are_burdens_out(seed):
    """Where an input counted by its mass in the product instead of the quantity consumed, burdens would be lost."""
    plant = Plant(seed)
    totals = plant.totals()
    out = math.fsum(plant.left[lot] * totals[lot] for lot in plant.left)
    assert out == pytest.approx(plant.emitted, rel=1e-12)


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_what_ends_up_in_the_product_is_not_what_counts(seed):
    plant, other = Plant(seed), Plant(seed)
    inputs = other.book.tables.rows["inputs"]
    inputs["incorporated"][:] = [NAN] * len(inputs["incorporated"])
    assert plant.totals() == other.totals()


def test_a_chain_of_plants_has_loops():
    looped = [Plant(seed).book.rolled()[0].looped.any() for seed in range(20)]
    assert sum(looped) > 10


@given(SEEDS, st.sampled_from([0.01, 3.7]))
@settings(max_examples=25, deadline=None)
def test_pieces_or_kilograms_are_the_same_chain(seed, kg):
    assert Plant(seed, kg).totals() == pytest.approx(Plant(seed).totals(), rel=1e-12)


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_emissions_of_two_causes_add_up(seed):
    def chosen(part):
        plant = Plant(seed)
        rng = random.Random(seed)
        quantities = plant.book.tables.rows["activities"]["quantity"]
        shares = [rng.random() for _ in quantities]
        quantities[:] = [
            q * (1.0 if part is None else s if part else 1 - s) for q, s in zip(quantities, shares, strict=True)
        ]
        return plant.book.rolled()[1].chosen[:, :3]

    np.testing.assert_allclose(chosen(True) + chosen(False), chosen(None), rtol=1e-12, atol=1e-15)


@given(SEEDS, st.floats(0.001, 100))
@settings(max_examples=30, deadline=None)
def test_a_larger_input_never_lowers_an_output(seed, more):
    book = random_book(seed)
    rows = book.tables.rows
    table, column = random.Random(seed).choice([("footprints", "undivided"), ("activities", "quantity")])
    assume(rows[table][column])
    before = book.rolled()
    rows[table][column][seed % len(rows[table][column])] += more
    after = book.rolled()
    assume((before[1].cause == ABSENT).all())
    one, other = (rolled.chosen[:, :3].sum(axis=1) for _, rolled in (before, after))
    assert (other >= one - 1e-12 * np.abs(one)).all()
    assert (other > one).any() or not used(before, rows, table, seed)


def used(rolled_up, rows, table, seed) -> bool:
    """Whether what was enlarged counts at all: another footprint may, or another account of the process."""
    if table == "activities":
        return False
    snapshot, rolled = rolled_up
    index = rows[table]["fid"][seed % len(rows[table]["fid"])] >> 20
    return bool((snapshot.offers.document[rolled.offer[rolled.offer != ABSENT]] == index).any())


def split(book: Book, seed: int) -> tuple[str, str] | None:
    """Some lot that a process takes is two, and the process takes of both."""
    rng, rows = random.Random(seed), book.tables.rows
    taken = [i for i, kind in enumerate(rows["inputs"]["kind"]) if kind == "lot"]
    if not taken:
        return None
    i, share = rng.choice(taken), rng.uniform(0.1, 0.9)
    old = rows["inputs"]["target"][i]
    new, described = f"{old}-half", set()
    for table, column in (("lots", "key"), ("lot_sources", "lot"), ("footprints", "subject"), ("contents", "subject")):
        for at, key in enumerate(list(rows[table][column])):
            if key == old:
                # One document a fact, in the order of the first: what counts of the old counts of the new.
                if (table, rows[table]["fid"][at]) not in described:
                    described.add((table, rows[table]["fid"][at]))
                    book.document(signed=bool(rows["documents"]["signed"][rows[table]["fid"][at] >> 20]))
                copied = {name: values[at] for name, values in rows[table].items()} | {column: new, "fid": book.fid}
                book.row(table, **copied)
    for values in rows["inputs"].values():
        values.append(values[i])
    rows["inputs"]["target"][-1] = new
    rows["inputs"]["quantity"][-1] *= 1 - share
    rows["inputs"]["quantity"][i] *= share
    return old, new


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_a_lot_split_in_two_changes_nothing(seed):
    book = random_book(seed)
    snapshot, rolled = book.rolled()
    halves = split(book, seed)
    assume(halves is not None)
    again, other = book.rolled()
    pairs = [(node, again.lots[lot]) for lot, node in snapshot.lots.items()] + [
        (snapshot.lots[halves[0]], again.lots[halves[1]])
    ]
    for node, now in pairs:
        np.testing.assert_allclose(other.chosen[now], rolled.chosen[node], rtol=1e-11, atol=1e-12)
        np.testing.assert_allclose(other.mass[now], rolled.mass[node], rtol=1e-11, atol=1e-12)
        assert other.basis[now] == rolled.basis[node]


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_the_evidence_that_counts_is_the_best_there_is_given_all_the_rest(seed):
    """Also round a loop: each choice is what the policy makes of the node's inputs as they were chosen."""
    snapshot, rolled = rolled_book(seed)
    for at, node in enumerate(snapshot.decided.tolist()):
        edges = slice(snapshot.indptr[node], snapshot.indptr[node + 1])
        inputs = rolled.chosen[snapshot.indices[edges]]
        expected = snapshot.own[node] + snapshot.emissions[edges] @ inputs
        flags = expected[GAP : KNOWN + 1] > 0
        np.testing.assert_allclose(rolled.computed[at, :GAP], expected[:GAP], rtol=1e-12, atol=1e-12)
        assert (rolled.computed[at, GAP : KNOWN + 1] == flags).all()
        whole = np.array([not flags[0] and not flags[DEFAULTED - GAP]])
        assert (
            choose(snapshot.policy.order, best_offers(snapshot, slice(at, at + 1)), flags[-1:], whole)
            == rolled.offer[at]
        )


@given(SEEDS)
@settings(max_examples=30, deadline=None)
def test_content_agrees_with_a_dense_solution(seed):
    snapshot, rolled = rolled_book(seed)
    size = len(snapshot.key)
    matrix, right = np.eye(size), snapshot.own_mass[:, :TRACED].copy()
    for node in range(size):
        at = np.flatnonzero(snapshot.content_offers.node == node)
        if len(at):
            right[node] = snapshot.content_offers.values[at[0]]
            continue
        for edge in range(snapshot.indptr[node], snapshot.indptr[node + 1]):
            matrix[node, snapshot.indices[edge]] -= snapshot.mass[edge]
    assume(np.linalg.cond(matrix) < 1e9)
    np.testing.assert_allclose(rolled.mass[:, :TRACED], np.linalg.solve(matrix, right), rtol=1e-9, atol=1e-9)


def ring_road(seed: int) -> Book:
    """Processes that take one another's products, in amounts that may or may not come to an end."""
    rng, book = random.Random(seed), Book()
    count, scale = rng.randrange(2, 7), rng.choice([0.3, 0.7, 1.2])
    for i in range(count):
        book.process(f"urn:n{i}|T")
        book.emits(1.0)
        for j in rng.sample(range(count), rng.randrange(3)):
            book.consumes(f"urn:n{j}|p", scale * rng.uniform(0.2, 1.5), "product")
        book.makes(1.0, f"urn:n{i}|p")
        book.lot(f"urn:n{i}|l", f"urn:n{i}|T")
    if rng.random() < 0.3:
        book.footprint("urn:n0|p", 1.0, subject_kind="product")
    return book


@given(SEEDS)
@settings(max_examples=80, deadline=None)
def test_figures_are_refused_exactly_where_the_spectral_radius_says_so(seed):
    snapshot, rolled = ring_road(seed).rolled()
    size = len(snapshot.key)
    matrix = np.zeros((size, size))
    cut = snapshot.decided[rolled.offer != ABSENT]
    for node in np.setdiff1d(np.arange(size), cut).tolist():
        edges = slice(snapshot.indptr[node], snapshot.indptr[node + 1])
        matrix[node, snapshot.indices[edges]] = snapshot.emissions[edges]
    for node in range(size):
        below = np.flatnonzero(np.linalg.matrix_power(np.eye(size) + (matrix > 0), size)[node])
        radius = abs(np.linalg.eigvals(matrix[np.ix_(below, below)])).max()
        assert (rolled.cause[node] != ABSENT) == (radius >= 1), (snapshot.key[node], radius)
    kept = np.flatnonzero(rolled.cause == ABSENT)
    right = snapshot.own[:, :7].copy()
    right[cut] = snapshot.offers.values[rolled.offer[rolled.offer != ABSENT], :7]
    solved = np.linalg.solve(np.eye(len(kept)) - matrix[np.ix_(kept, kept)], right[kept])
    np.testing.assert_allclose(rolled.chosen[kept, :7], solved, rtol=1e-9, atol=1e-12)


def test_what_is_shown_of_a_chain_in_pieces_is_right_by_hand():
    book = Plant(1, 3.7).book
    lot = next(iter(book.rolled()[0].lots))
    assert footprint(*book.rolled(), lot).dimension == Dimension.PIECE
    assert content(*book.rolled(), lot).unknown <= 1.0
