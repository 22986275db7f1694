"""What lots and products are named in a chain's tables, by whomever and in force or not, found by their addresses."""

import numpy as np

from graph.model.addresses import Addresses
from graph.model.refs import Kind
from graph.model.tables import ChainTables

# What names lots and products, by table and column, and the column that tells the kind of what is named.
_NAMING: tuple[tuple[Kind, str, str, str], ...] = (
    (Kind.LOT, "lots", "key", ""),
    (Kind.LOT, "lot_sources", "lot", ""),
    (Kind.LOT, "lot_sources", "source", "kind"),
    (Kind.LOT, "inputs", "target", "kind"),
    (Kind.LOT, "footprints", "subject", "subject_kind"),
    (Kind.LOT, "contents", "subject", "subject_kind"),
    (Kind.LOT, "transfers", "lot", ""),
    (Kind.PRODUCT, "products", "key", ""),
    (Kind.PRODUCT, "lots", "product", ""),
    (Kind.PRODUCT, "outputs", "product", ""),
    (Kind.PRODUCT, "inputs", "target", "kind"),
    (Kind.PRODUCT, "footprints", "subject", "subject_kind"),
    (Kind.PRODUCT, "contents", "subject", "subject_kind"),
)


class Named:
    """The addresses of lots and products, kept up with tables that grow: only new rows are looked at."""

    def __init__(self) -> None:
        self._addresses = {kind: Addresses(kind) for kind in (Kind.LOT, Kind.PRODUCT)}
        self._seen: dict[tuple[Kind, str, str], int] = {}

    def find(self, tables: ChainTables, kind: Kind, address: str) -> str | None:
        """The key behind an address, None where nothing has it."""
        for each in _NAMING:
            self._look(tables, *each)
        return self._addresses[kind].find(tables.pool, address)

    def _look(self, tables: ChainTables, kind: Kind, table: str, column: str, of: str) -> None:
        start, rows = self._seen.get((kind, table, column), 0), tables.rows[table]
        codes = rows[column].array[start:].astype(np.int64)
        self._seen[kind, table, column] = start + len(codes)
        if of:
            codes = codes[rows[of].array[start:] == tables.pool.find(kind.value)]
        self._addresses[kind].add(tables.pool, codes)
