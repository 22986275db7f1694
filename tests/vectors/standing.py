"""Writes ``standing/``: delegation and assurance, one fault a file, as a story of signed statements.

    python -m tests.vectors.standing

The last statement of a story is the one in question: the check that must refuse it, or the finding that a figure must
bear instead of a level of assurance. Deterministic, as ``tests.vectors.generate``.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.vectors.kit import AT, STATEMENT, Signer, compact, header, jws

FOLDER = Path(__file__).parent / "standing"
DAY = 86_400
ORGANIZATIONS = {name: f"https://{name}.example/" for name in ("owner", "deputy", "third", "verifier", "body")}
SIGNERS = {name: Signer("EdDSA", f"standing {name}".encode()) for name in ORGANIZATIONS}
OWNER = ORGANIZATIONS["owner"]

Fact = dict[str, Any]
Story = dict[str, Any]


def day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def said(who: str, *facts: Fact, at: int = AT, iat: int = 0, signed: bool = True) -> Fact:
    """One statement as it is handed in at ``at``: a compact JWS, or JSON; ``iat`` where it says another time."""
    times = {"iat": iat or at, "exp": at + DAY}
    claims = {"iss": ORGANIZATIONS[who], "jti": f"{who}-{at}", **times, "facts": list(facts)}
    content = jws(header(SIGNERS[who], typ=STATEMENT), compact(claims), SIGNERS[who]) if signed else compact(claims)
    return {"by": ORGANIZATIONS[who], "at": at, "signed": signed, "content": content.decode()}


def digest(statement: Fact) -> str:
    """The id of its document."""
    return hashlib.sha256(statement["content"].encode()).hexdigest()


def lot() -> Fact:
    quantity = {"value": "1", "unit": "t"}
    return {"kind": "lot", "id": "L", "product": "P", "quantity": quantity, "produced_at": "2020-06-30"}


def footprint(owner: str = OWNER, **more: Any) -> Fact:
    period = {"period_start": "2020-01-01", "period_end": "2021-01-01"}
    stated = {"per": {"value": "1", "unit": "t"}, "undivided": "5", "boundary": "cradle-to-gate"}
    return {"kind": "footprint", "id": "F", "lot": {"issuer": owner, "id": "L"}, **period, **stated, **more}


def delegation(to: str = "deputy", **more: Any) -> Fact:
    named = {"kind": "delegation", "id": "D", "delegate": ORGANIZATIONS[to], "kinds": ["footprint"]}
    return {**named, "valid_from": day(AT - DAY), "valid_to": day(AT + 10 * DAY), **more}


def delegations() -> Iterator[tuple[str, Story]]:
    """Who speaks for whom."""

    def story(why: str, *last: Fact, check: str | None = "authority", given: Fact | None = None) -> Story:
        begin = [said("owner", lot()), said("owner", given or delegation(), at=AT + 1)]
        return {"why": why, "check": check, "statements": [*begin, *last]}

    stated = said("deputy", footprint(), at=AT + 9)
    yield "delegation-valid", story("nothing", stated, check=None)
    yield "delegation-valid-lot", story("nothing", stated, check=None, given=delegation(lot="L"))
    yield "delegation-valid-product", story("nothing", stated, check=None, given=delegation(product="P"))
    narrow = {"kind": {"kinds": ["content"]}, "lot": {"lot": "M"}, "product": {"product": "Q"}, "key": {"key": "k"}}
    for name, changes in narrow.items():
        yield f"delegation-scope-{name}", story(f"it is for another {name}", stated, given=delegation(**changes))
    yield "delegation-facility", story("it is for a facility", stated, given=delegation(facility="works"))
    yield "delegation-expired", story("it has ended", stated, given=delegation(valid_to=day(AT + 9)))
    yield "delegation-early", story("it has not begun", stated, given=delegation(valid_from=day(AT + 10)))
    late = said("deputy", footprint(), at=AT + 30 * DAY)
    yield "delegation-long-expired", story("it ended weeks ago", late)
    backdated = said("deputy", footprint(), at=AT + 30 * DAY, iat=AT + 9)
    yield "delegation-backdated", story("it ended weeks ago, and the statement is dated before", backdated)
    unsigned = said("deputy", footprint(), at=AT + 9, signed=False)
    yield "delegation-unsigned-use", story("the delegate's statement is not signed", unsigned)
    other = said("third", footprint(), at=AT + 9)
    yield "delegation-other-delegate", story("it is to somebody else", other)
    deeper = said("deputy", delegation("third", lot={"issuer": OWNER, "id": "L"}), at=AT + 8)
    yield "delegation-depth-2", story("the delegate delegates on", deeper)
    yield "delegation-depth-2-all", story("by a delegation of its own", said("deputy", delegation("third")), other)
    foreign = said("third", delegation("deputy", product={"issuer": OWNER, "id": "P"}), at=AT + 8)
    yield "delegation-not-the-owner", story("by somebody who does not own the product", foreign)
    begin = said("owner", lot())
    alone = {"why": "there is none", "check": "authority", "statements": [begin, stated]}
    yield "delegation-none", alone
    plain = said("owner", delegation(), at=AT + 1, signed=False)
    yield "delegation-unsigned", {"why": "it is not signed", "check": "authority", "statements": [begin, plain]}
    itself = said("owner", delegation("owner"), at=AT + 1)
    yield "delegation-to-itself", {"why": "to itself", "check": "authority", "statements": [begin, itself]}
    grant = {"kind": "grant", "id": "G", "grantee": ORGANIZATIONS["third"], "lot": {"issuer": OWNER, "id": "L"}}
    yield "delegation-grant", story("the delegate opens the lot to a third", said("deputy", grant, at=AT + 9))
    taken_back = {"kind": "withdrawal", "id": "W", "document": digest(said("owner", delegation(), at=AT + 1))}
    withdrawn = said("owner", taken_back, at=AT + 2)
    yield "delegation-revoked", story("it was withdrawn", withdrawn, stated)


def assurances() -> Iterator[tuple[str, Story]]:
    """Whose word raises a footprint's level."""
    begin = said("owner", lot(), footprint())

    def accreditation(**more: Any) -> Fact:
        named = {"kind": "accreditation", "id": "A", "institution": ORGANIZATIONS["verifier"], "number": "1"}
        period = {"valid_from": day(AT - DAY), "valid_to": day(AT + 10 * DAY)}
        return {**named, "scope": ["ISO 14064-3"], **period, **more}

    def assurance(**more: Any) -> Fact:
        named = {"kind": "assurance", "id": "S", "footprint": {"issuer": OWNER, "id": "F"}, "document": digest(begin)}
        rest = {"level": "limited", "standard": "ISO 14064-3", "valid_to": day(AT + 10 * DAY)}
        return {**named, **rest, **more}

    def story(why: str, finding: str, *, given: Fact | None = None, by: str = "body", **more: Any) -> Story:
        first = [begin, said(by, given or accreditation(), at=AT + 1)]
        last = said("verifier", assurance(**more), at=AT + 9)
        level = "" if finding else "limited"
        return {"why": why, "check": None, "finding": finding, "level": level, "statements": [*first, last]}

    yield "assurance-valid", story("nothing", "")
    yield "assurance-unaccredited", story("accredited by nobody that counts", "assurance-unrecognised", by="third")
    expired = accreditation(valid_to=day(AT + 5))
    yield "assurance-accreditation-expired", story("the accreditation has ended", "accreditation-ended", given=expired)
    early = accreditation(valid_from=day(AT + DAY))
    yield "assurance-accreditation-early", story("it has not begun", "accreditation-ended", given=early)
    scope = accreditation(scope=["ISO 14067"])
    yield "assurance-scope", story("accredited for another standard", "assurance-out-of-scope", given=scope)
    yield "assurance-digest", story("about another document", "assurance-other-document", document="0" * 64)
    yield "assurance-expired", story("it has ended", "assurance-ended", valid_to=day(AT + 5))
    own = said("owner", assurance(), at=AT + 9)
    yield "assurance-own", {"why": "about its own footprint", "check": "authority", "statements": [begin, own]}
    itself = said("verifier", accreditation(), at=AT + 1)
    yield "accreditation-own", {"why": "of itself", "check": "authority", "statements": [begin, itself]}


def files() -> dict[str, bytes]:
    """Every story by the name of its file."""
    stories = dict([*delegations(), *assurances()])
    return {f"{name}.json": (json.dumps(told, indent=1) + "\n").encode() for name, told in sorted(stories.items())}


def write() -> None:
    FOLDER.mkdir(exist_ok=True)
    wanted = files()
    for old in FOLDER.glob("*.json"):
        if old.name not in wanted:
            old.unlink()
    for name, content in wanted.items():
        (FOLDER / name).write_bytes(content)


if __name__ == "__main__":
    write()
