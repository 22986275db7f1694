"""What a start makes: the operator's organization, a way in for its admin, and what the ledger says of itself."""

from graph.store.database import Database
from graph.store.ledger import documents_without_leaf, enter_leaves, ledger_size
from service.auth.accounts import Accounts
from service.config import Settings
from service.factors import Entered, enter_shipped
from service.intake.submit import Intake
from service.intake.writer import GroupWriter
from service.ledger.files import HeadFile
from service.ledger.merkle import leaf_hash
from service.ledger.policy import policy_record, policy_version
from service.ledger.start import folder, scribe
from service.trust.limits import Limits

_WINDOW = 2000


def ensure_admin(database: Database) -> str | None:
    """Return the path of a single-use sign-in link for the operator's admin, to be printed and never logged.

    Where the operator has nobody yet, its organization and an admin are made first. Later starts return a new link as
    long as no admin of the operator has set a password (who starts the service may read its data anyway), and None
    once one has.
    """
    return Accounts(database).ensure_admin()


def complete_ledger(settings: Settings, database: Database) -> int:
    """Give a leaf to every entry that was written before entries had leaves, and return how many got one.

    Such entries are the oldest, and none of them has been signed for. Their leaves say nothing of subjects, and name no
    policy version, as none was kept.
    """
    writer, done = scribe(settings, ""), 0
    size = database.read(ledger_size)
    for first in range(0, size, _WINDOW):
        found = database.read(documents_without_leaf, first, min(first + _WINDOW, size))
        if not found:
            break
        leaves = [(d.index, leaf := writer.entered_late(d), leaf_hash(leaf)) for d in found]
        database.write(enter_leaves, leaves)
        done += len(leaves)
    return done


def log_policy(settings: Settings, database: Database) -> bool:
    """Enter into the ledger what documents are checked by from now on, and tell whether that has changed.

    What was entered last is remembered beside the last signed head; where that is lost, it is entered once more.
    """
    limits = Limits(document_bytes=settings.max_document_bytes)
    version, file = policy_version(limits, settings.policy, settings.recognised), HeadFile(folder(settings) / "policy")
    with file.turn():
        last, _, record = file.read().decode().strip().partition(" ")
        if last == version:
            return False
        entered = _intake(settings, database, limits, version).record(
            policy_record(limits, settings.policy, record, settings.recognised)
        )
        file.write(f"{version} {entered.id}\n".encode())
    return True


def log_factors(settings: Settings, database: Database) -> list[Entered]:
    """Enter the published factors that come with the program, as far as the ledger does not hold them yet.

    Of several that start at once one enters a set, and the others find it.
    """
    limits = Limits(document_bytes=settings.max_document_bytes)
    version = policy_version(limits, settings.policy, settings.recognised)
    return enter_shipped(database, _intake(settings, database, limits, version))


def _intake(settings: Settings, database: Database, limits: Limits, version: str) -> Intake:
    return Intake(database, GroupWriter(database, scribe(settings, version)), limits)
