"""How far footprints are assured: by whom, on whose accreditation, and whether that still holds.

A statement of assurance counts while all of this is so: it is signed; the footprint in force is what the document says
that it names; its issuer is neither the footprint's nor that of the thing it is about; it has not ended; and its issuer
is accredited for its standard by a body that the policy recognises, in a signed document, within the accreditation's
period (ISO 14064-3, ISO/IEC 17011). Time is that of the last document as of which the chain is looked at: the ledger is
the clock, so a figure as of an index is the same whenever it is asked for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from graph.model.columns import TextColumn
from graph.rollup.arrays import IntArray
from graph.rollup.facts import Facts
from graph.rollup.names import marked
from graph.rollup.policy import ASSURANCE, Policy
from graph.rollup.rows import Rows

UNRECOGNISED = "assurance-unrecognised"
FAULTS = {
    "assurance-unsigned": "is not signed",
    "assurance-other-document": "is about another document than the footprint in force",
    "assurance-not-independent": "is by the organization whose footprint it is",
    "assurance-ended": "has ended",
    UNRECOGNISED: "is by an organization that no recognised body has accredited",
    "accreditation-ended": "is by an organization whose accreditation is not in force at this time",
    "assurance-out-of-scope": "is by an organization that is not accredited for its standard",
}


@dataclass(frozen=True, slots=True)
class Accreditation:
    """An institution is accredited for standards over [start, end), seconds since the epoch."""

    institution: str
    scope: frozenset[str]
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class _Footprint:
    """What an assurance must fit: the id of the document that states it, its issuer, and whose thing it is about."""

    position: int
    document: str
    parties: frozenset[str]


@dataclass(frozen=True, slots=True)
class _World:
    moment: float
    accreditations: tuple[Accreditation, ...]


def assured(facts: Facts, policy: Policy) -> Facts:
    """The facts with two more columns of footprints: ``assurance``, the level that counts ("" for none), and
    ``assurance_fault``, a code of ``FAULTS`` where there is an assurance and none counts."""
    stated = facts.rows["assurances"]
    if not len(stated):
        return facts
    rows = facts.rows["footprints"]
    known = _footprints(facts, rows, stated.coded("footprint"))
    levels, faults = dict[int, str](), dict[int, str]()
    world = _World(_moment(facts), tuple(_accreditations(facts, policy)))
    signed = facts.signed(stated.documents).tolist()
    names = ("issuer", "footprint", "document", "standard", "level")
    ends = stated.floats("valid_to").tolist()
    for by, about, document, standard, level, end, sound in zip(
        *(stated.text(n) for n in names), ends, signed, strict=True
    ):
        found = known.get(about)
        if found is None:
            continue
        fault = _fault(found, world, by=by, document=document, standard=standard, end=end, signed=sound)
        if fault:
            faults.setdefault(found.position, fault)
        elif ASSURANCE[level] > ASSURANCE[levels.get(found.position, "")]:
            levels[found.position] = level
    faults = {position: fault for position, fault in faults.items() if position not in levels}
    more = {"assurance": _column(rows, levels), "assurance_fault": _column(rows, faults)}
    return replace(facts, rows={**facts.rows, "footprints": replace(rows, columns={**rows.columns, **more})})


def _column(rows: Rows, texts: Mapping[int, str]) -> TextColumn:
    """A column of the whole table, of texts by position."""
    found = np.zeros(len(rows.columns["fid"]), np.int64)
    found[list(texts)] = rows.pool.intern(list(texts.values()))
    column = TextColumn(rows.pool)
    column.add(found)
    return column


def _fault(found: _Footprint, world: _World, *, by: str, document: str, standard: str, end: float, signed: bool) -> str:
    """Why an assurance does not count, "" where it does."""
    if not signed:
        return "assurance-unsigned"
    if by in found.parties:
        return "assurance-not-independent"
    if document != found.document:
        return "assurance-other-document"
    if not world.moment < end:
        return "assurance-ended"
    return unaccredited(world.accreditations, by, standard, world.moment)


def unaccredited(accreditations: Iterable[Accreditation], by: str, standard: str, moment: float) -> str:
    """What an institution lacks at a moment to speak under a standard: a code of ``FAULTS``, "" where nothing."""
    mine = [a for a in accreditations if a.institution == by]
    timely = [a for a in mine if a.start <= moment < a.end]
    if not timely:
        return "accreditation-ended" if mine else UNRECOGNISED
    return "" if any(standard in a.scope for a in timely) else "assurance-out-of-scope"


def _moment(facts: Facts) -> float:
    """When the last document came in; before all times where that is not known, so that nothing holds."""
    times = facts.rows["documents"].floats("received_at")
    return float(np.max(times, initial=-np.inf, where=~np.isnan(times)))


def _footprints(facts: Facts, rows: Rows, named: IntArray) -> Mapping[str, _Footprint]:
    """The footprints in force that assurances name, by key."""
    wanted = marked(rows.pool, named)
    wanted[0] = False
    rows = rows.where(wanted[rows.coded("key")])
    documents = facts.rows["documents"]
    documents = documents.where(np.isin(documents.ints("index"), rows.documents))
    ids = dict(zip(documents.ints("index").tolist(), documents.text("id"), strict=True))
    every = zip(rows.text("key"), rows.text("subject"), rows.documents.tolist(), rows.positions.tolist(), strict=True)
    return {
        key: _Footprint(position, ids.get(index, ""), frozenset({_issuer(key), _issuer(subject)}))
        for key, subject, index, position in every
    }


def _issuer(key: str) -> str:
    return key.partition("|")[0]


def _accreditations(facts: Facts, policy: Policy) -> Iterable[Accreditation]:
    """Those of recognised bodies, in signed documents."""
    rows = facts.rows["accreditations"]
    texts = zip(rows.text("issuer"), rows.text("institution"), rows.text("scope"), strict=True)
    periods = zip(rows.floats("valid_from").tolist(), rows.floats("valid_to").tolist(), strict=True)
    signed = facts.signed(rows.documents).tolist()
    for (body, institution, scope), (start, end), sound in zip(texts, periods, signed, strict=True):
        if sound and body in policy.recognised:
            yield Accreditation(institution, frozenset(scope.split("\n")), start, end)
