"""The ordered list of migrations, and the version of the graph: the same statements on both engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from graph.errors import GraphNewerThanCode
from graph.store.backfill import fill_addresses, fill_products, fill_size
from graph.store.database import Database, Tx

ANCHORS = ("Organization", "Facility", "Product", "Process", "Output", "Lot", "Material")
FACTS = (
    "OrganizationFact",
    "FacilityFact",
    "ProductFact",
    "ProcessFact",
    "LotFact",
    "TransferFact",
    "FootprintFact",
    "ContentFact",
    "GrantFact",
    "RevocationFact",
    "WithdrawalFact",
)
STANDING = ("DelegationFact", "AccreditationFact", "AssuranceFact", "CertificateFact")


@dataclass(frozen=True)
class Migration:
    """One step: a name, statements, and what brings a graph that has data already up to it.

    All of it may be run again without harm.
    """

    name: str
    statements: tuple[str, ...]
    fill: Callable[[Database], None] | None = None


def unique(label: str, name: str) -> str:
    """Return the statement that makes property `name` unique among `label`; nodes without it are not compared."""
    constraint = f"{label}_{name}_unique".lower()
    return f"CREATE CONSTRAINT {constraint} IF NOT EXISTS FOR (n:{label}) REQUIRE n.{name} IS UNIQUE"


def index(label: str, name: str) -> str:
    """Return the statement that indexes property `name` of `label`."""
    return f"CREATE INDEX {f'{label}_{name}_index'.lower()} IF NOT EXISTS FOR (n:{label}) ON (n.{name})"


MIGRATIONS = (
    Migration(
        "anchors",
        (
            unique("Schema", "id"),
            *(unique(label, "key") for label in ANCHORS),
        ),
    ),
    Migration(
        "documents",
        (
            *(unique(label, "id") for label in ("Document", "Principal", "Counter")),
            unique("Document", "replay"),
            unique("Key", "thumbprint"),
            index("Document", "index"),
        ),
    ),
    Migration("sign-in", (unique("Principal", "login"), unique("SignInLink", "digest"), unique("Session", "digest"))),
    Migration(
        "ledger",
        (
            unique("Entry", "index"),
            unique("Account", "key"),
            unique("Attachment", "key"),
            *(index("Document", name) for name in ("issuer", "sender", "received_at")),
        ),
    ),
    Migration(
        "facts",
        (
            *(unique(label, "fid") for label in FACTS),
            *(index(label, "key") for label in FACTS),
        ),
    ),
    Migration(
        "standing",
        (
            *(unique(label, "fid") for label in STANDING),
            *(index(label, "key") for label in STANDING),
            index("DelegationFact", "pair"),
        ),
    ),
    Migration("validation data", (unique("ValidationDatum", "digest"),)),
    Migration("status", (unique("StatusList", "url"), index("Document", "about"))),
    Migration("inventories", (unique("InventoryFact", "fid"), index("InventoryFact", "key"))),
    Migration("factor sets", (unique("FactorSetFact", "fid"), index("FactorSetFact", "key"))),
    Migration(
        "reach",
        (
            index("AssuranceFact", "footprint"),
            index("AccreditationFact", "institution"),
            index("Document", "about_index"),
            *(index("FootprintFact", name) for name in ("direct", "indirect", "undivided")),
        ),
    ),
    Migration("reach of inventories", (index("InventoryFact", "facility"),)),
    Migration("addresses", (index("Lot", "uid"), index("Product", "uid")), fill_addresses),
    Migration("products of outputs", (), fill_products),
    Migration("size of the chain", (), fill_size),
    Migration("certificates by holder", (index("CertificateFact", "holder"),)),
)


def migrate(database: Database, migrations: tuple[Migration, ...] = MIGRATIONS) -> int:
    """Bring the graph to the version of `migrations` and return it; safe in several processes at once.

    Version n means that the first n migrations are done. Raises GraphNewerThanCode when the graph has more of them.
    """
    done = version(database)
    if done > len(migrations):
        raise GraphNewerThanCode(f"the graph is at version {done}, this code knows {len(migrations)}")
    for number, migration in enumerate(migrations[done:], start=done + 1):
        for statement in migration.statements:
            # One statement a transaction: Neo4j does not mix changes of the schema with changes of the data.
            database.write(_run, statement)
        if migration.fill is not None:
            migration.fill(database)
        database.write(_reach, number)
    return len(migrations)


def version(database: Database) -> int:
    """Return the number of migrations the graph has seen, 0 for a new one."""
    return database.read(_version)


def _run(tx: Tx, statement: str) -> None:
    tx.run(statement)


def _version(tx: Tx) -> int:
    rows = tx.run("MATCH (s:Schema {id: 'schema'}) RETURN s.version AS version")
    return int(rows[0]["version"]) if rows else 0


def _reach(tx: Tx, number: int) -> None:
    """Raise the version to `number`, never lower it: another process may be ahead."""
    tx.run(
        """
        MERGE (s:Schema {id: 'schema'})
        SET s.version = CASE WHEN coalesce(s.version, 0) < $number THEN $number ELSE s.version END
        """,
        number=number,
    )
