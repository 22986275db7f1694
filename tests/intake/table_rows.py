"""The rows of one document in the tables of a chain."""

from __future__ import annotations

from typing import Any

from graph.model.documents import StoredDocument
from graph.model.tables import ChainTables


def rows_of(tables: ChainTables, table: str, document: StoredDocument) -> list[dict[str, Any]]:
    """The rows that a document brought, in the order of their facts."""
    columns = tables.rows[table]
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    mine = [row for row in rows if (row["index"] if table == "documents" else row["fid"] >> 20) == document.index]
    return sorted(mine, key=repr)
