"""What is in force, one fact a thing: descriptions by code, and the rows of the fact that won."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from graph.model.columns import Pool
from graph.model.refs import NEVER
from graph.model.tables import ChainTables
from graph.rollup.arrays import BoolArray, FloatArray, IntArray
from graph.rollup.findings import Finding
from graph.rollup.names import Names, Texts, marked
from graph.rollup.rows import Rows, in_force
from graph.units import Dimension


@dataclass(frozen=True)
class Products:
    """Products by code. The arrays end with one row for "no product" (code -1)."""

    codes: Names
    dimension: IntArray
    kg: FloatArray
    material: Texts
    hs: Texts

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
    """Facilities by code; the texts end with one entry for "no facility" (code -1)."""

    codes: Names
    keys: Texts
    country: Texts
    region: Texts


@dataclass(frozen=True)
class Facts:
    """Rows in force by table, the descriptions that others refer to, and by key what left (``rollup.departures``)."""

    rows: Mapping[str, Rows]
    pool: Pool
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

    def kept(self, names: Sequence[str]) -> "Facts":
        """The same with the rows of some tables alone, to be kept."""
        rows = {name: self.rows[name] for name in names}
        products = replace(self.products, codes=self.products.codes.kept())
        return replace(self, rows=rows, products=products, places=replace(self.places, codes=self.places.codes.kept()))


def gather(tables: ChainTables, at: int) -> Facts:
    """The facts in force at ledger index ``at``."""
    rows = in_force(tables, at)
    for name in ("organizations", "facilities", "products", "lots", "processes"):
        rows[name] = rows[name].first_by("key")
    _keep_winners(rows)
    organizations = rows["organizations"]
    return Facts(
        rows=rows,
        pool=tables.pool,
        products=_products(rows),
        places=_places(rows),
        organization_country=dict(zip(organizations.text("key"), organizations.text("country"), strict=True)),
        document_index=rows["documents"].ints("index"),
        document_signed=rows["documents"].ints("signed") == 1,
    )


def _keep_winners(rows: dict[str, Rows]) -> None:
    """Of several facts about one process or lot the earliest counts, whole: two accounts are never added up."""
    parts = ("inputs", "outputs", "activities")
    winner = np.minimum.reduce([_earliest(rows[name], "process") for name in parts])
    described = _earliest(rows["processes"], "key")
    winner = np.where(described < NEVER, described, winner)
    for name in parts:
        rows[name] = _of_fact(rows[name], "process", winner)
    rows["lot_sources"] = _of_fact(rows["lot_sources"], "lot", _earliest(rows["lot_sources"], "lot"))


def _earliest(rows: Rows, name: str) -> IntArray:
    """The first fact that names each text of the pool; rows stand in the order of facts."""
    found = np.full(len(rows.pool), NEVER, np.int64)
    found[rows.coded(name)[::-1]] = rows.ints("fid")[::-1]
    return found


def _of_fact(rows: Rows, name: str, winner: IntArray) -> Rows:
    return rows.where(winner[rows.coded(name)] == rows.ints("fid"))


def _products(rows: Mapping[str, Rows]) -> Products:
    described, pool = rows["products"], rows["products"].pool
    named = marked(
        pool,
        described.coded("key"),
        rows["lots"].coded("product"),
        rows["outputs"].coded("product"),
        *(rows[table].coded("subject")[rows[table].are("subject_kind", "product")] for table in _DECLARING),
        rows["inputs"].coded("target")[rows["inputs"].are("kind", "product")],
    )
    codes = Names.ranked(pool, named)
    dimension, kg = np.zeros(len(codes) + 1, np.int64), np.full(len(codes) + 1, np.nan)
    at = described.codes("key", codes)
    dimension[at], kg[at] = described.ints("dimension"), described.floats("kg_per_unit")
    return Products(codes, dimension, kg, *(_scatter(described, name, at, len(codes)) for name in ("material", "hs")))


# Tables of declarations about lots and products.
_DECLARING = ("footprints", "contents")


def _scatter(rows: Rows, name: str, at: IntArray, size: int) -> Texts:
    found = np.zeros(size + 1, np.int64)
    found[at] = rows.coded(name)
    return Texts(rows.pool, found)


def _places(rows: Mapping[str, Rows]) -> Places:
    facilities, pool = rows["facilities"], rows["facilities"].pool
    stating = [rows[table].coded("facility") for table in ("processes", "inventories", *_DECLARING)]
    codes = Names.ranked(pool, marked(pool, facilities.coded("key"), *stating))
    at = facilities.codes("key", codes)
    keys = Texts(pool, np.append(codes.codes, 0))
    return Places(codes, keys, *(_scatter(facilities, name, at, len(codes)) for name in ("country", "region")))
