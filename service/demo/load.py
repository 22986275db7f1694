"""Loads the demo through the public API, as its organizations would, and asks for the figures."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from connectors.greenchain import GreenchainClient
from graph.errors import GreenchainError
from graph.model.refs import Kind, Ref, uid
from service.demo.statements import FIGURES, MEMBERS, ODD_CASES, Member, facts_of, org
from service.trust.signing import new_key, public_key, sign_registration, sign_statement

# A statement is handed in at once; this is how long its signature may be used for that.
HAND_IN_SECONDS = 3600
_EMISSIONS = ("direct", "indirect", "undivided", "total", "unit", "basis", "boundary", "gwp", "lower_bound")
_QUALITY = ("coverage_mass", "coverage_emissions", "default_share", "unknown_share", "primary_data_share", "as_of")

Progress = Callable[[str, int, int], None]


class DemoFailed(GreenchainError):
    """A document of the demo did not get the verdict that it should."""


@dataclass(slots=True)
class Joined:
    """A member that takes part: its client, its key, and the sign-in link of its person."""

    member: Member
    client: GreenchainClient
    key: dict[str, str] = field(repr=False)
    sign_in_link: str = field(default="", repr=False)
    documents: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What the demo shows: the figures by name, the odd cases, the rejected statement, and how people sign in."""

    figures: tuple[dict[str, Any], ...]
    odd_cases: tuple[dict[str, Any], ...]
    rejected: dict[str, Any]
    sign_in: tuple[dict[str, str], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The report without the sign-in links, which are secrets."""
        return {name: value for name, value in asdict(self).items() if name != "sign_in"}


def load(admin: GreenchainClient, progress: Progress = lambda what, done, of: None) -> DemoReport:
    """Register the demo's organizations and keys, hand in their signed statements, and ask for the figures.

    ``admin``: a client of an operator's admin. Raises ``ServiceRefused``, ``ServiceUnreachable``, ``DemoFailed``.
    """
    joined = {}
    for number, member in enumerate(MEMBERS):
        progress(member.name, number, len(MEMBERS))
        joined[member.short] = _join(admin, member)
    progress("asking for the figures", len(MEMBERS), len(MEMBERS))
    return DemoReport(
        figures=tuple(_figure(joined[who].client, name, org(who), lot) for name, (who, lot) in FIGURES.items()),
        odd_cases=tuple(_figure(joined[who].client, name, org(who), lot) for name, (who, lot) in ODD_CASES.items()),
        rejected=_signed_with_a_revoked_key(joined["retired"]),
        sign_in=tuple({"name": j.member.name, "role": j.member.role, "link": j.sign_in_link} for j in joined.values()),
    )


def _join(admin: GreenchainClient, member: Member) -> Joined:
    """Register the organization with a system and a person; then it acts for itself, with a key of its own."""
    principals = [
        {"kind": "system", "name": f"{member.name} system", "roles": sorted({member.role, "supplier"})},
        {"kind": "person", "name": f"{member.short}@demo", "roles": [member.role]},
    ]
    made = admin.post(
        "/api/v1/organizations", {"organization": member.uri, "name": member.name, "principals": principals}
    )
    system, person = made["principals"]
    client = GreenchainClient(admin.url, system["client_id"], system["client_secret"])
    # Both algorithms are in use, as they will be among real suppliers.
    found = Joined(member, client, new_key("ES256" if member.short == "cement" else "EdDSA"), person["sign_in_link"])
    nonce, audience = client.challenge()
    client.register_key(
        sign_registration(
            found.key, organization=member.uri, audience=audience, nonce=nonce, issued_at=int(time.time())
        )
    )
    _hand_in(found, "chain-2025", facts_of(member))
    return found


def _statement(uri: str, identity: str, facts: list[dict[str, Any]]) -> dict[str, Any]:
    now = int(time.time())
    return {"iss": uri, "jti": identity, "iat": now, "exp": now + HAND_IN_SECONDS, "facts": facts}


def _hand_in(joined: Joined, identity: str, facts: list[dict[str, Any]]) -> dict[str, Any]:
    content = sign_statement(_statement(joined.member.uri, identity, facts), joined.key)
    answer = joined.client.submit(content, "application/jose")
    if not answer["verdict"]["accepted"]:
        failed = next(c for c in answer["verdict"]["checks"] if c["outcome"] == "failed")
        raise DemoFailed(f"{joined.member.name}: {failed['name']}: {failed.get('detail', '')}")
    joined.documents.append(answer["id"])
    return answer


def _figure(client: GreenchainClient, name: str, issuer: str, lot: str) -> dict[str, Any]:
    address = uid(Kind.LOT, Ref(issuer, lot).key)
    found = client.get(f"/api/v1/lots/{address}/footprint")
    content = client.get(f"/api/v1/lots/{address}/content")
    shares = ("pre_consumer", "post_consumer", "non_grain_bio", "virgin", "unknown_share")
    return {
        "name": name,
        **{n: found[n] for n in (*_EMISSIONS, *_QUALITY)},
        "content": {n: content[n] for n in shares},
        "findings": [f["code"] for f in found["findings"]] + [f["code"] for f in content["findings"]],
        "missing": len(found["missing"]["named"]) + found["missing"]["undisclosed"],
        "documents": found["documents"]["ids"],
        "lot": address,
    }


def _signed_with_a_revoked_key(joined: Joined) -> dict[str, Any]:
    """The organization revokes its key, and somebody goes on signing with it."""
    thumbprint = public_key(joined.key).thumbprint
    revocation = {"kind": "key-revocation", "id": "old-key", "thumbprint": thumbprint, "reason": "cessationOfOperation"}
    _hand_in(joined, "revocation", [revocation])
    product = {"kind": "product", "id": "late", "name": "Late coil", "material": "steel", "declared_unit": "t"}
    content = sign_statement(_statement(joined.member.uri, "too-late", [product]), joined.key)
    answer = joined.client.submit(content, "application/jose")
    failed = [c for c in answer["verdict"]["checks"] if c["outcome"] == "failed"]
    if answer["verdict"]["accepted"] or failed[0]["name"] != "key-state":
        raise DemoFailed("a statement signed with a revoked key was not rejected for its key")
    return {"document": answer["id"], "check": failed[0]["name"], "detail": failed[0]["detail"]}
