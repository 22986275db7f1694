"""Documents as readers find them."""

from graph.model.documents import Format, StoredDocument
from graph.store.database import Tx
from graph.store.intake import DOCUMENT_COLUMNS, stored

_ONE = f"MATCH (d:Document {{id: $id}}) RETURN {DOCUMENT_COLUMNS}, d.content AS content"
_BY_INDEX = f"UNWIND $indexes AS i MATCH (d:Document {{index: i}}) RETURN {DOCUMENT_COLUMNS} ORDER BY d.index"
_OF = (
    "MATCH (d:Document {{{role}: $organization}}) WHERE d.index < $before "
    f"RETURN {DOCUMENT_COLUMNS} ORDER BY d.index DESC LIMIT $limit"
)
_CONTENTS = (
    "UNWIND $indexes AS i MATCH (d:Document {index: i}) "
    f"RETURN {DOCUMENT_COLUMNS}, d.content AS content ORDER BY d.index"
)
_RECORDS = (
    "MATCH (d:Document {sender: $organization}) WHERE d.format = $format "
    f"RETURN {DOCUMENT_COLUMNS}, d.content AS content ORDER BY d.index"
)
_HEAD = "MATCH (c:Counter {id: 'ledger'}) RETURN c.next AS next"
_SIZE = "MATCH (c:Counter {id: 'ledger'}) RETURN c.next AS next, c.rows AS rows"
_HANDED_IN = "MATCH (d:Document) WHERE d.format <> $record RETURN 1 AS one LIMIT 1"
_AT_TIME = "MATCH (d:Document) WHERE d.received_at <= $moment RETURN max(d.index) AS index"


def find_document(tx: Tx, document: str) -> StoredDocument | None:
    """A document with its bytes."""
    return next((stored(r) for r in tx.run(_ONE, id=document)), None)


def documents_at(tx: Tx, indexes: list[int]) -> list[StoredDocument]:
    """The documents at these ledger indexes, without their bytes, in ledger order."""
    return [stored(r) for r in tx.run(_BY_INDEX, indexes=indexes)] if indexes else []


def contents_at(tx: Tx, indexes: list[int]) -> list[StoredDocument]:
    """The documents at these ledger indexes with their bytes, in ledger order."""
    return [stored(r) for r in tx.run(_CONTENTS, indexes=indexes)] if indexes else []


def documents_of(tx: Tx, organization: str, *, before: int, limit: int) -> list[StoredDocument]:
    """What an organization issued or handed in, newest first, below a ledger index, without the bytes."""
    found = {
        row["index"]: row
        for role in ("issuer", "sender")
        for row in tx.run(_OF.format(role=role), organization=organization, before=before, limit=limit)
    }
    return [stored(found[index]) for index in sorted(found, reverse=True)[:limit]]


def records_of(tx: Tx, organization: str, kind: Format) -> list[StoredDocument]:
    """The documents of a format in an organization's name with their bytes, in ledger order."""
    return [stored(r) for r in tx.run(_RECORDS, organization=organization, format=kind.value)]


def ledger_head(tx: Tx) -> int:
    """The highest ledger index there is; -1 before the first entry."""
    rows = tx.run(_HEAD)
    return int(rows[0]["next"]) - 1 if rows else -1


def ledger_size(tx: Tx) -> tuple[int, int]:
    """The head, as ``ledger_head``, and about how many rows the chain's tables (``graph.model.tables``) have."""
    rows = tx.run(_SIZE)
    return (int(rows[0]["next"]) - 1, int(rows[0]["rows"] or 0)) if rows else (-1, 0)


def index_at(tx: Tx, moment: float) -> int:
    """The ledger index that was the head at a time (seconds since the epoch); -1 before the first entry."""
    found = tx.run(_AT_TIME, moment=moment)[0]["index"]
    return -1 if found is None else int(found)


def nothing_handed_in(tx: Tx) -> bool:
    """Whether nobody has handed anything in yet: there are at most records of the service itself."""
    return not tx.run(_HANDED_IN, record=Format.RECORD.value)
