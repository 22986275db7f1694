"""What the first start makes: the operator's organization and a way in for its admin."""

from graph.store.database import Database
from service.auth.accounts import Accounts


def ensure_admin(database: Database) -> str | None:
    """Return the path of a single-use sign-in link for the operator's admin, to be printed and never logged.

    Where the operator has nobody yet, its organization and an admin are made first. Later starts return a new link as
    long as no admin of the operator has set a password (who starts the service may read its data anyway), and None
    once one has.
    """
    return Accounts(database).ensure_admin()
