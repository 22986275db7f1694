"""Use cases about principals: made, given access, shut out. Free of Flask; every secret is returned exactly once."""

import secrets
import time
import unicodedata
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from graph.store import principals as store
from graph.store.database import Database
from graph.store.principals import Account, NewPrincipal, OrganizationAccounts, OrganizationTaken, PrincipalKind
from schemas.identifiers import check_organization
from service.auth.errors import Forbidden, LastAdmin, LinkSpent, SignInFailed, UnknownOrganization, UnknownPrincipal
from service.auth.hashing import digest, hash_password, hash_secret, new_token, secret_matches
from service.auth.roles import OPERATOR, Permission, Role, Viewer

LINK_SECONDS = 24 * 3600.0
SESSION_SECONDS = 12 * 3600.0
LINK_PATH = "/sign-in/"


@dataclass(frozen=True, slots=True)
class PrincipalRequest:
    """A principal to be made."""

    kind: PrincipalKind
    name: str
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class Issued:
    """A principal and its one way in: the client secret of a system, or the sign-in link of a person."""

    id: str
    kind: PrincipalKind
    name: str
    organization: str
    roles: frozenset[Role]
    client_secret: str = field(default="", repr=False)
    sign_in_path: str = field(default="", repr=False)


class Accounts:
    """All that can be done to principals. `viewer` is who asks; without one it is the operator's own machine."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    def register_organization(
        self, viewer: Viewer | None, organization: str, name: str, principals: Sequence[PrincipalRequest]
    ) -> list[Issued]:
        """Let an organization take part, with its first principals. For admins of the operator."""
        if viewer is not None:
            _require_operator(viewer)
        check_organization(organization)
        made = [_draw(organization, request) for request in principals]
        now = self._clock()
        new = [record for record, _ in made]
        self._database.write(store.register, organization, name, new, now=now, link_expires=now + LINK_SECONDS)
        return [issued for _, issued in made]

    def add_principal(self, viewer: Viewer | None, organization: str, request: PrincipalRequest) -> Issued:
        """Make one more principal of an organization."""
        if viewer is not None:
            _require_manager(viewer, organization)
        record, issued = _draw(organization, request)
        now = self._clock()
        if not self._database.write(store.add, organization, record, now=now, link_expires=now + LINK_SECONDS):
            raise UnknownOrganization("there is no such organization")
        return issued

    def organizations(self, viewer: Viewer, after: str, limit: int) -> list[OrganizationAccounts]:
        """The organizations that take part, by key."""
        _require_operator(viewer)
        return self._database.read(store.organizations, after, limit)

    def members(self, organization: str) -> list[Account]:
        """The principals of an organization."""
        return self._database.read(store.members, organization)

    def issue_link(self, viewer: Viewer | None, principal: str) -> str:
        """A new sign-in link (its path) for a person; an older one ends."""
        account = self._managed(viewer, principal)
        if account.kind is not PrincipalKind.PERSON or account.disabled:
            raise UnknownPrincipal("only a person who is not disabled signs in by a link")
        token, now = new_token(), self._clock()
        self._database.write(store.add_link, principal, digest(token), now, now + LINK_SECONDS)
        return LINK_PATH + token

    def rotate_secret(self, viewer: Viewer, principal: str) -> str:
        """A new client secret for a system; the old one and its tokens end."""
        account = self._managed(viewer, principal)
        if account.kind is not PrincipalKind.SYSTEM:
            raise UnknownPrincipal("only a system has a client secret")
        secret = new_token()
        if not self._database.write(store.set_secret, principal, hash_secret(secret)):
            raise UnknownPrincipal("there is no such principal")
        return secret

    def disable(self, viewer: Viewer, principal: str) -> None:
        """Shut a principal out."""
        account = self._managed(viewer, principal)
        if _is_operator_admin(account) and not any(a.id != account.id for a in self._operator_admins()):
            raise LastAdmin("the last admin of the operator cannot be disabled")
        self._database.write(store.disable, principal, self._clock())

    def link_owner(self, token: str) -> Account:
        """Whom a sign-in link would let in; looking does not use it up."""
        account = self._database.read(store.link_owner, digest(token), self._clock())
        if account is None:
            raise LinkSpent("this sign-in link is unknown, used or too old; ask for another")
        return account

    def redeem(self, token: str) -> tuple[str, Account]:
        """Use up a sign-in link: the token of a new session, and whose it is. Of two at once exactly one succeeds."""
        session, now = new_token(), self._clock()
        account = self._database.write(store.redeem, digest(token), digest(session), now, now + SESSION_SECONDS)
        if account is None:
            raise LinkSpent("this sign-in link is unknown, used or too old; ask for another")
        return session, account

    def sign_in(self, name: str, password: str) -> tuple[str, Account]:
        """Open a session by name and password; raises SignInFailed."""
        account = self._database.read(store.find_person, clean_name(name))
        good = secret_matches(account.secret_hash if account else "", password)
        if account is None or not good or account.disabled:
            raise SignInFailed("name and password do not go together")
        session, now = new_token(), self._clock()
        self._database.write(store.open_session, account.id, digest(session), now, now + SESSION_SECONDS)
        return session, account

    def sign_out(self, session: str) -> None:
        """End a session."""
        self._database.write(store.close_sessions, [digest(session)])

    def session_owner(self, session: str) -> Account | None:
        """Whose session it is, if it is good."""
        return self._database.read(store.session_owner, digest(session), self._clock())

    def set_password(self, principal: str, current: str, password: str, session: str) -> None:
        """Choose a password (the one in force must be shown); every other session of the person ends."""
        account = self._database.read(store.find, principal)
        if account is None or account.kind is not PrincipalKind.PERSON:
            raise UnknownPrincipal("only a person has a password")
        if account.secret_hash and not secret_matches(account.secret_hash, current):
            raise SignInFailed("the current password is not right")
        self._database.write(store.set_secret, principal, hash_password(password), digest(session))

    def client(self, client_id: str, client_secret: str) -> Account | None:
        """The system that shows the right secret. A wrong id takes as long as a wrong secret."""
        account = self.find(client_id)
        known = account is not None and account.kind is PrincipalKind.SYSTEM and not account.disabled
        matches = secret_matches(account.secret_hash if account and known else "", client_secret)
        return account if matches else None

    def find(self, principal: str) -> Account | None:
        """The principal with an id."""
        return self._database.read(store.find, principal)

    def ensure_admin(self) -> str | None:
        """The path of a sign-in link for the operator's admin (made by the first call), while none has a password."""
        if not self.members(OPERATOR):
            admin = PrincipalRequest(PrincipalKind.PERSON, "admin", frozenset({Role.ADMIN}))
            # Another process may be making it at the same time.
            with suppress(OrganizationTaken):
                return self.register_organization(None, OPERATOR, "Operator of this service", [admin])[0].sign_in_path
        admins = self._operator_admins()
        if not admins or any(a.secret_hash for a in admins):
            return None
        return self.issue_link(None, admins[0].id)

    def _operator_admins(self) -> list[Account]:
        return [a for a in self.members(OPERATOR) if _is_operator_admin(a) and not a.disabled]

    def _managed(self, viewer: Viewer | None, principal: str) -> Account:
        """The principal, if the viewer manages it; one of another organization is as good as none."""
        if viewer is not None:
            viewer.require(Permission.MANAGE_PRINCIPALS)
        account = self.find(principal)
        if account is None or (viewer is not None and not viewer.manages(account.organization)):
            raise UnknownPrincipal("there is no such principal")
        return account


