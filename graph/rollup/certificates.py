"""Which certificates organizations and facilities hold, and how each stands at a moment.

A certificate changes no figure: it is shown beside it. So it may be judged by the present, unlike a level of assurance,
which a figure carries and which must come out the same whenever the figure is computed again.
"""

from dataclasses import dataclass
from math import inf
from typing import Any, Final

import numpy as np

from graph.model.refs import asserted_at
from graph.model.tables import ChainTables
from graph.rollup.assurance import Accreditation, unaccredited
from graph.rollup.rows import documents_at, of_table

VALID: Final = "valid"
UNACCREDITED: Final = "issuer-not-accredited"  # by no recognised body, for this scheme, at this moment
STATES: Final = (
    VALID,
    "unsigned",  # nobody answerable has signed it
    "withdrawn",  # by its issuer's own later word
    "suspended",
    "not-begun",
    "expired",
    UNACCREDITED,
)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Certified:
    """A certificate in force as a statement, and its state: one of ``STATES``.

    Keys are those of the graph; ``facility`` is "" for the whole organization; times in seconds since the epoch, the
    end excluded.
    """

    fid: int
    issuer: str
    scheme: str
    number: str
    holder: str
    facility: str
    start: float
    end: float
    state: str

    @property
    def document(self) -> int:
        """The ledger index of the document that states it."""
        return asserted_at(self.fid)


def certificates(tables: ChainTables, at: int, recognised: frozenset[str], moment: float) -> tuple[Certified, ...]:
    """The certificates stated as of ledger index ``at``, in the order of the ledger.

    Each is judged at ``moment`` (seconds since the epoch). ``recognised``: the accreditation bodies that count.
    """
    stated = list(of_table(tables, "certificates", at).records())
    if not stated:
        return ()
    bodies = [row for row in of_table(tables, "accreditations", at).records() if row["issuer"] in recognised]
    signed = _signed(tables, {asserted_at(row["fid"]) for row in (*stated, *bodies)})
    accredited = tuple(_accreditation(row) for row in bodies if asserted_at(row["fid"]) in signed)
    return tuple(sorted((_certified(row, signed, accredited, moment) for row in stated), key=lambda c: c.fid))


def _certified(row: Row, signed: set[int], accredited: tuple[Accreditation, ...], moment: float) -> Certified:
    return Certified(
        fid=row["fid"],
        issuer=row["issuer"],
        scheme=row["scheme"],
        number=row["number"],
        holder=row["holder"],
        facility=row["facility"],
        start=row["valid_from"],
        end=row["valid_to"],
        state=_state(row, asserted_at(row["fid"]) in signed, accredited, moment),
    )


def _state(row: Row, signed: bool, accredited: tuple[Accreditation, ...], moment: float) -> str:
    """The first thing that speaks against it (ISO/IEC 17065, 7.11: suspension and withdrawal are the certifier's).

    Who never was accredited for the scheme says nothing, bad or good: else anybody could show a rival as suspended.
    """
    issuer, scheme = row["issuer"], row["scheme"]
    if not signed:
        return "unsigned"
    if not any(a.institution == issuer and scheme in a.scope for a in accredited):
        return UNACCREDITED
    if row["status"] != "in-force":
        return str(row["status"])
    if moment < row["valid_from"]:
        return "not-begun"
    if moment >= row["valid_to"]:
        return "expired"
    return UNACCREDITED if unaccredited(accredited, issuer, scheme, moment) else VALID


def last_received(tables: ChainTables, at: int) -> float:
    """When the last document up to ledger index ``at`` came in (seconds since the epoch); -inf where there is none."""
    rows = of_table(tables, "documents", at)
    return float(np.fmax.reduce(rows.floats("received_at"), initial=-inf))


def _signed(tables: ChainTables, indexes: set[int]) -> set[int]:
    """Those of some documents that are verified and authorised."""
    rows = documents_at(tables, indexes)
    return set(rows.ints("index")[rows.ints("signed") == 1].tolist())


def _accreditation(row: Row) -> Accreditation:
    return Accreditation(row["institution"], frozenset(row["scope"].split("\n")), row["valid_from"], row["valid_to"])
