"""Sets of published factors as the graph holds them: which versions there are, and which is in force."""

from dataclasses import dataclass

from graph.model.refs import NEVER
from graph.store.database import Tx

_SETS = (
    "MATCH (d:Document)-[:ASSERTS]->(f:FactorSetFact) "
    "RETURN f.fid AS fid, f.factor_set AS name, f.version AS version, f.superseded AS superseded, d.id AS document "
    "ORDER BY fid"
)


@dataclass(frozen=True, slots=True)
class StoredSet:
    """A version of a set; ``document``: id of its record, ``in_force``: at the head of the ledger."""

    name: str
    version: str
    document: str
    in_force: bool


def read_factor_sets(tx: Tx) -> list[StoredSet]:
    """All versions of all sets, in ledger order."""
    return [StoredSet(r["name"], r["version"], r["document"], r["superseded"] == NEVER) for r in tx.run(_SETS)]
