"""Published figures: frozen under a name and a date, and restated as a new edition when what they rest on changes.

An edition is a record of the ledger in the name of its organization, so it can neither be changed nor taken back; its
receipt can be asked for at any time, as of the index it was made at.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import rfc8785

from graph.errors import GreenchainError
from graph.model.documents import Format, StoredDocument
from graph.model.refs import Kind
from graph.rollup.errors import LotUnknown, NoFigure
from graph.rollup.figure import Figure
from graph.store.database import Database
from graph.store.documents import records_of
from schemas.documents import moment
from schemas.receipts import Receipt, Subject
from service.auth.roles import Viewer
from service.chain import Chain, NotFound, World
from service.changes import Differences
from service.figures import Ask
from service.intake.submit import Intake
from service.receipts.figures import as_told, figure_of, numbers_of, unit_of
from service.receipts.making import Receipts

View = dict[str, Any]

KIND = "publication"
# Numbers that differ by less than this, relatively, are the same figure.
_CLOSE = 1e-9


class PublicationTaken(GreenchainError):
    """The organization has published a figure by this name already: it is restated, not published again."""


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition as the ledger holds it; ``record`` is the id of its document, ``index`` its ledger index."""

    record: str
    index: int
    made_at: str
    told: View

    @property
    def subject(self) -> Subject:
        """What it is about."""
        kind, key, start, end = self.told["subject"]
        return Subject(kind, key, start, end)

    def view(self) -> View:
        """As the API writes it."""
        kept = {n: v for n, v in self.told.items() if n not in ("kind", "publication", "name", "subject")}
        return kept | {"record": self.record, "ledger_index": self.index, "made_at": self.made_at}