def clean_name(name: str) -> str:
    """A name as it is kept: composed characters, no blanks around it."""
    return unicodedata.normalize("NFKC", name).strip()


def viewer_of(account: Account) -> Viewer:
    """The account as use cases see it; a role that this version does not know gives nothing."""
    known = frozenset(role for role in Role if role.value in account.roles)
    return Viewer(account.id, account.organization, known, account.name)


def _is_operator_admin(account: Account) -> bool:
    person = account.kind is PrincipalKind.PERSON
    return person and account.organization == OPERATOR and Role.ADMIN.value in account.roles


def _require_operator(viewer: Viewer) -> None:
    viewer.require(Permission.MANAGE_PRINCIPALS)
    if viewer.organization != OPERATOR:
        raise Forbidden("only an admin of the operator may do this")


def _require_manager(viewer: Viewer, organization: str) -> None:
    viewer.require(Permission.MANAGE_PRINCIPALS)
    if not viewer.manages(organization):
        raise UnknownOrganization("there is no such organization")


def _draw(organization: str, request: PrincipalRequest) -> tuple[NewPrincipal, Issued]:
    """Give a principal its id and its secret: what is stored, and what is told once."""
    identity, token, name = secrets.token_hex(12), new_token(), clean_name(request.name)
    roles = tuple(sorted(role.value for role in request.roles))
    if request.kind is PrincipalKind.SYSTEM:
        record = NewPrincipal(identity, request.kind, name, roles, hash_secret(token))
        return record, Issued(identity, request.kind, name, organization, request.roles, client_secret=token)
    record = NewPrincipal(identity, request.kind, name, roles, "", digest(token))
    return record, Issued(identity, request.kind, name, organization, request.roles, sign_in_path=LINK_PATH + token)
