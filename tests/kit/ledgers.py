"""A ledger in memory: answers the intake's question from the admissions it was given, as the graph does."""

from __future__ import annotations

from dataclasses import replace

from graph.model.documents import CheckResult, Format, Received
from graph.model.facts import Lot, Statement
from graph.model.intake import (
    Admission,
    DelegationInForce,
    FactInForce,
    IntakeQuestion,
    IntakeState,
    KeyState,
    LoggedDocument,
    Resting,
)
from graph.model.refs import fact_id
from graph.model.standing import Delegation
from service.intake.candidate import Candidate, booked, document_id, question
from service.intake.judge import Judged, answer, judge
from service.trust import checks

AT = 1_780_000_000.0
_EXAMINED: tuple[CheckResult, ...] = checks.complete(
    checks.passed(name) for name in ("caps", "json", "claims", "schema", "authority")
)


def candidate(statement: Statement, content: bytes, thumbprint: str = "", at: float = AT) -> Candidate:
    """A statement that checks 1 to 11 have passed; unsigned where no key is named."""
    return Candidate(
        thumbprint=thumbprint,
        received=Received(content, Format.JWS if thumbprint else Format.JSON, statement.issuer, at),
        id=document_id(content),
        checks=_EXAMINED,
        issuer=statement.issuer,
        statement_id=statement.id,
        statement=statement,
        flows_at=booked(statement),
    )


class Ledger:
    """What was admitted so far. Written from the model's words alone, so that it checks the judge and not itself."""

    def __init__(self) -> None:
        self.admissions: list[Admission] = []
        self.facts: dict[int, FactInForce] = {}
        self.accounts: dict[str, tuple[float, float]] = {}
        self.withdrawn: set[str] = set()
        self.keys: dict[str, KeyState] = {}
        self.delegations: dict[int, DelegationInForce] = {}
        self.lot_products: dict[int, str] = {}

    def take(self, *candidates: Candidate) -> Judged:
        """Judge candidates as one group and keep the outcome."""
        judged = judge(list(candidates), self._state(question(list(candidates))))
        for admission in judged.admissions:
            self._keep(admission)
        self.accounts |= judged.accounts
        return judged

    def _keep(self, admission: Admission) -> None:
        self.admissions.append(admission)
        if admission.verdict.accepted:
            self._keep_keys(admission)
        if not admission.verdict.accepted or admission.statement is None:
            return
        self.withdrawn.update(admission.withdraws)
        for ended in admission.supersedes:
            self.facts.pop(ended.fid)
        for again in admission.corroborates:
            known = self.facts[again.fid]
            self.facts[again.fid] = replace(known, documents=(*known.documents, admission.id))
        flows = booked(admission.statement)
        for position in admission.asserts_anew:
            stated = admission.statement.facts[position]
            fid = fact_id(admission.index, position)
            booked_here = tuple((f.account, f.credit, f.debit) for f in flows[position])
            if isinstance(stated.fact, Delegation):
                self.delegations[fid] = self._delegation(stated.fact, fid, admission)
            if isinstance(stated.fact, Lot):
                self.lot_products[fid] = stated.fact.product.key
            self.facts[fid] = FactInForce(
                fid,
                stated.fact.kind,
                stated.fact.ref.key,
                admission.issuer,
                stated.digest,
                (admission.id,),
                booked_here,
            )

    def _delegation(self, fact: Delegation, fid: int, admission: Admission) -> DelegationInForce:
        about = fact.about.key if fact.about else ""
        return DelegationInForce(
            fid, admission.issuer, fact.delegate, fact.key, tuple(map(str, fact.kinds)), fact.about_kind, about,
            fact.start, fact.end, admission.id, admission.thumbprint, admission.received_at,
        )  # fmt: skip

    def _resting(self, key: str, since: float) -> tuple[Resting, ...]:
        """Documents that rest on a delegation which a key made at or after a moment."""
        return tuple(
            Resting(given.logged_at, LoggedDocument(a.id, a.index, a.received_at))
            for a in self.admissions
            for given in a.authority
            if given.signed_with == key and given.logged_at >= since and a.id not in self.withdrawn
        )

    def _keep_keys(self, admission: Admission) -> None:
        for thumbprint in admission.revokes:
            self.keys[thumbprint] = replace(self.keys[thumbprint], revoked=True)
        if new := admission.new_key:
            self.keys[new.thumbprint] = KeyState(new.organization, revoked=False)
            if new.replaces:
                old = self.keys[new.replaces]
                self.keys[new.replaces] = replace(old, retires=min(old.retires, new.overlap_until))

    def _said(self) -> dict[int, FactInForce]:
        """Facts in force, with the documents that still say them."""
        return {
            fid: replace(f, documents=tuple(sorted(d for d in f.documents if d not in self.withdrawn)))
            for fid, f in self.facts.items()
        }

    def _state(self, asked: IntakeQuestion) -> IntakeState:
        said = self._said()
        accepted = [a for a in self.admissions if a.verdict.accepted]
        signed = {
            key: tuple(
                LoggedDocument(a.id, a.index, a.received_at)
                for a in accepted
                if a.thumbprint == key and not a.new_key and a.received_at >= since and a.id not in self.withdrawn
            )
            for key, since in asked.compromised.items()
        }
        resting = {key: self._resting(key, since) for key, since in asked.compromised.items()}
        leaving = {d.id for logged in signed.values() for d in logged}
        leaving |= {r.document.id for found in resting.values() for r in found}
        return IntakeState(
            next_index=len(self.admissions),
            known={a.id: answer(a) for a in self.admissions if a.id in asked.documents},
            replayed=frozenset(a.replay for a in accepted if a.replay in asked.replays),
            keys={t: self.keys[t] for t in asked.thumbprints if t in self.keys},
            in_force=tuple(f for f in said.values() if f.key in asked.facts.get(f.kind, ())),
            issuers={a.id: a.issuer for a in accepted if a.id in asked.withdrawn},
            asserted={d: tuple(f for f in said.values() if d in f.documents) for d in leaving.union(asked.withdrawn)},
            accounts=dict(self.accounts),
            signed=signed,
            resting=resting,
            delegations=tuple(d for fid, d in self.delegations.items() if fid in self.facts),
            lot_products={f.key: self.lot_products[f.fid] for f in self.facts.values() if f.key in asked.lots},
        )

    def recounted(self) -> dict[str, tuple[float, float]]:
        """The books, added up anew from the facts in force."""
        sums: dict[str, tuple[float, float]] = {}
        for fact in self.facts.values():
            for account, credit, debit in fact.flows:
                before = sums.get(account, (0.0, 0.0))
                sums[account] = (before[0] + credit, before[1] + debit)
        return sums