@dataclass(frozen=True, slots=True)
class Publications:
    """Publishes, restates and lists the figures of an organization."""

    database: Database
    chain: Chain
    intake: Intake
    receipts: Receipts
    differences: Differences
    identity: Callable[[], str] = lambda: uuid4().hex

    def publish(self, ask: Ask, name: str, world: World, subject: Subject) -> View:
        """Freeze a figure that the viewer may see. Raises ``PublicationTaken``, ``ReceiptFailed``, ``NoFigure``."""
        if any(editions[0].told["name"] == name for editions in self._all(ask.viewer).values()):
            raise PublicationTaken(f"there is a publication by the name {name!r}")
        told = self._told(world, subject) | {"publication": self.identity(), "name": name, "edition": 1, "moved": None}
        return self._entered(ask, world, subject, told)

    def restate(self, ask: Ask, publication: str) -> View:
        """Another edition where its figure has changed since the last, saying what moved; else the last as it is.

        Raises ``NotFound``.
        """
        editions = self._editions(ask.viewer, publication)
        last = editions[-1]
        asked = self.receipts.settled(replace(ask, as_of=None, policy=last.told["policy"].partition("/")[0]))
        world = self._world(asked)
        if _same(last.told, self._told(world, last.subject)):
            return self._view(ask.viewer, editions)
        moved = self._moved(asked, last, world)
        kept = {n: last.told[n] for n in ("publication", "name")}
        told = self._told(world, last.subject) | kept | {"edition": len(editions) + 1, "moved": moved}
        return self._entered(asked, world, last.subject, told)

    def all(self, viewer: Viewer) -> list[View]:
        """The publications of the viewer's organization, by name, each with its last edition."""
        found = self._all(viewer).values()
        return sorted((_brief(editions) for editions in found), key=lambda view: str(view["name"]))

    def one(self, viewer: Viewer, publication: str) -> View:
        """A publication with all its editions, and whether its figure still is what it says. Raises ``NotFound``."""
        return self._view(viewer, self._editions(viewer, publication))

    def receipt(self, ask: Ask, publication: str, edition: int) -> Receipt:
        """The receipt of an edition, as of the index it was made at. Raises ``NotFound`` and as ``Receipts.give``."""
        editions = self._editions(ask.viewer, publication)
        if not 1 <= edition <= len(editions):
            raise NotFound(f"there are {len(editions)} editions")
        told = editions[edition - 1].told
        asked = replace(ask, as_of=told["as_of"], policy=told["policy"].partition("/")[0])
        return self.receipts.give(asked, self._world(asked), editions[edition - 1].subject)

    def _world(self, ask: Ask) -> World:
        return self.chain.world(ask.as_of, ask.policy)

    def _told(self, world: World, subject: Subject) -> View:
        figure = figure_of(world.snapshot, world.rolled, subject)
        return {
            "kind": KIND,
            "subject": [subject.kind, subject.key, subject.start, subject.end],
            "policy": figure.policy,
            "as_of": figure.as_of,
            "unit": unit_of(figure),
            "basis": figure.basis.label,
            "lower_bound": figure.lower_bound,
            "numbers": numbers_of(figure),
        }

    def _entered(self, ask: Ask, world: World, subject: Subject, told: View) -> View:
        """The receipt commits to the figure first; the edition names that commitment."""
        receipt = self.receipts.give(ask, world, subject)
        content = bytes(rfc8785.dumps(told | {"receipt": receipt.commitment.index}))
        self.intake.record(content, ask.viewer.organization)
        return self._view(ask.viewer, self._editions(ask.viewer, told["publication"]))

    def _moved(self, ask: Ask, last: Edition, world: World) -> View:
        """What moved from the last edition to now, document by document as far as the viewer may know."""
        subject = last.subject

        def at(index: int) -> Figure:
            if index == world.snapshot.as_of:
                return figure_of(world.snapshot, world.rolled, subject)
            past = self.chain.around([(Kind(subject.kind), subject.key)], index, ask.policy)
            return figure_of(past.snapshot, past.rolled, subject)

        found = self.differences.between(ask, last.told["as_of"], world.snapshot.as_of, at, about=subject.key)
        return {n: found[n] for n in ("from", "to", "change", "steps")}

    def _view(self, viewer: Viewer, editions: list[Edition]) -> View:
        return _brief(editions) | {
            "current": self._current(viewer, editions[-1]),
            "editions": [edition.view() for edition in editions],
        }

    def _current(self, viewer: Viewer, last: Edition) -> bool:
        asked = self.receipts.settled(Ask(viewer, policy=last.told["policy"].partition("/")[0]))
        try:
            world = self.chain.around([(Kind(last.subject.kind), last.subject.key)], asked.as_of, asked.policy)
            return _same(last.told, self._told(world, last.subject))
        except (LotUnknown, NoFigure):
            return False

    def _editions(self, viewer: Viewer, publication: str) -> list[Edition]:
        found = self._all(viewer).get(publication)
        if not found:
            raise NotFound("there is no such publication")
        return found

    def _all(self, viewer: Viewer) -> dict[str, list[Edition]]:
        found: dict[str, list[Edition]] = {}
        for document in self.database.read(records_of, viewer.organization, Format.RECORD):
            told = json.loads(document.content)
            if told.get("kind") == KIND:
                found.setdefault(told["publication"], []).append(_edition(document, told))
        return found


def _edition(document: StoredDocument, told: View) -> Edition:
    return Edition(document.id, document.index, moment(document.received_at), told)


def _brief(editions: list[Edition]) -> View:
    last = editions[-1]
    subject = last.subject
    return {
        "id": last.told["publication"],
        "name": last.told["name"],
        "subject": {"kind": subject.kind, "key": subject.key, "start": subject.start, "end": subject.end},
        "edition": len(editions),
        "total": last.told["numbers"]["total"],
        "unit": last.told["unit"],
        "lower_bound": last.told["lower_bound"],
        "as_of": last.told["as_of"],
        "made_at": last.made_at,
    }


def _same(one: View, other: View) -> bool:
    """Whether two editions say the same figure."""
    if any(one[n] != other[n] for n in ("unit", "basis", "lower_bound", "policy")):
        return False
    numbers = [as_told(edition["numbers"], edition["lower_bound"]) for edition in (one, other)]
    return all(_close(numbers[0][n], numbers[1][n]) for n in numbers[1])


def _close(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= _CLOSE * max(abs(one), abs(other))
