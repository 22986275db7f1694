"""Which declarations speak for which node, and which of several counts (reference/accounting.md, ruling 1)."""

from dataclasses import dataclass

import numpy as np

from graph.rollup.arrays import ABSENT, BoolArray, FloatArray, IntArray, join
from graph.rollup.facts import Facts
from graph.rollup.names import Names
from graph.rollup.policy import ASSURANCE, Policy
from graph.rollup.rows import Rows


@dataclass(frozen=True)
class Subjects:
    """What declarations may speak for, arrays of shape (subjects,).

    ``lot`` is the lot's number in ``lots``, absent for what is no lot (None: there are no lots among them); ``country``
    is a code of the pool of texts.
    A lot has a production date (``start`` = ``end``), a facility and a country; a reference or a question has a period,
    no facility, and ``country`` only where it states one.
    """

    lots: Names | None
    lot: IntArray
    product: IntArray
    facility: IntArray
    country: IntArray
    start: FloatArray
    end: FloatArray

    @property
    def is_lot(self) -> BoolArray:
        """Which subjects are lots."""
        found: BoolArray = self.lot != ABSENT
        return found


@dataclass(frozen=True)
class Candidates:
    """Declarations that speak for a node, best first: positions among the subjects and among the rows of the table.

    ``missed``, shape (2, pairs): subjects, and the row of a declaration of each that is of another time.
    """

    subject: IntArray
    row: IntArray
    signed: BoolArray
    missed: IntArray


def months_after(moment: FloatArray, months: int) -> FloatArray:
    """The same day so many calendar months later, in seconds; nan and infinite stay.

    "Default validity: 3 years from the period's end, never more" (PACT; reference/accounting.md, Terms).
    """
    finite = np.isfinite(moment)
    stamp = np.where(finite, moment, 0).astype("datetime64[s]")
    month = stamp.astype("datetime64[M]")
    later = (month + months).astype("datetime64[s]") + (stamp - month.astype("datetime64[s]"))
    return np.where(finite, later.astype(np.int64).astype(np.float64), moment)


def validity(rows: Rows, months: int) -> tuple[FloatArray, FloatArray]:
    """Validity period of each declaration: as stated, but so many months from the reference period's end at most."""
    end, opens, closes = rows.floats("end"), rows.floats("valid_from"), rows.floats("valid_to")
    latest = months_after(end, months)
    return np.where(np.isnan(opens), end, opens), np.fmin(closes, latest)


def candidates(facts: Facts, policy: Policy, table: str, subjects: Subjects) -> Candidates:
    """All declarations of a table that match each subject, ordered by ruling 1 within a subject.

    Supersession is settled before (rows are in force). Then: the policy's minimum; lot > product at facility >
    product in country > product; a reference period that contains the production date; the latest period; the latest
    document. For a reference, which has no facility, the order among footprints of the product is the reverse: general
    first.
    """
    rows = facts.rows[table]
    subject, row, level = _matches(facts, rows, subjects)
    contains, valid = _timely(rows, subjects, subject, row, policy.max_age_months)
    # Of a lot that nobody has described the production date is not known: what is said of it may be of its time.
    keep = contains | valid | ((level == 3) & np.isnan(subjects.start[subject]))
    missed = np.stack([subject[~keep], row[~keep]])
    subject, row, level, contains = subject[keep], row[keep], level[keep], contains[keep]
    end = rows.floats("end")
    latest = np.where(np.isnan(end), np.inf, end)[row]
    fits = _satisfies(rows, policy, table)[row]
    order = np.lexsort((-rows.ints("fid")[row], -latest, ~contains, -level, ~fits, subject))
    return Candidates(subject[order], row[order], facts.signed(rows.documents)[row[order]], missed)


def _satisfies(rows: Rows, policy: Policy, table: str) -> BoolArray:
    if table == "contents":
        return np.ones(len(rows), np.bool_)
    least = ASSURANCE[policy.minimum_assurance]
    fits = rows.are("boundary", policy.boundary)
    # The column is there where somebody has assured something (``graph.rollup.assurance``).
    if "assurance" in rows.columns:
        return fits & (rows.mapped("assurance", ASSURANCE, 0) >= least)
    return fits & (least <= 0)


def _matches(facts: Facts, rows: Rows, subjects: Subjects) -> tuple[IntArray, IntArray, IntArray]:
    """Pairs (subject, row) that fit but for the time, and how specific each is: 3 the lot itself .. 0 the product."""
    of_lot = rows.are("subject_kind", "lot")
    subject, row = join(subjects.product, np.where(of_lot, ABSENT, rows.codes("subject", facts.products.codes)))
    facility = _stated_place(facts, rows)[row]
    country = rows.coded("country")[row]
    at_place = (facility == ABSENT) | ~subjects.is_lot[subject] | (facility == subjects.facility[subject])
    mine = subjects.country[subject]
    in_country = (country == 0) | (mine == country) | ((mine == 0) & ~subjects.is_lot[subject])
    level = np.where(facility != ABSENT, 2, np.where(country != 0, 1, 0))
    level = np.where(subjects.is_lot[subject], level, 2 - level)
    keep = at_place & in_country
    itself, own = join(subjects.lot, _lot_codes(rows, of_lot, subjects))
    return (
        np.concatenate([itself, subject[keep]]),
        np.concatenate([own, row[keep]]),
        np.concatenate([np.full(len(own), 3), level[keep]]),
    )


def _lot_codes(rows: Rows, of_lot: BoolArray, subjects: Subjects) -> IntArray:
    if subjects.lots is None:
        return np.full(len(rows), ABSENT, np.int64)
    return np.where(of_lot, rows.codes("subject", subjects.lots), ABSENT)


def _stated_place(facts: Facts, rows: Rows) -> IntArray:
    return rows.codes("facility", facts.places.codes)


def _timely(
    rows: Rows, subjects: Subjects, subject: IntArray, row: IntArray, months: int
) -> tuple[BoolArray, BoolArray]:
    """Whether the reference period, and the validity period, contain the production date or overlap the period asked.

    A declaration without any period speaks for all times. The date of the query plays no part. Where a policy leaves
    no months beyond the reference period, a stated validity extends it neither way.
    """
    start, end = rows.floats("start"), rows.floats("end")
    opens, closes = validity(rows, months)
    timeless = np.isnan(start) & np.isnan(end) & np.isnan(opens) & np.isnan(closes)
    reference = _within(subjects, subject, start[row], end[row]) | timeless[row]
    return reference, (months > 0) & _within(subjects, subject, opens[row], closes[row])


def _within(subjects: Subjects, subject: IntArray, start: FloatArray, end: FloatArray) -> BoolArray:
    """Start included, end excluded; a missing side is open, but nothing lies in a period of which neither is stated."""
    stated = ~(np.isnan(start) & np.isnan(end))
    low, high = np.where(np.isnan(start), -np.inf, start), np.where(np.isnan(end), np.inf, end)
    first, last = subjects.start[subject], subjects.end[subject]
    moment = first == last
    return stated & np.where(moment, (low <= first) & (first < high), (low < last) & (first < high))
