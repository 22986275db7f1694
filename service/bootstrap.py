"""What a start makes: the operator's organization and a way in for its admin, and leaves for entries that have none."""

from graph.store.database import Database
from graph.store.ledger import documents_without_leaf, enter_leaves, ledger_size
from service.auth.accounts import Accounts
from service.config import Settings
from service.ledger.merkle import leaf_hash
from service.ledger.start import scribe

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
