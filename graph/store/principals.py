"""Who may sign in: principals, their organizations, single-use sign-in links and sessions.

    (:Session)-[:OF]->(:Principal)-[:MEMBER_OF]->(:Organization)        (:SignInLink)-[:FOR]->(:Principal)

Links and sessions are stored by the SHA-256 of their token, secrets by a hash: reading the graph lets nobody in.
Every function is a unit of work for `Database.read` or `Database.write`: the first argument is the transaction.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from graph.errors import StoreError
from graph.model.refs import Kind, uid
from graph.store.database import Row, Tx


class OrganizationTaken(StoreError):
    """The organization has principals already."""


class NameTaken(StoreError):
    """Another person signs in by that name."""


class PrincipalKind(StrEnum):
    """A person signs in to the pages; a system gets tokens."""

    PERSON = "person"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Account:
    """A principal as stored. `generation` counts the changes of its secret, `disabled` is a time or 0."""

    id: str
    kind: PrincipalKind
    name: str
    organization: str
    organization_name: str
    roles: tuple[str, ...]
    secret_hash: str = field(repr=False)
    generation: int
    created: float
    disabled: float


@dataclass(frozen=True, slots=True)
class NewPrincipal:
    """A principal to be stored; `link` is the digest of its first sign-in link, empty for a system."""

    id: str
    kind: PrincipalKind
    name: str
    roles: tuple[str, ...]
    secret_hash: str = field(repr=False)
    link: str = ""


@dataclass(frozen=True, slots=True)
class OrganizationAccounts:
    """An organization that takes part, and how many of its principals are enabled."""

    key: str
    name: str
    principals: int


_ACCOUNT = """
    RETURN p.id AS id, p.kind AS kind, p.name AS name, o.key AS organization, o.name AS organization_name,
           p.roles AS roles, p.secret_hash AS secret_hash, p.generation AS generation, p.created AS created,
           p.disabled AS disabled
