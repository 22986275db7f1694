"""What is in force, one fact a thing: descriptions by code, and the rows of the fact that won."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from graph.model.tables import ChainTables
from graph.rollup.arrays import BoolArray, FloatArray, IntArray, lookup
from graph.rollup.findings import Finding
from graph.rollup.rows import Rows, in_force
from graph.units import Dimension


@dataclass(frozen=True)
class Products:
    """Products by code. The arrays end with one row for "no product" (code -1)."""

    codes: Mapping[str, int]
    dimension: IntArray
    kg: FloatArray
    material: tuple[str, ...]
    hs: tuple[str, ...]

    def kg_per(self, product: IntArray, dimension: IntArray) -> FloatArray:
        """Kilograms in one canonical unit of a dimension, by product; nan where none is stated."""
        stated = np.where(self.dimension[product] == dimension, self.kg[product], np.nan)
        return np.where(dimension == Dimension.MASS, 1.0, np.where(stated > 0, stated, np.nan))

    def ratio(self, source: tuple[IntArray, IntArray], target: tuple[IntArray, IntArray]) -> FloatArray:
        """How many units of the target one unit of the source is, each a pair (product, dimension); nan when unknown.

        Nothing converts across dimensions without a stated mass per piece or density (design.md).
        """
        across = self.kg_per(*source) / self.kg_per(*target)
        return np.where(source[1] == target[1], 1.0, across)


@dataclass(frozen=True)
class Places:
    """Facilities by code; the tuples end with one entry for "no facility" (code -1)."""

    codes: Mapping[str, int]
    keys: tuple[str, ...]
    country: tuple[str, ...]
    region: tuple[str, ...]


@dataclass(frozen=True)
class Facts:
    """Rows in force by table, the descriptions that others refer to, and by key what left (``rollup.departures``)."""

    rows: Mapping[str, Rows]
    products: Products
    places: Places
    organization_country: Mapping[str, str]
    document_index: IntArray
    document_signed: BoolArray
    departed: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)

    def signed(self, documents: IntArray) -> BoolArray:
        """Whether each document, by ledger index, is verified and authorised; an unknown document is not."""
        if not len(self.document_index):
            return np.zeros(len(documents), np.bool_)
        at = np.minimum(np.searchsorted(self.document_index, documents), len(self.document_index) - 1)
        found: BoolArray = (self.document_index[at] == documents) & self.document_signed[at]
        return found


def gather(tables: ChainTables, at: int) -> Facts:
    """The facts in force at ledger index ``at``."""
    rows = in_force(tables, at)
    for name in ("organizations", "facilities", "products", "lots", "processes"):
        rows[name] = rows[name].first_by("key")
    _keep_winners(rows)
    organizations = rows["organizations"]
    return Facts(
        rows=rows,
        products=_products(rows),
        places=_places(rows),
        organization_country=dict(zip(organizations.text("key"), organizations.text("country"), strict=True)),
        document_index=rows["documents"].ints("index"),
        document_signed=rows["documents"].ints("signed") == 1,
    )


def _keep_winners(rows: dict[str, Rows]) -> None:
    """Of several facts about one process or lot the earliest counts, whole: two accounts are never added up."""
    parts = ("inputs", "outputs", "activities")
    winner: dict[str, int] = {}
    for name in parts:
        for key, fid in _earliest(rows[name], "process").items():
            winner[key] = min(fid, winner.get(key, fid))
    winner.update(_earliest(rows["processes"], "key"))
    for name in parts:
        rows[name] = _of_fact(rows[name], "process", winner)
    rows["lot_sources"] = _of_fact(rows["lot_sources"], "lot", _earliest(rows["lot_sources"], "lot"))


def _earliest(rows: Rows, name: str) -> dict[str, int]:
    """The first fact that names each key; rows stand in the order of facts."""
    return dict(zip(reversed(rows.text(name)), reversed(rows.ints("fid").tolist()), strict=True))


def _of_fact(rows: Rows, name: str, winner: Mapping[str, int]) -> Rows:
    fids = lookup(rows.text(name), winner, len(rows))
    return rows.where(fids == rows.ints("fid"))


def _products(rows: Mapping[str, Rows]) -> Products:
    described = rows["products"]
    named = set(described.text("key"))
    named.update(rows["lots"].text("product"), rows["outputs"].text("product"))
    for table in ("footprints", "contents"):
        named.update(
            k
            for k, kind in zip(rows[table].text("subject"), rows[table].text("subject_kind"), strict=True)
            if kind == "product"
        )
    named.update(
        k
        for k, kind in zip(rows["inputs"].text("target"), rows["inputs"].text("kind"), strict=True)
        if kind == "product"
    )
    named.discard("")
    codes = {key: i for i, key in enumerate(sorted(named))}
    dimension, kg = np.zeros(len(codes) + 1, np.int64), np.full(len(codes) + 1, np.nan)
    at = described.codes("key", codes)
    dimension[at], kg[at] = described.ints("dimension"), described.floats("kg_per_unit")
    return Products(
        codes,
        dimension,
        kg,
        _scatter(described.text("material"), at, len(codes)),
        _scatter(described.text("hs"), at, len(codes)),
    )


def _scatter(texts: list[str], at: IntArray, size: int) -> tuple[str, ...]:
    found = [""] * (size + 1)
    for i, text in zip(at.tolist(), texts, strict=True):
        found[i] = text
    return tuple(found)


def _places(rows: Mapping[str, Rows]) -> Places:
    facilities = rows["facilities"]
    named = {*facilities.text("key"), *rows["processes"].text("facility")}
    named.update(*(rows[table].text("facility") for table in ("footprints", "contents")))
    named.discard("")
    codes = {key: i for i, key in enumerate(sorted(named))}
    at = facilities.codes("key", codes)
    country, region = facilities.text("country"), facilities.text("region")
    return Places(codes, (*codes, ""), _scatter(country, at, len(codes)), _scatter(region, at, len(codes)))
