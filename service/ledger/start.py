"""Opens the ledger of a data folder: its keys, its log, the witness beside it, and the check before a start."""

from pathlib import Path
from urllib.parse import urlsplit

from connectors.addresses import target
from connectors.errors import Refused
from graph.store.database import Database
from service.config import ConfigError, Settings
from service.ledger import files
from service.ledger.cosigning import Cosigner, parse_cosigners
from service.ledger.entry import Scribe
from service.ledger.errors import NoteRefused
from service.ledger.log import Log
from service.ledger.note import KeyType, parse_vkey
from service.ledger.witness import Witness
from service.secrets import derive, server_secret

LOG_KEY, WITNESS_KEY = "log.key", "witness.key"


def folder(settings: Settings) -> Path:
    """Where the keys and the last signed heads are: outside the graph, and not to be set back with it."""
    return settings.data / "ledger"


def open_log(settings: Settings, database: Database) -> Log:
    """The log, with its key, which the first start makes. Raises ``ConfigError``, ``LedgerError``."""
    key = files.signer(folder(settings) / LOG_KEY, origin(settings), KeyType.ED25519)
    if settings.ledger_origin not in {"", key.name}:
        raise ConfigError(
            f"GREENCHAIN_LEDGER_ORIGIN: {settings.ledger_origin!r} is not the name that the ledger has had since its "
            f"first start, {key.name!r}"
        )
    return Log(database, folder(settings), key, [each.key for each in cosigners(settings)])


def cosigners(settings: Settings) -> tuple[Cosigner, ...]:
    """The witnesses that this log asks for cosignatures. Raises ``ConfigError``."""
    try:
        found = parse_cosigners(settings.witnesses)
        for each in found:
            target(each.url)
        return found
    except (NoteRefused, Refused) as error:
        raise ConfigError(f"GREENCHAIN_WITNESSES: {error}") from error


def open_witness(settings: Settings) -> Witness:
    """The witness for other logs, with a key of its own. Raises ``ConfigError``, ``LedgerError``."""
    try:
        logs = [parse_vkey(vkey) for vkey in settings.witness_logs.split()]
    except NoteRefused as error:
        raise ConfigError(f"GREENCHAIN_WITNESS_LOGS: {error}") from error
    name = f"{origin(settings).removesuffix('/ledger')}/witness"
    key = files.signer(folder(settings) / WITNESS_KEY, name, KeyType.COSIGNATURE)
    return Witness(folder(settings) / "witness", key, logs)


def scribe(settings: Settings, policy: str) -> Scribe:
    """Who writes what entries say in public."""
    return Scribe(derive(server_secret(settings.data), "ledger commitments"), policy)


def origin(settings: Settings) -> str:
    """The name of the log at its first start: its address without scheme (tlog-tiles, "Parameters")."""
    return settings.ledger_origin or f"{urlsplit(settings.url).netloc}/ledger"