"""


def sign_in_name(name: str) -> str:
    """The form in which names of persons are compared: case does not tell two people apart."""
    return name.casefold()


def register(
    tx: Tx, organization: str, name: str, principals: Sequence[NewPrincipal], *, now: float, link_expires: float
) -> None:
    """Store a new organization with its first principals; raises OrganizationTaken or NameTaken."""
    # The write comes first: it holds the node, so that the check behind it sees what a racing writer committed.
    tx.run(
        "MERGE (o:Organization {key: $key}) SET o.uid = $uid, o.name = $name",
        key=organization, uid=uid(Kind.ORGANIZATION, organization), name=name,
    )  # fmt: skip
    if tx.run(
        "MATCH (:Principal)-[:MEMBER_OF]->(o:Organization {key: $key}) RETURN 1 AS one LIMIT 1", key=organization
    ):
        raise OrganizationTaken(organization)
    _create(tx, organization, principals, now, link_expires)


def add(tx: Tx, organization: str, principal: NewPrincipal, *, now: float, link_expires: float) -> bool:
    """Store one more principal; False when no such organization takes part. Raises NameTaken."""
    held = "MATCH (:Principal)-[:MEMBER_OF]->(o:Organization {key: $key}) RETURN o.key AS key LIMIT 1"
    if not tx.run(held, key=organization):
        return False
    _create(tx, organization, [principal], now, link_expires)
    return True


def _create(tx: Tx, organization: str, principals: Sequence[NewPrincipal], now: float, link_expires: float) -> None:
    # One writer of names at a time: the check for a taken name below holds until the commit.
    tx.run("MERGE (c:Counter {id: 'principals'}) SET c.at = $now, c.by = $by", now=now, by=principals[0].id)
    for principal in principals:
        person = principal.kind is PrincipalKind.PERSON
        login = sign_in_name(principal.name) if person else principal.id
        if tx.run("MATCH (p:Principal {login: $login}) RETURN 1 AS one LIMIT 1", login=login):
            raise NameTaken(principal.name)
        tx.run(
            """
            MATCH (o:Organization {key: $organization})
            CREATE (p:Principal {id: $id, kind: $kind, name: $name, login: $login, roles: $roles,
                                 secret_hash: $secret_hash, generation: 0, created: $now, disabled: 0.0})
            CREATE (p)-[:MEMBER_OF]->(o)
            """,
            organization=organization, id=principal.id, kind=principal.kind.value, name=principal.name, login=login,
            roles=list(principal.roles), secret_hash=principal.secret_hash, now=now,
        )  # fmt: skip
        if principal.link:
            add_link(tx, principal.id, principal.link, now, link_expires)


def find(tx: Tx, principal: str) -> Account | None:
    """The principal with an id, disabled ones included."""
    return _one(tx.run("MATCH (p:Principal {id: $id})-[:MEMBER_OF]->(o:Organization)" + _ACCOUNT, id=principal))


def find_person(tx: Tx, name: str) -> Account | None:
    """The person who signs in by a name, disabled ones included."""
    rows = tx.run(
        "MATCH (p:Principal {login: $login})-[:MEMBER_OF]->(o:Organization)" + _ACCOUNT, login=sign_in_name(name)
    )
    account = _one(rows)
    return account if account and account.kind is PrincipalKind.PERSON else None


def organizations(tx: Tx, after: str, limit: int) -> list[OrganizationAccounts]:
    """Organizations that take part, by key, those behind `after`."""
    rows = tx.run(
        """
        MATCH (p:Principal)-[:MEMBER_OF]->(o:Organization) WHERE o.key > $after
        WITH o.key AS key, o.name AS name, sum(CASE WHEN p.disabled = 0.0 THEN 1 ELSE 0 END) AS principals
        RETURN key, name, principals ORDER BY key LIMIT $limit
        """,
        after=after, limit=limit,
    )  # fmt: skip
    return [OrganizationAccounts(r["key"], r["name"] or "", r["principals"]) for r in rows]


def members(tx: Tx, organization: str) -> list[Account]:
    """The principals of an organization, in the order in which they were made."""
    rows = tx.run(
        "MATCH (p:Principal)-[:MEMBER_OF]->(o:Organization {key: $key})" + _ACCOUNT + " ORDER BY created, id",
        key=organization,
    )
    return [_account(row) for row in rows]


def set_secret(tx: Tx, principal: str, secret_hash: str, keep_session: str = "") -> bool:
    """Store a new secret; what the old one gave (tokens, links, other sessions) ends. False: no such one."""
    rows = tx.run(
        """
        MATCH (p:Principal {id: $id}) WHERE p.disabled = 0.0
        SET p.secret_hash = $hash, p.generation = p.generation + 1 RETURN p.id AS id
        """,
        id=principal, hash=secret_hash,
    )  # fmt: skip
    _end_access(tx, principal, keep_session)
    return bool(rows)


def disable(tx: Tx, principal: str, now: float) -> bool:
    """Shut a principal out, sessions and links included. False when there is none or it is shut out already."""
    rows = tx.run(
        "MATCH (p:Principal {id: $id}) WHERE p.disabled = 0.0 SET p.disabled = $now RETURN p.id AS id",
        id=principal, now=now,
    )  # fmt: skip
    _end_access(tx, principal, "")
    return bool(rows)


def _end_access(tx: Tx, principal: str, keep_session: str) -> None:
    tx.run("MATCH (l:SignInLink)-[:FOR]->(:Principal {id: $id}) DETACH DELETE l", id=principal)
    tx.run(
        "MATCH (s:Session)-[:OF]->(:Principal {id: $id}) WHERE s.digest <> $keep DETACH DELETE s",
        id=principal, keep=keep_session,
    )  # fmt: skip


def add_link(tx: Tx, principal: str, digest: str, now: float, expires: float) -> None:
    """Store a sign-in link; an older one of the same principal ends, and those that ran out are swept away."""
    tx.run("MATCH (l:SignInLink)-[:FOR]->(:Principal {id: $id}) DETACH DELETE l", id=principal)
    tx.run("MATCH (l:SignInLink) WHERE l.expires <= $now DETACH DELETE l", now=now)
    tx.run(
        """
        MATCH (p:Principal {id: $id})
        CREATE (l:SignInLink {digest: $digest, expires: $expires, holder: ''})-[:FOR]->(p)
        """,
        id=principal, digest=digest, expires=expires,
    )  # fmt: skip


def link_owner(tx: Tx, digest: str, now: float) -> Account | None:
    """Whom a sign-in link that is still good would let in."""
    rows = tx.run(
        """
        MATCH (l:SignInLink {digest: $digest})-[:FOR]->(p:Principal)-[:MEMBER_OF]->(o:Organization)
        WHERE l.expires > $now AND l.holder = '' AND p.disabled = 0.0
        """
        + _ACCOUNT,
        digest=digest, now=now,
    )  # fmt: skip
    return _one(rows)


def redeem(tx: Tx, digest: str, session: str, now: float, session_expires: float) -> Account | None:
    """Use up a sign-in link and open a session; of two at the same time exactly one gets the account."""
    # Touching the link first takes its lock (Neo4j) or makes the later commit fail and run again (ArcadeDB), so the
    # statement after it sees whether somebody else was faster.
    tx.run("MATCH (l:SignInLink {digest: $digest}) SET l.touched = $session", digest=digest, session=session)
    account = link_owner(tx, digest, now)
    if account is None:
        return None
    tx.run("MATCH (l:SignInLink {digest: $digest}) SET l.holder = $session", digest=digest, session=session)
    open_session(tx, account.id, session, now, session_expires)
    return account


def open_session(tx: Tx, principal: str, digest: str, now: float, expires: float) -> None:
    """Store a session; sessions of the same principal that ran out are swept away."""
    tx.run(
        "MATCH (s:Session)-[:OF]->(:Principal {id: $id}) WHERE s.expires <= $now DETACH DELETE s",
        id=principal, now=now,
    )  # fmt: skip
    tx.run(
        "MATCH (p:Principal {id: $id}) CREATE (s:Session {digest: $digest, expires: $expires})-[:OF]->(p)",
        id=principal, digest=digest, expires=expires,
    )  # fmt: skip


def session_owner(tx: Tx, digest: str, now: float) -> Account | None:
    """Whose session it is, if it is still good."""
    rows = tx.run(
        """
        MATCH (s:Session {digest: $digest})-[:OF]->(p:Principal)-[:MEMBER_OF]->(o:Organization)
        WHERE s.expires > $now AND p.disabled = 0.0
        """
        + _ACCOUNT,
        digest=digest, now=now,
    )  # fmt: skip
    return _one(rows)


def close_sessions(tx: Tx, digests: Collection[str]) -> None:
    """End sessions."""
    tx.run("MATCH (s:Session) WHERE s.digest IN $digests DETACH DELETE s", digests=list(digests))


def _one(rows: Sequence[Row]) -> Account | None:
    return _account(rows[0]) if rows else None


def _account(row: Row) -> Account:
    return Account(
        id=row["id"],
        kind=PrincipalKind(row["kind"]),
        name=row["name"],
        organization=row["organization"],
        organization_name=row["organization_name"] or "",
        roles=tuple(row["roles"]),
        secret_hash=row["secret_hash"],
        generation=int(row["generation"]),
        created=float(row["created"]),
        disabled=float(row["disabled"]),
    )
